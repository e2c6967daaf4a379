"""Decisions about incidents and volunteers: pure functions of state, commands and the positions given."""
