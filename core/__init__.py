"""The nouns every room shares: fixes, events, entities, the log's bytes, units, time, errors."""
