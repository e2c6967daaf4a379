"""Rules from a file as `GET /api/v1/rules` gives them: what one city has, tried, and passes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any

import msgspec
from psycopg_pool import AsyncConnectionPool

from api.changing import missing_subject
from api.given import entity_of
from api.problems import ParameterError
from core.entities import Rule
from core.errors import ConfigError
from core.ruling import RULES_MAX
from ronda.intake.taken import Taken


def read_rules(path: Path) -> list[Any]:
    """The bodies in a file: a list, or a page of the API with its `items`."""
    try:
        document = msgspec.json.decode(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}).") from error
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{path} is not valid JSON ({error}). Give rules as GET /api/v1/rules gives them.") from error
    items = document.get("items") if isinstance(document, dict) else document
    if not isinstance(items, list):
        raise ConfigError(f"{path} holds no list of rules. Give them as GET /api/v1/rules gives them.")
    return items


def rules(bodies: Sequence[Any], zone: tzinfo) -> Taken:
    """The rules of a file, each a whole one: what it does not speak of is as usual."""
    taken: dict[str, Rule] = {}
    refused: list[str] = []
    for number, body in enumerate(bodies, 1):
        try:
            rule = _rule(body, zone)
        except ParameterError as error:
            refused.append(f"rule {number}: {error}")
            continue
        if rule.id in taken:
            refused.append(f"rule {number}: {rule.id} stands in the file already")
        else:
            taken[rule.id] = rule
    return Taken(list(taken.values()), [], refused)


def _rule(body: Any, zone: tzinfo) -> Rule:
    if not isinstance(body, dict):
        raise ParameterError("body", "must be an object")
    rule: Rule = entity_of("rules", str(body.get("id", "")), body, zone)
    return rule


async def judged(
    pool: AsyncConnectionPool, given: Sequence[Rule], there: Iterable[str]
) -> tuple[list[Rule], list[str]]:
    """Rules that can be saved beside those there, and why others cannot; the same as when each is sent to the API."""
    ids, accepted, refused = set(there), list[Rule](), list[str]()
    for rule in given:
        if missing := await missing_subject(pool, rule):
            refused.append(f"{rule.id}: subjects {missing}; import that first")
        elif len(ids | {rule.id}) > RULES_MAX:
            refused.append(f"{rule.id}: there are {RULES_MAX} rules already; delete one that is not needed")
        else:
            ids.add(rule.id)
            accepted.append(rule)
    return accepted, refused
