"""Roads as arrays, closures upon them, and the seconds from everywhere to one incident. Pure."""
