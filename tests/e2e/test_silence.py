"""A truck that falls asleep is found out by the clock; our own outage is never taken for its silence."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.e2e.clients import Device
from tests.e2e.installation import Up, wait_for

pytestmark = [pytest.mark.service, pytest.mark.e2e]
LIMIT_S = 6.0
IN_TIME_S = 1.0  # the promise
DOWN_S = 7.0  # and the time of a start
POLL_S = 0.2  # we see the door open this much later at most
TICK_S = 0.6  # so long before the end the last tick may have been
LON, LAT = 123.6193, -10.1826  # at no known place, so that the stop is unexplained
numbers = itertools.count(1)


@pytest.fixture
def truck(up: Up) -> Iterator[str]:
    """A registered truck under a limit of seconds."""
    name = f"sleeper-{next(numbers)}"
    up.register(name)
    up.limit(LIMIT_S)
    yield name
    up.start()
    up.limit(1800.0)


def rest(device: Device) -> float:
    """Three fixes at rest, a second apart, and then nothing; the device's time of the first."""
    start = time.time()
    for second in range(3):
        time.sleep(max(start + second - time.time(), 0.0))
        device.send(time=start + second, lat=LAT, lon=LON, speed=0.0)
    return start


def alerts(up: Up, device: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = up.get("/api/v1/alerts", device=device).json()["items"]
    return found


def test_sleeping_truck_raises_its_alert_at_its_limit(
    up: Up, truck: str, record_property: Callable[[str, object], None]
) -> None:
    """Within a second of the limit, with no fix arriving, it is in the list of alerts and among the events."""
    with up.listening() as events, up.device(truck) as device:
        limit = rest(device) + LIMIT_S
        assert alerts(up, truck) == []
        assert time.time() < limit
        assert wait_for(lambda: alerts(up, truck), LIMIT_S + 5)
        listed_s = time.time() - limit
        told = wait_for(lambda: events.alert(truck), 5)
    heard_s = told[0] - limit
    record_property("seconds from the limit to the list", round(listed_s, 3))
    record_property("seconds from the limit to the event", round(heard_s, 3))
    assert told[1]["state"] == "raised"
    assert 0.0 <= listed_s < IN_TIME_S
    assert 0.0 <= heard_s < IN_TIME_S


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_our_outage_is_not_their_silence(
    up: Up, truck: str, ending: str, record_property: Callable[[str, object], None]
) -> None:
    """Down for longer than the limit: the alert comes when the time in which we listened reaches it, and not before."""
    with up.device(truck) as device:
        start = rest(device)
        asked = time.time()
        getattr(up, ending)()
        ended = time.time()
    time.sleep(DOWN_S)
    up.spawn()
    wait_for(lambda: door_is_open(up), 60)
    opened = time.time()
    up.start()
    assert alerts(up, truck) == []

    assert wait_for(lambda: alerts(up, truck), LIMIT_S + 5)
    raised = datetime.fromisoformat(alerts(up, truck)[0]["raised"]).timestamp()
    waited_s = raised - opened
    record_property("seconds down", round(opened - ended, 3))
    record_property("seconds from the door's opening to the alert", round(waited_s, 3))
    assert opened - ended > LIMIT_S
    assert waited_s > LIMIT_S - (ended - start) - POLL_S
    assert waited_s < LIMIT_S - (asked - TICK_S - start) + IN_TIME_S


def door_is_open(up: Up) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", up.mqtt_port)) == 0


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_ten_minutes_of_our_outage_raise_nothing(up: Up) -> None:
    """A truck two minutes into a stop with a limit of five; we are away for ten; three more minutes are its own."""
    name = f"sleeper-{next(numbers)}"
    up.register(name)
    up.limit(300.0)
    try:
        with up.device(name) as device:
            rest(device)
            time.sleep(120.0)
            up.stop()
        time.sleep(600.0)
        up.start()
        time.sleep(150.0)
        assert alerts(up, name) == []
        assert wait_for(lambda: alerts(up, name), 60)
    finally:
        up.start()
        up.limit(1800.0)
