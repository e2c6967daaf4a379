"""Notes: what was last heard of a device, what its clock is worth, who knocked in vain."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec
import pytest

from core.clock import ManualClock
from core.heard import HEARD, KNOCK, TTL_S, Heard, Knock
from core.identity import Identity
from ingest.admit import Admission
from ingest.counters import Counters
from ingest.heard import EVERY_S, KNOCKS_LIMIT, STRANGER_TTL_S, Notes, clock_error_s
from ingest.message import Message
from tests.ingest.house import FIX, message
from tests.ingest.registry import Registry
from tests.strategies import T0_US

S = 1_000_000


class Desk:
    """Admission with notes that are kept in a dictionary, and a clock set by hand."""

    def __init__(self, registry: Registry | None = None) -> None:
        self.clock = ManualClock(T0_US)
        self.counters = Counters()
        self.admission = Admission(registry or Registry())
        self.written: dict[str, tuple[bytes, int]] = {}
        self.broken = False
        self.notes = Notes(self.note, self.admission.noteworthy, clock=self.clock, counters=self.counters)

    async def note(self, notes: Mapping[str, bytes], ttl_s: int) -> None:
        if self.broken:
            raise ConnectionError("the log is away")
        self.written |= {key: (body, ttl_s) for key, body in notes.items()}

    def hear(self, *messages: Message) -> None:
        self.notes.hear(self.admission.sort(messages).heard)
        asyncio.run(self.notes.flush())

    def heard(self, device: str = "t1") -> Heard:
        return msgspec.msgpack.decode(self.written[HEARD + device][0], type=Heard)


def fix(at_s: float) -> bytes:
    return b'{"time":%f,"lat":-10.17,"lon":123.6,"speed":5}' % (T0_US / S + at_s)


def test_an_accepted_fix() -> None:
    """What came, from whom, by which way, and what it said."""
    desk = Desk()
    desk.hear(message(fix(0), identity=Identity(role="device", subject="hp of Budi", device="t1"), source="broker"))
    note = desk.heard()
    assert (note.outcome, note.source, note.dialect, note.by) == ("accepted", "broker", "native", "hp of Budi")
    assert (note.time_us, note.lon, note.lat, note.speed_mps, note.fixes) == (T0_US, 123.6, -10.17, 5.0, 1)
    assert (note.payload, note.received_us, note.lateness_s) == (fix(0), T0_US + S, 1.0)
    assert desk.written[HEARD + "t1"][1] == TTL_S


@pytest.mark.parametrize(
    ("payload", "topic", "outcome", "reason"),
    [
        (b"rubbish", "ronda/v1/t1/fix", "rejected", "not_json"),
        (b"x", "ronda/v1/t1/what", "rejected", "unknown_type"),
        (b'{"_type":"card"}', "owntracks/budi/hp", "ignored", ""),
    ],
)
def test_what_else_may_come_of_a_message(payload: bytes, topic: str, outcome: str, reason: str) -> None:
    """Refused, or known and of no use."""
    desk = Desk(Registry(known=["t1", "budi-hp"]))
    desk.hear(message(payload, topic))
    note = desk.heard("budi-hp" if "budi" in topic else "t1")
    assert (note.outcome, note.reason, note.time_us) == (outcome, reason, None)


def test_a_stranger_is_noted_for_a_day_while_its_fixes_are_held() -> None:
    """A made-up name that was not given room leaves no note."""
    desk = Desk()
    desk.hear(message(FIX, "ronda/v1/new/fix"), message(b"rubbish", "ronda/v1/made-up/fix"))
    assert (desk.heard("new").outcome, desk.heard("new").reason) == ("held", "unknown_device")
    assert {key: ttl_s for key, (_, ttl_s) in desk.written.items()} == {HEARD + "new": STRANGER_TTL_S}


def test_a_forgery_says_nothing_about_its_victim() -> None:
    """The note of the device stays what it was."""
    desk = Desk()
    desk.hear(message(FIX, identity=Identity(role="device", subject="t2", device="t2")))
    assert desk.written == {}


def test_of_an_off_duty_fix_only_that_it_came_is_noted() -> None:
    """No payload, no place."""
    desk = Desk(Registry(keeps=lambda _device, _time_us: False))
    desk.hear(message(fix(0)))
    note = desk.heard()
    assert (note.outcome, note.reason, note.payload, note.lon, note.time_us) == (
        "rejected",
        "off_duty",
        b"",
        None,
        None,
    )


def test_a_device_is_noted_every_few_seconds_and_at_once_when_its_outcome_changes() -> None:
    """A note costs more than a fix."""
    desk = Desk()
    desk.hear(message(fix(0)))
    desk.clock.advance(S)
    desk.hear(message(fix(1)))
    assert (desk.heard().time_us, desk.counters.notes) == (T0_US, 1)
    desk.hear(message(b"rubbish"))
    assert (desk.heard().reason, desk.counters.notes) == ("not_json", 2)
    desk.hear(message(fix(2)))
    desk.hear(message(fix(3)))
    assert desk.heard().time_us == T0_US + 2 * S
    desk.clock.advance(int(EVERY_S * S))
    desk.hear()
    assert desk.heard().time_us == T0_US + 3 * S


def test_a_note_that_cannot_be_written_is_dropped_and_counted() -> None:
    """It costs an answer, not a fix."""
    desk = Desk()
    desk.broken = True
    desk.hear(message(fix(0)))
    assert (desk.counters.notes_dropped, desk.written) == (1, {})


@pytest.mark.parametrize(
    ("lateness_s", "error_s"),
    [
        ([], None),
        ([0.4, 1.0, 30.0], -0.4),
        ([-40.0, -39.0, -38.5], 40.0),  # ahead
        ([3600.0, 3601.0, 3603.0], -3600.0),  # steadily behind
        ([900.0, 1800.0, 5400.0], None),  # what it had stored: says nothing
        ([1.0, 1800.0, 5400.0], -1.0),
    ],
)
def test_the_clock_error_is_that_of_the_promptest_message(lateness_s: list[float], error_s: float | None) -> None:
    """Positive: the device is ahead of us."""
    assert clock_error_s(lateness_s) == error_s


def test_a_clock_far_ahead_is_shown_although_its_fixes_are_refused() -> None:
    """Eight hours: somebody set local time as UTC."""
    desk = Desk()
    desk.hear(message(fix(8 * 3600)))
    note = desk.heard()
    assert (note.reason, note.clock_error_s, note.time_us) == ("future", 28_799.0, T0_US + 28_800 * S)


def test_knocks_are_counted_and_bounded() -> None:
    """Under the name that was shown; made-up names beyond the bound leave nothing."""
    desk = Desk()
    for _ in range(3):
        desk.notes.knock("truck-17", "c1", "mistyped")
    for i in range(KNOCKS_LIMIT + 5):
        desk.notes.knock(f"x{i}", "", "")
    asyncio.run(desk.notes.flush())
    knock = msgspec.msgpack.decode(desk.written[KNOCK + "truck-17"][0], type=Knock)
    assert (knock.times, knock.client, knock.why, knock.at_us) == (3, "c1", "mistyped", T0_US)
    assert (len(desk.written), desk.counters.notes_dropped) == (KNOCKS_LIMIT, 6)


def test_made_up_names_do_not_crowd_out_those_of_registered_devices() -> None:
    """However many came before: the page of the device says that it knocked."""
    desk = Desk()
    for i in range(KNOCKS_LIMIT + 5):
        desk.notes.knock(f"x{i}", "", "")
    desk.notes.knock("t1", "c1", "expired")
    asyncio.run(desk.notes.flush())
    assert KNOCK + "t1" in desk.written


def test_a_secret_in_the_place_of_a_name_is_not_noted() -> None:
    """Neither as the user nor as the client."""
    desk, secret = Desk(), "s3cr3t-" * 6
    desk.notes.knock(secret, "c1", "no password was given")
    desk.notes.knock("t1", secret, "no password was given")
    asyncio.run(desk.notes.flush())
    assert list(desk.written) == [KNOCK + "t1"]
    assert secret.encode() not in desk.written[KNOCK + "t1"][0]
