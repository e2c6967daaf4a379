"""The hub of the live map: what viewers get, and what a slow one costs."""

import asyncio
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.hub import FIELDS, Box, Hub, Viewer
from core.clock import ManualClock
from store.log import Commit, Log
from store.memory import MemoryLog
from tests.api.samples import NOW_US, S, live, stray
from tests.api.world import in_world
from tests.running import run_with

DEVICES = ["a", "b", "c"]


async def no_vehicles(_at_us):
    return {}


def hub_with(*rows, clock=None):
    hub = Hub(MemoryLog(), clock or ManualClock(NOW_US), no_vehicles)
    hub.apply(list(rows))
    return hub


def viewer_of(hub, box=None):
    viewer = Viewer(box)
    hub.join(viewer)
    hub.message(viewer)
    return viewer


def said(hub, viewer):
    return json.loads(hub.message(viewer))


def names(message):
    return [row[0] for row in message["positions"]]


def test_the_first_message_is_a_whole_picture():
    """A snapshot names its columns and holds every device."""
    hub = hub_with(live("a"), live("b"))
    viewer = Viewer(None)

    message = said(hub, viewer)

    assert message["type"] == "snapshot"
    assert message["t"] == NOW_US // 1000
    assert message["fields"] == list(FIELDS)
    assert names(message) == ["a", "b"]
    assert len(message["positions"][0]) == len(FIELDS)


def test_a_frame_holds_only_what_changed():
    """Devices that said nothing are not sent again."""
    hub = hub_with(live("a"), live("b"))
    viewer = viewer_of(hub)

    hub.apply([live("b", lon=123.7)])

    assert said(hub, viewer)["positions"][0][:5] == ["b", None, "truck", "stopped", 123.7]
    assert said(hub, viewer) == {"type": "frame", "t": NOW_US // 1000, "positions": [], "gone": []}


def test_a_window_shows_a_wrong_clock_at_both_of_its_places():
    """Where it was believed last, and where it says that it is."""
    hub = hub_with(live("a", stray=stray(lon=123.7)), live("b"))

    assert names(said(hub, Viewer(Box(123.69, -10.3, 123.71, -10.1)))) == ["a"]
    assert names(said(hub, Viewer(Box(123.59, -10.3, 123.61, -10.1)))) == ["a", "b"]


def test_a_slow_viewer_gets_the_newest_position_only():
    """However many came meanwhile, one row per device is sent, and the rest is counted."""
    hub = hub_with(live("a"))
    viewer = viewer_of(hub)

    for i in range(100):
        hub.apply([live("a", time_us=NOW_US + i)])

    assert len(viewer.changed) == 1
    assert names(said(hub, viewer)) == ["a"]
    assert hub.counters.coalesced == 99


def test_a_device_that_falls_silent_is_sent_without_a_fix():
    """Silence is a change that only the clock can tell."""
    clock = ManualClock(NOW_US)
    hub = hub_with(live("a", silent_after_s=180.0), clock=clock)
    viewer = viewer_of(hub)

    clock.advance(180 * S)
    hub.sweep()

    assert said(hub, viewer)["positions"][0][3] == "silent"
    hub.sweep()
    assert names(said(hub, viewer)) == []


def test_a_device_that_leaves_the_window_is_taken_off_the_map():
    """`gone` names it once, and only to a viewer that had it."""
    hub = hub_with(live("a"), live("b", lon=100.0))
    viewer = viewer_of(hub, Box(123, -11, 124, -10))

    hub.apply([live("a", lon=125.0), live("b", lon=101.0)])

    assert said(hub, viewer)["gone"] == ["a"]


def test_looking_elsewhere_gives_a_new_snapshot():
    """A viewer that moves its window starts afresh."""
    hub = hub_with(live("a"), live("b", lon=100.0))
    viewer = viewer_of(hub, Box(123, -11, 124, -10))

    viewer.look(Box(99, -11, 101, -10))
    message = said(hub, viewer)

    assert (message["type"], names(message)) == ("snapshot", ["b"])


@pytest.mark.parametrize(("lon", "inside"), [(179.9, True), (-179.9, True), (0.0, False), (178.0, False)])
def test_a_window_may_cross_the_antimeridian(lon, inside):
    """West greater than east means the short way round."""
    assert Box(179, -20, -179, -10).holds(lon, -15) is inside


def test_a_new_assignment_shows_on_the_map():
    """A device whose vehicle changed is sent again, with no fix arriving."""
    vehicles = {}

    async def vehicles_at(_at_us):
        return dict(vehicles)

    hub = Hub(MemoryLog(), ManualClock(NOW_US), vehicles_at)
    hub.apply([live("a"), live("b")])
    viewer = viewer_of(hub)
    vehicles["a"] = "v-1"
    asyncio.run(hub.name_vehicles())

    assert said(hub, viewer)["positions"][0][:2] == ["a", "v-1"]


def test_a_phone_off_duty_is_not_seen():
    """It leaves the map as the duty ends; a call for help shows in any case; until duty is known, no phone does."""
    off = frozenset({"b", "c"})
    hub = Hub(MemoryLog(), ManualClock(NOW_US), no_vehicles, lambda _at_us: asyncio.sleep(0, off))
    hub.apply([live("a", cls="phone"), live("b", cls="phone"), live("c", cls="phone", sos="s-1"), live("t")])
    viewer = Viewer(None)
    hub.join(viewer)
    assert names(said(hub, viewer)) == ["c", "t"]
    asyncio.run(hub.name_vehicles())
    assert names(said(hub, viewer)) == ["a"]
    off |= {"a"}
    asyncio.run(hub.name_vehicles())
    assert said(hub, viewer)["gone"] == ["a"]


def test_a_row_that_went_is_no_longer_shown():
    """An empty frame says that some row went: all are read again."""

    async def main():
        log = MemoryLog()
        hub = Hub(log, ManualClock(NOW_US), no_vehicles)
        hub.apply([live("a")])
        following = asyncio.ensure_future(hub.run())
        while hub.counters.reloads == 0:  # noqa: ASYNC110  no bell in a test
            await asyncio.sleep(0)
        hub.apply([live("a")])
        for listener in log._listeners:
            listener[0].append(msgspec.msgpack.encode([]))
            listener[1].set()
        while hub.counters.reloads == 1:  # noqa: ASYNC110  no bell in a test
            await asyncio.sleep(0)
        following.cancel()
        return dict(hub.rows)

    assert asyncio.run(main()) == {}


updates = st.lists(st.tuples(st.sampled_from(DEVICES), st.sampled_from([100.0, 123.5, 123.9])), max_size=30)


@given(st.lists(updates, max_size=8))
def test_a_viewer_that_applies_every_message_sees_what_is_there(rounds):
    """Law of the live map: snapshot and frames, in any rhythm, end at the window's true content."""
    box = Box(123, -11, 124, -10)
    hub, shown = hub_with(), {}
    viewer = Viewer(box)
    hub.join(viewer)
    for i, changes in enumerate(rounds):
        for device, lon in changes:
            hub.apply([live(device, lon=lon, time_us=NOW_US + i)])
        message = said(hub, viewer)
        shown = {} if message["type"] == "snapshot" else shown
        shown |= {row[0]: row[4] for row in message["positions"]}
        for device in message.get("gone", []):
            del shown[device]

    assert shown == ({d: row.lon for d, row in hub.rows.items() if box.holds(row.lon, row.lat)} if rounds else {})


def test_what_the_engine_commits_reaches_the_viewers(log: Log):
    """Rows that were there before, and frames committed after, on both logs."""

    async def body(log):
        await log.partitions(1)
        lease = await log.acquire("geo.0", "me", 10_000)
        await commit(log, lease, "1-0", live("a"))
        hub = Hub(log, ManualClock(NOW_US), no_vehicles)
        task = asyncio.create_task(hub.run())
        try:
            async with asyncio.timeout(10):
                await hub.ready.wait()
                viewer = viewer_of(hub)
                await commit(log, lease, "2-0", live("b"))
                await viewer.bell.wait()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return names(said(hub, viewer)), sorted(hub.rows)

    assert run_with(log, body) == (["b"], ["a", "b"])


async def commit(log, lease, offset, row):
    await log.commit(
        lease,
        Commit(
            reader="geo",
            stream="in.0",
            offset=offset,
            live={row.device: msgspec.msgpack.encode(row)},
            frame=msgspec.msgpack.encode([row]),
        ),
    )


@pytest.mark.service
def test_a_frame_that_cannot_be_read_does_not_end_the_feed(postgres_url):
    """The failure is logged, all rows are read again, and the next frame is heard."""

    async def body(there):
        lease = await there.deps.log.acquire("geo.0", "test", 60_000)
        await there.deps.log.commit(lease, Commit(reader="x", stream="in.1", offset="1-0", frame=b"rubbish"))
        await asyncio.sleep(0.05)
        await there.shown(live("a"))
        return sorted(there.app.state.hub.rows)

    assert in_world(postgres_url, body) == ["a"]
