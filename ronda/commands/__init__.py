"""One module a command; each has `run(args) -> int | None`, imported when the command is called."""
