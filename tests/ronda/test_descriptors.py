"""The limit of open files is raised, and the door leaves us some."""

from __future__ import annotations

import resource
import subprocess
import sys

from ronda.descriptors import RESERVED, connections, limit

PROGRAM = """
import resource
from ronda.descriptors import connections, raise_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (300, 1000))
print(connections(20_000), raise_limit(), connections(20_000), connections(10))
"""

DOCTOR = """
import resource
from ronda.doctor import _descriptors
for hard in (8192, 1000):
    resource.setrlimit(resource.RLIMIT_NOFILE, (300, hard))
    print(_descriptors())
"""


def test_the_soft_limit_is_raised_and_the_door_stays_below_it() -> None:
    """300 of at most 1,000 become 1,000; the door takes what is left beside our own connections."""
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=30)
    assert said.stdout.split() == ["44", "1000", "744", "10"]


def test_asking_changes_nothing() -> None:
    """Only `raise_limit` sets it."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert connections(1_000_000) == limit() - RESERVED
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before


def test_the_doctor_says_when_the_limit_is_low() -> None:
    """It judges the hard limit, and says how to raise it."""
    said = subprocess.run([sys.executable, "-c", DOCTOR], capture_output=True, text=True, check=True, timeout=30)
    well, low = said.stdout.splitlines()
    assert "verdict='ok'" in well
    assert "verdict='note'" in low
    assert "LimitNOFILE=65536" in low
