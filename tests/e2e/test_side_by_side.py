"""What a city plugs in shows on the map side by side: a Traccar server, OwnTracks, Traccar Client old and new."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.e2e.installation import Up, wait_for

pytestmark = [pytest.mark.service, pytest.mark.e2e]
KMH, KNOTS = 1 / 3.6, 1852 / 3600
PLACES = {  # device: lat, lon, speed in m/s
    "traccar-http": (-10.170, 123.590, 10 * KNOTS),
    "traccar-mqtt": (-10.172, 123.595, 12 * KNOTS),
    "budi-hp": (-10.174, 123.600, 36 * KMH),
    "hp-lama": (-10.176, 123.605, 8 * KNOTS),
    "hp-baru": (-10.178, 123.610, 7.0),
    "asli": (-10.180, 123.615, 6.0),
}


def iso(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds")


def forwarded(device: str, knots: float) -> str:
    """A position as a Traccar server forwards it."""
    lat, lon, _ = PLACES[device]
    now = iso(time.time())
    position = {
        "id": 0, "deviceId": 7, "protocol": "gt06", "serverTime": now, "deviceTime": now, "fixTime": now, "valid": True,
        "latitude": lat, "longitude": lon, "altitude": 12.0, "speed": knots, "course": 90.0, "accuracy": 0.0,
        "attributes": {"batteryLevel": 87, "ignition": True},
    }  # fmt: skip
    return json.dumps({"position": position, "device": {"id": 7, "name": device, "uniqueId": device}})


def gateway(up: Up) -> str:
    """The secret of a server that speaks for all."""
    return up.cli("token", "create", "--role", "device", "--gateway").splitlines()[-1]


def by_mqtt(up: Up, topic: str, payload: str) -> None:
    """One message at the door with a gateway's secret; returns when it is acknowledged."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="traccar-server", protocol=mqtt.MQTTv5)
    client.username_pw_set("traccar", gateway(up))
    client.connect("127.0.0.1", up.mqtt_port)
    client.loop_start()
    try:
        sent = client.publish(topic, payload, qos=1)
        sent.wait_for_publish(10)
        assert sent.is_published()
    finally:
        client.disconnect()
        client.loop_stop()


def post(up: Up, path: str, secret: str, body: str, **options: Any) -> tuple[int, str]:
    answer = up.ask("POST", path, auth=("", secret), content=body, **options)
    return answer.status_code, answer.text


def by_curl(up: Up) -> str:
    """The query that the old Traccar Client sends, its secret as its identifier; the answer's status."""
    lat, lon, _ = PLACES["hp-lama"]
    query = {"id": up.secret(device="hp-lama"), "timestamp": int(time.time()), "lat": lat, "lon": lon}
    rest = {"speed": 8, "bearing": 45, "altitude": 3, "accuracy": 6, "batt": 55}
    address = f"{up.url}/ingest/osmand?{urlencode(query | rest)}"
    said = subprocess.run(["curl", "-s", "-w", "%{http_code}", address], capture_output=True, text=True, check=True)
    return said.stdout


def shown(up: Up) -> dict[str, tuple[float, float, float]]:
    """What the map has of these devices."""
    features = up.get("/api/v1/positions").json()["features"]
    found = {f["id"]: (*reversed(f["geometry"]["coordinates"]), f["properties"]["speed"]) for f in features}
    return {device: found[device] for device in PLACES if device in found}


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_every_client_shows_on_the_map(up: Up) -> None:
    """Each got the answer that it expects, and each is where it said, at the speed it said, in our units."""
    up.register(*PLACES)
    own = {device: up.secret(device=device) for device in ("budi-hp", "hp-baru", "asli")}
    location = {"_type": "location", "lat": -10.174, "lon": 123.6, "tst": int(time.time()), "vel": 36, "batt": 70}
    coords = {"latitude": -10.178, "longitude": 123.61, "speed": 7.0, "heading": -1, "accuracy": 5}
    client = {"device_id": "hp-baru", "location": {"timestamp": iso(time.time()), "coords": coords, "is_moving": True}}
    native = {"time": time.time(), "lat": -10.18, "lon": 123.615, "speed": 6.0}
    names = {"X-Limit-U": "budi", "X-Limit-D": "hp"}
    answers = [
        post(up, "/ingest/traccar", gateway(up), forwarded("traccar-http", 10)),
        post(up, "/ingest/owntracks", own["budi-hp"], json.dumps(location), headers=names),
        post(up, "/ingest/osmand", own["hp-baru"], json.dumps(client)),
        post(up, "/ingest/v1/fixes", own["asli"], json.dumps(native)),
    ]
    by_mqtt(up, "traccar/positions", forwarded("traccar-mqtt", 12))
    assert by_curl(up) == "200"
    accepted = '{"accepted":1,"rejected":[]}'
    assert answers == [(200, '{"rejected":[]}'), (200, "[]"), (200, ""), (200, accepted)]
    assert wait_for(lambda: len(shown(up)) == len(PLACES), 30)
    assert shown(up) == {device: pytest.approx(place, abs=1e-5) for device, place in PLACES.items()}


def test_the_server_can_say_why(up: Up) -> None:
    """A device that is heard is fine; a refused one and an unknown one have a reason and a remedy."""
    up.register("why-ok", "why-bad")
    good, bad = up.secret(device="why-ok"), up.secret(device="why-bad")
    now = {"time": time.time(), "lat": -10.18, "lon": 123.61}
    assert post(up, "/ingest/v1/fixes", good, json.dumps(now))[0] == 200
    assert post(up, "/ingest/v1/fixes", bad, json.dumps(now | {"lat": 95}))[0] == 422
    assert post(up, "/ingest/v1/fixes?device=why-new", gateway(up), json.dumps(now))[0] == 404

    def said(device: str) -> Any:
        return up.get(f"/api/v1/devices/{device}/why").json()

    assert wait_for(lambda: said("why-ok")["ok"] and said("why-ok")["heard"], 30)
    assert wait_for(lambda: said("why-bad")["verdict"]["en"].startswith("Its last message was refused"), 30)
    assert wait_for(lambda: said("why-new")["verdict"]["en"] == "Not registered; 1 fixes of it are held.", 30)
    assert "why-new" in {row["device"] for row in up.get("/api/v1/held").json()["items"]}


def test_a_stranger_that_is_adopted_appears_with_its_past(up: Up) -> None:
    """What it sent before it was registered is on the map and in its history."""
    secret = gateway(up)
    fixes = [{"time": time.time() - 60 + n, "lat": -10.18, "lon": 123.61 + n / 1e4} for n in range(5)]
    assert post(up, "/ingest/v1/fixes?device=baru", secret, json.dumps(fixes))[0] == 404
    assert wait_for(lambda: "baru" in up.get("/api/v1/held").text, 30)
    headers = {"Authorization": f"Bearer {up.secret()}"}
    answer = up.ask("POST", "/api/v1/devices/baru/adopt", headers=headers, json={"class": "truck", "name": "Baru"})
    assert (answer.status_code, answer.json()["fixes"]) == (200, 5)
    assert wait_for(lambda: up.get("/api/v1/positions", device="baru").json()["features"], 30)
    assert wait_for(lambda: len(up.get("/api/v1/devices/baru/fixes").json()["features"]) == 5, 30)
    assert "baru" not in up.get("/api/v1/held").text
