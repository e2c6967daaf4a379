"""What a coordinator reads behind "Mengapa?"."""

import pytest

from core.events import PlanMade, Price, Words
from dispatch import words
from tests.dispatch.town import Town, of, opened, person, register, sight


@pytest.mark.parametrize(
    ("price", "indonesian", "english"),
    [
        (Price(seconds=56), "Mengirim Budi: 56 detik lebih lama seluruhnya.", "Sending Budi: 56 s more in all."),
        (Price(seconds=150), "Mengirim Budi: 2 menit lebih lama seluruhnya.", "Sending Budi: 2 min more in all."),
        (
            Price(unfilled_3=1, seconds=-30),
            "Mengirim Budi: 1 tempat berat menjadi kosong, 30 detik lebih cepat seluruhnya.",
            "Sending Budi: 1 severe place left empty, 30 s less in all.",
        ),
        (Price(), "Budi sama baiknya.", "Budi would do as well."),
    ],
)
def test_what_another_would_cost(price, indonesian, english):
    """Places by severity, then time; nothing is said of what does not change."""
    assert words.instead("Budi", price) == Words(id=indonesian, en=english)


def test_nobody_else():
    """What cannot be is said as such."""
    assert words.one_more(None).id == "Tidak ada relawan lain yang bisa datang ke sini."
    assert words.instead("Budi", None).en.startswith("Budi cannot be sent here")


def test_a_plan_explains_itself_by_name():
    """Why these, what one more costs, three others by name at most, and the proof."""
    people = [person(n, name=f"Relawan {n}") for n in range(6)]
    plan = of(PlanMade, Town(register(*people), sight(0, {n: 500 * (n + 1) for n in range(6)})).run(opened()[0]))[0]
    assert plan.words[0].id.startswith("1 relawan dipilih dari 6 yang terdekat. Terbukti")
    assert plan.words[1].id == "Satu relawan lagi di sini: 4 menit lebih lama seluruhnya."
    assert [a.words.id for a in plan.alternatives] == [
        "Mengirim Relawan 1: 56 detik lebih lama seluruhnya.",
        "Mengirim Relawan 2: 113 detik lebih lama seluruhnya.",
        "Mengirim Relawan 3: 3 menit lebih lama seluruhnya.",
    ]
    assert (plan.certificate.method, plan.certificate.listed, plan.certificate.gap_s) == ("dense", 6, 0.0)
