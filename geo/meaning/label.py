"""Where a dwell is and what it is for: area, known place, purpose, and the word that says why."""

from __future__ import annotations

import msgspec

from core.events import Dwell, PlaceRef
from geo.meaning.purpose import Purposes


class Labels:
    """Areas and purposes of the configuration in force."""

    def __init__(self, purposes: Purposes) -> None:
        self.purposes = purposes

    def label(self, row: Dwell, until_us: int) -> Dwell:
        """The row with area, place, purpose and why, as for a stop that lasts until then."""
        return self.judged(row, until_us)[0]

    def judged(self, row: Dwell, until_us: int) -> tuple[Dwell, int]:
        """The same, and the first moment at which the purpose of a stop that goes on may be another."""
        found, said = self.purposes.judge(row, until_us), self.purposes.labels.get(row.id)
        labelled = msgspec.structs.replace(
            row,
            area=found.area,
            place=PlaceRef(found.place.id, found.place.name, found.place.kind) if found.place else None,
            purpose=found.purpose,
            why=found.why,
            reason=said.reason if said else "",
        )
        return labelled, found.until_us
