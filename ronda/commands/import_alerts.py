"""`ronda import alerts FILE…`: official alerts (CAP) from files, as the reader of the index takes them."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tqdm import tqdm

import cities
from core.errors import DecodeError, RondaError
from ingest.cap.alert import decode
from ingest.cap.tree import BYTES
from ronda.alerts.land import Land
from ronda.alerts.meaning import Meant, Passed
from ronda.alerts.taking import Outcome, land_of, take, understood
from ronda.commands.common import settings_of
from ronda.installation import NotRunningError
from ronda.runtime import Parts, Runtime
from ronda.settings import Settings
from ronda.system import SystemClock
from ronda.up import located, opened
from store import read

_PASSED: Final[dict[Passed, str]] = {
    "test": "passed over, it is a test, a draft or for machines (`status`)",
    "restricted": "passed over, it is not for the public (`scope`)",
    "other_message": "passed over, it is an acknowledgement or an error (`msgType`)",
    "elsewhere": "passed over, it does not meet the city",
}


class _File(NamedTuple):
    name: str
    body: bytes


def run(args: argparse.Namespace) -> int:
    settings, files = settings_of(args), in_order([_read(Path(name)) for name in args.files])
    return asyncio.run(_preview(settings, files) if args.dry_run else _import(settings, files))


def _read(path: Path) -> _File:
    try:
        with path.open("rb") as file:
            return _File(path.name, file.read(BYTES + 1))
    except OSError as error:
        raise RondaError(f"{path} cannot be read ({error.strerror}); give the path of a CAP file.") from error


def in_order(files: Sequence[_File]) -> list[_File]:
    """As they were sent, so that an update comes after what it updates; first those that nobody can read."""

    def sent_us(file: _File) -> int:
        try:
            return decode(file.body).sent_us
        except DecodeError:
            return -1

    return sorted(files, key=sent_us)


async def _import(settings: Settings, files: Sequence[_File]) -> int:
    city, counts = cities.load(settings.city), Counter[str]()
    async with opened(settings, located(settings), Parts()) as runtime:
        land = await land_of(runtime, city)
        for file in tqdm(files, unit=" files", disable=None if len(files) > 1 else True, leave=False):
            outcome = await take(runtime, city, land, file.body)
            counts[outcome.what] += 1
            _say(file, await _told(runtime, outcome))
    usable = len(files) - counts["rejected"]
    sys.stdout.write(
        f"{len(files)} files read: {counts['told']} told to dispatch, {counts['known']} known already, "
        f"{counts['refused']} refused by dispatch, {counts['rejected']} unusable, "
        f"{usable - counts['told'] - counts['known'] - counts['refused']} passed over.\n"
    )
    return _checked(usable)


async def _told(runtime: Runtime, outcome: Outcome) -> str:
    signed = "; signed, not checked" if outcome.alert is not None and outcome.alert.signed else ""
    match outcome.what:
        case "told":
            key = outcome.alert.key if outcome.alert is not None else ""
            opened_ = await read.incident(runtime.pool, key) is not None
            return (f"opened incident {key}, as reported" if opened_ else "told to dispatch") + signed
        case "known":
            return f"known already, nothing was changed ({outcome.why})" if outcome.why else "known already"
        case "refused":
            return f"refused by dispatch: {outcome.why}"
        case "rejected":
            return f"cannot be used: {outcome.why}"
        case passed:
            return _PASSED[passed]


async def _preview(settings: Settings, files: Sequence[_File]) -> int:
    city = cities.load(settings.city)
    try:
        async with opened(settings, located(settings), Parts()) as runtime:
            land = await land_of(runtime, city)
    except NotRunningError:
        land = Land.of(city, city.areas)
    usable = 0
    for file in files:
        alert, meant = understood(file.body, city, land, SystemClock().now_us())
        usable += alert is not None
        _say(file, _would_be(meant))
    sys.stdout.write("Dry run: nothing was changed.\n")
    return _checked(usable)


def _would_be(meant: Meant | Passed | DecodeError) -> str:
    if isinstance(meant, DecodeError):
        return f"cannot be used: {meant}"
    if not isinstance(meant, Meant):
        return _PASSED[meant]
    body, incident = meant.body, meant.body.get("incident")
    exercise = ", an exercise" if body["exercise"] else ""
    signed = "; signed, not checked" if body["cap"].get("signed") else ""
    if incident is None:
        return f"would end what it refers to{exercise}{signed}"
    where = f"{incident['lat']:.5f}, {incident['lon']:.5f} ({incident['address']})"
    return f"{body['message']}: {incident['kind']}, severity {incident['severity']}{exercise}, at {where}{signed}"


def _say(file: _File, text: str) -> None:
    tqdm.write(f"{file.name}: {text}", file=sys.stdout)


def _checked(usable: int) -> int:
    if not usable:
        raise RondaError("None of these files is an alert that can be used; see what is said of each above.")
    return 0
