"""A volunteer is followed only with consent and on duty."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import duty
from core.entities import DUTY_SPANS, Person

H_US = 3600 * 1_000_000
VOLUNTEER = Person(id="tr-1", kind="volunteer")  # type: ignore[arg-type]
AGREED = msgspec.structs.replace(VOLUNTEER, consent_us=0)


def test_duty_ends_itself_after_eight_hours() -> None:
    """The span is written with its end; the end does not belong to it."""
    person = duty.begin(AGREED, H_US)

    assert person.duty == ((H_US, 9 * H_US),)
    assert [duty.on_duty(person, at) for at in (H_US - 1, H_US, 9 * H_US - 1, 9 * H_US)] == [False, True, True, False]


def test_a_second_word_prolongs_the_same_duty() -> None:
    """Who says it again while on duty stays for eight hours from then, without a gap or a second span."""
    assert duty.begin(duty.begin(AGREED, 0), 5 * H_US).duty == ((0, 13 * H_US),)


def test_ending_keeps_what_was() -> None:
    """Fixes from before the end, heard later, are still kept."""
    person = duty.end(duty.begin(AGREED, 0), 2 * H_US)

    assert person.duty == ((0, 2 * H_US),)
    assert duty.kept(person, 2 * H_US - 1)
    assert not duty.kept(person, 2 * H_US)


@pytest.mark.parametrize(("consent_us", "expected"), [(None, False), (0, True), (H_US, True), (H_US + 1, False)])
def test_without_consent_nothing_is_kept(consent_us: int | None, expected: bool) -> None:
    """Consent counts from its moment on."""
    person = duty.begin(msgspec.structs.replace(VOLUNTEER, consent_us=consent_us), 0)

    assert duty.kept(person, H_US) is expected


def test_only_volunteers_need_it() -> None:
    """A driver's tracker belongs to the city."""
    assert duty.kept(Person(id="s", kind="driver"), 5)  # type: ignore[arg-type]


def test_withdrawing_ends_the_duty() -> None:
    """No consent, no duty; given again, it counts from then on."""
    person = duty.consent(duty.begin(AGREED, 0), H_US, given=False)

    assert (person.consent_us, person.duty) == (None, ((0, H_US),))
    assert duty.consent(person, 2 * H_US, given=True).consent_us == 2 * H_US
    assert duty.consent(AGREED, 2 * H_US, given=True) == AGREED


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 12)), max_size=60))
def test_spans_are_bounded_and_in_order(words: list[tuple[bool, int]]) -> None:
    """Whatever people press: at most so many spans, each begins where or after the one before ended."""
    person, now_us = AGREED, 0
    for on, hours in words:
        now_us += hours * H_US
        person = duty.begin(person, now_us) if on else duty.end(person, now_us)
        assert duty.on_duty(person, now_us) is on
    edges = [edge for span in person.duty for edge in span]
    assert edges == sorted(edges)
    assert len(person.duty) <= DUTY_SPANS
