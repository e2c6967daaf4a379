"""`ronda audit` at the desk: what it says, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from store import chain
from tests.ronda.deskwork import Desk, at_desk
from tests.ronda.floods import archived
from tests.running import run_pool

pytestmark = pytest.mark.service


@pytest.fixture
def desk(postgres_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """At a database with a flood in it."""
    monkeypatch.setattr(chain, "SEAL_LEAVES", 1000)
    run_pool(postgres_url, archived)
    with at_desk(postgres_url, monkeypatch, capsys) as there:
        yield there


def change(desk: Desk, sql: str) -> None:
    with psycopg.connect(desk.url) as connection:
        connection.execute(sql)  # type: ignore[call-overload]


def anchor(desk: Desk) -> Any:
    return desk.out.split("keep elsewhere: ")[1].split("\n")[0]


def test_an_archive_that_is_well_is_said_to_be(desk: Desk) -> None:
    """With the block to be noted down; noted down, it is found again."""
    assert desk("audit", "verify") == 0
    assert desk.out.endswith("All of it is as it was written.\n")
    assert desk("audit", "verify", "--anchor", anchor(desk), "--from", "1970-01-01") == 0


def test_what_is_wrong_is_named(desk: Desk) -> None:
    """A removed row ends with exit 1 and its name."""
    change(desk, "DELETE FROM events WHERE entry_id = '5-0'")
    assert desk("audit", "verify") == 1
    assert desk.out.startswith("entry 5-0 of dispatch.events was removed.\n")
    assert desk.out.endswith(" things are wrong.\n")


def test_a_chain_made_anew_is_not_the_one_that_was_noted_down(desk: Desk) -> None:
    """Whoever may write to the database can make a chain that proves itself; not one with the digest of before."""
    desk("audit", "verify")
    noted = anchor(desk)
    change(desk, "TRUNCATE blocks, block_parts, erased, snapshots, events, incidents, offers, plans, offsets")
    run_pool(desk.url, archived)
    change(desk, "DELETE FROM events WHERE entry_id = '1-0'")
    assert desk("audit", "verify", "--anchor", noted[:-4] + "0000") == 1
    assert "is not the one that was noted down" in desk.out


def test_decisions_are_made_again(desk: Desk) -> None:
    """Of an incident, and of a span."""
    assert desk("audit", "replay", "--incident", "i5") == 0
    assert "is the same.\n" in desk.out
    assert desk("audit", "replay", "--from", "1970-01-01", "--to", "1970-01-02") == 0
    assert "Begun with the state after entry 0-0, 46 entries decided again" in desk.out


def test_a_decision_that_would_be_another_ends_with_1(desk: Desk) -> None:
    """With the first difference."""
    change(desk, "UPDATE blocks SET kept = overlay(kept PLACING 'k' FROM position('flood' IN kept)) WHERE no = 2")
    assert desk("audit", "replay", "--incident", "i5") == 1
    words = 'The first difference: entry 34-0, event 0.duplicates: then ["i0","i1","i2","i3","i4"], now ['
    assert words in desk.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["verify", "--anchor", "7"], "NO:DIGEST"),
        (["verify", "--from", "yesterday"], "--from yesterday: write 2026"),
        (["verify", "--from", "2026-01-02", "--to", "2026-01-01"], "change them round"),
        (["replay"], "Say what to decide again"),
        (["replay", "--incident", "i99"], "No incident i99 is in the archive"),
    ],
)
def test_wrong_usage_says_what_to_write(desk: Desk, words: list[str], said: str) -> None:
    """Exit 2 and one sentence."""
    assert desk("audit", *words) == 2
    assert said.lower() in desk.err.lower()
