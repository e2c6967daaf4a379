"""What ingest counts. Plain integers; whoever publishes metrics reads `as_dict`."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field


@dataclass(slots=True)
class Counters:
    """Totals since the start, except `connections` and `pending_*`, which are as they stand now."""

    messages: int = 0
    fixes: int = 0
    commands: int = 0  # for dispatch: answers to offers, reports of incidents
    ignored: int = 0  # known and of no use here: OwnTracks cards, waypoints, last wills, ...
    rejects: Counter[str] = field(default_factory=Counter)  # by reason
    rejects_stored: int = 0  # the others were withheld by the ration
    held_fixes: int = 0  # of devices that nobody registered, kept apart
    appends: int = 0
    append_failures: int = 0
    acknowledged: int = 0
    registered: int = 0  # devices that registered themselves (demo)
    pressure: int = 0  # times the sources were asked to wait
    pending_messages: int = 0
    pending_bytes: int = 0
    connections: int = 0
    connects: int = 0
    refused_connects: int = 0
    takeovers: int = 0
    revoked: int = 0  # connections ended because their credential is no longer good
    timeouts: int = 0
    protocol_errors: int = 0
    oversize: int = 0
    wills_ignored: int = 0
    notes: int = 0  # of what was last heard of a device
    notes_dropped: int = 0
    notices: int = 0  # messages sent to devices
    notices_dropped: int = 0  # a mailbox was full or nobody owned it
    broker_reconnects: int = 0
    broker_dropped: int = 0  # QoS 0 messages of a broker that found our queue full
    ticks: int = 0
    ticks_held: int = 0  # ticks not sent because we were not listening, or the log not answering

    def as_dict(self) -> dict[str, int]:
        """All counters flat; rejects as `rejects.<reason>`."""
        flat = {name: value for name, value in asdict(self).items() if name != "rejects"}
        return flat | {f"rejects.{reason}": n for reason, n in self.rejects.items()}
