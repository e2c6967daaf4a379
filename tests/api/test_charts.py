"""The picture of how many came."""

import re
from datetime import UTC, datetime
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from api.charts import BOTTOM, HEIGHT, LEFT, MOST_TICKS, RIGHT, TOP, WIDTH, headcount
from dispatch.review import Heads
from tests.made_up_city.city import city

S = 1_000_000
NOW_US = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp()) * S
KUPANG = ZoneInfo("Asia/Makassar")


def texts(svg):
    """What stands under the time axis."""
    root = ET.fromstring(svg)
    return [node.text for node in root.iter("text") if node.get("text-anchor") == "middle"]


def test_steps_hold_until_something_changes():
    """Two come, one of them is there at half time, nobody at the end; three were wanted."""
    heads = [Heads(NOW_US, 2, 0), Heads(NOW_US + 300 * S, 1, 1), Heads(NOW_US + 600 * S, 0, 0)]
    svg = headcount(heads, 3, NOW_US, NOW_US + 600 * S, KUPANG)
    there, promised = re.findall(r'<path d="(M\S+)" fill="', svg)
    floor, ceiling, end = float(HEIGHT - BOTTOM), float(TOP), float(WIDTH - RIGHT)
    one, two, middle = (
        round(floor - (floor - ceiling) / 3, 1),
        round(floor - 2 * (floor - ceiling) / 3, 1),
        (LEFT + end) / 2,
    )
    assert there == f"M{LEFT},{floor}H{LEFT}.0V{floor}H{middle}V{one}H{end}V{floor}H{end}V{floor}Z"
    assert promised == f"M{LEFT},{floor}H{LEFT}.0V{two}H{middle}V{two}H{end}V{floor}H{end}"
    assert f'd="M{LEFT},{ceiling}H{WIDTH - RIGHT}" stroke="#a11"' in svg
    assert "paling banyak 1 di lokasi" in svg


@pytest.mark.parametrize(
    ("zone", "begin_us", "minutes", "shown"),
    [
        (
            "Asia/Makassar",
            NOW_US,
            40,
            ["08.00", "08.05", "08.10", "08.15", "08.20", "08.25", "08.30", "08.35", "08.40"],
        ),
        (city().tz, NOW_US + 60 * S, 10, ["14.02", "14.04", "14.06", "14.08", "14.10"]),
        (
            "Asia/Makassar",
            NOW_US,
            3 * 1440,
            ["05-01 12.00", "06-01 00.00", "06-01 12.00", "07-01 00.00", "07-01 12.00", "08-01 00.00"],
        ),
    ],
    ids=["an hour", "elsewhere", "days"],
)
def test_times_are_round_and_the_citys(zone, begin_us, minutes, shown):
    """Never more than a glance; with the date where it is needed."""
    svg = headcount([], 0, begin_us, begin_us + minutes * 60 * S, ZoneInfo(zone))
    assert texts(svg) == shown


@pytest.mark.parametrize("days", [0, 1, 30, 400])
def test_any_span_is_drawn(days):
    """Nothing at all, and more than a year."""
    svg = headcount([Heads(NOW_US, 0, 500)], 2, NOW_US, NOW_US + days * 86_400 * S, KUPANG)
    assert 1 <= len(texts(svg)) <= MOST_TICKS + 1
    assert len(svg) < 5000
