"""Secrets as a broker's password file has them."""

from __future__ import annotations

import subprocess
from base64 import b64decode
from pathlib import Path

import pytest

from store.brokerhash import broker_hash


def test_the_form_is_mosquittos() -> None:
    """A known secret and salt give the line that `openssl kdf` computes for them."""
    digest = "ncbfxlV0GICJ8O9TpPSSjNv1m7Jz+UQo+Y3j0qM9BGxfq93kQ5XqEJHUU2w7AsqPJFG4H4TGuOT7fMU7P09tIA=="
    assert broker_hash("secret", b"twelve-bytes") == f"$7$101$dHdlbHZlLWJ5dGVz${digest}"


def test_no_two_are_alike() -> None:
    """Each has a salt of its own: equal secrets cannot be told from the file."""
    assert broker_hash("s") != broker_hash("s")


@pytest.mark.interop
def test_mosquitto_writes_the_same(tmp_path: Path) -> None:
    """The salt of a line that mosquitto_passwd made, and its secret, give that line again."""
    file = tmp_path / "passwd"
    file.touch(0o600)
    subprocess.run(["mosquitto_passwd", "-b", file, "t1", "secret"], check=True, timeout=20)
    line = file.read_text().strip().removeprefix("t1:")
    assert broker_hash("secret", b64decode(line.split("$")[3])) == line
