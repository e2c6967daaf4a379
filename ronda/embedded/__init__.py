"""Embedded servers under our own supervision: each module has one async context manager that yields a URL."""
