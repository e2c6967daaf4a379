"""The event stream over a real server: every event once, in order, resumed anywhere."""

import asyncio
import json

import httpx
import pytest

from api.feed import Feed
from api.routes import events as route
from core.events import Candidate, CommandDone, FixFlagged, PlanMade
from store import credentials
from tests.api.samples import NOW_US, alert, changed, dwell, incident
from tests.api.world import in_world, served

pytestmark = pytest.mark.service
PATH = "/api/v1/events"


async def blocks(there, host, n, query="", **headers):
    """The first n blocks of a stream, each as a dict of its fields."""
    named = {"Authorization": f"Bearer {await there.token()}"} | headers
    found = []
    async with (
        asyncio.timeout(15),
        httpx.AsyncClient() as client,
        client.stream("GET", f"http://{host}{PATH}{query}", headers=named) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        text = ""
        async for chunk in answer.aiter_text():
            *whole, text = (text + chunk).split("\n\n")
            found += [dict(line.split(": ", 1) for line in block.split("\n")) for block in whole]
            if len(found) >= n:
                break
    return found[:n]


async def heard(there):
    """Wait for somebody to listen."""
    while there.app.state.feed.listeners == 0:  # noqa: ASYNC110  no bell there
        await asyncio.sleep(0.01)


def row(i):
    return changed(dwell(f"d-{i}"))


def ids(found):
    return [json.loads(block["data"])["row"]["id"] for block in found if "data" in block]


def test_a_new_listener_hears_what_happens_from_now_on(postgres_url):
    """The first block tells where it stands, so that it can resume before its first event."""

    async def body(there):
        await there.archived(row(1), row(2))
        async with asyncio.timeout(10):
            await there.app.state.feed.start(None)
        async with served(there) as host:
            listening = asyncio.create_task(blocks(there, host, 2))
            await heard(there)
            await there.archived(row(3))
            return await listening

    first, second = in_world(postgres_url, body)
    assert (first["retry"], "data" in first) == ("2000", False)
    assert int(second["id"]) > int(first["id"])
    assert (second["event"], ids([second])) == ("dwell", ["d-3"])


def test_a_listener_resumes_after_the_last_event_it_had(postgres_url):
    """By the header that browsers send, or by a parameter; nothing twice, nothing lost."""

    async def body(there):
        await there.archived(*map(row, range(5)))
        async with served(there) as host:
            everything = await blocks(there, host, 6, "?last_event_id=0")
            at = everything[2]["id"]
            by_header = await blocks(there, host, 4, **{"Last-Event-ID": at})
            return everything, by_header, await blocks(there, host, 4, f"?last_event_id={at}")

    everything, by_header, by_query = in_world(postgres_url, body)
    assert ids(everything) == ["d-0", "d-1", "d-2", "d-3", "d-4"]
    assert ids(by_header) == ids(by_query) == ["d-2", "d-3", "d-4"]


def test_a_position_that_this_archive_never_reached_is_now(postgres_url):
    """After a restore a listener may be ahead: it goes on with the present instead of waiting for ever."""

    async def body(there):
        await there.archived(row(1))
        async with served(there) as host:
            (first,) = await blocks(there, host, 1, "?last_event_id=99999999")
            return int(first["id"]), there.app.state.feed._head

    first, head = in_world(postgres_url, body)
    assert first == head


def test_only_the_kinds_asked_for_are_sent_and_the_position_advances(postgres_url):
    """A filtered reader that resumes does not read the filtered events again."""

    async def body(there):
        await there.archived(row(1), alert(), row(2))
        async with served(there) as host:
            return await blocks(there, host, 3, "?last_event_id=0&kind=alert")

    _, only, moved = in_world(postgres_url, body)
    assert (only["event"], set(moved)) == ("alert", {"id"})
    assert int(moved["id"]) > int(only["id"])


def test_silence_is_broken_by_a_comment(postgres_url, monkeypatch):
    """So that proxies and readers know that the connection lives."""
    monkeypatch.setattr(route, "BEAT_S", 0.1)

    async def body(there):
        async with served(there) as host:
            return await blocks(there, host, 2)

    assert in_world(postgres_url, body)[1] == {"": "beat"}


def test_every_kind_of_event_bears_the_names_of_the_contract(postgres_url):
    """The data of each kind, written out where it differs from the routes."""
    person = Candidate(device="p-1", lon=1.0, lat=2.0, position_age_s=3.0, distance_m=4.0, eta_s=5.0)
    said = [
        changed(dwell()),
        alert(),
        incident(),
        PlanMade(at_us=NOW_US, incident="i-1", chosen=(person,), others=(), method="exact"),
        FixFlagged(at_us=NOW_US, device="t-1", time_us=NOW_US, reason="beyond_horizon"),
        CommandDone(at_us=NOW_US, id="c-1", ok=False, reason="no"),
    ]

    async def body(there):
        await there.archived(*said)
        async with served(there) as host:
            return [json.loads(b["data"]) for b in (await blocks(there, host, 7, "?last_event_id=0"))[1:]]

    found = in_world(postgres_url, body)
    assert [e["kind"] for e in found] == ["dwell", "alert", "incident", "plan", "fix_flagged", "command_done"]
    assert {e["at"] for e in found} == {"2026-01-05T08:00:00+08:00", "2026-01-05T07:59:00+08:00"}
    told, raised, opened, plan, flagged, done = found
    assert (told["cause"], told["device"], told["row"]["duration_s"]) == ("close", "t-1", 600.0)
    assert (raised["alert_kind"], raised["state"], raised["dwell"]) == ("dwell_limit", "raised", "d-1")
    assert (opened["incident_kind"], opened["status"]) == ("flood", "reported")
    assert plan["chosen"][0]["eta_s"] == 5.0
    assert (flagged["time"], flagged["reason"]) == ("2026-01-05T08:00:00+08:00", "beyond_horizon")
    assert (done["id"], done["ok"], done["reason"]) == ("c-1", False, "no")


def test_a_position_that_is_none_is_a_problem(postgres_url):
    """Only an id that this stream gave is a position."""

    async def body(there):
        return [(await there.get(PATH, last_event_id=text)).status_code for text in ("-1", "x", "1.5", "9" * 19)]

    assert in_world(postgres_url, body) == [422] * 4


def test_a_revoked_token_ends_the_stream(postgres_url, monkeypatch):
    """At the next look, which comes with an event or a heartbeat."""
    monkeypatch.setattr(route, "BEAT_S", 0.05)
    monkeypatch.setattr(route, "RECHECK_S", 0.1)

    async def body(there):
        await there.token()
        (info,) = await credentials.list_tokens(there.deps.pool)
        async with served(there) as host:
            listening = asyncio.create_task(blocks(there, host, 10_000))
            await heard(there)
            await credentials.revoke_token(there.deps.pool, info.id, NOW_US)
            await listening  # ends by itself, long before so many blocks

    in_world(postgres_url, body)


def test_a_listener_far_behind_the_ring_gets_everything_in_order(postgres_url):
    """A ring of four: older events come from the archive, and the seam loses and repeats nothing."""

    async def body(there):
        await there.archived(*map(row, range(10)))
        feed = Feed(there.deps.pool, postgres_url, lambda event: event.body, ring=4)
        await feed.catch_up()
        found = []
        pages = feed.follow(0, beat_s=5)
        for start in range(10, 40, 10):
            await there.archived(*map(row, range(start, start + 10)))
            await feed.catch_up()
            while len(found) < start + 10:
                found += [item.seq for item in await anext(pages)]
        await pages.aclose()
        return found, len(feed._ring), feed.listeners

    found, held, listeners = in_world(postgres_url, body)
    assert found == sorted(set(found))
    assert (len(found), held, listeners) == (40, 4, 0)


def test_a_server_that_stops_ends_its_streams(postgres_url):
    """`Feed.stop` lets every listener go at once, with a whole last block."""

    async def body(there):
        async with served(there) as host:
            listening = asyncio.create_task(blocks(there, host, 10_000))
            await heard(there)
            there.app.state.feed.stop()
            return await listening

    assert len(in_world(postgres_url, body)) == 1
