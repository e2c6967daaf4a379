"""Signed links to an offer, and to a person's own page."""

from hypothesis import given
from hypothesis import strategies as st

from core.links import OfferLink, PersonLink, opened, opened_person, signed

SECRET = bytes(range(32))
LINK = OfferLink("0123456789abcdef01234567.12", "ana", 1_767_571_200)
UNTIL_US = 1_767_571_200_000_000


def test_a_link_opens_until_it_ends():
    """With what it is for; short enough for a text message."""
    token = signed(SECRET, LINK)
    assert len(token) < 80
    assert opened(SECRET, token, UNTIL_US - 1) == LINK
    assert opened(SECRET, token, UNTIL_US) is None


def test_a_link_for_one_thing_opens_no_other():
    """A person's page by the link to an offer, and the other way round."""
    own = PersonLink("ana", 0, 1_767_571_200)
    assert opened_person(SECRET, signed(SECRET, own), 0) == own
    assert opened(SECRET, signed(SECRET, own), 0) is None
    assert opened_person(SECRET, signed(SECRET, LINK), 0) is None


def test_another_installations_link_is_nobodys():
    """Its secret is another."""
    assert opened(bytes(32), signed(SECRET, LINK), 0) is None


@given(at=st.integers(0, 70), letter=st.sampled_from("AZaz09-_"))
def test_no_letter_of_a_link_can_be_changed(at, letter):
    """A link with one other letter is not ours."""
    token = signed(SECRET, LINK)
    changed = token[:at] + letter + token[at + 1 :]
    assert opened(SECRET, changed, 0) == (LINK if changed == token else None)


@given(st.text(max_size=40))
def test_rubbish_is_no_link(token):
    """Whatever is typed behind `/o/`."""
    assert opened(SECRET, token, 0) is None
