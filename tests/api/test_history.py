"""A device's history in each format, from a real archive."""

import csv
import io
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from api.routes import history
from core.fixes import Fixes, Flag
from tests.api.samples import NOW_US, S
from tests.api.world import in_world

pytestmark = pytest.mark.service
PATH = "/api/v1/devices/t-1/fixes"


def track(n=3, device="t-1"):
    """A fix a second until now, the first with everything known."""
    speed = np.full(n, np.nan)
    speed[0] = 2.5
    return Fixes.of(
        (device,),
        device=np.zeros(n),
        time_us=NOW_US - S * np.arange(n)[::-1],
        received_us=np.full(n, NOW_US),
        lat=-10.2 + np.arange(n) / 1e4,
        lon=np.full(n, 123.6),
        speed_mps=speed,
        ignition=[1] + [-1] * (n - 1),
        flags=[int(Flag.SOS)] + [0] * (n - 1),
    )


def asked(postgres_url, path=PATH, fixes=None, **params):
    async def body(there):
        await there.archived(fixes=fixes if fixes is not None else track())
        return await there.get(path, **params)

    return in_world(postgres_url, body)


def test_geojson_is_a_feature_per_fix_in_order_of_time(postgres_url):
    """Native names and units; what was not said is null."""
    first, _, last = asked(postgres_url).json()["features"]

    assert first["geometry"] == {"type": "Point", "coordinates": [123.6, -10.2]}
    assert first["properties"] == {
        "device": "t-1",
        "time": "2026-01-05T07:59:58+08:00",
        "received": "2026-01-05T08:00:00+08:00",
        "speed": 2.5,
        "course": None,
        "accuracy": None,
        "altitude": None,
        "battery": None,
        "odometer": None,
        "ignition": True,
        "moving": None,
        "sos": True,
    }
    assert last["properties"]["time"] == "2026-01-05T08:00:00+08:00"


def test_csv_can_be_read_back(postgres_url):
    """A header, a row per fix, empty where nothing was said."""
    answer = asked(postgres_url, format="csv")

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-disposition"] == 'attachment; filename="t-1.csv"'
    assert [(r["lat"], r["speed"], r["ignition"]) for r in rows][:2] == [("-10.2", "2.5", "true"), ("-10.1999", "", "")]


def test_gpx_is_a_track_in_utc(postgres_url):
    """Well-formed, with the schema's attributes."""
    root = ET.fromstring(asked(postgres_url, format="gpx").content)

    points = list(root.iter("{http://www.topografix.com/GPX/1/1}trkpt"))
    assert (points[0].get("lat"), points[0].get("lon")) == ("-10.2", "123.6")
    assert points[0][0].text == "2026-01-04T23:59:58Z"


def test_kml_has_as_many_times_as_places(postgres_url):
    """All times of a track come before its places, as the schema wants."""
    root = ET.fromstring(asked(postgres_url, format="kml").content)

    (found,) = root.iter("{http://www.google.com/kml/ext/2.2}Track")
    assert [child.tag.rpartition("}")[2] for child in found] == ["when"] * 3 + ["coord"] * 3
    assert found[3].text == "123.6 -10.2 0.0"


@pytest.mark.parametrize("format_name", ["csv", "gpx", "kml"])
def test_a_file_holds_the_whole_window_however_many_pages(postgres_url, monkeypatch, format_name):
    """Streamed page by page, nothing lost or repeated at the seams."""
    monkeypatch.setattr(history, "FILE_PAGE", 4)

    text = asked(postgres_url, fixes=track(11), format=format_name).text

    mark = {"csv": "t-1,", "gpx": "<trkpt ", "kml": "<when>"}[format_name]
    assert text.count(mark) == 11


def test_an_empty_file_is_still_a_file(postgres_url):
    """A head and a tail, or a header."""
    window = {"from": "2020-01-01", "to": "2020-01-02"}

    assert asked(postgres_url, format="csv", **window).text.startswith("device,time,")
    assert list(ET.fromstring(asked(postgres_url, format="gpx", **window).content)[0]) != []


def test_geojson_pages_follow_one_another(postgres_url):
    """`next` leads on within the same window."""

    async def body(there):
        await there.archived(fixes=track(5))
        first = (await there.get(PATH, limit=3)).json()
        return first, (await there.get(first["next"])).json()

    first, second = in_world(postgres_url, body)
    assert (len(first["features"]), len(second["features"]), "next" in second) == (3, 2, False)


def test_a_device_nobody_knows_is_a_404(postgres_url):
    """A known device without fixes in the window is an empty answer."""
    assert asked(postgres_url, "/api/v1/devices/t-9/fixes").status_code == 404
    known = asked(postgres_url, **{"from": "2020-01-01", "to": "2020-01-02"})
    assert (known.status_code, known.json()["features"]) == (200, [])


def test_a_device_name_is_safe_in_every_format(postgres_url):
    """Markup and control characters in an id end neither the XML nor the header."""
    name = 'a<b>&"\x01\r\nX: y/'
    path = "/api/v1/devices/a%3Cb%3E%26%22%01%0D%0AX%3A%20y/fixes"

    answer = asked(postgres_url, path, fixes=track(1, name.rstrip("/")), format="gpx")

    assert answer.headers["content-disposition"] == 'attachment; filename="a_b_X_y.gpx"'
    assert ET.fromstring(answer.content)[0][0].text.startswith('a<b>&"?')
