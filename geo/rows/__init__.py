"""Rows with a life: stable ids, revisions, retractions."""
