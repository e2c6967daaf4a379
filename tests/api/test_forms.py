"""Forms with a file: read within bounds, and as far as they came."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from api.forms import Form, Forms, parts
from api.problems import LaterError

KIND = "multipart/form-data; boundary=XyZ"


def encoded(data: dict[str, str], file: bytes | None = None) -> tuple[bytes, str]:
    """As a browser would send it."""
    files = {"photo": ("a.jpg", b"" if file is None else file)}
    request = httpx.Request("POST", "http://x", data=data, files=files)
    return request.read(), request.headers["content-type"]


def read(body: bytes, kind: str, **bounds: Any) -> Form:
    """The form of a request."""
    return asyncio.run(Forms(**bounds).read(request_of(body, kind)))


def request_of(body: bytes, kind: str) -> Request:
    """A request whose body comes in pieces."""
    pieces = [body[at : at + 7000] for at in range(0, len(body), 7000)] or [b""]
    messages = [{"type": "http.request", "body": p, "more_body": n < len(pieces)} for n, p in enumerate(pieces, 1)]

    async def receive() -> Any:
        return messages.pop(0)

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}
    return Request(scope, receive)


@given(
    data=st.dictionaries(
        st.sampled_from(["text", "kind"]), st.text().filter(lambda t: "\r" not in t and "\n" not in t)
    ),
    file=st.binary(max_size=200),
)
def test_a_form_comes_back_as_it_was_sent(data: dict[str, str], file: bytes) -> None:
    """Any text, any bytes, by a client that nobody here wrote."""
    data = {name: text.encode(errors="replace").decode() for name, text in data.items()}
    assert read(*encoded(data, file)) == Form(data, file)


def test_a_plain_form_has_no_file() -> None:
    """As forms without a photo are sent."""
    form = read(b"text=asap+tebal&text=dua", "application/x-www-form-urlencoded")
    assert (form.get("text"), form.get("kind"), form.file, form.cut) == ("asap tebal", "", b"", False)


def test_what_came_before_the_cut_counts() -> None:
    """A photo that is too large loses nobody's words, and is itself not half there."""
    body, kind = encoded({"text": "asap"}, b"x" * 50_000)
    assert read(body, kind, form_max=20_000) == Form({"text": "asap"}, b"", cut=True)


def test_a_body_without_end_is_left() -> None:
    """Beyond the bound of what is thrown away nobody reads on."""
    body, kind = encoded({"text": "asap"}, b"x" * 50_000)
    assert read(body, kind, form_max=9_000, drain_max=20_000).cut


def test_what_is_read_at_once_is_bounded() -> None:
    """Beyond the bound the newcomer is asked to come back, and nothing of it is counted any more."""
    forms = Forms(held_max=20_000)
    body, kind = encoded({}, b"x" * 50_000)
    with pytest.raises(LaterError, match="too many"):
        asyncio.run(forms.read(request_of(body, kind)))
    assert forms.held == 0
    assert asyncio.run(forms.read(request_of(*encoded({"text": "asap"})))).get("text") == "asap"


@given(st.binary(max_size=300))
def test_rubbish_is_an_empty_form(body: bytes) -> None:
    """Nothing is raised, whatever bytes come."""
    assert parts(b"--XyZ\r\n" + body, KIND).file == b""
    parts(body, "multipart/form-data")
    parts(body, KIND)
