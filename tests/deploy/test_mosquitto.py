"""deploy/mosquitto: the broker accepts the file, keeps devices apart, and holds a long queue over a restart."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy" / "mosquitto"
MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "mosquitto"
PASSWORDS = {"ronda": "r", "t1": "a", "t2": "b"}

pytestmark = pytest.mark.interop


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Broker:
    """The deployed configuration on a free port, without TLS, its files under a temporary folder."""

    def __init__(self, folder):
        self.port, self.folder = free_port(), folder
        text = (DEPLOY / "mosquitto.conf").read_text()
        for setting in ("listener 8883", "certfile", "keyfile"):
            text = "\n".join(line for line in text.splitlines() if not line.startswith(setting))
        text = text.replace("listener 1883 127.0.0.1", f"listener {self.port} 127.0.0.1")
        text = text.replace("/etc/mosquitto/", f"{folder}/").replace("/var/lib/mosquitto/", f"{folder}/")
        (folder / "mosquitto.conf").write_text(f"{text}\nuser root\n")  # else root would become `mosquitto`
        (folder / "acl").write_text((DEPLOY / "acl").read_text())
        (folder / "passwd").touch(0o600)
        (folder / "acl").chmod(0o600)
        for user, password in PASSWORDS.items():
            subprocess.run(["mosquitto_passwd", "-b", folder / "passwd", user, password], check=True)
        self.start()

    def start(self):
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([MOSQUITTO, "-c", self.folder / "mosquitto.conf"], stderr=log)
        for _ in range(100):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self.process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def stop(self):
        self.process.terminate()
        assert self.process.wait(10) == 0, (self.folder / "log").read_text()

    def client(self, program, user, *arguments):
        login = ["-h", "127.0.0.1", "-p", str(self.port), "-u", user, "-P", PASSWORDS[user], "-V", "mqttv5"]
        return subprocess.run([program, *login, *arguments], capture_output=True, text=True, timeout=20, check=False)

    def publish(self, user, topic, *arguments):
        return self.client("mosquitto_pub", user, "-q", "1", "-t", topic, *arguments)

    def subscribe(self, *arguments):
        """As Ronda does: a session that stays."""
        session = ["-i", "ronda-test", "-c", "-x", "3600", "-q", "1", "-t", "ronda/v1/+/fix", "-t", "owntracks/#"]
        return self.client("mosquitto_sub", "ronda", *session, *arguments)


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path)
    yield broker
    broker.stop()


def test_a_device_writes_to_its_own_topics_only(broker):
    """The second truck's message under the first one's name does not reach Ronda."""
    broker.subscribe("-E")
    broker.publish("t1", "ronda/v1/t1/fix", "-m", "own")
    broker.publish("t2", "ronda/v1/t1/fix", "-m", "forged")
    broker.publish("t2", "owntracks/t2/phone", "-m", "phone")
    assert broker.subscribe("-C", "2", "-W", "5").stdout.split() == ["own", "phone"]


def test_a_device_cannot_read_what_others_say(broker):
    """A subscription to everybody's fixes gives nothing."""
    reader = broker.client("mosquitto_sub", "t1", "-t", "ronda/v1/+/fix", "-C", "1", "-W", "1")
    assert reader.stdout == ""


def test_nobody_enters_without_a_password(broker):
    """An anonymous client is refused."""
    command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-t", "x", "-m", "x"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert refused.returncode != 0


def test_a_long_queue_survives_an_orderly_restart(broker):
    """1,500 messages sent while Ronda is away, more than the default queue holds, are all there afterwards."""
    broker.subscribe("-E")
    lines = "".join(f"m{i}\n" for i in range(1500))
    login = ["-h", "127.0.0.1", "-p", str(broker.port), "-u", "t1", "-P", PASSWORDS["t1"]]
    command = ["mosquitto_pub", *login, "-q", "1", "-t", "ronda/v1/t1/fix", "-l"]
    subprocess.run(command, input=lines, text=True, timeout=30, check=True)
    broker.stop()
    broker.start()
    assert broker.subscribe("-C", "1500", "-W", "10").stdout == lines
