"""SMS through a gateway that takes an HTTP request: its form or JSON is a template of the settings.

The last resort: it costs money, so it goes out when nothing else has delivered for a while.
"""

from __future__ import annotations

import json
from string import Template
from typing import Final
from urllib.parse import quote_plus

from core.telephone import international
from ronda.channels.channel import FindPerson, Letter, NeverError, Outcome
from ronda.channels.http import Poster


def filled(template: str, values: dict[str, str]) -> tuple[bytes, str]:
    """The body of a request, and its type: JSON if the template is, else a form. Values cannot break out of either."""
    if template.lstrip().startswith("{"):
        escaped = {name: json.dumps(value)[1:-1] for name, value in values.items()}
        return Template(template).substitute(escaped).encode(), "application/json"
    form = {name: quote_plus(value) for name, value in values.items()}
    return Template(template).substitute(form).encode(), "application/x-www-form-urlencoded"


class Sms:
    """`$phone` (digits with the country's code), `$text` and `$id` of the template are filled in."""

    name: Final = "sms"

    def __init__(
        self, url: str, template: str, authorization: str, *, after_s: float, poster: Poster, person: FindPerson,
        calling_code: str,
    ) -> None:  # fmt: skip
        self.wait_s = after_s
        self._url = url
        self._template = template
        self._authorization = authorization
        self._poster = poster
        self._person = person
        self._calling_code = calling_code

    async def send(self, letter: Letter) -> Outcome:
        """2xx: the gateway has it."""
        person = await self._person(letter.notice.person)
        digits = international(person.phone, self._calling_code) if person is not None else None
        if digits is None:
            raise NeverError(f"{letter.notice.person} has no telephone number")
        body, kind = filled(self._template, {"phone": digits, "text": letter.text, "id": letter.notice.id})
        headers = {"Content-Type": kind}
        if self._authorization:
            headers["Authorization"] = self._authorization
        status = await self._poster.post(self._url, body, headers)
        if not 200 <= status < 300:
            raise NeverError(f"the SMS gateway answers {status}: is RONDA_SMS_BODY what it expects?")
        return "sent"
