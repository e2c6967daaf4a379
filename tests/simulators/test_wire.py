"""What simulated devices say is what ingest understands."""

import itertools

import msgspec
import numpy as np
import pytest

from core.fixes import Fixes
from ingest.admit import PAYLOAD_MAX
from ingest.dialects import find_route
from simulators.wire import Row, Sending, in_bulk, message, to_fixes

TRUCK = Row(1_764_018_001_000_000, -10.1, 123.6, 7.5, 90.0, 4.2, 100.0, 41_000_000.0, True)
PHONE = Row(1_764_018_001_000_000, -10.1, 123.6, 20 / 3.6, None, 12.0, 64.0)


def test_a_native_message():
    """One fix is one object; speeds are metres per second."""
    topic, payload = message(Sending(1_764_018_002_000_000, "trk-01", "native", (TRUCK,)))
    assert topic == "ronda/v1/trk-01/fix"
    assert msgspec.json.decode(payload) == {
        "time": 1_764_018_001, "lat": -10.1, "lon": 123.6, "speed": 7.5, "course": 90.0, "accuracy": 4.2,
        "battery": 100.0, "odometer": 41_000_000.0, "ignition": True,
    }  # fmt: skip


def test_an_owntracks_message():
    """Kilometres per hour, whole numbers, and when it was queued if that was earlier."""
    topic, payload = message(Sending(1_764_018_061_000_000, "tr07-hp", "owntracks", (PHONE,)))
    assert topic == "owntracks/tr07/hp"
    assert msgspec.json.decode(payload) == {
        "_type": "location", "tst": 1_764_018_001, "lat": -10.1, "lon": 123.6, "acc": 12, "batt": 64, "bs": 1,
        "vel": 20, "tid": "07", "conn": "m", "m": 2, "created_at": 1_764_018_061,
    }  # fmt: skip


def test_a_ping_says_so():
    """An old position repeated carries t: p."""
    _, payload = message(Sending(1_764_018_001_000_000, "tr07-hp", "owntracks", (PHONE._replace(ping=True),)))
    assert msgspec.json.decode(payload)["t"] == "p"


def test_ingest_reads_what_simulated_devices_say(sendings):
    """Decoded by ingest's own dialects, every message gives the rows it was made of."""
    for said in itertools.chain(sendings[:300], [s for s in sendings if len(s.rows) > 1][:50], sendings[-300:]):
        topic, payload = message(said)
        route = find_route(topic)
        decoded = route.dialect.decode(payload)
        assert route.device == said.device
        assert not decoded.problems
        assert [(f.time * 1_000_000, f.lat, f.lon) for f in decoded.fixes] == [r[:3] for r in said.rows]
        assert [f.speed for f in decoded.fixes] == pytest.approx([r.speed_mps for r in said.rows], abs=1e-6)
        assert [f.accuracy for f in decoded.fixes] == pytest.approx([r.accuracy_m for r in said.rows])


def test_bulk_holds_the_same_fixes_in_the_same_order_per_device(sendings):
    """Fewer messages, nothing else changed."""
    bulk = list(in_bulk(sendings, 400))
    assert len(bulk) < len(sendings) / 100
    assert max(len(said.rows) for said in bulk) <= 400

    def by_device(stream):
        rows = {}
        for said in stream:
            rows.setdefault(said.device, []).extend(said.rows)
        return rows

    assert by_device(bulk) == by_device(sendings)


def test_a_bulk_message_fits_ingest(sendings):
    """1,400 fixes are under the 256 kB that ingest takes."""
    assert max(len(message(said)[1]) for said in in_bulk(sendings, 1400)) < PAYLOAD_MAX


def test_fixes_without_a_wire_equal_the_rows(sendings):
    """`to_fixes` is what ingest would hand on: arrival order, received when sent."""
    fixes = to_fixes(sendings[:1000])
    assert len(fixes) == sum(len(said.rows) for said in sendings[:1000])
    assert np.all(fixes.received_us >= fixes.time_us)
    assert fixes.names()[0] == sendings[0].device
    assert set(fixes.dialect.tolist()) == {1, 2}


def test_nothing_sent_is_no_fixes():
    """The empty stream is the empty batch."""
    assert to_fixes([]) == Fixes.empty()
