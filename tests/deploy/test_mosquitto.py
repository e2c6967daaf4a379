"""`ronda broker`'s files on a real Mosquitto: devices are kept apart, by TLS, and a queue outlives a restart."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.deploy.broker import Broker, brokered, users

pytestmark = pytest.mark.interop
IMEI = "352093081429150"
NAMES = {name: f"secret-of-{name}" for name in ("t1", "t2", "budi-hp1", "a-b-c", IMEI, "depot 7", "traccar")}
# What each may say, by topic; the same topics under another name must not arrive.
OWN = {
    "t1": ["ronda/v1/t1/fix"],
    "budi-hp1": ["owntracks/budi/hp1", "owntracks/budi/hp1/event", "ronda/v1/budi-hp1/fix"],
    "a-b-c": ["owntracks/a/b-c", "owntracks/a-b/c"],
    IMEI: [f"site/7/teltonika/{IMEI}/data"],
    "depot 7": ["ronda/v1/depot 7/fix"],
}


@pytest.fixture(scope="module")
def shared() -> Iterator[Broker]:
    """One broker for the tests that only look."""
    with brokered(NAMES, gateways=["traccar"]) as made:
        yield made


@pytest.fixture
def broker(shared: Broker) -> Broker:
    """Its queue for Ronda empty, as at the start."""
    session = ["-i", "ronda-test", "-V", "mqttv5", "-t", "x", "-E"]
    subprocess.run(["mosquitto_sub", *shared.inside(), *session], timeout=20, check=True)
    return shared


@pytest.mark.parametrize("user", OWN)
def test_a_device_says_what_is_its_own(broker: Broker, user: str) -> None:
    """Each topic of each dialect that belongs to the id arrives."""
    broker.subscribe("-E")
    for topic in OWN[user]:
        broker.publish(user, topic, "-m", "own")
    assert broker.subscribe("-C", str(len(OWN[user])), "-W", "5", "-F", "%t").stdout.splitlines() == OWN[user]


FORGED = [
    ("t2", "ronda/v1/t1/fix"),
    ("t2", "owntracks/budi/hp1"),
    ("budi-hp1", "owntracks/budi/hp2"),
    ("budi-hp1", "owntracks/budi-hp1/x"),
    ("a-b-c", "owntracks/a/b"),
    ("t1", f"site/7/teltonika/{IMEI}/data"),
    (IMEI, f"owntracks/x/teltonika/{IMEI}/data"),
    (IMEI, f"/owntracks/teltonika/{IMEI}/data"),
    ("t1", "traccar/positions"),
]


def test_no_device_speaks_for_another(broker: Broker) -> None:
    """Forged messages do not reach Ronda; what comes after them does."""
    broker.subscribe("-E")
    for user, topic in FORGED:
        broker.publish(user, topic, "-m", "forged")
    broker.publish("t1", "ronda/v1/t1/fix", "-m", "own")
    assert broker.subscribe("-C", "1", "-W", "5").stdout.split() == ["own"]


def test_a_device_hears_only_what_is_for_it(broker: Broker) -> None:
    """Neither others' fixes nor others' notices, by whatever wildcard."""
    topics = ["#", "ronda/v1/+/notice", "ronda/v1/t2/notice", "ronda/v1/t1/notice"]
    asked = [word for topic in topics for word in ("-t", topic)]
    session = ["-i", "t1", "-c", "-x", "3600", "-q", "1", *asked]
    broker.client("mosquitto_sub", "t1", *session, "-E")
    broker.publish("t2", "ronda/v1/t2/fix", "-m", "x")
    for device in ("t2", "t1"):
        tell = ["mosquitto_pub", *broker.inside(), "-t", f"ronda/v1/{device}/notice", "-q", "1", "-m", "x"]
        subprocess.run(tell, timeout=20, check=True)
    heard = broker.client("mosquitto_sub", "t1", *session, "-F", "%t", "-W", "1").stdout.splitlines()
    assert set(heard) == {"ronda/v1/t1/notice"}


def test_a_gateway_speaks_for_all(broker: Broker) -> None:
    """A Traccar server forwards, and hears nothing."""
    broker.subscribe("-E")
    broker.publish("traccar", "traccar/positions", "-m", "forwarded")
    assert broker.subscribe("-C", "1", "-W", "5").stdout.split() == ["forwarded"]
    assert broker.client("mosquitto_sub", "traccar", "-t", "ronda/v1/+/fix", "-C", "1", "-W", "1").stdout == ""


@pytest.mark.parametrize(("user", "password"), [("t1", "wrong"), ("t1", "secret-of-t2"), ("ronda", ""), ("who", "x")])
def test_nobody_enters_with_a_wrong_secret(broker: Broker, user: str, password: str) -> None:
    """Not with another's either."""
    command = ["mosquitto_pub", *broker.login(user, password), "-t", "x", "-m", "x"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert "not authorised" in refused.stderr


def test_the_outside_listener_speaks_tls_only(broker: Broker) -> None:
    """A client without TLS, and one that does not know the authority, do not get through."""
    plain = ["mosquitto_pub", "-h", "localhost", "-p", str(broker.tls_port), "-u", "t1", "-P", "x"]
    other = [*plain, "--capath", "/etc/ssl/certs"]
    codes = [
        subprocess.run([*command, "-t", "x", "-m", "x"], capture_output=True, timeout=20, check=False).returncode
        for command in (plain, other)
    ]
    assert 0 not in codes


def test_a_revoked_name_is_out_after_a_reload() -> None:
    """It cannot enter any more, and one that is still connected is not heard any more; the others stay."""
    with brokered() as broker:
        broker.subscribe("-E")
        command = ["mosquitto_pub", *broker.login("t1"), "-q", "1", "-V", "mqttv5", "-t", "ronda/v1/t1/fix", "-l"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as open_one:
            assert open_one.stdin is not None
            open_one.stdin.write("before\n")
            open_one.stdin.flush()
            assert broker.subscribe("-C", "1", "-W", "5").stdout == "before\n"
            kept = {name: secret for name, secret in broker.passwords.items() if name != "t1"}
            assert broker.write(users({"t2": kept["t2"]})) == ["passwd", "acl"]
            broker.reload(until="not authorised")  # it was cut off, and came back in vain
            open_one.stdin.write("after\n")
        refused = broker.publish("t1", "ronda/v1/t1/fix", "-m", "again")
        broker.publish("t2", "ronda/v1/t2/fix", "-m", "other")
        assert refused.returncode != 0
        assert broker.subscribe("-C", "1", "-W", "5").stdout == "other\n"


def test_a_long_queue_survives_an_orderly_restart() -> None:
    """1,500 messages sent while Ronda is away, more than the default queue holds, are all there afterwards."""
    with brokered() as broker:
        broker.subscribe("-E")
        lines = "".join(f"m{i}\n" for i in range(1500))
        broker.publish("t1", "ronda/v1/t1/fix", "-l", input=lines)
        broker.stop()
        broker.start()
        assert broker.subscribe("-C", "1500", "-W", "10").stdout == lines
