"""The pure rooms behind the pump's protocol: entries in, one commit out."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from core.codec import decode, encode
from core.entries import Command, Config, Sightings, Tick
from core.errors import DecodeError
from core.fixes import Fixes
from core.live import Live
from dispatch import engine
from dispatch.state import Params, Volunteer
from dispatch.state import decode as decode_dispatch
from dispatch.state import encode as encode_dispatch
from geo.partition import COUNTS, GeoState
from geo.step import step as geo_step
from geo.steps.live import drain_live
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
        live = drain_live(self.state)
        return Commit(
            reader=self.reader,
            stream=self.stream,
            offset=entries[-1].id,
            outputs=outputs,
            state=self.state.drain_state(),
            live={row.device: pack_live(row) for row in live},
            frame=pack_live(live) if live else None,
        )

    def counts(self) -> dict[str, int]:
        """Fixes by what the kernel did with them, since this step was loaded."""
        return dict(zip(COUNTS, self.state.counts.tolist(), strict=True))


STATE_KEY: Final = "state"
VOLUNTEERS_KEY: Final = "volunteers"
DISPATCHED: Final = (Tick, Command, Config, Sightings)


class DispatchStep:
    """Dispatch on its one stream: commands, register and sightings in; incidents, plans and offers out."""

    reader: Final = "dispatch"
    stream: Final = "dispatch.in"
    events: Final = "dispatch.events"

    def __init__(self, rows: dict[str, bytes], params: Params | None = None) -> None:
        self.params = params or Params()
        body = rows.get(VOLUNTEERS_KEY)
        seen = msgspec.msgpack.decode(body, type=dict[str, Volunteer]) if body else {}
        self.state = msgspec.structs.replace(decode_dispatch(rows.get(STATE_KEY)), seen=seen)

    def __call__(self, entries: list[Entry]) -> Commit:
        outputs, seen = [], self.state.seen
        for id_, value in readable(entries, self.stream):
            if isinstance(value, DISPATCHED):
                self.state, events = engine.step(self.state, value, self.params)
                if events:
                    outputs.append(Output(self.events, id_, encode(events)))
        state: dict[str, bytes | None] = {STATE_KEY: encode_dispatch(msgspec.structs.replace(self.state, seen={}))}
        if self.state.seen is not seen:
            state[VOLUNTEERS_KEY] = pack_live(self.state.seen)
        return Commit(reader=self.reader, stream=self.stream, offset=entries[-1].id, outputs=outputs, state=state)


def sightings_of(rows: list[Live], now_us: int) -> Sightings:
    """The phones among live rows, and since when those of them stand that do."""
    phones = [row for row in rows if row.cls == "phone"]
    return Sightings(
        now_us=now_us,
        rows=tuple((r.device, r.lon, r.lat, r.time_us) for r in phones),
        stood=tuple((r.device, r.since_us) for r in phones if r.motion == "stopped"),
    )
