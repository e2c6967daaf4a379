"""A pretended coordinator, who knows the truth: has people asked, merges what is one thing, sends someone to look.

Pure: versions of incidents go in with their moment, commands come out with theirs. It touches no incident but those
that the flood's own reports opened.
"""

from __future__ import annotations

import heapq
import random
from typing import Any, Final, NamedTuple

from core.events import IncidentChanged
from simulators.flood import STAGE_S, Flood, Report
from simulators.rescuer import NOTHING

_READS_S: Final = (15.0, 90.0)  # until somebody has read a report
_DOUBTS: Final = 0.25  # of true reports: somebody is sent to look first, as to all false ones
_TENDS_S: Final = 1500.0  # from the first arrival until the incident is closed
_HAZARD_M: Final = (40.0, 120.0)  # of the water around an incident, at first and at most


class Order(NamedTuple):
    """A command of dispatch, when it is given, and of which incident."""

    at_s: float
    kind: str
    incident: str
    body: dict[str, Any]


class Coordinator:
    """Reads what dispatch says and decides."""

    def __init__(self, flood: Flood) -> None:
        self._flood = flood
        self._reports = {(r.lon, r.lat): r for r in flood.reports}
        self._orders: list[tuple[float, int, Order]] = []
        self._numbers = 0
        self._incidents: dict[int, str] = {}  # by the report that opened it
        self._status: dict[str, str] = {}

    def hear(self, at_s: float, incident: IncidentChanged) -> None:
        """The newest version of an incident."""
        report = self._reports.get((incident.lon, incident.lat))
        if report is None or incident.source != "volunteer":
            return
        before, self._status[incident.id] = self._status.get(incident.id, ""), incident.status
        if not before:
            self._incidents[report.number] = incident.id
            self._read(at_s, incident.id, report)
        elif incident.status == "reported" and NOTHING in incident.text:
            self._give(at_s + 20.0, "incident.cancel", incident.id)
        elif incident.status == "verified" != before:
            self._give(at_s + 20.0, "incident.dispatch", incident.id)
        elif incident.status == "on_scene" != before:
            self._give(at_s + _TENDS_S, "incident.close", incident.id)

    def due(self, until_s: float) -> list[Order]:
        """Commands to give by then, in order."""
        orders = []
        while self._orders and self._orders[0][0] <= until_s:
            orders.append(heapq.heappop(self._orders)[2])
        return [order for order in orders if self._holds(order)]

    def open(self) -> list[str]:
        """Incidents of the flood that have not ended."""
        return [incident for incident, status in self._status.items() if status not in ("closed", "cancelled")]

    def _read(self, at_s: float, incident: str, report: Report) -> None:
        rng = random.Random(f"{self._flood.seed}/coordinator/{report.number}")  # noqa: S311 - scenery
        at_s += rng.uniform(*_READS_S)
        first = self._incidents.get(report.of)
        if report.truth == "duplicate" and first is not None:
            self._give(at_s, "incident.merge", incident, into=first)
        elif report.truth == "false" or rng.random() < _DOUBTS:
            self._give(at_s, "incident.look", incident, count=2)
        else:
            self._give(at_s, "incident.dispatch", incident)
        if report.truth == "true" and report.kind.startswith("banjir"):
            self._rising(at_s, incident, report)

    def _rising(self, at_s: float, incident: str, report: Report) -> None:
        """The water around it grows, and the coordinator draws it anew."""
        place, low, high = self._flood.streets.plane.forward(report.lon, report.lat), *_HAZARD_M
        for stage in range(4):
            radius_m = low + (high - low) * stage / 3
            shape = self._flood.disc(float(place[0]), float(place[1]), radius_m)
            hazard = {"shape": shape, "label": "genangan", "depth_cm": 10.0 + 5.0 * stage}
            self._give(at_s + 5.0 + stage * STAGE_S, "incident.edit", incident, hazard=hazard)

    def _holds(self, order: Order) -> bool:
        """Nothing is done twice, nor to what has ended."""
        status = self._status.get(order.incident, "")
        if order.kind == "incident.dispatch":
            return status in ("reported", "verified")
        return status not in ("closed", "cancelled")

    def _give(self, at_s: float, kind: str, incident: str, **body: Any) -> None:
        self._numbers += 1
        heapq.heappush(self._orders, (at_s, self._numbers, Order(at_s, kind, incident, {"id": incident, **body})))
