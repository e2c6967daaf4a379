"""Those who speak and listen to a running installation: a tracker over MQTT, a reader of events."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion


class Device:
    """A tracker of paho's making."""

    def __init__(self, port: int, device: str, secret: str) -> None:
        self._port, self._device = port, device
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"e2e-{device}")
        self.client.username_pw_set(device, secret)

    def __enter__(self) -> Self:
        self.client.connect("127.0.0.1", self._port)
        self.client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def send(self, **fix: Any) -> None:
        """One native fix; returns when it is acknowledged."""
        info = self.client.publish(f"ronda/v1/{self._device}/fix", json.dumps(fix), qos=1)
        info.wait_for_publish(10)
        assert info.is_published()


class Listener:
    """Reads `GET /api/v1/events` and notes when each event came."""

    def __init__(self, port: int, secret: str) -> None:
        self.heard: list[tuple[float, dict[str, Any]]] = []
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self._connection.request("GET", "/api/v1/events", headers={"Authorization": f"Bearer {secret}"})
        self._response = self._connection.getresponse()
        assert self._response.status == 200
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        with suppress(OSError, ValueError):  # cut by the server, or by us
            for line in iter(self._response.readline, b""):
                if line.startswith(b"data: "):
                    self.heard.append((time.time(), json.loads(line[6:])))

    def alert(self, device: str) -> tuple[float, dict[str, Any]] | None:
        """The first alert of a device, and when it came."""
        alerts = [(at, body) for at, body in self.heard if body["kind"] == "alert" and body["device"] == device]
        return alerts[0] if alerts else None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._connection.close()
