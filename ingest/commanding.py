"""What a phone says to dispatch, as a command of the log. Dispatch knows by its register who carries the device.

What it refuses (an offer that has expired) is told to the phone: for a while it is remembered who said what.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from typing import Final, NamedTuple

from core.entries import Command
from core.rejects import PAYLOAD_LIMIT
from core.units import US_PER_S
from ingest.opening import Opened
from ingest.raw import Words

AGAIN_US: Final = 3600 * US_PER_S  # the same message within such an hour is the same word
SPOKEN_LIMIT: Final = 10_000
_ID_BYTES: Final = 12


class Spoken(NamedTuple):
    """Who said it, and the beginning of what."""

    device: str
    payload: bytes


class Memory:
    """Who said which command, the newest of them; a restart forgets it, and their refusals are then told to nobody."""

    def __init__(self) -> None:
        self._spoken: OrderedDict[str, Spoken] = OrderedDict()

    def keep(self, command: Command, payload: bytes) -> None:
        self._spoken[command.id] = Spoken(command.actor, payload[:PAYLOAD_LIMIT])
        if len(self._spoken) > SPOKEN_LIMIT:
            self._spoken.popitem(last=False)

    def take(self, command_id: str) -> Spoken | None:
        """Who said it, once."""
        return self._spoken.pop(command_id, None)


def command_of(item: Opened, words: Words) -> Command:
    """The command of a message. A message that comes again, because its PUBACK was lost, is the same command."""
    message = item.message
    said = f"{item.device}\n{words.kind}\n{message.received_us // AGAIN_US}\n".encode(errors="replace")
    return Command(
        id=blake2b(said + item.payload, digest_size=_ID_BYTES).hexdigest(),
        kind=words.kind,
        actor=item.device,
        at_us=message.received_us,
        body=words.body,
    )
