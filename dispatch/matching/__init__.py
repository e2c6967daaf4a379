"""Who goes where, decided over all needs at once, exactly: `solve.match` and its answer."""
