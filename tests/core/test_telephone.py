"""Telephone numbers and their links."""

import pytest

from core.telephone import international, tel_link, wa_link


@pytest.mark.parametrize(
    ("number", "digits"),
    [
        ("0812-3456-789", "628123456789"),
        ("+62 812 3456 789", "628123456789"),
        ("0062 (812) 3456789", "628123456789"),
        ("628123456789", "628123456789"),
        ("8123456789", "628123456789"),
        ("+670 7723 1234", "67077231234"),
        ("", None),
        ("0", None),
        ("call Ana", None),
        ("+62812345678901234", None),
        ("٠٨١٢٣٤٥٦٧٨٩", None),
    ],
)
def test_numbers_as_people_write_them(number, digits):
    """With or without the country, with dots and dashes; what cannot be called is None."""
    assert international(number, "62") == digits


def test_without_a_country_only_full_numbers_are_known():
    """A city whose country is not told."""
    assert (international("0812345678", ""), international("+62812345678", "")) == (None, "62812345678")


def test_links():
    """One that calls, one that opens a chat with a text."""
    assert tel_link("0812-345-6789", "62") == "tel:+628123456789"
    assert wa_link("0812-345-6789", "62", "Bisa datang? ya & ok") == (
        "https://wa.me/628123456789?text=Bisa%20datang%3F%20ya%20%26%20ok"
    )
    assert wa_link("none", "62") is None
