"""`ronda invite PERSON`: a link on the last line, and void what was before."""

from __future__ import annotations

import re

import pytest

from store import invites
from tests.ronda.deskwork import at_desk
from tests.running import run_pool

pytestmark = pytest.mark.service


def test_an_invitation_for_a_registered_person(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The link begins with the public address; its secret opens that person's invitation, the last one only."""
    monkeypatch.setenv("RONDA_PUBLIC_URL", "https://ronda.example")
    with at_desk(postgres_url, monkeypatch, capsys) as desk:
        desk.rows("people", {"id": "ana"})
        secrets = []
        for _ in range(2):
            assert desk("invite", "ana", "--hours", "1") == 0
            found = re.fullmatch(r"https://ronda\.example/i/([\w-]{43})\n", desk.out)
            assert found
            secrets.append(found[1])
        first, second = (run_pool(postgres_url, lambda pool, s=s: invites.find_invite(pool, s)) for s in secrets)
        assert (first, second and second.person) == (None, "ana")
        assert desk("invite", "who") == 1


def test_an_address_that_no_phone_reaches_is_said(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a public address the link leads to this machine itself."""
    with at_desk(postgres_url, monkeypatch, capsys) as desk:
        desk.rows("people", {"id": "ana"})
        assert desk("invite", "ana") == 0
        assert desk.out.startswith("http://127.0.0.1:8000/i/")
        assert "RONDA_PUBLIC_URL" in desk.err
