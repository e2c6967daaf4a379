"""`kill -9` of `ronda up` under load: nothing acknowledged is lost or doubled, the tables are those of a calm run."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, Self

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from ronda.installation import NotRunningError, find
from ronda.runtime import Runtime
from store import credentials
from tests.e2e.installation import GONE_S, Up, gone, installed, wait_for
from tests.e2e.tables import tables_of
from tests.e2e.trips import Fix, fleet, late
from tests.ronda.conftest import server_pid

pytestmark = [pytest.mark.service, pytest.mark.e2e]
TRUCKS = tuple(f"truck-{n}" for n in range(6))
FIRST_S = 1_767_571_200  # of the made-up tracks: long ago, so no alert of theirs comes from a clock
LIMIT_S = 300.0
HELD_S = 0.2
UNDER_WAY = 400  # fixes made and not acknowledged: paho may send the newest first, but stays within the horizon


def recording() -> Iterator[tuple[str, Fix]]:
    """A fix of each truck every 10 s, one in ten late; the same in every run."""
    return late(fleet(len(TRUCKS), 3, FIRST_S, 10), 5)


class Sender:
    """A gateway of paho's making: one fix a message, QoS 1, sends again what was not acknowledged."""

    def __init__(self, port: int, secret: str, fixes: Iterator[tuple[str, Fix]], pause_s: float) -> None:
        self.acknowledged: set[int] = set()
        self.sent: list[tuple[str, Fix]] = []
        self._numbers: dict[int, int] = {}
        self._fixes, self._pause_s, self._stop = fixes, pause_s, threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="crash", clean_session=False)
        self._client.username_pw_set("gateway", secret)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_publish = self._on_publish
        self._client.connect_async("127.0.0.1", port)
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._client.loop_start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def has(self, acknowledged: int) -> bool:
        return len(self.acknowledged) >= acknowledged

    def finish(self, limit_s: float) -> None:
        """Stop making fixes, and wait until all are acknowledged."""
        self._stop.set()
        self.exhaust(limit_s)

    def exhaust(self, limit_s: float) -> None:
        """Wait until there are no more fixes and all are acknowledged."""
        self._thread.join(limit_s)
        wait_for(lambda: len(self.acknowledged) == len(self.sent), limit_s)
        assert self.acknowledged == set(range(len(self.sent)))

    def _run(self) -> None:
        for device, fix in self._fixes:
            while len(self.sent) - len(self.acknowledged) >= UNDER_WAY and not self._stop.is_set():
                time.sleep(0.01)
            if self._stop.wait(self._pause_s):
                return
            number = len(self.sent)
            self.sent.append((device, fix))
            info = self._client.publish(f"ronda/v1/{device}/fix", json.dumps(fix._asdict()), qos=1)
            self._numbers[info.mid] = number

    def _on_publish(self, _c: object, _u: object, mid: int, *_: object) -> None:
        for _try in range(100):  # the acknowledgement may be quicker than the sender's note
            if mid in self._numbers:
                self.acknowledged.add(self._numbers[mid])
                return
            time.sleep(0.001)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.soak)])
def test_kills_under_load_change_no_table(kills: int, record_property: Callable[[str, object], None]) -> None:
    """Killed at random moments under load: no child is left, every acknowledged fix is archived once, and dwells and
    alerts are those of an installation that was sent the same and never killed.
    """
    moments = random.Random(11)
    with installed() as up, Sender(up.mqtt_port, made_ready(up), recording(), 0.004) as sender:
        for number in range(kills):
            assert wait_for(partial(sender.has, len(sender.acknowledged) + 20), 60), up.said()
            time.sleep(moments.uniform(0.0, 0.5))
            assert len(up.family()) > 2
            if number % 3 == 1:
                hold_the_log(up)
            killed(up, at_once=number % 2 == 0)
            if number % 4 == 3:  # once more, in the middle of the start
                up.kill()
                up.spawn()
                time.sleep(moments.uniform(0.0, 4.0))
                killed(up, at_once=True)
        sender.finish(60)
        found = tables_of(up)
    with installed() as calm, Sender(calm.mqtt_port, made_ready(calm), iter(sender.sent), 0.0) as again:
        again.exhaust(120)
        expected = tables_of(calm)

    record_property("fixes", len(sender.sent))
    record_property("dwells", len(expected["dwells"]))
    record_property("alerts", len(expected["alerts"]))
    assert archived(found) == sorted((device, fix.time * 1_000_000) for device, fix in sender.sent)
    assert len(expected["dwells"]) > len(TRUCKS)
    assert expected["alerts"]
    assert found == expected


def hold_the_log(up: Up) -> None:
    """Stop the log's server and end it with us: the kill falls between the arrival of fixes and their append."""
    server = server_pid(up.data, "valkey")
    assert server is not None
    os.kill(server, signal.SIGSTOP)
    time.sleep(HELD_S)
    up.kill()
    os.kill(server, signal.SIGKILL)


def killed(up: Up, *, at_once: bool) -> None:
    """Kill, see that all its servers end by themselves, and start again: into their end, or after it."""
    family = up.family()
    up.kill()
    if at_once:
        up.spawn()
        assert wait_for(partial(announced_pid, up), 60) == up.pid
    assert gone(lambda: family & up.family(), GONE_S)
    up.start()


def announced_pid(up: Up) -> int | None:
    """Whose servers another command would use now."""
    with suppress(NotRunningError):
        return find(up.data).pid
    return None


def made_ready(up: Up) -> str:
    """Register the trucks under a short limit; the secret of a token that may speak for any of them."""

    async def token(runtime: Runtime) -> str:
        _, secret = await credentials.create_token(
            runtime.pool, role="device", subject="gateway", label="", expires_us=None, now_us=runtime.clock.now_us()
        )
        return secret

    up.register(*TRUCKS)
    up.limit(LIMIT_S)
    return str(up.with_runtime(token))


def archived(tables: dict[str, list[tuple[Any, ...]]]) -> list[tuple[str, int]]:
    """Device and time of every archived fix, in order; a doubled one would stand there twice."""
    return sorted((device, time_us) for device, times, *_ in tables["fixes"] for time_us in times)
