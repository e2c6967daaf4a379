"""`kill -9` of `ronda up` under load: whatever the door acknowledged is in the archive, once."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

import paho.mqtt.client as mqtt
import psycopg
import pytest

from core.errors import RondaError
from ronda.cli import main
from ronda.installation import find
from ronda.serving import settled_port
from tests.ronda.conftest import wait_gone

pytestmark = [pytest.mark.service, pytest.mark.e2e]
DEVICE = "truck-1"
FIRST_S = 1_767_571_200  # of the made-up track


class Sender:
    """A tracker of paho's making: one fix a message, QoS 1, sends again what was not acknowledged."""

    def __init__(self, port: int, secret: str) -> None:
        self.acknowledged: set[int] = set()
        self._numbers: dict[int, int] = {}
        self._sent, self._stop = 0, threading.Event()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="crash", clean_session=False)
        self._client.username_pw_set(DEVICE, secret)
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

    def finish(self, limit_s: float) -> int:
        """Stop making fixes, wait until all are acknowledged; how many there were."""
        self._stop.set()
        self._thread.join()
        for _ in range(int(limit_s / 0.05)):
            if len(self.acknowledged) == self._sent:
                break
            time.sleep(0.05)
        return self._sent

    def _run(self) -> None:
        while not self._stop.wait(0.01):
            if self._sent - len(self.acknowledged) < 500:
                body = {"time": FIRST_S + self._sent, "lat": -10.17 + self._sent * 1e-5, "lon": 123.6}
                number, self._sent = self._sent, self._sent + 1
                info = self._client.publish(f"ronda/v1/{DEVICE}/fix", json.dumps(body), qos=1)
                self._numbers[info.mid] = number

    def _on_publish(self, _c: object, _u: object, mid: int, *_: object) -> None:
        for _ in range(100):  # the acknowledgement may be quicker than the sender's note
            if mid in self._numbers:
                self.acknowledged.add(self._numbers[mid])
                return
            time.sleep(0.001)


class Up:
    """`ronda up` on one folder and port, started again and again."""

    def __init__(self, data: Path, mqtt_port: int) -> None:
        self.data, self.mqtt_port = data, mqtt_port
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "ronda", "up", "--data", str(self.data), "--port", "0"]
        environ = {**os.environ, "RONDA_MQTT_PORT": str(self.mqtt_port)}
        with (self.data / "up.txt").open("ab") as output:
            self.process = subprocess.Popen(command, env=environ, stdout=output, stderr=output)
        for _ in range(600):
            assert self.process.poll() is None, (self.data / "up.txt").read_text()
            with suppress(RondaError):
                find(self.data)
                return
            time.sleep(0.1)
        raise AssertionError((self.data / "up.txt").read_text())

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def running(data_dir: Path) -> Iterator[Up]:
    """A `ronda up` that is gone at the end, with its servers."""
    up = Up(data_dir, settled_port("127.0.0.1", 0, "X"))
    up.start()
    yield up
    up.kill()
    assert wait_gone(data_dir, "valkey")
    assert wait_gone(data_dir, "postgres")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.soak)])
def test_every_acknowledged_fix_is_archived_once(
    running: Up, capsys: pytest.CaptureFixture[str], tmp_path: Path, kills: int
) -> None:
    """Killed at random moments under load, nothing acknowledged is lost and nothing is doubled."""
    moments = random.Random(11)
    with Sender(running.mqtt_port, registered(running.data, tmp_path, capsys)) as sender:
        for _ in range(kills):
            before = len(sender.acknowledged)
            wait_for(lambda before=before: len(sender.acknowledged) > before + 20, 30)
            time.sleep(moments.uniform(0.0, 0.5))
            running.kill()
            running.start()
        sent = sender.finish(60)
    assert sender.acknowledged == set(range(sent))

    wait_for(lambda: len(archived(running.data)) >= sent, 30)
    assert archived(running.data) == list(range(sent))


def wait_for(true: object, limit_s: float) -> None:
    """Wait until `true()` holds; what follows asserts."""
    for _ in range(int(limit_s / 0.05)):
        if true():  # type: ignore[operator]
            return
        time.sleep(0.05)


def registered(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Register the device; the secret of its token."""
    (tmp_path / "devices.csv").write_text(f"id,class\n{DEVICE},truck\n")
    assert main(["import", "devices", str(tmp_path / "devices.csv"), "--data", str(data)]) == 0
    capsys.readouterr()
    assert main(["token", "create", "--role", "device", "--device", DEVICE, "--data", str(data)]) == 0
    return capsys.readouterr().out.splitlines()[-1]


def archived(data: Path) -> list[int]:
    """The numbers of the archived fixes, in order; a doubled one would stand there twice."""
    with psycopg.connect(find(data).database_url) as connection:
        rows = connection.execute("SELECT extract(epoch FROM time)::bigint FROM fixes ORDER BY 1").fetchall()
    return [row[0] - FIRST_S for row in rows]
