"""What a phone says to dispatch, as a command of the log. Dispatch knows by its register who carries the device."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from core.entries import Command
from core.units import US_PER_S
from ingest.opening import Opened
from ingest.raw import Words

AGAIN_US: Final = 3600 * US_PER_S  # the same message within such an hour is the same word
_ID_BYTES: Final = 12


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
