"""Rules of alerts, pure: what they look at, when they raise, what becomes of an alert."""
