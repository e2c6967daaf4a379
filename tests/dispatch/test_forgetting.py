"""A volunteer who is forgotten: what dispatch remembers of them goes, their name in what it keeps too."""

from core.events import CommandDone
from core.naming import ERASED
from dispatch.rows import changed, restored
from dispatch.state import State
from tests.dispatch.town import Town, command, of, opened, person, register, sight, tick


def forget(at_s=35.0, number=1):
    return command("person.forget", at_s, id_=f"f{at_s}", person=f"p{number}", devices=[f"d{number}"])


def town():
    """One of two took a photo, was asked, and said no by their phone; the other comes."""
    there = Town(*register(person(1), person(2)), sight(0, {1: 100, 2: 900}), *opened(count=1))
    there.run(command("incident.photo", 5, id="i", actor="p1", sha256="0" * 64), command("incident.pause", 6, id="i"))
    there.run(command("incident.resume", 7, id="i", actor="budi"))
    offer = there.offer(1).id
    there.run(command("offer.answer", 10, id_="no", actor="d1", offer=offer, answer="decline_today"))
    there.run(sight(20, {1: 100, 2: 900}), tick(25))
    there.answer(2, 30)
    return there


def test_nothing_that_is_remembered_names_them():
    """In no row of the state, but for the register, which is told on its own."""
    there = town()
    there.run(forget())
    rows = {key: body for key, body in changed(None, there.state).items() if body is not None}
    assert [key for key, body in rows.items() if b"p1" in body or b"d1" in body] == ["people:p1", "holds:ap1"]
    assert [(o.person, o.state) for o in there.state.offers.values()] == [(ERASED, "declined"), ("p2", "accepted")]
    assert restored(rows)[0] == there.state


def test_the_others_go_on():
    """An offer that is out stays as it is, and nobody is told anything."""
    there = town()
    said = there.run(forget())
    assert (there.offer(2).state, of(CommandDone, said)[0].ok) == ("accepted", True)
    assert [type(event).__name__ for event in said if type(event).__name__ == "NoticeAsked"] == []


def test_not_while_they_are_asked():
    """Whoever comes is stood down first."""
    there = town()
    (done,) = of(CommandDone, there.run(forget(number=2)))
    assert (done.ok, done.reason[:29]) == (False, "an incident asks them, or the")


def test_somebody_unknown_is_forgotten_already():
    """It changes nothing that is said."""
    (done,) = of(CommandDone, Town().run(forget()))
    assert done.ok
    assert State().offers == {}
