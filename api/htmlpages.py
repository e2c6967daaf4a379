"""Plain pages: no script needed, Indonesian first, small enough for a slow network; kept by nobody on the way."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from starlette.responses import HTMLResponse

STYLE: Final = (
    "body{font:1.05rem/1.5 system-ui,sans-serif;max-width:36rem;margin:0 auto;padding:1rem;color:#111;background:#fff}"
    "h1{font-size:1.4rem}h2{font-size:1.15rem;margin-top:2rem}[lang=en]{color:#555;font-size:.9rem}"
    ".go,button{display:block;width:100%;box-sizing:border-box;padding:.9rem;margin:.8rem 0;font:inherit;"
    "font-weight:600;text-align:center;color:#fff;background:#0b5c4d;border:0;border-radius:.5rem;text-decoration:none}"
    "button.no,button.plain{color:#111;background:#e5e5e5}[hidden]{display:none}"
    ".box{border:1px solid #bbb;border-radius:.5rem;padding:.8rem;margin:1rem 0}"
    "label{display:block;padding:.4rem 0}.box p:first-child{margin-top:0}"
    "input{width:1.3rem;height:1.3rem;vertical-align:middle}svg.segno{width:16rem;max-width:100%;display:block;margin:auto}"
    ".drill{border:3px solid #111;padding:.5rem;font-weight:700;text-align:center;letter-spacing:.1em}"
    "input.wide{width:100%;height:auto;box-sizing:border-box;padding:.6rem;font:inherit}"
    "dt{color:#555;margin-top:.5rem}dd{margin:0;font-family:monospace;overflow-wrap:anywhere;user-select:all}"
    "select,textarea{font:inherit;width:100%;box-sizing:border-box;padding:.6rem}button span,.go span{font-weight:400}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #bbb;padding:.3rem .5rem;text-align:left;"
    "vertical-align:top}td a{white-space:nowrap}@media print{.go,button,form{display:none}}"
)
PRINTED: Final = (
    "body{max-width:60rem}figure{margin:1rem 0}svg[role=img]{width:100%;height:auto}"
    "figcaption{font-size:.85rem;color:#333}"
    ".note{font-size:.85rem;color:#333}th[scope=row]{width:34%;font-weight:400}.many{overflow-x:auto}"
    "@media screen and (max-width:40rem){svg[role=img] text{font-size:18px}}"
    "@page{size:A4;margin:14mm 12mm}@media print{body{max-width:none;padding:0;font-size:10pt;line-height:1.35}"
    "h1{font-size:14pt;text-align:center}h2{font-size:11pt;margin:1rem 0 .4rem;break-after:avoid}"
    "tr,figure{break-inside:avoid}*{print-color-adjust:exact}}"
)
POSTS: Final = '<meta name="referrer" content="same-origin">'  # under no-referrer a form's Origin is "null"
DRILL: Final = "LATIHAN"  # stands on everything that is printed of an exercise
HEADERS: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}


def both(indonesian: str, english: str) -> str:
    """Two sentences of markup."""
    return f'<p>{indonesian}</p><p lang="en">{english}</p>'


def html_page(
    title: str,
    parts: Sequence[str],
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    wide: bool = False,
    posts: bool = False,
    style: str = "",
    script: str = "",
) -> HTMLResponse:
    """A page of these parts, which are markup.

    `posts`: by a form, with the session's cookie. `script` is the address of one that it also works without.
    """
    style = STYLE + (PRINTED if wide else "") + style
    more = f'<script src="{script}" defer></script>' if script else ""
    head = (
        '<!doctype html><html lang="id"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"{POSTS if posts else ''}<title>{escape(title)}</title><style>{style}</style>{more}"
    )
    return HTMLResponse(
        f"{head}<h1>{escape(title)}</h1>{''.join(parts)}</html>", status, headers=HEADERS | (headers or {})
    )


def drill(title: str, parts: Sequence[str], *, exercise: bool) -> tuple[str, list[str]]:
    """Title and parts; of an exercise with the word that nobody can overlook, in both."""
    if not exercise:
        return title, list(parts)
    return f"{DRILL}: {title}", [f'<p class="drill">{DRILL} — bukan kejadian sebenarnya</p>', *parts]


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; cells are markup."""
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def listed(rows: Sequence[tuple[str, str]]) -> str:
    """What is told, and what of it; both texts."""
    body = "".join(f'<tr><th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>' for name, text in rows)
    return f"<table>{body}</table>"
