"""The arrays of the track fold: rows by the device's slot, contacts in a pool, the buffer of events, the world."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from geo.city.world import World
from geo.folds.contacts import drop_contact, drop_contacts, new_contact
from geo.folds.jit import bare
from geo.folds.layout import CLOSED, COPIES, NEVER, PAST
from geo.folds.saying import say_contact
from geo.folds.tracklayout import (
    C_INTS,
    C_KEY,
    C_NEXT,
    C_PHASE,
    CONTACTS,
    D_FLOATS,
    G_FLOATS,
    M_C1,
    M_CONTACTS,
    M_HEAD,
    M_INTS,
    M_T1,
    X_INTS,
    Y_FLOATS,
    Z_CELLS,
    Z_COUNTS,
    Z_EVENTS,
    Z_FREE,
    Z_VISITS,
    Z_WANTED,
    Out,
    Pool,
    Track,
)  # fmt: skip

BUFFER: Final = 4096  # events; more room is made when a long ring asks for it, see `geo.folds.track.track_room`
FOUND: Final = 64  # fences, or targets, that one fix may find


class Chain(msgspec.Struct, array_like=True):
    """The persisted form of one copy of a device: columns as little-endian bytes, contacts by the names of things."""

    g: bytes
    m: bytes
    contacts: list[tuple[str, bytes, bytes]] = []  # `visit area:ID`, `service place:ID`; columns after the first two


class TrackRow(msgspec.Struct, array_like=True):
    """The persisted form of a device's track."""

    live: Chain
    checkpoint: Chain
    newer: list[Chain] = []  # copies since


class TrackState:
    """Track rows of all devices of a partition; slots are those of `geo.state.Devices`."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.g, self.m = np.zeros((COPIES, 0, G_FLOATS)), np.zeros((COPIES, 0, M_INTS), np.int64)
        self.ci, self.cf = np.zeros((0, C_INTS), np.int64), np.zeros((0, D_FLOATS))
        self.ei, self.ef = np.zeros((BUFFER, X_INTS), np.int64), np.zeros((BUFFER, Y_FLOATS))
        self.z = np.zeros(Z_COUNTS, np.int64)
        self.found, self.metres = np.zeros(FOUND, np.int64), np.zeros(FOUND)
        self._arrays: tuple[Track, Any] | None = None  # with their names, and without
        self.make_room()

    def arrays(self) -> Track:
        """What the kernels of the track fold take."""
        return self._both()[0]

    def bare(self) -> Any:
        """The same without names, as `geo.folds.rewind.feed` takes it."""
        return self._both()[1]

    def _both(self) -> tuple[Track, Any]:
        if self._arrays is None:
            track = Track(
                self.g, self.m, Out(self.ei, self.ef, self.z), Pool(self.ci, self.cf, self.z), self.found,
                self.metres, self.world.arrays,
            )  # fmt: skip
            self._arrays = track, bare(track)
        return self._arrays

    def begin(self, slot: int) -> None:
        """A device that nothing was heard of."""
        if slot >= self.g.shape[1]:
            size = max(64, 2 * slot)
            self.g, self.m = grown(self.g, size, axis=1), grown(self.m, size, axis=1)
            self._arrays = None
        self.g[:, slot], self.m[:, slot] = 0.0, 0
        self.m[:, slot, M_T1] = self.m[:, slot, M_C1] = NEVER

    def forget(self, slot: int) -> None:
        """As if nothing had been heard of a device."""
        for which in range(COPIES):
            drop_contacts(self.arrays().pool, self.m[which, slot])
        self.begin(slot)

    def make_room(self) -> None:
        """An empty buffer, and cells for many more contacts: called between the kernel's runs."""
        self.z[Z_EVENTS] = self.z[Z_VISITS] = 0
        if self.z[Z_WANTED] > len(self.ei):
            size = int(2 * self.z[Z_WANTED])
            self.ei, self.ef, self._arrays = grown(self.ei, size), grown(self.ef, size), None
        if self.z[Z_CELLS] < max(16 * CONTACTS, len(self.ci) // 4):
            old, new = len(self.ci), max(64 * CONTACTS, 2 * len(self.ci))
            self.ci, self.cf, self._arrays = grown(self.ci, new), grown(self.cf, new), None
            self.ci[old:, C_NEXT] = np.arange(old + 2, new + 2)  # each names the next one, plus one
            self.ci[-1, C_NEXT] = self.z[Z_FREE]
            self.z[Z_FREE] = old + 1
            self.z[Z_CELLS] += new - old

    def chain(self, which: int, slot: int) -> Iterator[int]:
        """Cells of the contacts of a copy of a device, in order."""
        cell = int(self.m[which, slot, M_HEAD]) - 1
        while cell >= 0:
            yield cell
            cell = int(self.ci[cell, C_NEXT]) - 1

    def adopt(self, world: World, slots: int) -> tuple[World, list[int]]:
        """Another world: contacts follow their fences by key; the told ones whose fence is gone close, as events.

        Returns the world that the events in the buffer speak of, and the slots that changed.
        """
        before, self.world, self._arrays = self.world, world, None
        names = (before.keys, before.targets)
        at = tuple({key: i for i, key in enumerate(keys)} for keys in (world.keys, world.targets))
        changed = []
        for slot in range(slots):
            if self.m[:, slot, M_HEAD].any():
                changed.append(slot)
                for which in range(COPIES):
                    self._rename(which, slot, names, at)
        return before, changed

    def _rename(self, which: int, slot: int, names: Any, at: Any) -> None:
        track, m, last = self.arrays(), self.m[which, slot], -1
        for cell in list(self.chain(which, slot)):
            key = int(self.ci[cell, C_KEY])
            now = at[key & 1].get(names[key & 1][key >> 1])
            if now is not None:
                self.ci[cell, C_KEY] = 2 * now + (key & 1)
                last = cell
                continue
            if which == 0 and self.ci[cell, C_PHASE] == 2:
                say_contact(track.out, track.pool, CLOSED, cell, slot, -1, int(m[M_T1]), int(m[M_C1]))
            drop_contact(track.pool, m, cell, last)

    def dump(self, slot: int, copies: Sequence[int]) -> TrackRow:
        """The persisted form of a device; `copies`: which is the live one, the checkpoint, and so on."""
        live, checkpoint, *newer = (self._dump(which, slot) for which in copies)
        return TrackRow(live, checkpoint, newer)

    def _dump(self, which: int, slot: int) -> Chain:
        m = self.m[which, slot].copy()
        m[M_HEAD] = m[M_CONTACTS] = 0
        contacts = [
            (self._name(int(self.ci[cell, C_KEY])), self.ci[cell, C_PHASE:].tobytes(), self.cf[cell].tobytes())
            for cell in self.chain(which, slot)
        ]
        return Chain(self.g[which, slot].tobytes(), m.tobytes(), contacts)

    def _name(self, key: int) -> str:
        return f"service {self.world.targets[key >> 1]}" if key & 1 else f"visit {self.world.keys[key >> 1]}"

    def load(self, slot: int, row: TrackRow) -> None:
        """Put a persisted device back, exactly as it was; columns that are new to it are zero."""
        keys = {f"visit {key}": 2 * i for i, key in enumerate(self.world.keys)}
        keys |= {f"service {key}": 2 * i + 1 for i, key in enumerate(self.world.targets)}
        newer = row.newer or [row.checkpoint] * (PAST - 1)
        for which, chain in enumerate([row.live, row.checkpoint, *newer]):
            fill(self.g[which, slot], chain.g)
            drop_contacts(self.arrays().pool, self.m[which, slot])
            fill(self.m[which, slot], chain.m)
            for name, ints, floats in chain.contacts:
                if name not in keys:
                    continue  # the configuration lost it since
                self.make_room()
                cell = new_contact(self.arrays().pool, self.m[which, slot], keys[name], 0)
                fill(self.ci[cell, C_PHASE:], ints)
                fill(self.cf[cell], floats)


def grown(old: NDArray[Any], size: int, axis: int = 0) -> NDArray[Any]:
    """The array with room for `size`, the rest zero."""
    shape = list(old.shape)
    shape[axis] = size
    new = np.zeros(shape, old.dtype)
    new[(slice(None),) * axis + (slice(old.shape[axis]),)] = old
    return new


def fill(row: NDArray[Any], data: bytes) -> None:
    """A row from its persisted bytes; an older, shorter one leaves the columns appended since at zero."""
    values = np.frombuffer(data, row.dtype)[: len(row)]
    row[: len(values)] = values
    row[len(values) :] = 0
