"""The form by which a coordinator enters what an incident did."""

from __future__ import annotations

import re
from typing import Any

import pytest

from api.impactpage import LABELS, read
from core.events import Impact
from tests.api.dispatching import Town, in_town

LIFE = "/api/v1/incidents"


def form(before: Impact | None = None, **typed: str) -> dict[str, list[str]]:
    """What a browser sends: every field as it was shown, but for what was typed, and what was shown."""
    shown = {name: "" if (v := getattr(before, name, None)) is None else str(v) for name in LABELS}
    return {name: [text] for name, text in (shown | typed).items()} | {f"was_{n}": [t] for n, t in shown.items()}


def test_only_what_was_typed_is_sent() -> None:
    """A figure, a text, one taken back; blank fields that were blank are nothing."""
    was = Impact(deaths=1, missing=2)
    entered = read(form(was, deaths="0", missing="", losses=" Rp 20 juta\r\n"), was)
    assert (entered.changes, entered.wrong) == ({"deaths": 0, "missing": None, "losses": "Rp 20 juta"}, [])


def test_two_who_enter_different_figures_disturb_nobody() -> None:
    """Somebody else entered the missing meanwhile: the form's old figure does not overwrite theirs."""
    entered = read(form(None, deaths="1"), Impact(missing=2))
    assert (entered.changes, entered.wrong) == ({"deaths": 1}, [])


def test_of_two_who_enter_the_same_figure_the_second_is_asked() -> None:
    """Unless both say the same."""
    assert read(form(None, deaths="1"), Impact(deaths=1)) == ({}, [])
    entered = read(form(None, deaths="1"), Impact(deaths=2))
    assert (entered.changes, entered.wrong) == (
        {}, ["Meninggal: orang lain mengisi 2 sementara itu; simpan lagi bila yakin"]
    )  # fmt: skip


@pytest.mark.parametrize("typed", ["-1", "1,5", "dua", "9999999999", "1 orang"])
def test_what_is_no_number_is_told(typed: str) -> None:
    """By its label; nothing of the form is sent then."""
    assert read(form(None, deaths=typed), None).wrong == [
        f"Meninggal: {typed} bukan bilangan bulat; kosongkan bila belum diketahui"
    ]


@pytest.mark.service
def test_from_the_report_to_the_form_and_back(clean_valkey_url: str, postgres_url: str) -> None:
    """Also when it is over; a wrong figure keeps what was typed; only who may write is led there."""

    async def body(town: Town) -> Any:
        incident = await town.fire()
        await town.act(incident, "cancel")
        path = f"{LIFE}/{incident}"
        page = await town.ask("GET", path + "/impact")
        wrong = await town.ask("POST", path + "/impact", data={"deaths": "<b>", "losses": "atap"})
        done = await town.ask("POST", path + "/impact", data={"deaths": "3", "losses": "atap", "missing": ""})
        impact = (await town.ask("GET", path)).json()["impact"]
        reports = [(await town.ask("GET", path + "/report", role)).text for role in ("coordinator", "auditor")]
        return page, wrong, done, impact, reports, (await town.ask("GET", path + "/impact", "auditor")).status_code

    page, wrong, done, impact, (ours, theirs), auditor = in_town(clean_valkey_url, postgres_url, body)
    assert len(re.findall(r'name="(?!was_|viewport|referrer)\w+"', page.text)) == len(LABELS)
    assert wrong.status_code == 409
    assert 'value="&lt;b&gt;"' in wrong.text
    assert ">atap</textarea>" in wrong.text
    assert (done.status_code, done.headers["location"].endswith("/report?kind=berkala")) == (303, True)
    assert {name: value for name, value in impact.items() if value is not None} == {"deaths": 3, "losses": "atap"}
    assert ('href="impact"' in ours, 'href="impact"' in theirs, auditor) == (True, False, 403)
