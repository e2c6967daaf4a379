"""One more five-person fire here, now?"""

import pytest

from core.entries import Config
from core.events import Words
from dispatch import words
from dispatch.coverage import Coverage, Taking, coverage
from dispatch.desk import Desk
from tests.dispatch.town import HERE, NOW, Town, opened, person, register, sight


def square(id_, lon, lat, half=0.001):
    ring = [[lon - half, lat - half], [lon + half, lat - half], [lon + half, lat + half], [lon - half, lat + half]]
    return {"id": id_, "name": id_.upper(), "polygons": [[[*ring, ring[0]]]]}


def town(people=6):
    """Six people 500 m apart northwards, an area about the incident, one 2 km and one 60 km away."""
    here, north = square("a", *HERE), square("b", HERE[0], HERE[1] + 0.018)
    areas = Config(section="areas", rows=(here, north, square("c", HERE[0], HERE[1] + 0.5)), at_us=NOW)
    return Town(areas, register(*(person(n) for n in range(people))), sight(0, {n: 500 * n for n in range(people)}))


def found(town):
    return [(c.area, c.could, c.full_s) for c in coverage(Desk(town.state, town.params))]


def test_who_could_come_to_each_area_and_when():
    """The fifth is 2 km away: 362 s; in the north those between; nobody comes 60 km."""
    assert found(town()) == [("a", 5, pytest.approx(362.1, abs=1)), ("b", 5, pytest.approx(307, abs=3)), ("c", 0, None)]


def test_who_is_planned_elsewhere_is_not_free():
    """An incident that wants three leaves three."""
    busy = town()
    busy.run(opened(count=3)[0])
    assert [(area, could) for area, could, _ in found(busy)] == [("a", 3), ("b", 3), ("c", 0)]


def test_a_lesser_incident_would_lose_its_people():
    """Of six, three are asked for a small fire that wants three: two of them would be taken, and nothing is, yet."""
    busy = town()
    busy.run(opened(count=3, severity=1))
    first = coverage(Desk(busy.state, busy.params))[0]
    assert (first.could, first.taking.could, first.taking.takes) == (0, 5, (("i", 2),))
    assert first.words.id == (
        "5 orang bisa tiba dalam 6 menit; 0 di antaranya bebas, 2 tempat di kejadian lain menjadi kosong."
    )


def test_nothing_is_taken_from_a_severer_one():
    """It keeps its three; the other three could come."""
    busy = town()
    busy.run(opened(count=3, severity=3))
    first = coverage(Desk(busy.state, busy.params))[0]
    assert (first.taking.could, first.taking.full_s, first.taking.takes) == (3, None, ())


def test_who_promised_is_not_taken():
    """Their word holds, whatever else may happen."""
    busy = town(3)
    busy.run(opened(count=2, severity=1))
    busy.answer(0, 1)
    busy.answer(1, 1)
    first = coverage(Desk(busy.state, busy.params))[0]
    assert (first.could, first.taking) == (1, Taking(1, None, ()))


@pytest.mark.parametrize(
    ("given", "indonesian", "english"),
    [
        (
            (5, 5, 541.0),
            "5 orang bisa tiba dalam 9 menit, tanpa mengambil dari kejadian lain.",
            "5 people could be there within 9 min, without taking any from elsewhere.",
        ),
        (
            (5, 3, None),
            "Hanya 3 dari 5 orang bisa datang, tanpa mengambil dari kejadian lain.",
            "Only 3 of 5 people could come, without taking any from elsewhere.",
        ),
        ((5, 0, None), "Tidak ada yang bisa datang ke sini sekarang.", "Nobody could come here now."),
    ],
)
def test_the_answer_in_words(given, indonesian, english):
    """How many, how soon, from whom."""
    assert words.coverage(*given) == Words(id=indonesian, en=english)


def test_an_area_is_asked_about_at_a_place_inside():
    """With its name."""
    first = coverage(Desk(town(0).state, town(0).params))[0]
    assert first == Coverage("a", "A", pytest.approx(HERE[0]), pytest.approx(HERE[1]), 5, 0, None)
