"""What is learned of how people answer."""

import random

import msgspec
import pytest

from core.events import OfferChanged
from dispatch.learning import acceptance, learned
from dispatch.state import State

ASKED = OfferChanged(at_us=0, id="o", incident="i", person="p", device="d", state="delivered")


def after(state, answer, age_s):
    """The state once an offer so old became `answer`."""
    now = msgspec.structs.replace(state, now_us=round(age_s * 1_000_000))
    return msgspec.structs.replace(now, **learned(now, ASKED, msgspec.structs.replace(ASKED, state=answer)))


@pytest.mark.parametrize(("answer", "accepted"), [("accepted", 2.98), ("declined", 1.98), ("expired", 1.98)])
def test_an_answer_counts_one_and_older_ones_a_hundredth_less(answer, accepted):
    """Of two accepted before, of four."""
    state = after(State(accepted=2.0, asked=4.0), answer, 20.0)
    assert (state.accepted, state.asked) == (pytest.approx(accepted), pytest.approx(4.96))


def test_what_is_withdrawn_at_once_changes_no_belief():
    """Nobody had time to answer: .35 before and after."""
    assert acceptance(after(State(), "withdrawn", 0.0)) == pytest.approx(0.35)


def test_silence_counts_though_nobody_waits_for_its_end():
    """Of .35 who accept, .26 who decline and .39 who are silent, those without an answer after 26 s are withdrawn."""
    rng, state = random.Random(1), State()
    for _ in range(600):
        answer = rng.choices(("accepted", "declined", ""), (0.35, 0.26, 0.39))[0]
        after_s = rng.lognormvariate(3.0, 0.7)
        state = after(state, answer, after_s) if answer and after_s < 26.0 else after(state, "withdrawn", 26.0)
    assert acceptance(state) == pytest.approx(0.35, abs=0.05)


def test_a_promise_that_is_stood_down_is_no_new_answer():
    """It was counted when it was made."""
    promised = msgspec.structs.replace(ASKED, state="accepted")
    assert learned(State(), promised, msgspec.structs.replace(promised, state="stood_down")) == {}
