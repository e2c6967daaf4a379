"""Rows as the outside sees them."""

from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from api.incidentreport import Facts, sections
from api.rows import (
    DWELL_FIELDS,
    durations,
    dwell_row,
    frame_row,
    incident_row,
    overlaid,
    registry_row,
    since_us,
    state_of,
)
from core.events import CapAlert, IncidentChanged, PlaceRef
from dispatch.review import Review
from tests.api.samples import NOW_US, S, dwell, live, open_dwell, stray

KUPANG = ZoneInfo("Asia/Makassar")


def test_a_dwell_has_exactly_the_fields_of_the_contract():
    """Names, order and values of a closed dwell, written out."""
    row = dwell_row(dwell(place=PlaceRef("p", "Depot", "depot"), area="53.71.01.1001"), "v-1", NOW_US, KUPANG)

    assert row == {
        "id": "d-1",
        "device": "t-1",
        "vehicle": "v-1",
        "class": "truck",
        "start": "2026-01-05T06:50:00+08:00",
        "end": "2026-01-05T07:00:00+08:00",
        "duration_s": 600.0,
        "observed_s": 500.0,
        "silent_s": 100.0,
        "lon": 123.6,
        "lat": -10.2,
        "radius_m": 12.0,
        "fixes": 40,
        "state": "closed",
        "merged_into": None,
        "revision": 2,
        "area": "53.71.01.1001",
        "place": {"id": "p", "name": "Depot", "kind": "depot"},
        "purpose": "unexplained",
        "why": "",
        "reason": "",
        "alert": False,
    }
    assert tuple(row) == DWELL_FIELDS


def test_an_open_dwell_counts_up_to_now():
    """Its length is what a person at the map would say: now minus its start."""
    assert durations(open_dwell(), NOW_US) == (1800.0, 1800.0, 0.0)


def test_time_since_the_last_fix_is_silence_once_it_is_long():
    """A sleeping tracker's dwell grows, and says that nobody saw it grow."""
    row = open_dwell(last_us=NOW_US - 1700 * S, observed_s=100.0)

    assert durations(row, NOW_US, 180.0) == (1800.0, 100.0, 1700.0)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.booleans())
def test_observed_and_silent_seconds_add_up_to_the_length(observed, silent, since, is_open):
    """Whatever the state, the two parts of a dwell are the whole of it."""
    last_us = NOW_US - since * S
    start_us = last_us - (observed + silent) * S
    row = dwell(
        start_us=start_us,
        end_us=None if is_open else last_us,
        last_us=last_us,
        observed_s=float(observed),
        silent_s=float(silent),
        state="open" if is_open else "closed",
    )

    whole, seen, unseen = durations(row, NOW_US)

    assert whole == seen + unseen == (NOW_US - start_us if is_open else last_us - start_us) / S


def test_an_open_row_is_shown_as_the_engine_holds_it():
    """The archive has a row as it was opened; the live row knows what came since."""
    archived, current = open_dwell(fixes=3), open_dwell(fixes=90)

    assert overlaid(archived, live(dwell=current)) is current


def test_another_dwell_of_the_device_is_not_mixed_in():
    """A live row that has moved on to the next dwell says nothing about this one."""
    archived = open_dwell("d-1")

    assert overlaid(archived, live(dwell=open_dwell("d-2"))) is archived
    assert overlaid(archived, live(dwell=None)) is archived
    assert overlaid(archived, None) is archived


def test_a_live_row_older_than_the_archive_is_not_used():
    """A revision never goes back."""
    archived = open_dwell(revision=3)

    assert overlaid(archived, live(dwell=open_dwell(revision=2))) is archived


def test_a_device_unheard_for_too_long_is_silent_since_its_last_fix():
    """Silence is neither moving nor stopped, and begins with the last word."""
    quiet = live(time_us=NOW_US - 181 * S, motion="moving", silent_after_s=180.0)

    assert state_of(quiet, NOW_US) == "silent"
    assert since_us(quiet, NOW_US) == NOW_US - 181 * S


def test_a_device_just_within_its_limit_is_not_silent():
    """The limit itself is still in time."""
    assert state_of(live(time_us=NOW_US - 180 * S, motion="moving"), NOW_US) == "moving"


def test_a_frame_row_is_compact():
    """Positions to a decimetre, times in milliseconds, the dwell in short."""
    said = open_dwell(alert=True, why="none", reason="tire")
    row = frame_row(live(lon=123.60000049, speed_mps=0.123456, dwell=said), "v-1", NOW_US)

    assert row[:9] == ["t-1", "v-1", "truck", "stopped", 123.6, -10.2, 1767571199000, 1767571140000, 0.12]
    assert row[14] == {
        "id": "d-1",
        "start": 1767569400000,
        "purpose": "unexplained",
        "place": None,
        "observed_s": 1800.0,
        "silent_s": 0.0,
        "lon": 123.6,
        "lat": -10.2,
        "alert": True,
        "why": "none",
        "reason": "tire",
    }


def test_a_frame_row_says_what_a_wrong_clock_sends():
    """By how much, since when, when last, and from where; the position that counts stays in its columns."""
    row = frame_row(live(stray=stray()), None, NOW_US)

    assert (row[4], row[5]) == (123.6, -10.2)
    assert row[16] == {
        "behind_s": 86400.0,
        "since": 1767570600000,
        "received": 1767571195000,
        "lon": 123.65,
        "lat": -10.15,
    }


def test_registry_rows_bear_the_names_of_the_contract():
    """`cls` is `class`; an instant is RFC 3339 and loses its unit suffix; the rest stays."""
    row = registry_row({"id": "x", "cls": "truck", "from_us": NOW_US, "until_us": None, "start_min": 360}, KUPANG)

    assert row == {"id": "x", "class": "truck", "from": "2026-01-05T08:00:00+08:00", "until": None, "start_min": 360}


WARNED = IncidentChanged(
    at_us=NOW_US, id="cap-1", kind="banjir_genangan", severity=2, status="reported", lon=123.6, lat=-10.2,
    placed="area", source="cap",
    cap=CapAlert(
        sender="x@bmkg.go.id", identifier="2.49", sent_us=NOW_US - 600 * S, event="Hujan Lebat", attribution="BMKG",
        headline="Hujan Lebat di NTT", expires_us=NOW_US + 3600 * S, signed=True, messages=("cap-1",),
    ),
)  # fmt: skip


def test_an_incident_of_an_official_alert_names_who_issued_it():
    """The alert as people need it; what only dispatch needs is not shown. Of other incidents there is none."""
    assert incident_row(WARNED, KUPANG)["cap"] == {
        "attribution": "BMKG", "sender": "x@bmkg.go.id", "identifier": "2.49", "event": "Hujan Lebat",
        "headline": "Hujan Lebat di NTT", "urgency": "", "certainty": "", "web": None,
        "sent": "2026-01-05T07:50:00+08:00", "expires": "2026-01-05T09:00:00+08:00", "state": "in_force",
        "signed": True,
    }  # fmt: skip
    plain = IncidentChanged(at_us=0, id="i", kind="x", severity=1, status="reported", lon=0.0, lat=0.0)
    assert incident_row(plain, KUPANG)["cap"] is None


def test_the_report_names_who_issued_the_alert():
    """With its number and how long it holds; the point is said to be doubtful."""
    facts = Facts(WARNED, [], [], Review(WARNED), {}, "Banjir genangan", "Kota Kupang", "Kota Kupang", NOW_US)
    event = dict(sections("awal", facts, KUPANG)[1][1])
    assert event["Sumber laporan"] == "peringatan resmi (CAP)"
    assert event["Peringatan resmi"] == "Hujan Lebat di NTT. Sumber: BMKG"
    assert event["Masa berlaku"] == "05-01-2026 07.50.00 WITA sampai 05-01-2026 09.00.00 WITA; berlaku"
    assert "titik di dalam wilayah peringatan" in event["Koordinat (lintang, bujur)"]
