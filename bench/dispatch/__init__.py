"""Dispatch measured: matching, and what it is made from."""
