"""`ronda token` and `ronda device key`: for one device, for many, one in the place of another, and the end."""

from __future__ import annotations

import csv
import io
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.identity import Identity
from tests.ronda.deskwork import Desk, at_desk

pytestmark = pytest.mark.service
DEVICES = ({"id": "t1", "cls": "truck"}, {"id": "t2", "cls": "truck"}, {"id": "hp", "cls": "phone"})


@pytest.fixture
def desk(postgres_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    with at_desk(postgres_url, monkeypatch, capsys) as made:
        made.rows("devices", *DEVICES)
        yield made


def made(desk: Desk, *words: str) -> str:
    """The secret of a new token."""
    assert desk("token", "create", "--role", "device", *words) == 0
    return desk.out.splitlines()[-1]


def test_a_token_of_a_registered_device(desk: Desk) -> None:
    """Its secret speaks for that device."""
    assert desk.whose(made(desk, "--device", "t1")) == Identity(role="device", subject="t1", device="t1")


def test_a_stranger_gets_a_token_and_a_word(desk: Desk) -> None:
    """The credential may come before the device; whoever misspelt the id is told, and what to do."""
    assert desk.whose(made(desk, "--device", "T1")) == Identity(role="device", subject="T1", device="T1")
    assert "T1 is not registered: what it sends is held for 24 hours" in desk.err
    assert "--register" in desk.err


def test_a_gateway_speaks_for_no_device_of_its_own(desk: Desk) -> None:
    """A server in between gets a device's role, not an administrator's."""
    secret = made(desk, "--gateway", "--label", "traccar")
    assert desk.whose(secret) == Identity(role="device", subject="traccar", device=None)


@pytest.mark.parametrize(
    "words",
    [
        ["create", "--role", "admin", "--gateway"],
        ["create", "--role", "device", "--gateway", "--device", "t1"],
        ["rotate", "--device", "t1", "--overlap", "soon"],
        ["issue", "/no/such/file"],
    ],
)
def test_what_makes_no_sense_is_wrong_usage(desk: Desk, words: list[str]) -> None:
    """Exit code 2."""
    assert desk("token", *words) == 2


def sheet(text: str) -> dict[str, str]:
    return {row["id"]: row["secret"] for row in csv.DictReader(io.StringIO(text))}


def test_tokens_for_all_in_one_sheet(desk: Desk, tmp_path: Path) -> None:
    """One row a device without a token, in a file that only its owner reads; each secret works."""
    made(desk, "--device", "t2")
    out = tmp_path / "secrets.csv"
    assert desk("token", "issue", "--all", "-o", str(out)) == 0
    secrets = sheet(out.read_text())
    whose = {device: identity.device for device, s in secrets.items() if (identity := desk.whose(s))}
    assert whose == {"hp": "hp", "t1": "t1"}
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert (desk.out, desk.err.splitlines()[0]) == (
        "",
        "Tokens for 2 devices made. 1 had one already (--again makes another).",
    )


def test_tokens_for_a_class_or_a_list(desk: Desk, tmp_path: Path) -> None:
    """By class to stdout; by a file of ids, with or without a header; --again gives a second one."""
    assert desk("token", "issue", "--class", "phone") == 0
    assert set(sheet(desk.out)) == {"hp"}
    ids = tmp_path / "ids.csv"
    ids.write_text("nama;id\nTruk satu;t1\nTelepon;hp\nlagi;t1\n")
    assert desk("token", "issue", str(ids)) == 0
    assert set(sheet(desk.out)) == {"t1"}
    ids.write_text("t1\n\nhp\n")
    assert desk("token", "issue", str(ids), "--again") == 0
    assert set(sheet(desk.out)) == {"t1", "hp"}


def test_a_list_with_a_stranger_makes_nothing(desk: Desk, tmp_path: Path) -> None:
    """All or none."""
    (tmp_path / "ids").write_text("t1\nt9\n")
    assert desk("token", "issue", str(tmp_path / "ids")) == 1
    assert "t9" in desk.err
    desk("token", "list")
    assert len(desk.out.splitlines()) == 1


def test_a_sheet_is_never_written_over_another(desk: Desk, tmp_path: Path) -> None:
    """The old one may hold secrets that are in use; and no token is made that nobody can read."""
    out = tmp_path / "secrets.csv"
    out.write_text("id,secret\n")
    assert desk("token", "issue", "--all", "-o", str(out)) == 1
    assert out.read_text() == "id,secret\n"
    desk("token", "list")
    assert len(desk.out.splitlines()) == 1


def test_rotation_by_token_and_by_device(desk: Desk) -> None:
    """The old secret goes on for the overlap, or ends at once."""
    first = made(desk, "--device", "t1")
    desk("token", "list", "--device", "t1")
    token_id = desk.out.splitlines()[1].split("\t")[0]
    assert desk("token", "rotate", token_id) == 0
    second = desk.out.strip()
    assert f"{token_id} ends in 24h." in desk.err
    assert [bool(desk.whose(secret)) for secret in (first, second)] == [True, True]
    assert desk("token", "rotate", "--device", "t1", "--overlap", "0") == 0
    assert [bool(desk.whose(secret)) for secret in (first, second, desk.out.strip())] == [False, False, True]
    assert desk("token", "rotate", "--device", "t2") == 1


def test_all_tokens_of_a_device_are_revoked(desk: Desk) -> None:
    """A lost phone is one command."""
    secrets = [made(desk, "--device", "hp") for _ in range(2)]
    assert desk("token", "revoke", "--device", "hp") == 0
    assert [desk.whose(secret) for secret in secrets] == [None, None]
    assert desk("token", "revoke", "--device", "hp") == 1


def test_the_list_shows_the_last_use(desk: Desk) -> None:
    """Empty until it opened something."""
    secret = made(desk, "--device", "t1")
    desk("token", "list")
    before = desk.out.splitlines()[1].split("\t")
    desk.whose(secret)
    desk("token", "list")
    after = desk.out.splitlines()[1].split("\t")
    assert (before[6], before[7]) == ("", "live")
    assert after[6].startswith("20")


def test_a_broker_in_front_has_to_be_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one is set, the command says so."""
    monkeypatch.setenv("RONDA_MQTT_URL", "mqtt://127.0.0.1")
    made(desk, "--device", "t1")
    assert "`ronda broker DIR`" in desk.err


class Typed(io.StringIO):
    """What somebody pipes in."""

    def isatty(self) -> bool:
        return False


def test_a_payload_key_comes_by_stdin(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stored as it stands in the app, and forgotten again."""
    monkeypatch.setattr("sys.stdin", Typed("kunci rahasia\n"))
    assert desk("device", "key", "hp") == 0
    assert desk.keys() == {"hp": b"kunci rahasia"}
    assert desk("device", "key", "hp", "--remove") == 0
    assert desk.keys() == {}
    assert desk("device", "key", "hp", "--remove") == 1


@pytest.mark.parametrize(("device", "key", "code"), [("who", "k", 1), ("hp", "", 2), ("hp", "é" * 17, 2)])
def test_a_key_that_cannot_be_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, device: str, key: str, code: int
) -> None:
    """Of an unknown device, an empty one, one of more than 32 bytes."""
    monkeypatch.setattr("sys.stdin", Typed(f"{key}\n"))
    assert desk("device", "key", device) == code
    assert desk.keys() == {}


@pytest.mark.parametrize("expires", ["9999-12-31", "999999999d", "0d", "2020-01-01", "soon"])
def test_an_end_that_cannot_be_is_refused(desk: Desk, expires: str) -> None:
    """Too late for any calendar of ours, in the past, or no time at all."""
    assert desk("token", "create", "--role", "device", "--device", "t1", "--expires", expires) != 0
    assert "--expires" in desk.err
