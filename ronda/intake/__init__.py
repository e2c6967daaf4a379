"""Files of other people's making, turned into configuration: read, understood, checked, reported."""
