"""`ronda broker DIR`: the files, what stays when it runs again, and names that would open too much."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError, RondaError
from ingest.dialects import find_route
from ingest.mqtt import TOPICS
from ronda import broker, certificates
from ronda.brokerfiles import Folder
from store.credentials import BrokerUser
from tests.architecture.source import ROOT
from tests.ronda.deskwork import Desk, at_desk

NOW = datetime(2026, 1, 5, tzinfo=UTC)
FILES = ["acl", "ca.key", "ca.pem", "mosquitto.conf", "passwd", "ronda.url", "server.key", "server.pem"]


@pytest.fixture
def desk(postgres_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    with at_desk(postgres_url, monkeypatch, capsys) as made:
        made.rows("devices", {"id": "t1"}, {"id": "budi-hp1"})
        assert made("token", "create", "--role", "device", "--device", "t1") == 0
        yield made


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.service
def test_the_files_are_there_and_closed(desk: Desk, tmp_path: Path) -> None:
    """Nobody else reads them, except the authority's certificate, which every device gets."""
    assert desk("broker", str(tmp_path / "b"), "--host", "gps.example", "--host", "10.0.0.7") == 0
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "b").iterdir() if path.is_file()}
    assert sorted(modes) == FILES
    assert {name: mode for name, mode in modes.items() if mode != 0o600} == {"ca.pem": 0o644}
    assert "1 devices and 0 gateways may enter" in desk.out
    assert certificates.names((tmp_path / "b" / "server.pem").read_bytes()) == ["gps.example", "10.0.0.7"]


@pytest.mark.service
def test_again_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    """The authority, the certificate and Ronda's own password stay; nothing is asked of the broker."""
    desk("broker", str(tmp_path), "--host", "gps.example")
    before = contents(tmp_path)
    assert desk("broker", str(tmp_path)) == 0
    assert contents(tmp_path) == before
    assert "Changed: nothing." in desk.out
    assert "systemctl" not in desk.out


@pytest.mark.service
def test_a_new_device_needs_a_reload_only(desk: Desk, tmp_path: Path) -> None:
    """Users and access list change; a new host name brings a new certificate by the same authority."""
    desk("broker", str(tmp_path), "--host", "gps.example")
    before = contents(tmp_path)
    desk("token", "create", "--role", "device", "--device", "budi-hp1")
    assert desk("broker", str(tmp_path), "--host", "gps2.example") == 0
    changed = {name for name, content in contents(tmp_path).items() if content != before[name]}
    assert changed == {"passwd", "acl", "server.pem", "server.key"}
    assert "systemctl reload mosquitto" in desk.out
    assert "write owntracks/budi/hp1\n" in (tmp_path / "acl").read_text()


@pytest.mark.service
def test_a_revoked_device_is_in_neither_file(desk: Desk, tmp_path: Path) -> None:
    """After the reload it is a stranger."""
    desk("broker", str(tmp_path))
    desk("token", "revoke", "--device", "t1")
    desk("broker", str(tmp_path))
    assert "user t1\n" not in (tmp_path / "acl").read_text()
    assert not re.search(r"^t1:", (tmp_path / "passwd").read_text(), re.MULTILINE)  # a hash may hold any letters


def names(*devices: str, gateways: tuple[str, ...] = ()) -> broker.Names:
    users = [BrokerUser(device, device, "$7$x") for device in devices]
    return broker.sorted_out([*users, *(BrokerUser(None, name, "$7$x") for name in gateways)])


@pytest.mark.parametrize("name", ["+", "#", "a/b", "a:b", "ronda", "", " t1", "t1\n", "t\x00"])
def test_a_name_that_would_open_more_is_left_out(name: str) -> None:
    """A wildcard, a level, an end of field, our own name."""
    found = names(name, "t1")
    assert [user.device for user in found.devices] == ["t1"]
    assert list(found.left_out) == [name]


def test_a_gateway_cannot_take_the_name_of_a_device() -> None:
    """The device keeps it."""
    found = names("t1", gateways=("t1", "traccar"))
    assert [broker.name_of(user) for user in found.gateways] == ["traccar"]
    assert list(found.left_out) == ["t1"]


def test_every_way_to_part_an_id_leads_to_it() -> None:
    """And an id that cannot be parted has none."""
    assert broker.halves("a-b-c") == [("a", "b-c"), ("a-b", "c")]
    assert [broker.halves(device) for device in ("t1", "-a", "a-", "-")] == [[], [], [], []]
    assert all(f"{user}-{device}" == "a--b" for user, device in broker.halves("a--b"))


LEVEL = st.text("ab/-owntracks", max_size=12).filter(lambda level: "/" not in level) | st.sampled_from(
    ["owntracks", "", "ronda", "v1", "traccar", "application", "device", "fix", "event", "up"]
)
IDS = st.from_regex(r"[a-z-]{1,12}|\d{15}|teltonika-\d{15}", fullmatch=True)


@given(device=IDS, levels=st.lists(LEVEL, min_size=2, max_size=2))
def test_whatever_a_device_may_say_is_heard_as_its_own(device: str, levels: list[str]) -> None:
    """Each topic that the access list opens leads, by the rules of ingest, to this device or to none."""
    allowed = broker.device_topics(device)
    denied = tuple(topic.removeprefix("deny ").removesuffix("#") for topic in allowed if topic.startswith("deny "))
    for pattern in (topic.removeprefix("write ") for topic in allowed if topic.startswith("write ")):
        topic = pattern
        for level in levels:
            topic = topic.replace("+", level, 1)
        route = find_route(topic)
        if route.dialect is not None and not (denied and topic.startswith(denied)):
            assert (topic, route.device) == (topic, device)


def test_ronda_may_read_all_that_it_subscribes_to() -> None:
    """What the client of a broker asks for is in the list."""
    ours = broker.access_list(names()).split("user ronda\n")[1]
    assert [topic for topic in TOPICS if f"topic read {topic}\n" not in ours] == []


def test_a_certificate_is_renewed_in_time() -> None:
    """It serves its names until two months before its end, and only under its own authority."""
    ca, other = certificates.authority(NOW), certificates.authority(NOW)
    own = certificates.server(ca, ["gps.example"], NOW)
    later = [NOW + timedelta(days=days) for days in (0, 739, 741)]
    assert [certificates.serves(own.certificate, ca.certificate, ["gps.example"], at) for at in later] == [
        True,
        True,
        False,
    ]
    assert not certificates.serves(own.certificate, other.certificate, ["gps.example"], NOW)
    assert not certificates.serves(own.certificate, ca.certificate, ["other.example"], NOW)
    assert not certificates.serves(b"", ca.certificate, ["gps.example"], NOW)


def settled(folder: Path, *hosts: str) -> list[str]:
    return Folder(folder).settle(list(hosts), folder / "state", (8883, 1883), names("t1"), 1_767_571_200_000_000)


def test_half_an_authority_is_not_replaced(tmp_path: Path) -> None:
    """Every device trusts the old one: losing its key is a person's decision."""
    settled(tmp_path, "gps.example")
    (tmp_path / "ca.key").unlink()
    with pytest.raises(RondaError, match="bring them back"):
        settled(tmp_path)


@pytest.mark.parametrize("host", ["", "a b", "https://x", "x" * 254, "gps.example/"])
def test_a_host_that_is_none_is_refused(tmp_path: Path, host: str) -> None:
    """Before anything is written."""
    with pytest.raises(ConfigError, match="--host"):
        settled(tmp_path, host)


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """One sentence, no trace."""
    (tmp_path / "file").touch()
    with pytest.raises(RondaError, match="choose another DIR"):
        settled(tmp_path / "file" / "b")


@pytest.mark.parametrize("name", ["acl", "mosquitto.conf"])
def test_the_example_in_deploy_is_what_the_command_writes(name: str) -> None:
    """deploy/mosquitto shows a truck, a phone and a Traccar server."""
    folder = Path("/etc/mosquitto/ronda")
    written = {
        "acl": broker.access_list(names("TRUCK-17", "budi-hp1", gateways=("traccar",))),
        "mosquitto.conf": broker.settings_file(folder, folder / "state", 8883, 1883),
    }
    assert (ROOT / "deploy" / "mosquitto" / name).read_text() == written[name]
