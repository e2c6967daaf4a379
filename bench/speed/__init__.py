"""Speed of the geo core: ratios within one run, in CPU time of one process."""
