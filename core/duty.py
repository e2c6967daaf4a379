"""When a volunteer may be followed: with consent, and while on duty. Pure; time is an argument."""

from __future__ import annotations

from typing import Final

import msgspec

from core.entities import DUTY_S, DUTY_SPANS, Person
from core.units import US_PER_S

_DUTY_US: Final = DUTY_S * US_PER_S


def on_duty(person: Person, at_us: int) -> bool:
    """Whether a span of duty covers the time."""
    for from_us, until_us in person.duty:  # noqa: SIM110  asked of everybody at each matching: `any` takes twice as long
        if from_us <= at_us < until_us:
            return True
    return False


def kept(person: Person, at_us: int) -> bool:
    """Whether a fix of this time may be kept: a volunteer's only with consent and on duty, anybody else's always."""
    if person.kind != "volunteer":
        return True
    return person.consent_us is not None and person.consent_us <= at_us and on_duty(person, at_us)


def begin(person: Person, now_us: int) -> Person:
    """On duty from now, or still; it ends by itself `DUTY_S` after this word."""
    spans, from_us = list(person.duty), now_us
    if spans and spans[-1][0] <= now_us < spans[-1][1]:
        from_us = spans.pop()[0]
    return msgspec.structs.replace(person, duty=(*spans, (from_us, now_us + _DUTY_US))[-DUTY_SPANS:])


def end(person: Person, now_us: int) -> Person:
    """Off duty from now; what was before stays as it was."""
    spans = tuple((from_us, min(until_us, now_us)) for from_us, until_us in person.duty if from_us < now_us)
    return msgspec.structs.replace(person, duty=spans)


def consent(person: Person, now_us: int, *, given: bool) -> Person:
    """Consent from now (one that stands keeps its date), or none any more, which ends a duty too."""
    if not given:
        return msgspec.structs.replace(end(person, now_us), consent_us=None)
    return person if person.consent_us is not None else msgspec.structs.replace(person, consent_us=now_us)
