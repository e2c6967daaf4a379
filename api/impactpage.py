"""The form by which a coordinator enters what an incident did: no script, blank is unknown, 0 is none.

Only what was changed in the form is sent, each figure with what it was before: two people who enter different figures
disturb nobody, and of two who enter the same one the second is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final, NamedTuple

from api.htmlpages import both
from api.incidentreport import IMPACT
from core.events import Impact

LABELS: Final[Mapping[str, str]] = IMPACT | {"urgent_needs": "Kebutuhan mendesak", "efforts": "Upaya lain"}
TEXTS: Final = frozenset({"facilities", "losses", "urgent_needs", "efforts"})
TEXT_MAX: Final = 2000
NUMBER_MAX: Final = 100_000_000
WAS: Final = "was_"


class Entered(NamedTuple):
    """What a form says: changes to send, and what is wrong with it, in words for people."""

    changes: Mapping[str, Any]
    wrong: Sequence[str]


def values(impact: Impact | None) -> dict[str, str]:
    """Every field as it stands in the form."""
    known = {name: getattr(impact, name, None) for name in LABELS}
    return {name: "" if value is None else str(value) for name, value in known.items()}


def read(form: Mapping[str, list[str]], now: Impact | None) -> Entered:
    """The changes against what the form showed; a figure that somebody else changed meanwhile is not overwritten."""
    current, changes, wrong = values(now), dict[str, Any](), list[str]()
    for name, label in LABELS.items():
        typed = _typed(form, name)
        if name not in form or typed in (_typed(form, WAS + name), current[name]):
            continue
        if current[name] != _typed(form, WAS + name):
            wrong.append(
                f"{label}: orang lain mengisi {current[name] or 'kosong'} sementara itu; simpan lagi bila yakin"
            )
        elif name in TEXTS:
            changes[name] = typed[:TEXT_MAX] or None
        elif typed == "":
            changes[name] = None
        elif typed.isascii() and typed.isdigit() and len(typed) < 10 and int(typed) <= NUMBER_MAX:
            changes[name] = int(typed)
        else:
            wrong.append(f"{label}: {typed[:40]} bukan bilangan bulat; kosongkan bila belum diketahui")
    return Entered(changes, wrong)


def _typed(form: Mapping[str, list[str]], name: str) -> str:
    return form.get(name, [""])[0].replace("\0", "").replace("\r\n", "\n").strip()


def markup(now: Impact | None, form: Mapping[str, list[str]], wrong: Sequence[str]) -> list[str]:
    """The form; what was typed stays in it, and what it is compared with next time is what holds now."""
    current = values(now)
    told = "".join(f"<p><strong>{escape(text)}</strong></p>" for text in wrong)
    fields = "".join(
        _field(name, label, _typed(form, name) if name in form else current[name], current[name])
        for name, label in LABELS.items()
    )
    blank = both("Kosong: belum diketahui. 0: tidak ada.", "Blank: not known yet. 0: none.")
    return [
        f'<div class="box" role="alert">{told}</div>' if wrong else "",
        f'{blank}<form method="post">{fields}<button>Simpan / Save</button></form>',
    ]


def _field(name: str, label: str, typed: str, current: str) -> str:
    shown = f'name="{name}" maxlength="{TEXT_MAX}"'
    value = (
        f'<textarea {shown} rows="2">{escape(typed)}</textarea>'
        if name in TEXTS
        else f'<input {shown} inputmode="numeric" pattern="[0-9]*" class="wide" value="{escape(typed)}">'
    )
    return f'<label>{escape(label)}{value}</label><input type="hidden" name="{WAS}{name}" value="{escape(current)}">'
