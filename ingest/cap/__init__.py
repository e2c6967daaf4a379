"""Official alerts: the Common Alerting Protocol (CAP) 1.1 and 1.2, and the indexes (RSS, Atom) that list them."""
