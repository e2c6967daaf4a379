"""A whole `ronda up` that boots in another year, by Debian's faketime; set right while it runs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.e2e.installation import Up, data_folder, wait_for

pytestmark = [pytest.mark.service, pytest.mark.e2e, pytest.mark.timeout(180)]
LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/local/lib/faketime/libfaketimeMT.so.1")


@pytest.fixture(scope="module")
def faketime() -> str:
    found = [str(path) for pattern in LIBRARIES for path in Path("/").glob(pattern[1:])]
    if not found:
        pytest.skip("no faketime here: apt-get install faketime")
    return found[0]


class Elsewhen(Up):
    """`ronda up` alone lives in another time (its servers do not), until the file says otherwise."""

    def __init__(self, data: Path, library: str) -> None:
        self._when = data / "when"
        self._faked = {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": str(self._when)}
        self._faked |= {"FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
        super().__init__(data)

    def set(self, when: str) -> None:
        """An offset from the true time; from the next start on the clock is faked."""
        self.environ = self._faked
        fresh = self._when.with_suffix(".new")
        fresh.write_text(when + "\n")
        fresh.replace(self._when)

    def parts(self) -> dict[str, str]:
        try:
            return dict(self.ask("GET", "/readyz").json()["parts"])
        except OSError:
            return {}
        except Exception as error:
            if "Connect" in type(error).__name__:
                return {}
            raise


@pytest.fixture
def elsewhen(faketime: str) -> Iterator[Elsewhen]:
    with data_folder() as folder, Elsewhen(folder, faketime) as up:
        yield up


def offset_to(year: int) -> str:
    """What faketime is told so that the clock stands in that year."""
    return f"{round((year - 1970) * 365.25 * 86400 - time.time()):+d}"


def connected(client: mqtt.Client, port: int) -> bool:
    """Whether the door is open by now: the API may answer before it is."""
    try:
        client.connect("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.parametrize("year", [2016, pytest.param(2099, marks=pytest.mark.soak)])
def test_a_boot_in_another_year(elsewhen: Elsewhen, year: int) -> None:
    """It starts, listens, says why it is not ready, acknowledges nothing; set right, it loses nothing."""
    elsewhen.start()
    elsewhen.register("truck-1")
    secret = elsewhen.secret(device="truck-1")
    assert elsewhen.stop() == 0
    elsewhen.set(offset_to(year))
    elsewhen.spawn()
    assert wait_for(lambda: f"clock says {year}" in elsewhen.parts().get("clock", ""), 60), elsewhen.said()

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="truck-1")
    client.username_pw_set("truck-1", secret)
    assert wait_for(lambda: connected(client, elsewhen.mqtt_port), 20), elsewhen.said()
    client.loop_start()
    now_s = round(time.time())
    info = client.publish("ronda/v1/truck-1/fix", json.dumps({"time": now_s, "lat": -10.17, "lon": 123.6}), qos=1)
    time.sleep(2.0)
    assert not info.is_published()
    elsewhen.set("+0")
    assert wait_for(info.is_published, 20), elsewhen.said()
    client.disconnect()
    client.loop_stop()
    assert wait_for(elsewhen.ready, 20)
    assert wait_for(lambda: elsewhen.get("/api/v1/positions", device="truck-1").json()["features"], 30)
    assert elsewhen.get("/api/v1/rejects").json().get("rejects", []) == []
