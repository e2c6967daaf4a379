"""What is wrong with a rule: what its types do not say. Pure."""

from __future__ import annotations

from typing import Final

from core.entities import Hours, Rule

DAYS_S: Final = 86_400.0
FOR_MAX_S: Final = 7 * DAYS_S
COOLDOWN_MAX_S: Final = 7 * DAYS_S  # alerts are remembered for little longer
CLEAR_MAX_S: Final = 3600.0
SILENCE_MIN_S: Final = 60.0  # no tracker is heard more often than it reports
LEVELS_MAX: Final = 9
NAMED_MAX: Final = 200  # devices, groups, subjects, hours of one rule
RULES_MAX: Final = 200  # of a city: each row is judged by all that watch its kind
SUBJECTS: Final = ("place:", "area:", "zone:")
PURPOSES: Final = ("planned", "allowed", "break", "unexplained", "unlabelled")


def rule_fault(rule: Rule) -> str | None:
    """None, or what is wrong with the rule."""
    return _times_fault(rule) or _names_fault(rule) or _hours_fault((*rule.hours, *rule.quiet))


def _times_fault(rule: Rule) -> str | None:
    if rule.fact == "silence" and rule.for_s < SILENCE_MIN_S:
        return f"for_s of a silence must be at least {SILENCE_MIN_S:g}: trackers keep quiet between two fixes"
    if rule.for_s > FOR_MAX_S or rule.cooldown_s > COOLDOWN_MAX_S:
        return "for_s and cooldown_s must be at most 604800, seven days"
    if rule.clear_s > CLEAR_MAX_S:
        return f"clear_s must be at most {CLEAR_MAX_S:g}: facts farther apart are not one"
    if 0 < rule.escalate_s < 1 or not 1 <= rule.levels <= LEVELS_MAX:
        return f"levels are 1 to {LEVELS_MAX}, and escalate_s is 0 (never) or at least 1"
    return None


def _names_fault(rule: Rule) -> str | None:
    named = {name: getattr(rule, name) for name in ("devices", "groups", "subjects", "hours", "quiet")}
    for name, values in named.items():
        if len(values) > NAMED_MAX:
            return f"{name} are at most {NAMED_MAX}"
    if not rule.classes:
        return "classes are empty: it is about no device"
    if wrong := next((p for p in rule.purposes if p not in PURPOSES), None):
        return f"there is no purpose {wrong!r}; there are {', '.join(PURPOSES)}"
    if rule.fact == "dwell" and not rule.purposes:
        return "purposes are empty: it is about no dwell"
    if wrong := next((s for s in rule.subjects if not s.startswith(SUBJECTS) or s in SUBJECTS), None):
        return f"subject {wrong[:50]!r} must be place:ID, area:ID or zone:ID"
    return None


def _hours_fault(hours: tuple[Hours, ...]) -> str | None:
    for part in hours:
        if not (0 <= part.start_min < 1440 and part.start_min < part.end_min <= 2880):
            return "hours start before they end, in minutes after midnight (past midnight: 1440 and more)"
        if not part.days or any(not 1 <= day <= 7 for day in part.days):
            return "days of hours are 1 (Monday) to 7 (Sunday)"
    return None
