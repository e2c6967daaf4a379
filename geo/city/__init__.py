"""The city as arrays: fences and targets, where they lie, and what is in a cell."""
