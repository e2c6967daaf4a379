"""The pure rooms behind the pump's protocol: entries in, one commit out."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np

from core.codec import decode, encode
from core.entries import Command, Config, Sightings, Tick
from core.errors import DecodeError
from core.events import CommandDone, Event
from core.fixes import Fixes
from core.live import Live
from dispatch import engine
from dispatch.matching import dense
from dispatch.reach import Ways
from dispatch.roads import near
from dispatch.rows import changed, restored
from dispatch.state import Params
from geo.partition import COUNTS, GeoState
from geo.step import step as geo_step
from geo.steps.live import drain_gone, drain_live
from store.log import Commit, Entry, Output

log = logging.getLogger(__name__)
pack_live: Final = msgspec.msgpack.Encoder().encode


def readable(entries: list[Entry], stream: str) -> Iterator[tuple[str, Any]]:
    """Decoded entries; one that cannot be read is reported and passed over, it must not stop a stage."""
    for entry in entries:
        try:
            yield entry.id, decode(entry.body)
        except DecodeError as error:
            log.warning("entry %s of %s: %s", entry.id, stream, error, extra={"action": "step.bad_entry"})


def warm() -> None:
    """Run the kernel once over decoded entries, so that it is compiled (or loaded) before it is needed."""
    fix = Fixes.of(["warm"], device=[0, 0], time_us=[2, 1], lon=[0.0, 0.0], lat=[0.0, 0.0])
    state = GeoState()
    for value in (fix, Tick(now_us=3)):
        geo_step(state, decode(encode(value)))


def warm_dispatch() -> None:
    """The matcher's kernels likewise, before the first incident."""
    dense.solve(np.zeros((1, 1), np.int64), [(1,)])
    near.warm()


class GeoStep:
    """Geo on one partition: state rows in, dwells and live positions out."""

    reader: Final = "geo"

    def __init__(self, partition: int, rows: dict[str, bytes]) -> None:
        self.stream, self.events = f"in.{partition}", f"events.{partition}"
        self.state = GeoState(rows)

    def __call__(self, entries: list[Entry]) -> Commit:
        outputs = []
        for id_, value in readable(entries, self.stream):
            if events := geo_step(self.state, value):
                outputs.append(Output(self.events, id_, encode(events)))
        live, gone = drain_live(self.state), drain_gone(self.state)
        return Commit(
            reader=self.reader,
            stream=self.stream,
            offset=entries[-1].id,
            outputs=outputs,
            state=self.state.drain_state(),
            live={row.device: pack_live(row) for row in live} | dict.fromkeys(gone),
            frame=pack_live([] if gone else live) if live or gone else None,  # an empty one: read all rows again
        )

    def counts(self) -> dict[str, int]:
        """Fixes by what the kernel did with them, since this step was loaded."""
        return dict(zip(COUNTS, self.state.counts.tolist(), strict=True))


DISPATCHED: Final = (Tick, Command, Config, Sightings)


class DispatchStep:
    """Dispatch on its one stream: commands, register and sightings in; incidents, plans and offers out."""

    reader: Final = "dispatch"
    stream: Final = "dispatch.in"
    events: Final = "dispatch.events"

    def __init__(self, rows: dict[str, bytes], params: Params | None = None) -> None:
        self.params = params or Params()
        self.state, self._saved = restored(rows)
        self._ways = Ways()

    def __call__(self, entries: list[Entry]) -> Commit:
        outputs = []
        for id_, value in readable(entries, self.stream):
            if events := self.decide(value):
                outputs.append(Output(self.events, id_, encode(events)))
            if isinstance(value, Config):
                report(value, events)
        rows, self._saved = changed(self._saved, self.state), self.state
        return Commit(reader=self.reader, stream=self.stream, offset=entries[-1].id, outputs=outputs, state=rows)

    def decide(self, value: Any) -> list[Event]:
        """What follows from one entry."""
        events: list[Event] = []
        if isinstance(value, DISPATCHED):
            self.state, events = engine.step(self.state, value, self.params, self._ways)
        return events


def report(change: Config, events: list[Event]) -> None:
    """Say which change of the register was not taken over; whoever sent it waits for the archive alone."""
    for event in events:
        if isinstance(event, CommandDone) and not event.ok:
            log.warning("config %s: %s", change.id, event.reason, extra={"action": "dispatch.config_refused"})


def sightings_of(rows: list[Live], now_us: int) -> Sightings:
    """The phones among live rows, and since when those of them stand that do."""
    phones = [row for row in rows if row.cls == "phone"]
    return Sightings(
        now_us=now_us,
        rows=tuple((r.device, r.lon, r.lat, r.time_us) for r in phones),
        stood=tuple((r.device, r.since_us) for r in phones if r.motion == "stopped"),
    )
