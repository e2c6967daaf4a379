"""Opening messages: whose they are, whether they may be sent, and payloads that are sealed."""

from __future__ import annotations

import re

import pytest

from core.identity import Identity
from ingest import opening
from ingest.dialects import Dialect, Route, find_route
from ingest.directory import Listed
from ingest.opening import Opener, may_use
from ingest.raw import Decoded, Problem, RawFix
from tests.ingest.house import FIX, message
from tests.ingest.registry import Registry

TRACCAR = b"""{"position":{"fixTime":"2026-01-05T00:00:00.000+00:00","deviceTime":"2026-01-05T00:00:00.000+00:00",
"latitude":-10.17,"longitude":123.6,"speed":0,"course":0,"valid":true,"attributes":{}},"device":{"uniqueId":"%s"}}"""
OWN = Identity(role="device", subject="t1", device="t1")
GATE = Identity(role="device", subject="gate")


def from_traccar(device: str, identity: Identity | None) -> tuple[list[str], list[tuple[str, str]]]:
    """Devices that were opened, and what was refused of which device."""
    sent = message(TRACCAR.replace(b"%s", device.encode()), "traccar/positions", identity=identity)
    opened, refused = Opener(Listed(lambda _: True)).open([sent])
    return [item.device for item in opened], [(r.device, r.problem.reason) for r in refused]


@pytest.mark.parametrize(
    ("identity", "device", "opened", "refused"),
    [
        (GATE, "t2", ["t2"], []),
        (None, "t2", ["t2"], []),
        (OWN, "t1", ["t1"], []),
        (OWN, "t2", [], [("t2", "forbidden")]),
        (Identity(role="leader", subject="mayor"), "t2", [], [("t2", "forbidden")]),
    ],
)
def test_a_shared_topic_is_authorized_by_what_the_message_names(
    identity: Identity | None, device: str, opened: list[str], refused: list[tuple[str, str]]
) -> None:
    """A gateway speaks for many; a device speaks for itself there, too, and for nobody else."""
    assert from_traccar(device, identity) == (opened, refused)


def test_the_door_lets_a_shared_topic_through_to_admission() -> None:
    """Only a topic that names another device is refused there."""
    assert may_use(OWN, find_route("traccar/positions"))
    assert not may_use(OWN, find_route("ronda/v1/t2/fix"))
    assert not may_use(OWN, find_route("weather/kupang"))


def sealed(payload: bytes, key: bytes | None) -> bytes | Problem:
    """A toy seal: the key stands in front."""
    if key is None:
        return Problem("unknown_type", "no key")
    return payload.removeprefix(key)


def seal_dialect() -> Dialect:
    fix = RawFix(1.0, 2.0, 3.0)
    return Dialect(
        name="toy",
        number=99,
        topic=re.compile("toy"),
        device=lambda _: "t1",
        decode=lambda payload: Decoded([fix], []) if payload == b"open" else Decoded([], []),
        cls="phone",
        unseal=sealed,
    )


@pytest.mark.parametrize(("keys", "outcome"), [({"t1": b"key"}, (1, [])), ({}, (0, ["no key"]))])
def test_a_sealed_payload_is_opened_with_the_key_of_its_device(
    monkeypatch: pytest.MonkeyPatch, keys: dict[str, bytes], outcome: tuple[int, list[str]]
) -> None:
    """Without the key it is refused with the dialect's own words."""
    monkeypatch.setattr(opening, "find_route", lambda _: Route(seal_dialect(), "t1", valid=True))
    opened, refused = Opener(Registry(known=["t1"], keys=keys)).open([message(b"keyopen", "toy")])
    fixes = sum(len(item.decoded.fixes) for item in opened)
    assert (fixes, [r.problem.detail for r in refused]) == outcome


def test_a_batch_of_several_dialects_keeps_the_order_of_its_messages() -> None:
    """However they are decoded together."""
    phone = message(b'{"_type":"location","tst":1767571200,"lat":-10.1,"lon":123.6}', "owntracks/budi/hp")
    bad, card = message(b"rubbish"), message(b'{"_type":"card"}', "owntracks/budi/hp")
    opened, refused = Opener(Listed(lambda _: True)).open([message(FIX), phone, bad, card, message(FIX)])
    assert [item.device for item in opened] == ["t1", "budi-hp", "t1", "budi-hp", "t1"]
    assert [len(item.decoded.fixes) for item in opened] == [1, 1, 0, 0, 1]
    assert [problem.reason for problem in opened[2].decoded.problems] == ["not_json"]
    assert refused == []


def test_a_bad_payload_among_many_costs_only_itself() -> None:
    """Together or one by one, the same comes out."""
    payloads = [FIX, b"", FIX + b"," + FIX, b"[" + FIX + b"]", b'"', FIX, b"[]", b'{"time":1}']
    together, _ = Opener(Listed(lambda _: True)).open([message(payload) for payload in payloads])
    alone = [Opener(Listed(lambda _: True)).open([message(payload)])[0][0] for payload in payloads]
    assert [(len(i.decoded.fixes), [p.reason for p in i.decoded.problems]) for i in together] == [
        (len(i.decoded.fixes), [p.reason for p in i.decoded.problems]) for i in alone
    ]


def test_a_message_without_a_fix_is_known_by_the_device_it_names() -> None:
    """What is wrong with it is looked for under that name; a name that the sender may not use stays out."""
    payload = TRACCAR.replace(b"%s", b"t2").replace(b'"latitude":-10.17,', b"")
    (item,), _ = Opener(Listed(lambda _: True)).open([message(payload, "traccar/positions", identity=GATE)])
    assert (item.device, [p.reason for p in item.decoded.problems]) == ("t2", ["missing_field"])
    (item,), _ = Opener(Listed(lambda _: True)).open([message(payload, "traccar/positions", identity=OWN)])
    assert item.device == ""


def test_a_telephone_number_is_a_name() -> None:
    """Traccar's ids often are; no topic of its own could bear it."""
    assert from_traccar("+628123456789", GATE) == (["+628123456789"], [])
