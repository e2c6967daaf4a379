"""A device's credential neither says nor hears anything for another: at the door, by HTTP, and on a Mosquitto."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.deploy.broker import Broker, broker_folder
from tests.e2e.installation import Up, wait_for

pytestmark = [pytest.mark.service, pytest.mark.e2e]
MINE, THEIRS = "iso-mine", "iso-theirs"
TRUCK, IMEI = "iso-truck", "352093081429150"


@pytest.fixture
def pair(up: Up) -> Up:
    """Two registered phones and a box, each with its own credential."""
    up.register(MINE, THEIRS, cls="phone")
    up.register(TRUCK, IMEI)
    for device in (MINE, THEIRS, TRUCK, IMEI):
        up.secret(device=device)
    return up


def native(at_s: float) -> str:
    return json.dumps({"time": at_s, "lat": -10.17, "lon": 123.6})


def owntracks(at_s: float) -> str:
    return json.dumps({"_type": "location", "tst": int(at_s), "lat": -10.17, "lon": 123.6})


def teltonika(at_s: float) -> str:
    return json.dumps({"ts": int(at_s * 1000), "latlng": "-10.17,123.6"})


def traccar(at_s: float, device: str) -> str:
    fix_time = time.strftime("%Y-%m-%dT%H:%M:%S.000+00:00", time.gmtime(at_s))
    position = {"fixTime": fix_time, "deviceTime": fix_time, "latitude": -10.17, "longitude": 123.6, "valid": True}
    return json.dumps({"position": position | {"speed": 0, "attributes": {}}, "device": {"uniqueId": device}})


def others(at_s: float) -> dict[str, str]:
    """What would be somebody else's, by topic."""
    return {
        f"ronda/v1/{THEIRS}/fix": native(at_s),
        "owntracks/iso/theirs": owntracks(at_s),
        "owntracks/iso/theirs/event": owntracks(at_s),
        f"owntracks/{MINE}/x": owntracks(at_s),
        f"x/y/teltonika/{IMEI}/data": teltonika(at_s),
        "traccar/positions": traccar(at_s, THEIRS),
    }


def known_fixes(up: Up) -> dict[str, int]:
    """How many fixes of today each of the three has."""
    day = time.strftime("%Y-%m-%d")
    return {
        device: len(up.get(f"/api/v1/devices/{device}/fixes", **{"from": day}).json()["features"])
        for device in (MINE, THEIRS, IMEI)
    }


def archived(up: Up, device: str, more_than: int) -> bool:
    """Whether what comes after the forgeries is there: by then they would be too."""
    return bool(wait_for(lambda: known_fixes(up)[device] > more_than, 10))


def test_at_the_door_a_device_speaks_for_itself_only(pair: Up) -> None:
    """Forgeries of every dialect are acknowledged and refused; its own fix comes through."""
    before, at_s = known_fixes(pair), time.time()
    with pair.device(MINE) as device:
        for topic, payload in others(at_s).items():
            device.client.publish(topic, payload, qos=1).wait_for_publish(10)
        device.send(time=at_s, lat=-10.17, lon=123.6)
    assert archived(pair, MINE, before[MINE])
    assert known_fixes(pair) == before | {MINE: before[MINE] + 1}
    rejects = pair.get("/api/v1/rejects", reason="forbidden").json()["items"]
    assert {row["topic"] for row in rejects} >= set(others(at_s))


def test_at_the_door_a_device_hears_itself_only(pair: Up) -> None:
    """Every subscription but its own notices is refused."""
    granted: list[int] = []
    asked = [f"ronda/v1/{THEIRS}/notice", "ronda/v1/+/notice", "#", f"ronda/v1/{THEIRS}/fix", f"ronda/v1/{MINE}/notice"]
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="iso-listener")
    client.username_pw_set(MINE, pair.secret(device=MINE))
    client.on_subscribe = lambda _c, _u, _m, codes, _p: granted.extend(code.value for code in codes)
    client.connect("127.0.0.1", pair.mqtt_port)
    client.loop_start()
    client.subscribe([(topic, 1) for topic in asked])
    wait_for(lambda: granted, 5)
    client.disconnect()
    client.loop_stop()
    assert [code < 128 for code in granted] == [False, False, False, False, True]


FORGED: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", f"/ingest/v1/fixes?device={THEIRS}", {"content": native(0)}),
    ("POST", "/ingest/owntracks", {"content": owntracks(0), "headers": {"X-Limit-U": "iso", "X-Limit-D": "theirs"}}),
    ("POST", "/ingest/owntracks?u=iso&d=theirs", {"content": owntracks(0)}),
    ("GET", f"/ingest/osmand?id={THEIRS}&lat=-10.17&lon=123.6&timestamp=1", {}),
    ("POST", "/ingest/osmand", {"content": json.dumps({"device_id": THEIRS, "location": {}})}),
    ("POST", "/ingest/traccar", {"content": traccar(0, THEIRS)}),
]


@pytest.mark.parametrize(("method", "path", "options"), FORGED)
def test_by_http_a_device_speaks_for_itself_only(pair: Up, method: str, path: str, options: dict[str, Any]) -> None:
    """403 whatever the dialect, and the name in Basic does not help."""
    sent = {name: value.replace('"tst": 0', f'"tst": {int(time.time())}') if name == "content" else value
            for name, value in options.items()}  # fmt: skip
    auth = httpx.BasicAuth(MINE, pair.secret(device=MINE))
    assert pair.ask(method, path, auth=auth, **sent).status_code == 403
    other = httpx.BasicAuth(THEIRS, pair.secret(device=MINE))
    assert pair.ask(method, path, auth=other, **sent).status_code == 403


def test_by_http_a_device_reads_nothing(pair: Up) -> None:
    """Not even its own history: a phone that is lost tells nobody where it was."""
    headers = {"Authorization": f"Bearer {pair.secret(device=MINE)}"}
    paths = ["positions", f"devices/{MINE}/fixes", f"devices/{THEIRS}/fixes", "devices", "events", "people", "alerts"]
    paths += [f"devices/{MINE}/credentials", "dwells", "rejects"]
    assert {pair.ask("GET", f"/api/v1/{path}", headers=headers).status_code for path in paths} == {403}


@pytest.fixture
def broker(pair: Up) -> Iterator[Broker]:
    """A Mosquitto on what `ronda broker` writes for this installation."""
    devices = (MINE, THEIRS, TRUCK, IMEI)
    with broker_folder() as folder:
        made = Broker(folder, {device: pair.secret(device=device) for device in devices})
        ports = ["--port", str(made.tls_port), "--local-port", str(made.port)]
        assert "may enter" in pair.cli("broker", str(folder), "--host", "localhost", *ports)
        with made.running():
            yield made


@pytest.mark.interop
def test_on_mosquitto_a_device_speaks_and_hears_for_itself_only(broker: Broker) -> None:
    """The secrets of the database open the broker, and the access list keeps them apart."""
    broker.subscribe("-E")
    for topic in others(0):
        broker.publish(MINE, topic, "-m", "forged")
    for device, topic in ((MINE, "owntracks/iso/mine"), (IMEI, f"x/y/teltonika/{IMEI}/data")):
        assert broker.publish(device, topic, "-m", device).returncode == 0
    assert broker.subscribe("-C", "2", "-W", "5").stdout.split() == [MINE, IMEI]
    assert broker.client("mosquitto_sub", MINE, "-t", f"ronda/v1/{THEIRS}/notice", "-W", "1").stdout == ""
    crossed = broker.client("mosquitto_pub", THEIRS, "-P", broker.passwords[MINE], "-t", "x", "-m", "x")
    assert crossed.returncode != 0


def test_a_secret_for_a_new_device_registers_it(up: Up) -> None:
    """With --register the credential and the device come together, and the device is heard at once."""
    secret = up.cli("token", "create", "--role", "device", "--device", "iso-new", "--register").splitlines()[-1]
    up._secrets["device --device iso-new"] = secret
    with up.device("iso-new") as device:
        device.send(time=time.time(), lat=-10.17, lon=123.6)
    assert wait_for(lambda: up.get("/api/v1/positions", device="iso-new").json()["features"], 10)
