"""The register and the positions as arrays, so that everybody is looked at without a step of Python for each.

Pure functions of parts of the state, which are replaced and never written to: whoever keeps them from entry to entry
(`dispatch.reach.Ways`) knows by identity whether they still hold, and forgetting them changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.entities import Assignment, Person
from dispatch.roads.speeds import NUMBER
from dispatch.state import Volunteer

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
FOREVER: Final = int(np.iinfo(np.int64).max)
NOBODY: Final = -1


class Roll:
    """People, what they bring, when they are on duty, and who carries which device; numbers are by name."""

    def __init__(self, people: Mapping[str, Person], holds: Mapping[str, Assignment]) -> None:
        self.names = sorted({*people, *(str(held.person) for held in holds.values())})
        self.person = {name: number for number, name in enumerate(self.names)}
        self.people = [people.get(name) for name in self.names]
        self.devices = sorted({str(held.device) for held in holds.values()})
        self.device = {name: number for number, name in enumerate(self.devices)}
        self._hold(holds.values())
        self._serve(self.people)
        kinds: dict[frozenset[str], int] = {}
        sets = (frozenset(person.skills if person else ()) for person in self.people)
        self.skill_set = np.array([kinds.setdefault(skills, len(kinds)) for skills in sets], np.int64)
        self.skills = list(kinds)
        classes = (person.vehicle if person else "motorbike" for person in self.people)
        self.cls = np.array([NUMBER[cls] for cls in classes], np.int8)

    def _hold(self, holds: Any) -> None:
        """Assignments in the order in which one takes precedence over those before it, by device."""
        rows = sorted(
            (self.device[str(a.device)], a.from_us, a.id, self.person[str(a.person)], _until(a.until_us)) for a in holds
        )
        columns = [[row[at] for row in rows] for at in (0, 1, 3, 4)]
        self._held, self._from_us, self._by, self._until_us = (np.array(column, np.int64) for column in columns)

    def _serve(self, people: Sequence[Person | None]) -> None:
        """Spans of duty in order, by person; and since when there is consent. Who is no volunteer needs neither."""
        spans = [(n, a, b) for n, person in enumerate(people) if person for a, b in person.duty]
        flat = np.array(list(chain.from_iterable(spans)), np.int64).reshape(-1, 3)
        self._server, self._begins_us, self._ends_us = flat.T
        known = [person is not None for person in people]
        self._always = np.array([bool(p and p.kind != "volunteer") for p in people], np.bool_)
        self._consent_us = np.array([_until(p.consent_us) if p else FOREVER for p in people], np.int64)
        self._known = np.array(known, np.bool_)

    def carried(self, now_us: int) -> Ints:
        """The person of each device now."""
        holds = np.flatnonzero((self._from_us <= now_us) & (now_us < self._until_us))
        return _newest(self._held[holds], self._by[holds], len(self.devices))

    def since_us(self, now_us: int) -> Ints:
        """Since when each has been on duty; who is not: since now."""
        spans = np.flatnonzero((self._begins_us <= now_us) & (now_us < self._ends_us))
        since_us = _newest(self._server[spans], self._begins_us[spans], len(self.names))
        return np.where(since_us == NOBODY, now_us, since_us)

    def on_call(self, now_us: int, away_us: Mapping[str, int]) -> Mask:
        """On duty, with consent, and not away for today: `dispatch.people.on_call` of everybody."""
        spans = (self._begins_us <= now_us) & (now_us < self._ends_us)
        on_duty = np.zeros(len(self.names), np.bool_)
        on_duty[self._server[spans]] = True
        called: Mask = self._known & (self._always | ((self._consent_us <= now_us) & on_duty))
        called[[self.person[name] for name, until in away_us.items() if until > now_us and name in self.person]] = False
        return called


class Positions:
    """The newest position of every device, in the order of `devices`; `number` is the device's on the roll, or -1."""

    def __init__(self, seen: Mapping[str, Volunteer], roll: Roll, before: Positions | None = None) -> None:
        self.devices, self.roll = [*seen], roll
        same = before is not None and before.roll is roll and before.devices == self.devices
        self.number, self.held = before.numbers if before is not None and same else _numbered(self.devices, roll)
        n = len(seen)
        self.lon = np.fromiter((v.lon for v in seen.values()), np.float64, n)
        self.lat = np.fromiter((v.lat for v in seen.values()), np.float64, n)
        self.seen_us = np.fromiter((v.seen_us for v in seen.values()), np.int64, n)

    @property
    def numbers(self) -> tuple[Ints, Ints]:
        """What follows from the names alone."""
        return self.number, self.held

    def newest(self, person: Ints, since_us: int = 0) -> tuple[Ints, Ints]:
        """Where everybody was seen last, since then: rows and persons, each person once, by device.

        `person` is of each device, as `Roll.carried` tells.
        """
        rows = self.held
        persons = person[self.number[rows]]
        kept = np.flatnonzero((persons != NOBODY) & (self.seen_us[rows] >= since_us))
        rows, persons = rows[kept], persons[kept]
        if len(persons) and np.bincount(persons).max() > 1:  # of the same time the last device by name
            order = np.lexsort((self.number[rows], self.seen_us[rows], persons))
            last = np.sort(order[np.append(np.diff(persons[order]) != 0, True)])
            rows, persons = rows[last], persons[last]
        return rows, persons


class Columns(Mapping[str, int]):
    """Columns by name, of those who have one."""

    def __init__(self, number: Mapping[str, int], column: Ints) -> None:
        self._number, self._column = number, column.tolist()

    def __getitem__(self, name: str) -> int:
        column: int = self._column[self._number[name]]
        if column == NOBODY:
            raise KeyError(name)
        return column

    def __contains__(self, name: object) -> bool:
        number = self._number.get(name)  # type: ignore[call-overload]  # whatever it is, it is in or not
        return number is not None and self._column[number] != NOBODY

    def __iter__(self) -> Iterator[str]:
        return (name for name, at in self._number.items() if self._column[at] != NOBODY)

    def __len__(self) -> int:
        return sum(column != NOBODY for column in self._column)


def _numbered(devices: Sequence[str], roll: Roll) -> tuple[Ints, Ints]:
    """Numbers of devices on the roll, and the rows of those that are on it by number."""
    number = np.array([roll.device.get(name, NOBODY) for name in devices], np.int64)
    order = np.argsort(number, kind="stable")
    return number, order[number[order] != NOBODY]


def columns_of(numbers: Ints, many: int) -> Ints:
    """For each of so many numbers the column that holds it, or -1."""
    column = np.full(many, NOBODY, np.int64)
    column[numbers] = np.arange(len(numbers))
    return column


def _newest(owner: Ints, value: Ints, owners: int) -> Ints:
    """The last value of each owner, -1 for who has none; owners ascend."""
    found = np.full(owners, NOBODY, np.int64)
    last = np.append(np.diff(owner) != 0, True) if len(owner) else np.empty(0, np.bool_)
    found[owner[last]] = value[last]
    return found


def _until(at_us: int | None) -> int:
    return FOREVER if at_us is None else at_us
