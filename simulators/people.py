"""Volunteers with phones: ride-hailing drivers who wait at a corner, ride, and wait again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from core.entities import DUTY_S, DUTY_SPANS
from core.units import US_PER_S
from simulators.motion import Driver, Motion
from simulators.streets import Streets

PACE: Final = 1.25  # of a motorcycle


def ride(streets: Streets, seed: str, number: int, *, hour0: float, lasting_s: float) -> Motion:
    """One volunteer's hours on duty."""
    rng = random.Random(f"{seed}/volunteer/{number}")  # noqa: S311 - scenery
    corners = sorted(streets.place_node.values())
    driver = Driver(streets, rng, rng.choice(corners), hour0, pace=PACE)
    driver.stand(rng.uniform(60.0, 1800.0), "wait")
    roam(driver, corners, lasting_s)
    return driver.motion()


def roam(driver: Driver, corners: Sequence[int], until_s: float) -> None:
    """From corner to corner, waiting at each."""
    rng = driver.rng
    while driver.t < until_s:
        driver.go(rng.choice(corners))
        driver.stand(rng.uniform(30.0, 120.0) if rng.random() < 0.4 else rng.uniform(300.0, 2400.0), "wait")


def duty(from_us: int, until_us: int) -> tuple[tuple[int, int], ...]:
    """Spans of duty one after another, as somebody has who says every eight hours that they stay."""
    lasting_us = max(DUTY_S * US_PER_S, -(-(until_us - from_us) // DUTY_SPANS))
    return tuple((at, min(at + lasting_us, until_us)) for at in range(from_us, until_us, lasting_us))
