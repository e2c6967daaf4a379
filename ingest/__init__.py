"""From the outside to the log: sources, dialects, admission, batches; a message is acknowledged when it is on disk."""
