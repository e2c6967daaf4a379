"""How people are reached: one small protocol, one module a channel, and the loop that carries notices to them."""
