"""Reports over rows and registry, pure: the same function for an open day and a closed one."""
