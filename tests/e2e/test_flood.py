"""`ronda simulate flood` through the running engine."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from core.codec import decode
from core.entries import Config
from core.events import IncidentChanged, OfferChanged
from ronda.cli import main
from ronda.runtime import Runtime
from tests.e2e.installation import Up, installed

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


def test_reports_are_dispatched_answered_and_closed_and_nobody_real_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reports become incidents, phones are asked and say yes, all is closed at the end; a real volunteer forbids it."""
    with installed() as up:
        up.warm()
        events = played(up, tmp_path / "truth")
        newest = {event.id: event for event in events if isinstance(event, IncidentChanged)}
        states = {event.state for event in events if isinstance(event, OfferChanged)}
        assert {incident.source for incident in newest.values()} == {"volunteer"}
        assert {incident.status for incident in newest.values()} <= {"closed", "cancelled"}
        assert states >= {"offered", "delivered", "accepted", "declined"}
        rows = [json.loads(line) for line in (tmp_path / "truth").read_text().splitlines()]
        assert sum(row["what"] == "report" for row in rows) == len(newest)
        assert {row["what"] for row in rows} == {"report", "water", "answer"}
        assert refused(up) == 1
        assert "1 real volunteers would be asked" in capsys.readouterr().err
