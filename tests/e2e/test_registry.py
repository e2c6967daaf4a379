"""The registry through the whole product: a stranger adopted with its past, a volunteer heard only on duty."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.e2e.clients import Device
from tests.e2e.installation import Up, wait_for

pytestmark = [pytest.mark.service, pytest.mark.e2e]
HERE = {"lat": -10.17, "lon": 123.6}


def admin(up: Up, method: str, path: str, **body: Any) -> Any:
    """A change by an administrator; its answer must be good."""
    headers = {"Authorization": f"Bearer {up.secret(role='admin')}"}
    answer = up.ask(method, f"/api/v1{path}", headers=headers, json=body)
    assert answer.is_success, answer.text
    return answer.json()


def rejects(up: Up, device: str) -> list[str]:
    return [row["reason"] for row in asked(up, "/rejects", device=device)["items"]]


def asked(up: Up, path: str, **parameters: str) -> Any:
    """An administrator's question."""
    headers = {"Authorization": f"Bearer {up.secret(role='admin')}"}
    return up.ask("GET", f"/api/v1{path}", headers=headers, params=parameters).json()


def position(up: Up, device: str) -> Any:
    return up.get("/api/v1/positions", device=device).json()["features"]


def test_a_stranger_becomes_a_device_with_a_past(up: Up) -> None:
    """It stood for ten minutes before anybody knew it: registered, it is on the map, its stop in the list."""
    up.warm()
    gateway = up.cli("token", "create", "--role", "device", "--gateway").splitlines()[-1]
    now_s = round(time.time())
    with Device(up.mqtt_port, "gps-9", gateway) as stranger:
        for at_s in range(now_s - 600, now_s + 1, 30):
            stranger.send(time=at_s, **HERE)
    assert wait_for(lambda: "unknown_device" in rejects(up, "gps-9"), 10)
    assert position(up, "gps-9") == []

    admin(up, "PUT", "/vehicles/t9", plate="DH 9")
    admin(up, "PUT", "/devices/gps-9", **{"class": "truck"})
    admin(up, "POST", "/assignments", device="gps-9", vehicle="t9", **{"from": now_s - 3600})

    (found,) = wait_for(lambda: position(up, "gps-9"), 15)
    assert (found["properties"]["vehicle"], found["properties"]["state"]) == ("t9", "stopped")
    window = {"from": str(now_s - 3600), "to": str(now_s + 60)}
    dwells = wait_for(lambda: up.get("/api/v1/dwells", device="gps-9", **window).json()["items"], 15)
    assert [(row["vehicle"], row["duration_s"] >= 600) for row in dwells] == [("t9", True)]
    assert wait_for(lambda: len(up.get("/api/v1/devices/gps-9/fixes", **window).json()["features"]) == 21, 10)


def test_a_volunteer_is_heard_only_on_duty(up: Up) -> None:
    """Off duty nothing of the phone is kept, and that is counted; consent and duty open the ear."""
    admin(up, "PUT", "/people/rani", kind="volunteer", name="Rani")
    admin(up, "PUT", "/devices/rani-hp", **{"class": "phone"})
    admin(up, "POST", "/assignments", device="rani-hp", person="rani", **{"from": round(time.time()) - 60})
    with up.device("rani-hp") as phone:
        phone.send(time=time.time(), **HERE)
        assert wait_for(lambda: rejects(up, "rani-hp") == ["off_duty"], 10)
        assert position(up, "rani-hp") == []
        told = [asked(up, "/rejects", device="rani-hp"), asked(up, "/devices/rani-hp/why")]
        assert "10.17" not in str(told)  # nowhere does it stand where somebody off duty was

        admin(up, "PUT", "/volunteers/rani/consent", given=True)
        assert admin(up, "PUT", "/volunteers/rani/duty", on=True)["kept"]
        time.sleep(0.2)  # a fix of a time before is of off duty still

        phone.send(time=time.time(), **HERE)
        assert wait_for(lambda: position(up, "rani-hp"), 10)
