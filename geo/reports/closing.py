"""When a day can be closed: nothing of it is still to come in time."""

from __future__ import annotations

from core.assigning import in_force
from core.calendar import Span
from core.entities import Assignment, Profile
from core.units import US_PER_S
from geo.config import GeoConfig
from geo.reports.daybook import GRACE_US
from geo.reports.planned import planned


def over_us(config: GeoConfig, day: int) -> int:
    """From when on a day is over: its shifts and what is due after them, then the grace and the lateness horizon.

    Without the city's clock nothing is known of them: 0.
    """
    calendar, ends = config.calendar, [config.calendar.bounds(day)[1]]
    if not calendar.known:
        return 0
    for shift in config.entities("shifts").values():
        span = calendar.span(shift, day)
        if calendar.falls_on(shift, day) and _anybody(config, shift.id, span):
            ends.append(span[1])
    ends += [calendar.instant_us(day, due) for plan in planned(config, day) for due in plan.route.due_min]
    horizon_s = max(profile.horizon_s for profile in (Profile(), *config.entities("profiles").values()))
    return max(ends) + GRACE_US + int(horizon_s * US_PER_S)


def _anybody(config: GeoConfig, shift: str, span: Span) -> bool:
    """Whether somebody has this shift at some moment of a span."""
    joins: list[Assignment] = [a for a in config.entities("assignments").values() if a.shift == shift]
    return any(in_force(join, span[0]) or span[0] < join.from_us < span[1] for join in joins)
