"""From kernel events to dwell rows with a life: stable ids, revisions, retractions, alerts.

A row gets its id at its first emission and keeps it by overlap: on a split the earlier part keeps it, on a merge the
later id is retracted as merged into the earlier. Only rows that a late fix could still change are tracked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from core.events import AlertChanged, Cause, Dwell, DwellChanged, Event
from geo.rows.matching import Moment, made_id, matched

Labeller = Callable[[Dwell, int], tuple[Dwell, int]]  # area, place, purpose of a row that lasts until then; until when


class Tracked(msgspec.Struct):
    """A row as last told, when it was decided (None while open), and how often its alert changed."""

    row: Dwell
    decided: Moment | None = None
    timed: bool = False  # opened by a timer, not yet by a fix
    alerts: int = 0
    stood_us: int = 0  # an open one: until when the clock proved that it stood, beyond its last fix
    holds_us: int = 0  # an open one: when its purpose may be another, by the clock alone


class Episode(NamedTuple):
    """What the kernel now holds to be one dwell."""

    start_us: int
    last_us: int
    lon: float
    lat: float
    radius_m: float
    fixes: int
    silent_us: int
    closed: Moment | None
    reached: bool  # the limit, by fixes or by the clock
    timed: bool = False
    worked_us: int = 0  # since the last rest, when it began


def row_id(device: str, start_us: int, seq: int) -> str:
    """Id of a new row: the same in every replay, never used twice by a device."""
    return made_id("d", device, start_us, seq)


def make_row(
    e: Episode, device: str, cls: str, id_: str, revision: int, limit_s: float, label: Labeller, stood_us: int = 0
) -> tuple[Dwell, int]:
    """The row of an episode, and until when its purpose holds.

    Label and alert of a closed row follow from the row alone, never from a timer.
    """
    stay_s = (e.last_us - e.start_us) / 1e6
    silent_s = e.silent_us / 1e6
    row, holds_us = label(
        Dwell(
            id=id_, device=device, cls=cls, start_us=e.start_us, end_us=e.last_us if e.closed else None,
            last_us=e.last_us, observed_s=stay_s - silent_s, silent_s=silent_s, lon=e.lon, lat=e.lat,
            radius_m=e.radius_m, fixes=e.fixes, state="closed" if e.closed else "open", revision=revision,
            worked_s=e.worked_us / 1e6,
        ),
        e.last_us if e.closed else max(e.last_us, stood_us),
    )  # fmt: skip
    reached = stay_s >= limit_s if e.closed else e.reached
    return msgspec.structs.replace(row, alert=reached and row.purpose == "unexplained"), holds_us


class Ledger:
    """Tells what changed between the rows of one device and the episodes that the kernel holds now."""

    def __init__(self, device: str, cls: str, limit_s: float, label: Labeller, seq: int) -> None:
        self.device, self.cls, self.limit_s, self.label, self.seq = device, cls, limit_s, label, seq
        self.events: list[Event] = []

    def reconcile(self, old: list[Tracked], episodes: list[Episode], at_us: int) -> list[Tracked]:
        """Match episodes to old rows by overlap, emit the differences, return the rows to track."""
        old = sorted(old, key=lambda t: t.row.start_us)
        match = matched(old, episodes, overlaps)
        tracked = [
            self._open(episode, at_us) if at is None else self._revise(old[at], episode, at_us)
            for at, episode in zip(match.goes_on, episodes, strict=True)
        ]
        for at, home in match.left:
            self._retract(old[at], None if home is None else tracked[home].row.id, at_us)
        return tracked

    def _open(self, e: Episode, at_us: int) -> Tracked:
        self.seq += 1
        id_ = row_id(self.device, e.start_us, self.seq)
        row, holds_us = make_row(e, self.device, self.cls, id_, 1, self.limit_s, self.label)
        cause: Cause = "close" if e.closed else "timer" if e.timed else "open"
        self.events.append(DwellChanged(at_us=at_us, cause=cause, row=row))
        tracked = Tracked(row=row, decided=e.closed, timed=e.timed, holds_us=holds_us)
        self._alert(tracked, row.alert, at_us)
        return tracked

    def _revise(self, old: Tracked, e: Episode, at_us: int) -> Tracked:
        id_, revision = old.row.id, old.row.revision + 1
        row, holds_us = make_row(e, self.device, self.cls, id_, revision, self.limit_s, self.label, old.stood_us)
        tracked = Tracked(
            row=row, decided=e.closed, timed=e.timed, alerts=old.alerts, stood_us=0 if e.closed else old.stood_us,
            holds_us=holds_us,
        )  # fmt: skip
        if same(old, tracked):
            return msgspec.structs.replace(tracked, row=old.row)
        self.events.append(DwellChanged(at_us=at_us, cause=cause_of(old.row, row), row=row))
        if row.alert != old.row.alert:
            self._alert(tracked, row.alert, at_us)
        return tracked

    def rejudge(self, old: Tracked, row: Dwell, at_us: int) -> Tracked:
        """A closed row with the labels that hold now; nothing is told of one that stays as it was."""
        if row == old.row:
            return old
        tracked = msgspec.structs.replace(old, row=msgspec.structs.replace(row, revision=old.row.revision + 1))
        self.events.append(DwellChanged(at_us=at_us, cause="relabel", row=tracked.row))
        if row.alert != old.row.alert:
            self._alert(tracked, row.alert, at_us)
        return tracked

    def _retract(self, old: Tracked, home: str | None, at_us: int) -> None:
        row = msgspec.structs.replace(
            old.row, state="retracted", revision=old.row.revision + 1, merged_into=home, alert=False,
            end_us=old.row.end_us if old.row.end_us is not None else old.row.last_us,
        )  # fmt: skip
        self.events.append(DwellChanged(at_us=at_us, cause="merge" if home else "retract", row=row))
        if old.row.alert:
            self._alert(Tracked(row=row, alerts=old.alerts), False, at_us)

    def _alert(self, t: Tracked, raised: bool, at_us: int) -> None:
        if not raised and t.alerts == 0:
            return
        t.alerts += 1
        self.events.append(
            AlertChanged(
                at_us=at_us, id=f"a{t.row.id}", kind="dwell_limit", device=self.device, dwell=t.row.id,
                state="raised" if raised else "cleared", revision=t.alerts, lon=t.row.lon, lat=t.row.lat,
                thread=t.row.id,
            )
        )  # fmt: skip


def overlaps(old: Tracked, e: Episode) -> bool:
    """Whether a row and an episode share an instant; an open row reaches to now, unless only a timer opened it."""
    open_ = old.row.end_us is None and not old.timed
    return old.row.start_us <= e.last_us and (open_ or old.row.last_us >= e.start_us)


def same(old: Tracked, new: Tracked) -> bool:
    """Whether nothing worth a revision changed: an open row grows silently, a closed one is exact."""
    a, b = old.row, new.row
    if b.state == "open":
        return a.state == "open" and (_told(a), old.timed) == (_told(b), new.timed)
    return msgspec.structs.replace(b, revision=a.revision) == a


def _told(row: Dwell) -> tuple[object, ...]:
    """What of an open row is worth a revision."""
    return row.start_us, row.worked_s, row.alert, *_labels(row)


def _labels(row: Dwell) -> tuple[object, ...]:
    return row.area, row.place, row.purpose, row.why, row.reason


def cause_of(old: Dwell, new: Dwell) -> Cause:
    """Why a row has a new revision, in one word."""
    if old.state == "open" and new.state == "closed":
        return "close"
    if new.state == "open" and new.alert and not old.alert:
        return "limit"
    same_stop = (old.state, old.start_us, old.end_us) == (new.state, new.start_us, new.end_us)
    return "relabel" if same_stop and _labels(old) != _labels(new) else "revise"
