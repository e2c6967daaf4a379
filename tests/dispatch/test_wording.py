"""What volunteers read, and the call sheet of the coordinator."""

import typing

import msgspec
import pytest

from core.entities import Person
from core.events import IncidentChanged, NoticeKind, OfferChanged
from dispatch.callsheet import _ORDER, call_sheet
from dispatch.offers import LIVE
from dispatch.wording import place_of, said

FIRE = IncidentChanged(
    at_us=0, id="i", kind="fire", severity=3, status="dispatching", lon=123.6, lat=-10.17, area="5371011001"
)
AREAS = {"5371011001": "Oesapa"}


def test_an_offer_in_indonesian():
    """What, where, how far, how bad."""
    told = said("offer", FIRE, what="Kebakaran", where=place_of(FIRE, AREAS), eta_s=301)
    assert told == ("Kebakaran: bisa datang?", "Oesapa. Kira-kira 6 menit dari Anda. Tingkat 3 dari 3.")


def test_an_exercise_says_so():
    """In the first word of the title."""
    told = said("stood_down", msgspec.structs.replace(FIRE, exercise=True), what="Banjir", where="Oesapa")
    assert told.title == "LATIHAN: Silakan kembali"


@pytest.mark.parametrize("kind", typing.get_args(NoticeKind))
@pytest.mark.parametrize("language", ["id", "en", "tet"])
def test_every_notice_has_words(kind, language):
    """In both languages, and in English elsewhere; also when the incident is not known."""
    told = said(kind, None, what="", where="Oesapa", language=language)
    assert told.title
    assert "{" not in "".join(told)


def test_a_place_in_words():
    """The address and the area, else the coordinates."""
    there = msgspec.structs.replace(FIRE, address="Jl. Timor Raya 7")
    assert place_of(there, AREAS) == "Jl. Timor Raya 7, Oesapa"
    assert place_of(msgspec.structs.replace(FIRE, area=None), AREAS) == "-10.17000, 123.60000"


def offer(number, state, eta_s, person):
    return OfferChanged(at_us=0, id=f"i.{number}", incident="i", person=person, device="d", state=state, eta_s=eta_s)


def test_the_call_sheet_begins_with_whom_nobody_reached():
    """The nearest first; what has ended is not called any more."""
    asked = [
        offer(1, "en_route", 60.0, "ana"), offer(2, "offered", 300.0, "budi"), offer(3, "declined", 10.0, "cici"),
        offer(4, "offered", None, "dedi"), offer(5, "offered", 120.0, "eka"),
    ]  # fmt: skip
    people = {"budi": Person(id="budi", name="Budi", phone="0812-3456789"), "ana": Person(id="ana")}
    sheet = call_sheet(asked, people, "62", text_of=lambda o: f"/o/{o.id}")
    assert [call.person for call in sheet] == ["eka", "budi", "dedi", "ana"]
    assert (sheet[1].name, sheet[1].tel, sheet[1].wa) == (
        "Budi", "tel:+628123456789", "https://wa.me/628123456789?text=%2Fo%2Fi.2"
    )  # fmt: skip
    assert (sheet[0].name, sheet[0].tel) == ("eka", None)


def test_every_live_state_has_a_place_on_the_sheet():
    """Else somebody would be missing from it."""
    assert set(_ORDER) == LIVE
