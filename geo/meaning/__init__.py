"""What a stop is for: who drives what and when, and the first reason that applies."""
