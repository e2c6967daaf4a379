"""The judgement of why a device is not on the map: the first thing that is wrong is the verdict."""

from zoneinfo import ZoneInfo

import pytest

from api.whys import Case, checks, verdict
from api.whytexts import REASONS, Text, span
from core.entities import Device, Person
from core.fixes import Flag
from core.heard import Heard, Knock
from core.rejects import Reject
from store.credentials import TokenInfo
from store.held import HeldDevice
from store.read import RejectRow
from store.why import Known
from tests.api.samples import NOW_US, S, live, stray
from tests.architecture.test_docs import page

TRUCK = Device(id="t-1")


def token(**given):
    usual = {"role": "device", "subject": "t-1", "device": "t-1", "label": "", "created_us": NOW_US - 99 * S}
    ends = {"expires_us": None, "revoked_us": None, "used_us": NOW_US - S}
    return TokenInfo(**{"id": "k"} | usual | ends | given)


def heard(**given):
    return Heard(**{"device": "t-1", "received_us": NOW_US - S, "by": "t-1"} | given)


def judged(position=None, standstill=None, **given):
    known = Known(**{"device": "t-1", "registered": TRUCK, "tokens": (token(),), "heard": heard()} | given)
    case = Case(known=known, live=position, standstill=standstill, now_us=NOW_US, zone=ZoneInfo("Asia/Makassar"))
    return {check.name: check for check in checks(case)}


def wrong(**given):
    """Names of the checks that fail."""
    return [name for name, check in judged(**given).items() if check.ok is False]


def said(**given):
    return verdict(list(judged(**given).values()))


def test_a_device_that_speaks_is_on_the_map():
    """Nothing is wrong; the verdict says where it stands."""
    assert wrong(position=live()) == []
    assert said(position=live()) == Text("Di peta: berhenti, 1 detik lalu.", "On the map: stopped, 1 s ago.")


def test_the_checks_stand_in_the_documented_order():
    """The console shows them in this order, and the page lists them."""
    listed = "`server`, `registered`, `duty`, `sim`, `knock`, `credential`, `heard`, `outcome`, `clock`, `honesty` and"
    assert ", ".join(f"`{name}`" for name in judged()).replace(", `position`", " and") == listed
    assert listed in page("http.md")


LONG_AGO = NOW_US - 4 * 3600 * S
STRANGER = {"registered": None, "tokens": (), "heard": None}
VOLUNTEER = Person(id="v", name="Ani", kind="volunteer")
CASES = [
    ({"standstill": "the clock is wrong"}, "server", "takes nothing in now: the clock is wrong"),
    (STRANGER, "registered", "Not registered."),
    (STRANGER | {"held": HeldDevice("t-1", 1, 7, 0, 0, 0, 0)}, "registered", "7 fixes of it are held"),
    ({"person": VOLUNTEER}, "duty", "Ani has not consented"),
    ({"person": Person(id="v", kind="volunteer", consent_us=1)}, "duty", "v is off duty"),
    ({"registered": Device(id="t-1", sim_expires="2026-01-01"), "heard": None}, "sim", "expired on 2026-01-01"),
    ({"heard": None, "knock": Knock(user="t-1", at_us=NOW_US - 9 * S, why="x", times=3)}, "knock", "Refused 3 times"),
    ({"heard": None, "tokens": ()}, "credential", "It has no secret."),
    ({"heard": None, "tokens": (token(revoked_us=1),)}, "credential", "expired or was revoked"),
    ({"heard": None}, "heard", "Not heard of"),
    ({"heard": heard(received_us=LONG_AGO)}, "heard", "Last heard 4 h ago."),
    ({"heard": heard(outcome="rejected", reason="bad_time", detail="x")}, "outcome", "unreadable or impossible (x)"),
    ({"heard": heard(outcome="held", reason="unknown_device")}, "outcome", "not registered"),
    ({"heard": heard(outcome="ignored")}, "outcome", "held no position"),
    ({"heard": heard(clock_error_s=7300.0), "position": live()}, "clock", "Its clock is 2 h ahead."),
    ({"position": live(stray=stray())}, "clock", "Since 10 min ago it sends times 24 h back: its clock jumped back"),
    ({"heard": heard(flags=int(Flag.MOCK)), "position": live()}, "honesty", "mock location"),
    ({}, "position", "not on the map"),
]


@pytest.mark.parametrize(("given", "name", "text"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_the_first_failing_check_is_the_verdict(given, name, text):
    """Each cause is found by its own check, says what it is in both languages, and what to do."""
    check = judged(**given)[name]
    assert (wrong(**given)[0], check.ok) == (name, False)
    assert text in check.detail.en
    assert check.detail == said(**given)
    assert check.remedy is not None
    assert check.detail.id != check.detail.en


def test_a_silent_device_shows_its_last_position():
    """On the map, grey: the age of the last position is told."""
    old = live(time_us=LONG_AGO, received_us=LONG_AGO)
    assert "silent since 4 h ago" in judged(position=old, heard=None)["position"].detail.en


def test_a_device_with_a_wrong_clock_is_on_the_map_and_nobody_knows_whether_it_moves():
    """Its stray fixes are a sign of life, also where no note of a message is left."""
    old = live(time_us=LONG_AGO, received_us=LONG_AGO, stray=stray())
    checks = judged(position=old, heard=None)
    assert checks["heard"].ok is True
    assert checks["position"].detail.en.startswith("On the map by what it sent 5 s ago; whether it moves or stands")


def test_a_refused_sign_in_before_the_last_message_is_history():
    """It has got in since."""
    assert judged(knock=Knock(user="t-1", at_us=NOW_US - 9 * S))["knock"].ok is True


def test_a_device_behind_a_gateway_needs_no_secret_of_its_own():
    """It is heard: that it has no token is no fault."""
    check = judged(tokens=(), heard=heard(by="traccar"))["credential"]
    assert (check.ok, check.detail.en) == (None, "No secret of its own; it speaks by way of traccar.")


def test_a_volunteer_on_duty_is_followed():
    """With consent and inside a span of duty."""
    person = Person(id="v", kind="volunteer", consent_us=1, duty=((NOW_US - S, NOW_US + S),))
    assert judged(person=person)["duty"].ok is True


def test_a_sim_that_expired_on_paper_is_no_fault_of_a_device_that_speaks():
    """What is heard has a network."""
    check = judged(registered=Device(id="t-1", sim_expires="2026-01-01"))["sim"]
    assert (check.ok, check.remedy is not None) == (True, True)


def test_without_a_note_the_last_reject_tells():
    """Notes expire, rejects stay longer."""
    reject = Reject(received_us=1, reason="future", dialect="native", topic="", device="t-1")
    assert "in the future" in judged(heard=None, reject=RejectRow(1, reject))["outcome"].detail.en


def test_every_reason_of_a_reject_is_explained():
    """The closed list is covered, no more and no less."""
    from typing import get_args

    from core.rejects import Reason

    assert set(REASONS) == set(get_args(Reason))


@pytest.mark.parametrize(
    ("seconds", "english"), [(-5, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172_800, "2 days")]
)
def test_a_length_of_time_is_rough(seconds, english):
    """The unit fits the length."""
    assert span(seconds).en == english
