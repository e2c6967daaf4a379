"""Why places stay empty, in words."""

import pytest

from core.entries import Config
from core.events import PlanMade
from tests.dispatch.test_rerouting import closing, square
from tests.dispatch.town import HERE, NOW, Town, command, of, opened, person, register, sight

PLACE = {"lon": HERE[0], "lat": HERE[1]}


def said(town, **body):
    """What the plan of a new incident says beside why these, and what one more would cost."""
    body = {"kind": "banjir", "severity": 1, "needs": [{"count": 1}]} | PLACE | body
    plans = of(PlanMade, town.run(command("incident.open", 1, id_="x", **body)))
    return [words.id for words in next(p for p in plans if p.incident == "x").words[2:]]


def town(*people, **metres):
    """These volunteers, and those who were seen, so many metres away."""
    return Town(register(*people), sight(0, {int(name[1:]): away for name, away in metres.items()}))


def test_nothing_is_said_where_nothing_lacks():
    """Two sentences then, as ever."""
    assert said(town(person(0), p0=300)) == []


@pytest.mark.parametrize(
    ("need", "sentence"),
    [
        (
            {"vehicle": "boat"},
            "tidak ada relawan dengan perahu. Ubah kebutuhan, atau minta kendaraan dari luar.",
        ),
        ({"skills": ["selam"]}, "tidak ada relawan yang punya keahlian selam. Ubah kebutuhan, atau minta dari luar."),
        (
            {"skills": ["p3k", "gali"]},
            "tidak ada relawan yang punya sekaligus keahlian p3k, gali. Ubah kebutuhan, atau minta dari luar.",
        ),
        (
            {"skills": ["gali"], "vehicle": "car"},
            "yang punya keahlian gali tidak datang dengan mobil. Pisahkan menjadi dua kebutuhan.",
        ),
    ],
)
def test_a_need_that_nobody_can_fill(need, sentence):
    """Which vehicle, which skill, and what would help."""
    people = [person(0, skills=("p3k",), vehicle="car"), person(1, skills=("gali",))]
    assert said(town(*people, p0=300, p1=400), needs=[{"role": "regu", "count": 2} | need]) == [
        f"2 tempat (regu) belum terisi: {sentence}"
    ]


def test_a_hazard_that_covers_everybody():
    """By its name, and what to correct."""
    flood = {"shape": square(0, 2000), "depth_cm": 80, "label": "Kali Liliba"}
    assert said(town(person(0), person(1), p0=300, p1=400), hazard=flood) == [
        (
            "1 tempat belum terisi: semua 2 yang cocok terhalang oleh Kali Liliba 80 cm. "
            "Bila bisa dilalui, perbaiki kedalamannya."
        )
    ]


def test_water_that_nobody_measured_is_said_to_be_assumed():
    """Of the kind's own name and depth."""
    here = town(person(0), p0=300)
    kinds = ({"id": "banjir", "name": "Banjir genangan", "needs": [{"count": 1}], "depth_cm": 50},)
    here.run(Config(section="kinds", rows=kinds, at_us=NOW))
    assert said(here, hazard={"shape": square(0, 2000)}) == [
        (
            "1 tempat belum terisi: semua 1 yang cocok terhalang oleh Banjir genangan 50 cm (perkiraan). "
            "Bila bisa dilalui, perbaiki kedalamannya."
        )
    ]


def test_each_reason_with_how_many():
    """One within a closure, one too far, one for another incident, one excluded; the fifth comes."""
    here = town(*(person(n) for n in range(5)), p0=500, p1=60_000, p2=1200, p3=1300, p4=1400)
    here.run(closing(0, 500, name="Jembatan"), opened("b", count=1, severity=3))
    here.answer(2, 0)
    here.run(command("incident.open", 1, id_="y", kind="fire", severity=1, needs=[{"count": 3}], **PLACE))
    plans = of(PlanMade, here.run(command("incident.exclude", 2, id="y", person="p3")))
    assert [words.id for words in plans[-1].words[2:]] == [
        (
            "2 tempat belum terisi: dari 5 yang cocok, 1 terhalang oleh penutupan Jembatan; "
            "1 lebih dari 30 menit jauhnya; 1 untuk kejadian lain; 1 menolak, tidak menjawab, atau sudah selesai."
        )
    ]


def test_nobody_on_duty():
    """Who could be asked to begin; near a severe one, who agreed to be woken."""
    people = [person(0, duty=False, wake=True, area="a"), person(1, duty=False)]
    assert said(town(*people, p0=300)) == [
        "Tidak ada relawan yang bertugas. Minta 2 orang mulai bertugas, atau minta bantuan dari luar."
    ]
    assert said(town(*people, p0=300), severity=3, area="a") == [
        "Tidak ada relawan yang bertugas. 1 orang yang tinggal di sana bersedia dibangunkan: tekan Bangunkan."
    ]


def test_on_duty_and_not_to_be_found():
    """Their phones are silent; a telephone may reach them."""
    assert said(town(person(0), person(1))) == [
        "2 relawan bertugas, tetapi sudah setengah jam posisinya tidak diketahui: telepon mereka."
    ]
