"""What the doctor says of clock, disk and memory."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from core.clock import ManualClock
from core.entries import Tick
from ronda import doctor
from ronda.doctor import Finding, standing
from ronda.settings import Settings
from store.valkey import ValkeyLog
from tests.ingest.cap.written import rss
from tests.ronda.alerts.site import Page, site
from tests.ronda.pipeline import tell
from tests.running import run_with

NOW_US = 1_795_500_000_000_000


def examined(url: str, folder: Path, now_us: int) -> list[Finding]:
    async def run() -> list[Finding]:
        return [finding async for finding in standing(Settings(data_dir=folder), url, ManualClock(now_us))]

    return asyncio.run(run())


@pytest.mark.service
def test_a_clock_behind_the_log_is_wrong(clean_valkey_url: str, tmp_path: Path) -> None:
    """The sentence is the one that holds intake."""
    run_with(ValkeyLog(clean_valkey_url), lambda log: tell(log, [Tick(now_us=1 << 52)]))
    [finding] = examined(clean_valkey_url, tmp_path, NOW_US)
    assert (finding.part, finding.verdict) == ("clock", "wrong")
    assert "but the log was written until 2112" in finding.text


@pytest.mark.service
def test_a_clock_that_goes_with_the_log_is_well(clean_valkey_url: str, tmp_path: Path) -> None:
    """A new log says nothing against it."""
    assert [finding.verdict for finding in examined(clean_valkey_url, tmp_path, NOW_US)] == ["ok"]


@pytest.mark.parametrize(
    ("free_mb", "verdict", "says"),
    [(100, "wrong", "intake stands still"), (1000, "wrong", "1.0 GB free"), (3000, "ok", "3.0 GB free")],
)
def test_the_disk_is_judged_by_intakes_limit(tmp_path: Path, free_mb: int, verdict: str, says: str) -> None:
    """Below the setting it is not a warning any more."""
    finding = doctor._disk(Settings(data_dir=tmp_path), tmp_path, free_mb * 1_000_000)
    assert (finding.verdict, says in finding.text) == (verdict, True)


@pytest.mark.parametrize(("used", "limit", "verdict"), [(10, 0, "note"), (79, 100, "ok"), (80, 100, "wrong")])
def test_the_logs_memory_is_judged_by_its_limit(used: int, limit: int, verdict: str) -> None:
    """No limit is worth a note: the machine's memory is the limit then."""
    assert doctor._memory(used * 1_000_000, limit * 1_000_000).verdict == verdict


def test_the_index_of_official_alerts_is_looked_at(tmp_path: Path) -> None:
    """How many it lists, or what is wrong; nothing is said where none is set up."""
    with site() as there:
        there.pages["/index"] = Page(rss(("/a.xml", "1"), ("/b.xml", "2")))
        urls = ["", there.url("/index"), there.url("/gone"), "city"]
        city = "tests.made_up_city.city"
        found = [asyncio.run(doctor.alerts(Settings(data_dir=tmp_path, city=city, cap_url=url))) for url in urls]
    told = [[(finding.verdict, finding.text) for finding in one] for one in found]
    assert told[:2] == [[], [("ok", "127.0.0.1 lists 2 official alerts")]]
    assert "/gone answers 404" in told[2][0][1]
    assert "Rauhavn has no index of alerts of its own" in told[3][0][1]
