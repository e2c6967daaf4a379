"""What one input entry does to a partition: rows told, judged, taken over."""
