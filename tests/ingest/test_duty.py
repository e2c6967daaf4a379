"""Volunteers are heard on duty and with consent; of the rest nothing is kept, and that is counted."""

from __future__ import annotations

from ingest.admit import Admission, Admitted
from tests.ingest.house import message
from tests.ingest.registry import Registry
from tests.strategies import T0_US

T0_S = T0_US // 1_000_000


def fix(time_s: int, *, more: str = "") -> bytes:
    return b'{"time":%d,"lat":-10.17,"lon":123.6%s}' % (time_s, more.encode())


def on_duty_from_t0(*payloads: bytes, until_s: int = 3600) -> Admitted:
    """What comes of messages of a phone whose duty lasts from T0 on; heard at the end of it."""

    def keeps(device: str, time_us: int) -> bool:
        return device != "hp" or T0_US <= time_us < T0_US + until_s * 1_000_000

    admission = Admission(Registry(phones=["hp"], keeps=keeps))
    received_us = T0_US + 3_600_000_000
    return admission.sort([message(payload, "ronda/v1/hp/fix", received_us=received_us) for payload in payloads])


def test_the_fixs_own_time_decides() -> None:
    """One from before duty is dropped, though it is heard during duty."""
    admitted = on_duty_from_t0(b"[" + fix(T0_S - 60) + b"," + fix(T0_S + 60) + b"]", until_s=7200)
    assert admitted.fixes.time_us.tolist() == [T0_US + 60_000_000]
    assert [reject.reason for reject in admitted.rejects] == ["off_duty"]


def test_nothing_of_an_off_duty_fix_is_kept() -> None:
    """Neither in the reject nor in the note of what was heard."""
    admitted = on_duty_from_t0(fix(T0_S - 60))
    (reject,) = admitted.rejects
    assert (reject.device, reject.payload, len(admitted.fixes)) == ("hp", b"", 0)
    assert "123.6" not in reject.detail
    assert admitted.heard["hp"].private


def test_what_else_an_off_duty_phone_sends_leaves_no_content() -> None:
    """A bad fix may hold a good place."""
    (reject,) = on_duty_from_t0(b'{"time":0,"lat":-10.17,"lon":123.6}').rejects
    assert (reject.reason, reject.payload, reject.detail) == ("bad_time", b"", "")


def test_a_message_of_which_some_may_be_kept_is_not_shown_whole() -> None:
    """Its payload holds what may not be kept."""
    admitted = on_duty_from_t0(b"[" + fix(T0_S - 60) + b"," + fix(T0_S + 60) + b"]", until_s=7200)
    heard = admitted.heard["hp"]
    assert (heard.stop - heard.start, heard.private) == (1, True)


def test_a_call_for_help_is_always_heard() -> None:
    """Off duty or not."""
    admitted = on_duty_from_t0(fix(T0_S - 60, more=',"sos":true'))
    assert (len(admitted.fixes), admitted.rejects) == (1, [])


def test_others_are_heard_at_any_time() -> None:
    """Duty is a matter of volunteers."""
    admission = Admission(Registry(keeps=lambda device, _: device == "t1"))
    assert len(admission.sort([message(fix(T0_S))]).fixes) == 1
