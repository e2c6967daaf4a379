"""SIGTERM while clients are connected. The last of the folder: after it nothing runs."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from websockets.sync.client import connect

from tests.e2e.installation import GONE_S, Up, gone

pytestmark = [pytest.mark.service, pytest.mark.e2e]
STOP_S = 10.0


def test_sigterm_with_clients_connected(up: Up, record_property: Callable[[str, object], None]) -> None:
    """Trackers, an event stream and a live map do not hold it up: exit 0 in time, and no process is left."""
    up.register("truck-1", "truck-2")
    sign_in = {"Authorization": f"Bearer {up.secret()}"}
    live = connect(f"ws://127.0.0.1:{up.http_port}/api/v1/live", additional_headers=sign_in)
    with up.device("truck-1") as one, up.device("truck-2") as two, up.listening(), live:
        for tracker in (one, two):
            tracker.send(time=time.time(), lat=-10.17, lon=123.6)
        asked = time.monotonic()
        code = up.stop()
        took_s = time.monotonic() - asked
    record_property("seconds to stop", round(took_s, 3))
    assert code == 0, up.said()
    assert took_s < STOP_S
    assert gone(up.family, GONE_S)
    assert not (up.data / "urls.json").exists()
