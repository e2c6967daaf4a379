"""How dispatch stands, in figures."""

from dispatch.desk import Desk
from dispatch.figures import Figures, Places, figures
from tests.dispatch.town import NOW, SECOND, Town, command, opened, person, register, sight


def test_the_figures_of_a_small_town():
    """Five volunteers: one off duty, one without consent, one not seen, one who comes, one who is asked."""
    people = [person(0), person(1), person(2), person(3, duty=False), person(4, consent=False)]
    town = Town(register(*people), sight(0, {0: 500, 1: 600, 3: 10, 4: 10}), opened(count=2, severity=3))
    town.answer(0, 5)
    town.run(command("incident.open", 6, id_="j", kind="fire", lon=123.6, lat=-10.17), command("dispatch.pause", 7))
    assert figures(Desk(town.state, town.params)) == Figures(
        paused=True,
        registered=5,
        on_duty=3,
        reachable=2,
        acceptance=0.409,
        answers=11.0,
        open=2,
        asking=1,
        places=(Places(3, 2, 1, 1), Places(2, 0, 0, 0), Places(1, 0, 0, 0)),
        closures=0,
        newest_us=NOW + 7 * SECOND,
    )


def test_without_a_register_nobody_can_be_asked():
    """Plans are proposals then."""
    town = Town(sight(0, {0: 500}), opened())
    found = figures(Desk(town.state, town.params))
    assert (found.registered, found.on_duty, found.reachable, found.asking) == (0, 0, 0, 1)
