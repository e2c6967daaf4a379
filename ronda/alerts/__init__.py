"""Official alerts (CAP) for the city: read from an index, understood, and told to dispatch."""
