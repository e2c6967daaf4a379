"""The command line on a database of its own, with rows of the registry, without any stage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from core.identity import Identity
from ronda.cli import main
from ronda.system import SystemClock
from store import credentials
from tests.running import run_pool


class Desk:
    """`ronda` as its owner uses it; what it wrote is read after each call."""

    def __init__(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.url, self._capsys = url, capsys
        self.out = self.err = ""

    def __call__(self, *words: str) -> int:
        code = main(list(words))
        self.out, self.err = self._capsys.readouterr()
        return code

    def rows(self, section: str, *rows: dict[str, Any]) -> None:
        """Registered already."""
        with psycopg.connect(self.url) as connection:
            for row in rows:
                values = (section, row["id"], json.dumps(row))
                connection.execute("INSERT INTO registry (section, id, body, at) VALUES (%s, %s, %s, now())", values)

    def whose(self, secret: str) -> Identity | None:
        """For whom a secret speaks now."""
        return run_pool(self.url, lambda pool: credentials.find_token(pool, secret, SystemClock().now_us()))

    def keys(self) -> dict[str, bytes]:
        return run_pool(self.url, credentials.payload_keys)


@contextmanager
def at_desk(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    monkeypatch.setenv("RONDA_DATABASE_URL", url)
    yield Desk(url, capsys)
