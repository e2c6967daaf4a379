"""Nothing is readable, and nobody may speak, without a credential."""

from __future__ import annotations

from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.e2e.installation import Up, wait_for

pytestmark = [pytest.mark.service, pytest.mark.e2e]
OPEN = {"/", "/healthz", "/readyz", "/metrics"}  # metrics: for this machine only
FILES = "/{name}"  # the console's own, which hold no data


def routes(up: Up) -> list[tuple[str, str]]:
    """Every method and path of the running program's own description, with something in each parameter."""
    paths: dict[str, dict[str, Any]] = up.get("/openapi.json").json()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def test_every_data_route_asks_for_a_credential(up: Up) -> None:
    """401 on each, whatever the method; a credential that nobody issued is as good as none."""
    closed = [(m, p.replace("{", "").replace("}", "")) for m, p in routes(up) if p not in OPEN and p != FILES]
    forged = {"Authorization": f"Bearer {'x' * 43}"}
    answers = {(m, p, bool(h)): up.ask(m, p, headers=h).status_code for m, p in closed for h in ({}, forged)}
    assert {path for _, path in closed} >= {"/api/v1/positions", "/api/v1/dwells", "/api/v1/alerts", "/api/v1/events"}
    assert {what: code for what, code in answers.items() if code != 401} == {}
    assert up.ask("GET", "/openapi.json").status_code == 401


def test_live_positions_ask_for_a_credential(up: Up) -> None:
    """The WebSocket is refused in the handshake."""
    with pytest.raises(InvalidStatus) as refused, connect(f"ws://127.0.0.1:{up.http_port}/api/v1/live"):
        pass
    assert refused.value.response.status_code in (401, 403)


def test_metrics_are_for_this_machine(up: Up) -> None:
    """Asked through a proxy they are closed."""
    assert up.ask("GET", "/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401


@pytest.mark.parametrize("version", [MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5])
@pytest.mark.parametrize("password", [None, "x" * 43])
def test_the_door_is_closed_without_a_password(up: Up, version: MQTTProtocolVersion, password: str | None) -> None:
    """CONNECT without a password, or with one that nobody issued, is refused; both versions."""
    up.register("truck-1")
    codes: list[Any] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="nobody", protocol=version)
    client.username_pw_set("truck-1", password)
    client.on_connect = lambda _c, _u, _f, code, _p: codes.append(code)
    client.connect("127.0.0.1", up.mqtt_port)
    client.loop_start()
    wait_for(lambda: codes, 5)
    client.loop_stop()
    assert [str(code) for code in codes[:1]] in (["Not authorized"], ["Bad user name or password"])
