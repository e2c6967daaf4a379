"""A pretended coordinator."""

import msgspec
import pytest

from core.events import IncidentChanged
from simulators.coordinator import Coordinator
from simulators.flood import Flood


@pytest.fixture(scope="module")
def flood(kupang, graph):
    return Flood(kupang, graph, ["d0"], seed=3, lasting_s=7200.0)


def opened(report, **more):
    return IncidentChanged(
        at_us=0,
        id=f"i{report.number}",
        kind=report.kind,
        severity=2,
        status="reported",
        lon=report.lon,
        lat=report.lat,
        source="volunteer",
        **more,
    )


def first(flood, truth):
    return next(report for report in flood.reports if report.truth == truth)


def kinds(coordinator, until_s):
    return [order.kind for order in coordinator.due(until_s)]


def test_a_duplicate_is_merged_into_what_was_reported_first(flood):
    """By its id."""
    coordinator, double = Coordinator(flood), first(flood, "duplicate")
    for report in (flood.reports[double.of], double):
        coordinator.hear(0.0, opened(report))
    merged = [order for order in coordinator.due(200.0) if order.kind == "incident.merge"]
    assert [order.body for order in merged] == [{"id": f"i{double.number}", "into": f"i{double.of}"}]


def test_a_false_report_is_looked_at_and_cancelled(flood):
    """Once somebody said that nothing is there."""
    coordinator, report = Coordinator(flood), first(flood, "false")
    coordinator.hear(0.0, opened(report))
    assert kinds(coordinator, 200.0) == ["incident.look"]
    coordinator.hear(300.0, opened(report, text="tidak ada apa-apa"))
    assert kinds(coordinator, 400.0) == ["incident.cancel"]


def test_people_are_asked_for_most_true_reports_at_once_and_for_all_in_the_end(flood):
    """Those that were doubted after somebody confirmed them."""
    coordinator = Coordinator(flood)
    true = [report for report in flood.reports if report.truth == "true"]
    for report in true:
        coordinator.hear(0.0, opened(report))
    acts = kinds(coordinator, 200.0)
    asked, doubted = acts.count("incident.dispatch"), acts.count("incident.look")
    assert asked + doubted == len(true)
    assert asked > doubted > 0
    for report in true:
        coordinator.hear(300.0, msgspec.structs.replace(opened(report), status="verified"))
    assert kinds(coordinator, 400.0).count("incident.dispatch") == len(true)


def test_what_others_opened_is_left_alone(flood):
    """Also at a place of ours."""
    coordinator, report = Coordinator(flood), first(flood, "true")
    coordinator.hear(0.0, msgspec.structs.replace(opened(report), source=""))
    coordinator.hear(0.0, msgspec.structs.replace(opened(report), lon=123.0))
    assert coordinator.due(10_000.0) == []
    assert coordinator.open() == []


def test_what_has_ended_gets_no_orders(flood):
    """Somebody at the console closed it meanwhile."""
    coordinator, report = Coordinator(flood), first(flood, "true")
    coordinator.hear(0.0, opened(report))
    coordinator.hear(1.0, msgspec.structs.replace(opened(report), status="closed"))
    assert coordinator.due(10_000.0) == []
