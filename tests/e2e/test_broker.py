"""An OwnTracks phone and a tracker, by Debian's `mosquitto_pub`: through a Mosquitto in front, and at the door."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.deploy.broker import PASSWORDS, Broker, brokered
from tests.e2e.installation import Up, installed, wait_for

pytestmark = [pytest.mark.service, pytest.mark.e2e, pytest.mark.interop]
SHOWN_S = 5.0
HERE, THERE = (123.6, -10.17), (123.61, -10.18)
versions = pytest.mark.parametrize("version", ["311", "5"])
Publish = Callable[[str, str], None]


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    """On the files that `ronda broker` writes for these names."""
    with brokered(PASSWORDS) as made:
        yield made


@pytest.fixture(scope="module")
def behind(broker: Broker) -> Iterator[Up]:
    """An installation that reads the broker, and takes phones that nobody registered."""
    with installed(RONDA_MQTT_URL=broker.url, RONDA_AUTO_REGISTER="true") as up:
        assert wait_for(lambda: "mqtt.connected" in up.said(), 20)  # before, the broker keeps nothing for us
        publish = mosquitto_pub(broker.login("t1-warm"), "5")
        assert moves(up, publish, "owntracks/t1/warm", "t1-warm", 30.0)  # and the kernel is compiled
        yield up


def mosquitto_pub(where: list[str], version: str) -> Publish:
    login = [*where, "-V", version, "-q", "1"]

    def publish(topic: str, body: str) -> None:
        subprocess.run(["mosquitto_pub", *login, "-t", topic, "-m", body], timeout=10, check=True)

    return publish


def moves(up: Up, publish: Publish, topic: str, device: str, limit_s: float = SHOWN_S) -> bool:
    """Whether the device is shown first here, then there."""
    for age_s, place in ((10, HERE), (0, THERE)):
        publish(topic, payload(topic, int(time.time()) - age_s, place))
        if not wait_for(partial(is_at, up, device, place), limit_s):
            return False
    return True


def payload(topic: str, at_s: int, place: tuple[float, float]) -> str:
    lon, lat = place
    if topic.startswith("owntracks/"):
        return json.dumps({"_type": "location", "tst": at_s, "lat": lat, "lon": lon, "vel": 18, "acc": 8})
    return json.dumps({"time": at_s, "lat": lat, "lon": lon, "speed": 5.0})


def is_at(up: Up, device: str, place: tuple[float, float]) -> bool:
    features = up.get("/api/v1/positions", device=device).json()["features"]
    return [tuple(feature["geometry"]["coordinates"]) for feature in features] == [place]


@versions
def test_a_phone_through_mosquitto(broker: Broker, behind: Up, version: str) -> None:
    """One setting puts the broker in front; an OwnTracks payload, by TLS, moves its phone on the map."""
    phone = f"t1-phone{version}"
    assert moves(behind, mosquitto_pub(broker.login(phone), version), f"owntracks/t1/phone{version}", phone)


def test_a_tracker_through_mosquitto(broker: Broker, behind: Up) -> None:
    """A registered truck's native fixes."""
    behind.register("t2")
    assert moves(behind, mosquitto_pub(broker.login("t2"), "5"), "ronda/v1/t2/fix", "t2")


@versions
def test_a_phone_at_the_door(up: Up, version: str) -> None:
    """The same program and payload without any broker."""
    device = f"budi-hp{version}"
    up.register(device, cls="phone")
    where = ["-h", "127.0.0.1", "-p", str(up.mqtt_port), "-u", "budi", "-P", up.secret(device=device)]
    assert moves(up, mosquitto_pub(where, version), f"owntracks/budi/hp{version}", device)
