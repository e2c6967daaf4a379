"""How many files and connections this process may have open: a usual soft limit of 1,024 is a small fleet."""

from __future__ import annotations

import resource
from typing import Final

WANTED: Final = 65_536
RESERVED: Final = 256  # for servers, files and people, so that a full door never keeps us from the log


def raise_limit() -> int:
    """Raise the soft limit as far as the hard one lets us, and no further than `WANTED`; what it then is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return limit()


def limit() -> int:
    """The soft limit."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return WANTED if soft == resource.RLIM_INFINITY else soft


def connections(most: int) -> int:
    """How many devices may be connected at once: `most`, or what the limit leaves after our own needs."""
    return max(1, min(most, limit() - RESERVED))
