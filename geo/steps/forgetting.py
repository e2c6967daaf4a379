"""A person is forgotten: what the engine holds of the device that they carried goes, and its place on the map."""

from __future__ import annotations

from typing import Annotated

import msgspec

from core.entries import Command
from core.events import CommandDone, Event
from geo.folds.layout import TLAST
from geo.partition import RULES_KEY, SOS_KEY, GeoState
from geo.rows.sos import Calls
from geo.rules.followed import Followed


class Forget(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `device.forget`: they carried it until then."""

    device: Annotated[str, msgspec.Meta(min_length=1)]
    until_us: int


def forget(state: GeoState, command: Command) -> list[Event]:
    """The device is as new. One that spoke since is somebody else's by now, and stays as it is."""
    try:
        body = msgspec.convert(command.body, Forget)
    except msgspec.ValidationError as error:
        return [CommandDone(at_us=command.at_us, id=command.id, ok=False, reason=f"device.forget: {error}")]
    slot = state.devices.slots.get(body.device)
    if slot is not None and state.devices.k[slot, TLAST] < body.until_us:
        _clear(state, slot, body.device)
    return [CommandDone(at_us=command.at_us, id=command.id, ok=True)]


def _clear(state: GeoState, slot: int, device: str) -> None:
    state.devices.forget(slot, state.config.profile(device))
    if device in state.calls:
        state.calls[device] = Calls()
        state.dirty_keys.add(SOS_KEY + device)
    if device in state.followed:
        state.followed[device] = Followed()
        state.dues.note_silence(device, Followed())
        state.dirty_keys.add(RULES_KEY + device)
    state.touch({slot})
    state.gone.add(device)
