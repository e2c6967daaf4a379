"""`ronda simulate flood` through the running engine."""

from __future__ import annotations

import datetime as dt
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.codec import decode
from core.entries import Config
from core.events import IncidentChanged, OfferChanged
from dispatch.rows import restored
from dispatch.state import State
from ronda.cli import main
from ronda.runtime import DISPATCH_IN, Runtime
from tests.e2e.installation import Up, installed, wait_for

pytestmark = [pytest.mark.service, pytest.mark.e2e, pytest.mark.timeout(180)]


async def said(runtime: Runtime) -> list[Any]:
    found = await runtime.log.read({"dispatch.events": "0-0"}, count=10_000, block_ms=0)
    return [event for entry in found.get("dispatch.events", []) for event in decode(entry.body)]


def played(up: Up, truth: Path) -> list[Any]:
    """Four minutes of a flood, in one."""
    scale = ["--volunteers", "20", "--speedup", "4", "--duration", "240", "--seed", "1"]
    up.cli("simulate", "flood", *scale, "--truth", str(truth))
    events: list[Any] = up.with_runtime(said)
    return events


def refused(up: Up) -> int:
    """With a real volunteer on duty."""
    now_us = time.time_ns() // 1000
    ana = {"id": "ana", "kind": "volunteer", "consent_us": 0, "duty": [[now_us - 10**9, now_us + 10**10]]}
    up.configure(Config(section="people", rows=(ana,)))
    return main(["simulate", "flood", "--volunteers", "1", "--data", str(up.data)])


@pytest.fixture(scope="module")
def flooded() -> Iterator[Up]:
    """An installation with nobody real in it."""
    with installed() as up:
        up.warm()
        yield up


def until_somebody_comes(up: Up, process: subprocess.Popen[bytes]) -> None:
    def comes() -> bool:
        assert process.poll() is None
        items = up.get("/api/v1/incidents").json()["items"]
        return any(item["status"] in ("responding", "on_scene") for item in items)

    assert wait_for(comes, 90)


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_flood_in_order(flooded: Up, tmp_path: Path, told: signal.Signals) -> None:
    """Nothing stays open, no road closed, no credential valid; the truth is written as far as it came."""
    truth = tmp_path / "truth"
    scale = ["--volunteers", "20", "--speedup", "4", "--duration", "3600", "--seed", "2"]
    where = ["--data", str(flooded.data), "--truth", str(truth)]
    command = [sys.executable, "-m", "ronda", "simulate", "flood", *scale, *where]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    until_somebody_comes(flooded, process)
    process.send_signal(told)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, b"messages acknowledged" in out) == (0, True)
    rows = [json.loads(line) for line in truth.read_text().splitlines()]
    assert {"report", "water", "answer"} <= {row["what"] for row in rows}
    assert max(row["at"] for row in rows) < dt.datetime.now(ZoneInfo("Asia/Makassar")).isoformat()
    assert wait_for(lambda: ended(flooded), 20)
    lent = [line for line in flooded.cli("token", "list").splitlines() if "simulate flood" in line]
    assert [line for line in lent if "revoked" not in line] == []
    assert flooded.with_runtime(state_of).closures == {}


def ended(up: Up) -> bool:
    statuses = {item["status"] for item in up.get("/api/v1/incidents").json()["items"]}
    return statuses <= {"closed", "cancelled"}


async def state_of(runtime: Runtime) -> State:
    return restored(await runtime.log.state("dispatch", DISPATCH_IN))[0]


def test_reports_are_dispatched_answered_and_closed_and_nobody_real_is_asked(
    flooded: Up, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reports become incidents, phones are asked and say yes, all is closed at the end; a real volunteer forbids it."""
    before = {event.id for event in flooded.with_runtime(said) if isinstance(event, IncidentChanged)}
    events = played(flooded, tmp_path / "truth")
    newest = {event.id: event for event in events if isinstance(event, IncidentChanged) and event.id not in before}
    states = {event.state for event in events if isinstance(event, OfferChanged)}
    assert {incident.source for incident in newest.values()} == {"volunteer"}
    assert {incident.status for incident in newest.values()} <= {"closed", "cancelled"}
    assert states >= {"offered", "delivered", "accepted", "declined"}
    rows = [json.loads(line) for line in (tmp_path / "truth").read_text().splitlines()]
    assert sum(row["what"] == "report" for row in rows) == len(newest)
    assert {row["what"] for row in rows} == {"report", "water", "answer"}
    assert refused(flooded) == 1
    assert "1 real volunteers would be asked" in capsys.readouterr().err
