"""What an alert means for a city: where it meets it, as what, and what is passed over."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import shapely
from shapely.geometry import shape

import cities
from dispatch.reported import Open
from ingest.cap.alert import AlertArea, Circle, decode
from ronda.alerts.land import CORNERS, Land, Met
from ronda.alerts.meaning import Meant, Passed, meaning
from tests.ingest.cap.written import area, cap, info, polygon, reference

KUPANG = cities.load("kupang")
LAND = Land.of(KUPANG, KUPANG.areas)
RAUHAVN = cities.load("tests.made_up_city.city")
QUAY = Land.of(RAUHAVN, RAUHAVN.areas)
BANTEN = area(polygon("-5.9,105.9 -5.9,106.1 -6.1,106.1"))
CLEAR = "<responseType>AllClear</responseType>"


def meant(body: bytes, city: cities.City = KUPANG, land: Land = LAND) -> Meant | Passed:
    return meaning(decode(body), city, land)


def told(body: bytes, city: cities.City = KUPANG, land: Land = LAND) -> dict[str, Any]:
    found = meant(body, city, land)
    assert isinstance(found, Meant)
    return found.body


def met(land: Land, *places: AlertArea) -> Met:
    found = land.met(places)
    assert found is not None
    return found


def box(west: float, south: float, east: float, north: float) -> AlertArea:
    return AlertArea(name="x", polygons=(((west, south), (east, south), (east, north), (west, north), (west, south)),))


def test_heavy_rain_over_kupang() -> None:
    """The BPBD's word for the flood that it brings, who is named, where it is, and what is said."""
    body = told(cap())
    incident = body["incident"]
    assert (incident["kind"], incident["severity"], incident["placed"], incident["source"]) == (
        "banjir_genangan", 2, "area", "cap",
    )  # fmt: skip
    assert incident["text"] == (
        "Hujan Lebat disertai Petir di Nusa Tenggara Timur\nHujan lebat di sebagian wilayah.\nSumber: BMKG"
    )
    assert (incident["area"], incident["address"]) == (None, "Kota Kupang")
    assert (body["cap"]["attribution"], body["exercise"], body["message"]) == ("BMKG", False, "alert")
    assert shapely.contains_xy(LAND.whole, incident["lon"], incident["lat"])
    msgspec.convert(incident, Open)


def test_the_hazard_is_cut_to_the_surroundings() -> None:
    """Of a polygon over half the country, what lies within some 11 km of the city's bounds, as lon, lat."""
    hazard = told(cap(info(area(polygon("0,90 0,140 -20,140 -20,90")))))["incident"]["hazard"]
    assert hazard["label"] == "Hujan Lebat dan Petir"
    assert shape(hazard["shape"]).bounds == pytest.approx((123.425, -10.395, 123.785, -10.028), abs=1e-4)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (cap(status="Test"), "test"),
        (cap(status="Draft"), "test"),
        (cap(status="System"), "test"),
        (cap(scope="Private"), "restricted"),
        (cap(scope="Restricted"), "restricted"),
        (cap(message="Ack"), "other_message"),
        (cap(info(BANTEN)), "elsewhere"),
        (cap(info(area())), "elsewhere"),
        (cap(info(BANTEN), message="Cancel", references=(reference("x"),)), "elsewhere"),
    ],
)
def test_what_is_passed_over(body: bytes, why: str) -> None:
    """Each for one reason, which is counted."""
    assert meant(body) == why


def test_the_border_of_a_neighbour_is_not_the_city() -> None:
    """Boundaries are rough: a strip of 100 m along the border is nobody's alert; a small alert inside is."""
    west, _, east, north = LAND.whole.bounds
    assert LAND.met([box(west, north - 0.001, east, north + 1)]) is None
    assert LAND.met([AlertArea(name="x", circles=(Circle(123.6, -10.17, 0.05),))]) is not None


def test_one_kelurahan_is_named() -> None:
    """By a circle within it; by its own code; six of them by their district's."""
    oesapa = next(a for a in KUPANG.areas if a.name == "Oesapa")
    point = LAND.areas[oesapa.id].representative_point()
    circle = met(LAND, AlertArea(name="x", circles=(Circle(point.x, point.y, 0.3),)))
    code = met(LAND, AlertArea(name="x", geocodes=(("adm4", oesapa.id.replace(".", "")),)))
    assert (circle.areas, code.areas) == ((oesapa.id,), (oesapa.id,))
    assert len(met(LAND, AlertArea(name="x", geocodes=(("adm3", "53.71.03"),))).areas) == 5
    assert LAND.met([AlertArea(name="x", geocodes=(("adm1", "53"),))]) is None


def test_of_many_kelurahan_the_number_is_told() -> None:
    """A district of five; up to three are named."""
    kota_raja = "<geocode><valueName>adm3</valueName><value>53.71.03</value></geocode>"
    assert told(cap(info(area(kota_raja))))["incident"]["address"] == "5 dari 51 kelurahan di Kota Kupang"


def test_the_citys_language_is_preferred_and_the_severest_speaks() -> None:
    """English is passed over where there is Indonesian; of two that meet the city the severer one."""
    english = info(language="<language>en-US</language>", severity="Extreme")
    strong = info(severity="Severe", event="<event>Angin Kencang</event>")
    incident = told(cap(english, info(severity="Minor"), strong, info(BANTEN, severity="Extreme")))["incident"]
    assert (incident["kind"], incident["severity"]) == ("angin_kencang", 3)
    assert told(cap(english))["incident"]["severity"] == 3


@pytest.mark.parametrize(
    ("word", "severity"), [("Extreme", 3), ("Severe", 3), ("Moderate", 2), ("Minor", 1), ("Unknown", 1), ("Huge", 1)]
)
def test_severities(word: str, severity: int) -> None:
    """Three of ours for five of CAP's."""
    assert told(cap(info(severity=word)))["incident"]["severity"] == severity


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("Hujan Lebat dan Angin Kencang", "banjir_genangan"),
        ("ANGIN PUTING BELIUNG", "puting_beliung"),
        ("Gelombang Tinggi", "gelombang_pasang"),
        ("Peringatan Dini Tsunami", "tsunami_seismogenik"),
        ("Banjir Rob", "banjir_rob"),
        ("Kebakaran Hutan dan Lahan", "kebakaran_hutan"),
        ("Invasi", "peringatan"),
    ],
)
def test_events_are_kinds_of_the_bpbd(event: str, kind: str) -> None:
    """By the first word of the table that fits; one that none fits is a warning all the same."""
    assert KUPANG.alerts.kind(event) == kind


def test_every_kind_of_the_table_is_the_bpbds() -> None:
    """46 kinds are there to choose from."""
    assert {kind for _, kind in KUPANG.alerts.kinds} <= {hazard.kind for hazard in KUPANG.hazards}


def test_an_exercise_is_carried() -> None:
    """It is told like any other, as an exercise."""
    assert told(cap(status="Exercise"))["exercise"] is True


def test_endings() -> None:
    """A cancel; all clear; an update that no longer covers the city, if anybody here heard of it."""
    refs = (reference("x"),)
    cancel = cap(message="Cancel", references=refs, more="<note>Hujan reda.</note>")
    clear = cap(info(more=CLEAR), message="Update", references=refs)
    left = cap(info(BANTEN), message="Update", references=refs)
    assert [told(body)["message"] for body in (cancel, clear, left)] == ["cancel"] * 3
    assert [getattr(meant(body), "needs_known", None) for body in (cancel, clear, left)] == [False, False, True]
    assert (told(cancel)["note"], told(left)["note"]) == (
        "BMKG mencabut peringatan ini. Hujan reda.", "BMKG: peringatan ini tidak lagi mencakup Kota Kupang.",
    )  # fmt: skip


def test_whoever_is_not_known_is_named_as_it_calls_itself() -> None:
    """In the language of the city."""
    body = cap(info(area(polygon("52.01,179.95 52.05,179.95 52.05,179.97"))), sender="x@weather.example")
    assert told(body, RAUHAVN, QUAY)["incident"]["text"].endswith("\nSource: Badan Meteorologi")


@pytest.mark.parametrize(
    "corners",
    [
        "52.01,179.97 52.01,-179.97 52.05,-179.97 52.05,179.97",
        "52.01,-180 52.01,180 52.05,180 52.05,-180",
        "40,-180 40,180 60,180 60,-180",
    ],
)
def test_an_alert_astride_the_antimeridian(corners: str) -> None:
    """Both sides of the city are met, and the hazard is cut there."""
    found = met(QUAY, *decode(cap(info(area(polygon(corners))))).infos[0].areas)
    assert found.areas == ("Q7/west", "Q7/east")
    lons = shapely.get_coordinates(shape(found.hazard))[:, 0]
    assert found.hazard["type"] == "MultiPolygon"
    assert (lons.min(), lons.max(), abs(lons).min() > 179) == (-180.0, 180.0, True)


def test_without_areas_the_city_is_its_bounds() -> None:
    """A new installation that nobody told any."""
    found = met(Land.of(KUPANG, ()), box(123.6, -10.2, 123.62, -10.18))
    assert (found.areas, found.lon, found.lat) == ((), pytest.approx(123.61), pytest.approx(-10.19))


def test_a_ragged_or_crossed_polygon_is_used_and_bounded() -> None:
    """A bow tie is made valid; a coast of 9,000 corners becomes one of 2,000 at most."""
    bow = AlertArea(
        name="x", polygons=(((123.5, -10.3), (123.7, -10.1), (123.7, -10.3), (123.5, -10.1), (123.5, -10.3)),)
    )
    assert met(LAND, bow).areas
    coast = tuple((123.5 + 0.00002 * n, -10.1 if n % 2 else -10.11) for n in range(9_000))
    ragged = AlertArea(name="x", polygons=((*coast, (123.68, -10.3), (123.5, -10.3), coast[0]),))
    assert len(shapely.get_coordinates(shape(met(LAND, ragged).hazard))) <= CORNERS


def test_a_long_text_ends_with_its_source() -> None:
    """Two thousand characters at most."""
    text = told(cap(info(headline="x" * 5_000)))["incident"]["text"]
    assert (len(text), text[-14:]) == (2_000, "…\nSumber: BMKG")
