"""Pretend devices and people: a seeded day of a city, and the means to send it as devices would."""
