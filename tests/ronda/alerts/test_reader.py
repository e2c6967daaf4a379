"""The reader on a real log and archive: an index of good and bad alerts, twice read, and restarted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from core.clock import ManualClock
from core.codec import decode
from core.entries import Command
from core.events import IncidentChanged
from core.rejects import Reject
from ronda import stages
from ronda.alerts.bucket import Bucket
from ronda.alerts.reader import Reader
from ronda.channels.channel import LaterError
from ronda.runtime import DISPATCH_IN, Parts, Runtime
from ronda.settings import Settings
from ronda.up import located, opened
from store import read
from store.cancel import ended
from tests.ingest.cap.written import SIGNATURE, area, cap, info, polygon, reference, rss
from tests.ronda.alerts.site import Page, Site, site

NOW = 1_769_000_000_000_000  # 2026-01-21 20:53:20 in Kupang
BANTEN = area(polygon("-5.9,105.9 -5.9,106.1 -6.1,106.1"))
pytestmark = pytest.mark.service


def at(minutes: int) -> str:
    zone = timezone(timedelta(hours=8))
    return (datetime.fromtimestamp(NOW / 1e6, zone) + timedelta(minutes=minutes)).isoformat(timespec="seconds")


def alert(
    name: str, minutes: int = -10, *, refs: tuple[tuple[str, int], ...] = (), until: int = 60, **more: Any
) -> Page:
    """Sent so many minutes from now; `refs` name others and when they were sent."""
    told = {key: more.pop(key) for key in ("severity", "event") if key in more}
    infos = more.pop("infos", None) or [info(expires=f"<expires>{at(until)}</expires>", **told)]
    if more.get("message") == "Cancel":
        infos = []
    references = tuple(reference(other, at(when)) for other, when in refs)
    return Page(cap(*infos, identifier=name, sent=at(minutes), references=references, **more))


PAGES = {
    "/rain.xml": alert("rain"),
    "/rain2.xml": alert("rain2", -5, message="Update", refs=(("rain", -10),), severity="Severe"),
    "/wind.xml": alert("wind", event="<event>Angin Kencang</event>"),
    "/calm.xml": alert("calm", -4, message="Cancel", refs=(("wind", -10),)),
    "/drill.xml": alert("drill", status="Exercise", event="<event>Gelombang Tinggi</event>"),
    "/signed.xml": alert("signed", more=SIGNATURE, event="<event>Banjir Rob</event>"),
    "/broken.xml": Page(alert("half").body[:700]),
    "/test.xml": alert("test", status="Test"),
    "/banten.xml": alert("banten", infos=[info(BANTEN)]),
    "/old.xml": alert("old", -300, until=-100),
}


def listing(there: Site, *, more: tuple[str, ...] = ()) -> Page:
    """The newest first, as they do; one link leads to another host, one to nothing."""
    links = [*more, *reversed(PAGES), "http://127.0.0.9/x.xml", "/gone.xml"]
    items = [(there.url(link) if link.startswith("/") else link, link) for link in links]
    return Page(rss(*items), headers={"ETag": f'"{len(items)}"'})


@asynccontextmanager
async def working(
    redis: str, database: str, *more: str, cap_url: str = ""
) -> AsyncIterator[tuple[Runtime, ManualClock]]:
    """Dispatch, archive and other stages at work, under a clock that can be set."""
    settings = Settings(data_dir=Path("/nowhere"), redis_url=redis, database_url=database, cap_url=cap_url)
    clock = ManualClock(NOW)
    async with opened(settings, located(settings), Parts()) as found:
        runtime = replace(found, clock=clock)
        tasks = [asyncio.ensure_future(stages.STAGES[name](runtime)) for name in ("dispatch", "archive", *more)]
        try:
            yield runtime, clock
        finally:
            await ended(set(tasks))


async def so(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await true():  # noqa: ASYNC110  other tasks and servers do it
            await asyncio.sleep(0.05)


def reader(runtime: Runtime, there: Site) -> Reader:
    return Reader(runtime, there.url("/index.xml"), bucket=Bucket(10_000))


async def incidents(runtime: Runtime) -> dict[str, IncidentChanged]:
    """By the alert that opened or last changed each."""
    page = await read.incidents(runtime.pool, limit=1000)
    return {row.cap.identifier: row for row in page.rows if row.cap is not None}


async def told(runtime: Runtime) -> list[str]:
    """Ids of the commands that dispatch was given."""
    entries = (await runtime.log.read({DISPATCH_IN: "0-0"}, count=10_000, block_ms=0)).get(DISPATCH_IN, [])
    return [entry.id for entry in map(decode, (e.body for e in entries)) if isinstance(entry, Command)]


async def rejects(runtime: Runtime) -> list[Reject]:
    entries = (await runtime.log.read({"rejects": "0-0"}, count=1_000, block_ms=0)).get("rejects", [])
    return [reject for entry in entries for reject in decode(entry.body)]


def played(valkey: str, postgres: str, body: Callable[[Runtime, ManualClock, Site], Awaitable[None]]) -> None:
    async def main() -> None:
        with site() as there:
            there.pages |= PAGES | {"/index.xml": listing(there)}
            async with working(valkey, postgres) as (runtime, clock):
                await body(runtime, clock, there)

    asyncio.run(main())


def test_each_alert_of_an_index_becomes_what_it_says(clean_valkey_url: str, postgres_url: str) -> None:
    """Updated, cancelled, an exercise, a signed one; a broken one is a reject and stops nobody."""

    async def body(runtime: Runtime, _clock: ManualClock, there: Site) -> None:
        one = reader(runtime, there)
        await one.round()
        found = await incidents(runtime)
        assert {name: (row.kind, row.status, row.severity, row.exercise) for name, row in found.items()} == {
            "rain2": ("banjir_genangan", "reported", 3, False),
            "wind": ("angin_kencang", "cancelled", 2, False),
            "drill": ("gelombang_pasang", "reported", 2, True),
            "signed": ("banjir_rob", "reported", 2, False),
        }
        assert [name for name, row in found.items() if row.cap is not None and row.cap.signed] == ["signed"]
        assert Counter(reject.reason for reject in await rejects(runtime)) == {"not_xml": 1, "forbidden": 1}
        counts = one.counts()
        assert {name: counts[name] for name in ("told", "refused", "rejected", "test", "elsewhere", "gone")} == {
            "told": 6, "refused": 1, "rejected": 2, "test": 1, "elsewhere": 1, "gone": 1,
        }  # fmt: skip

    played(clean_valkey_url, postgres_url, body)


def test_reading_again_and_restarting_change_nothing(clean_valkey_url: str, postgres_url: str) -> None:
    """An index that did not change costs one request; a new reader knows what was told, and rejects nothing twice."""

    async def body(runtime: Runtime, _clock: ManualClock, there: Site) -> None:
        first = reader(runtime, there)
        await first.round()
        before, asked = await told(runtime), len(there.asked)
        await first.round()
        assert there.asked[asked:] == ["/index.xml"]
        assert first._lease is not None
        await runtime.log.release(first._lease)
        again = reader(runtime, there)
        await again.round()
        assert (await told(runtime), again.counts()["known"]) == (before, 7)
        assert len(await rejects(runtime)) == 2

    played(clean_valkey_url, postgres_url, body)


def test_the_stage_reads_the_index_of_the_setting(clean_valkey_url: str, postgres_url: str) -> None:
    """Also after all stages ended and began again: each incident is there once, what is broken is shown once."""

    async def run() -> tuple[list[str], list[tuple[str, str]]]:
        url = there.url("/index.xml")
        async with working(clean_valkey_url, postgres_url, "schedule", cap_url=url) as (runtime, _):

            async def read_all() -> bool:
                counts = runtime.parts.counters.get("alerts", dict)()
                rows = (await read.rejects(runtime.pool)).rows
                return sum(counts.get(name, 0) for name in ("told", "known", "refused")) == 7 and len(rows) == 2

            await so(read_all)
            rejected = [(row.reject.reason, row.reject.topic) for row in (await read.rejects(runtime.pool)).rows]
            return sorted(await incidents(runtime)), sorted(rejected)

    with site() as there:
        there.pages |= PAGES | {"/index.xml": listing(there)}
        for _ in range(2):
            assert asyncio.run(run()) == (
                ["drill", "rain2", "signed", "wind"],
                [("forbidden", "http://127.0.0.9/x.xml"), ("not_xml", there.url("/broken.xml"))],
            )


def test_a_new_alert_in_the_index_is_read_alone(clean_valkey_url: str, postgres_url: str) -> None:
    """And an update that leaves the city ends what it was about."""

    async def body(runtime: Runtime, _clock: ManualClock, there: Site) -> None:
        one = reader(runtime, there)
        await one.round()
        asked = len(there.asked)
        there.pages["/off.xml"] = alert("off", -1, message="Update", refs=(("rain2", -5),), infos=[info(BANTEN)])
        there.pages["/index.xml"] = listing(there, more=("/off.xml",))
        await one.round()
        assert there.asked[asked:] == ["/index.xml", "/off.xml"]
        assert (await incidents(runtime))["rain2"].status == "cancelled"

    played(clean_valkey_url, postgres_url, body)


def test_two_readers_read_once(clean_valkey_url: str, postgres_url: str) -> None:
    """The second waits until the first is gone."""

    async def body(runtime: Runtime, _clock: ManualClock, there: Site) -> None:
        one, two = reader(runtime, there), reader(runtime, there)
        await one.round()
        asked = len(there.asked)
        await two.round()
        assert len(there.asked) == asked

    played(clean_valkey_url, postgres_url, body)


def test_an_alert_that_does_not_answer_is_read_later(clean_valkey_url: str, postgres_url: str) -> None:
    """The others are not kept waiting, and it is tried again at the next round."""

    async def body(runtime: Runtime, _clock: ManualClock, there: Site) -> None:
        one = reader(runtime, there)
        there.pages["/rain.xml"] = Page(b"", 503)
        with pytest.raises(LaterError, match="503"):
            await one.round()
        assert "signed" in await incidents(runtime)
        there.pages["/rain.xml"] = PAGES["/rain.xml"]
        await one.round()
        assert one.counts()["refused"] == 2  # the old one, and this one, for its update was heard already

    played(clean_valkey_url, postgres_url, body)


def test_an_alert_for_which_there_is_no_room_comes_later(clean_valkey_url: str, postgres_url: str) -> None:
    """A hundred incidents are open; when one is closed the alert is told at the next round."""

    async def body(runtime: Runtime, _clock: ManualClock, there: Site) -> None:
        there.pages["/index.xml"] = Page(rss((there.url("/signed.xml"), "1")))
        place = {"kind": "x", "lon": 123.6, "lat": -10.17, "needs": [{"count": 1}]}
        for n in range(100):
            open_ = Command(id=f"i{n}", kind="incident.open", actor="desk", at_us=NOW, body=place)
            await runtime.tell(open_, [DISPATCH_IN])
        one = reader(runtime, there)
        with pytest.raises(LaterError, match="100 incidents are open already"):
            await one.round()
        close = Command(id="close", kind="incident.close", actor="desk", at_us=NOW, body={"id": "i0"})
        await runtime.tell(close, [DISPATCH_IN])

        async def told_now() -> bool:
            with suppress(LaterError):
                await one.round()
            return "signed" in await incidents(runtime)

        await so(told_now)

    played(clean_valkey_url, postgres_url, body)


@pytest.mark.parametrize("status", [500, 404])
def test_an_index_that_does_not_answer_is_asked_ever_more_seldom(
    clean_valkey_url: str, postgres_url: str, status: int
) -> None:
    """Pauses double, by chance a fifth more or less; when it answers all is read."""

    async def body(runtime: Runtime, _clock: ManualClock, there: Site) -> None:
        index, there.pages["/index.xml"] = there.pages["/index.xml"], Page(b"", status)
        one = Reader(runtime, there.url("/index.xml"), bucket=Bucket(10_000), every_s=0.1)
        pauses = [one._again_s(tries, None) / 0.1 for tries in range(4)]
        assert all(0.8 <= pause / 2**tries <= 1.2 for tries, pause in enumerate(pauses))
        assert (one._again_s(99, None) <= 1.2 * 102.4, one._again_s(0, 100.0) >= 80.0) == (True, True)
        task = asyncio.ensure_future(one.run())

        async def failed() -> bool:
            return one.counts()["failures"] >= 2

        async def told_all() -> bool:
            return one.counts()["told"] == 6

        await so(failed)
        there.pages["/index.xml"] = index
        await so(told_all)
        await ended({task})

    played(clean_valkey_url, postgres_url, body)


def test_an_index_that_is_none_is_told_once(clean_valkey_url: str, postgres_url: str) -> None:
    """A page of maintenance is a reject; when the index is back it is read."""

    async def body(runtime: Runtime, _clock: ManualClock, there: Site) -> None:
        one = reader(runtime, there)
        there.pages["/index.xml"] = Page(b"<html><body>Perbaikan", headers={"ETag": '"x"'})
        for _ in range(2):
            with pytest.raises(LaterError, match="the index cannot be read: not_xml"):
                await one.round()
        assert [(reject.reason, reject.dialect) for reject in await rejects(runtime)] == [("not_xml", "cap")]
        there.pages["/index.xml"] = listing(there)
        await one.round()
        assert "rain2" in await incidents(runtime)

    played(clean_valkey_url, postgres_url, body)


def test_it_ends_by_its_own_time(clean_valkey_url: str, postgres_url: str) -> None:
    """An hour later nothing is open any more that nobody touched."""

    async def body(runtime: Runtime, clock: ManualClock, there: Site) -> None:
        await reader(runtime, there).round()
        clock.advance(3_600_000_000)

        async def over() -> bool:
            return all(row.status == "cancelled" for row in (await incidents(runtime)).values())

        await so(over)
        assert (await incidents(runtime))["rain2"].cap.state == "expired"  # type: ignore[union-attr]

    played(clean_valkey_url, postgres_url, body)
