"""With everybody moving, plans stay: a coordinator, and whoever is asked, is not confused by every gust."""

import numpy as np
import pytest

from core.entries import Sightings
from dispatch.state import Params
from tests.dispatch.town import HERE, NOW, SECOND, Town, command, person, register

RIDE_MPS = 8.0


def churn(seed, volunteers, incidents, *, every_s=2, seen_s=2, ticks=60, params=None):
    """Share of the places in all plans that change hands at a tick; everybody rides to where they want.

    Each phone is heard every `seen_s`, at a tick of its own.
    """
    rng = np.random.default_rng(seed)
    at, aim = (rng.uniform((-4000, -4000), (4000, 4000), (volunteers, 2)) for _ in range(2))
    town = Town(register(*(person(n) for n in range(volunteers))), params=params)
    sight(town, 0, at, range(volunteers))
    for n, (x, y) in enumerate(rng.uniform((-3000, -3000), (3000, 3000), (incidents, 2)).tolist()):
        lon, lat = HERE[0] + x / 109_450, HERE[1] + y / 111_195
        town.run(command("incident.open", id_=f"i{n}", kind="flood", lon=lon, lat=lat, severity=n % 3 + 1))
    step_m, changed, places, plans = RIDE_MPS * every_s, 0, 0, town.state.plans
    for tick in range(1, ticks + 1):
        way = aim - at
        left = np.linalg.norm(way, axis=1, keepdims=True)
        at = np.where(left > step_m, at + step_m * way / np.maximum(left, 1e-9), at)
        aim = np.where(left > step_m, aim, rng.uniform((-4000, -4000), (4000, 4000), (volunteers, 2)))
        sight(town, every_s * tick, at, [n for n in range(volunteers) if (tick + n) % (seen_s // every_s) == 0])
        now = town.state.plans
        changed += sum(len(set(plans[i]) - set(now[i])) for i in now)
        places, plans = places + sum(len(plan) for plan in now.values()), now
    return changed / places


def sight(town, at_s, at, heard):
    now_us = NOW + at_s * SECOND
    degrees = (at / (109_450, 111_195) + HERE).tolist()
    town.run(Sightings(now_us=now_us, rows=tuple((f"d{n}", *degrees[n], now_us) for n in heard)))


@pytest.mark.parametrize(("volunteers", "incidents"), [(65, 5), (65, 10), (200, 20)])
def test_at_most_a_twentieth_of_the_places_change_hands(volunteers, incidents):
    """Sixty matchings two seconds apart, as often as there are any, with everybody riding."""
    assert churn(1, volunteers, incidents) <= 0.05


def test_phones_that_speak_every_ten_seconds_move_fewer_plans_at_once():
    """Each at its own second, as phones do: less than a fiftieth at a matching, though each word is 80 m on."""
    assert churn(1, 65, 10, seen_s=10) <= 0.02


def test_without_the_bonus_many_more_do():
    """It is the bonus for whoever is planned already that keeps plans still."""
    assert churn(1, 200, 20, ticks=30, params=Params(sticky_s=0.0)) > 5 * churn(1, 200, 20, ticks=30)
