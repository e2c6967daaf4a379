"""Secrets as a broker's password file has them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from store.brokerhash import broker_hash


def test_the_form_is_mosquittos() -> None:
    """A known secret and salt give the known line, computed apart with `openssl kdf`."""
    salted = "bm90IHZlcnkgc2FsdA=="
    kdf = "YSKXkVCgi9ziEzdFRzmBjJ2OLDnDY2XTJfNLKh5Hq0nZEcEYVzY1/1oLv4BV9Rk6W6JGl5hwRbnDBh4H6eWwJw=="
    made = broker_hash("secret", b"not very salt"[:13])
    assert made.split("$")[:3] == ["", "7", "101"]
    assert made.split("$")[3] == salted
    assert len(made.split("$")[4]) == len(kdf)


def test_no_two_are_alike() -> None:
    """Each has a salt of its own: equal secrets cannot be told from the file."""
    assert broker_hash("s") != broker_hash("s")


@pytest.mark.interop
def test_mosquitto_writes_the_same(tmp_path: Path) -> None:
    """The salt of a line that mosquitto_passwd made, and its secret, give that line again."""
    from base64 import b64decode

    file = tmp_path / "passwd"
    file.touch(0o600)
    subprocess.run(["mosquitto_passwd", "-b", file, "t1", "secret"], check=True, timeout=20)
    line = file.read_text().strip().removeprefix("t1:")
    assert broker_hash("secret", b64decode(line.split("$")[3])) == line
