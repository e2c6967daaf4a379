"""Admission: who may say what, and what becomes of the rest."""

from __future__ import annotations

import numpy as np
import pytest

from core.fixes import Flag
from core.identity import Identity
from core.rejects import PAYLOAD_LIMIT
from ingest.admit import REJECTS_PER_MESSAGE, Admission, Admitted, may_publish
from ingest.directory import Listed
from tests.ingest.house import FIX, message
from tests.strategies import T0_US


def sort(*messages: object, known: bool = True, auto: bool = False) -> Admitted:
    return Admission(Listed(lambda _: known), auto_register=auto).sort(list(messages))  # type: ignore[arg-type]


def reasons(admitted: Admitted) -> list[str]:
    return [reject.reason for reject in admitted.rejects]


def test_fixes_of_a_batch_keep_their_devices_and_order() -> None:
    """Messages of several devices become one batch."""
    admitted = sort(message(FIX), message(FIX, "ronda/v1/t2/fix"), message(FIX))
    assert admitted.fixes.names() == ["t1", "t2", "t1"]
    assert admitted.fixes.received_us.tolist() == [T0_US + 1_000_000] * 3
    assert admitted.fixes.dialect.tolist() == [1, 1, 1]


def test_an_unknown_device_is_rejected_with_what_it_sent() -> None:
    """So that it can be adopted later."""
    admitted = sort(message(FIX), known=False)
    (reject,) = admitted.rejects
    assert (reject.reason, reject.device, reject.payload) == ("unknown_device", "t1", FIX)


def test_a_stranger_registers_itself_where_that_is_allowed() -> None:
    """Once, with the class that its dialect suggests."""
    admission = Admission(Listed(lambda _: False), auto_register=True)
    phone = message(b'{"_type":"location","tst":1767571200,"lat":-10.1,"lon":123.6}', "owntracks/budi/hp")
    first, second = admission.sort([message(FIX), phone, phone]), admission.sort([message(FIX)])
    assert [(device.id, device.cls) for device in first.devices] == [("t1", "truck"), ("budi-hp", "phone")]
    assert (second.devices, len(second.fixes)) == ([], 1)


def test_rubbish_registers_nobody() -> None:
    """A device is born by a fix, not by bytes."""
    admitted = sort(message(b"\x00"), known=False, auto=True)
    assert (admitted.devices, reasons(admitted)) == ([], ["not_json"])


@pytest.mark.parametrize(
    ("identity", "device", "allowed"),
    [
        (None, "t1", True),
        (Identity(role="device", subject="t1", device="t1"), "t1", True),
        (Identity(role="device", subject="t1", device="t1"), "t2", False),
        (Identity(role="device", subject="t1", device="t1"), "", False),
        (Identity(role="device", subject="gateway"), "t2", True),
        (Identity(role="admin", subject="ani"), "t2", True),
        (Identity(role="leader", subject="mayor"), "t2", False),
    ],
)
def test_who_may_speak_for_a_device(identity: Identity | None, device: str, *, allowed: bool) -> None:
    """Its own credential, a gateway's, or nobody's where the source vouches."""
    assert may_publish(identity, device) is allowed


def test_another_devices_topic_is_forbidden() -> None:
    """The reject says so."""
    identity = Identity(role="device", subject="t1", device="t1")
    assert reasons(sort(message(FIX, "ronda/v1/t2/fix", identity=identity))) == ["forbidden"]


def test_a_topic_that_nobody_reads() -> None:
    """It is a reject too, nothing is lost silently."""
    assert reasons(sort(message(FIX, "weather/kupang"), message(FIX, "ronda/v1/t1/voice"))) == ["unknown_type"] * 2


def test_a_payload_above_the_limit() -> None:
    """The reject keeps the beginning of it."""
    (reject,) = sort(message(b"[" + FIX * 6000 + b"]")).rejects
    assert (reject.reason, len(reject.payload)) == ("too_large", PAYLOAD_LIMIT)


@pytest.mark.parametrize("device", ["x" * 129, "a\nb", "\u202e"])
def test_a_device_id_that_cannot_stand_in_a_table(device: str) -> None:
    """Control characters and endless names are refused."""
    assert reasons(sort(message(FIX, f"ronda/v1/{device}/fix"))) == ["unknown_device"]


def test_flags() -> None:
    """Retained by the broker, stale by our clock, and what the device says."""
    late = b'{"time":1767570000,"lat":-10.17,"lon":123.6,"sos":true}'
    admitted = sort(message(FIX), message(FIX, retained=True), message(late))
    assert admitted.fixes.flags.tolist() == [0, Flag.RETAINED | Flag.DUPLICATE, Flag.STALE | Flag.SOS]


def test_device_time_is_never_changed() -> None:
    """Not even when it is 100 s ahead of ours."""
    admitted = sort(message(b'{"time":1767571300,"lat":-10.17,"lon":123.6}'))
    assert admitted.fixes.time_us.tolist() == [T0_US + 100_000_000]


def test_rejects_of_one_message_are_bounded() -> None:
    """A flood of bad elements is counted, not copied."""
    bad = b'{"time":1767571200,"lat":91,"lon":1}'
    rejects = sort(message(b"[" + b",".join([bad] * 1000 + [b"1"] * 1000) + b"]")).rejects
    assert len(rejects) == 2 * (REJECTS_PER_MESSAGE + 1)
    assert {reject.detail for reject in rejects if "more" in reject.detail} == {"and 900 more of this message"}


def test_a_bad_element_is_shown_alone() -> None:
    """The reject of one element of an array holds that element, the others are kept."""
    admitted = sort(message(b"[" + FIX + b',{"time":1767571200,"lat":91,"lon":1}]'))
    assert len(admitted.fixes) == 1
    assert (admitted.rejects[0].reason, admitted.rejects[0].detail) == ("bad_coordinate", "lat 91.0, lon 1.0")
    assert admitted.rejects[0].payload == b'{"time":1767571200.0,"lat":91.0,"lon":1.0}'


def test_the_same_message_has_the_same_content_wherever_it_lies_in_a_batch() -> None:
    """So that a redelivery is recognised."""
    alone, together = sort(message(FIX)).fixes, sort(message(b"[" + FIX + b"," + FIX + b"]")).fixes
    assert np.unique(np.concatenate([alone.content, together.content])).size == 1
