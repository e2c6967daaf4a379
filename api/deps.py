"""What the HTTP room is given from above: everything it talks to and every setting it needs, in one record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, NoReturn
from zoneinfo import ZoneInfo

from fastapi import Depends
from prometheus_client import CollectorRegistry
from psycopg_pool import AsyncConnectionPool
from starlette.requests import HTTPConnection

from api.commands import Commands
from api.feed import Feed
from api.hub import Box, Hub
from api.problems import LaterError
from api.registering import NoRegister, Register
from cities import Hazard
from core.clock import Clock
from core.identity import Identity
from core.rejects import Reject
from store.days import DayState
from store.log import Log

SESSION_S: Final = 7 * 24 * 3600
Check = Callable[[], Awaitable[str | None]]  # None: ready; a text: what is wrong
Submit = Callable[[str, bytes, Identity | None], Awaitable[list[Reject]]]  # on disk when it returns; else LaterError
CloseDay = Callable[[dt.date], Awaitable[DayState]]  # drained and frozen when it returns
RebuildDay = Callable[[dt.date, str | None], Awaitable[Mapping[str, int]]]  # of one device or all; rows by what became
Knocked = Callable[[str, str, str], None]  # user name, address, why: a credential that opens nothing


def _nothing_wrong() -> str | None:
    return None


def _nobody(_: str) -> bool:
    return False


def _unheard(_user: str, _client: str, _why: str) -> None:
    """Nobody keeps notes of it."""


async def _no_day(_day: dt.date, _device: str | None = None) -> NoReturn:
    raise LaterError("nobody here works on days; ask an installation whose engine runs")


@dataclass(frozen=True, slots=True, kw_only=True)
class CityInfo:
    """What the console needs to know of the city before it has drawn anything."""

    code: str
    name: str
    tz: str
    centre: tuple[float, float]  # lon, lat
    bounds: tuple[float, float, float, float]  # west, south, east, north
    language: str = "id"
    words: Mapping[str, str] = field(default_factory=dict)
    hazards: tuple[Hazard, ...] = ()  # kinds of incident: their names, and what each usually needs
    calling_code: str = ""  # of its country's telephones, without the plus

    def hazard(self, kind: str) -> Hazard:
        """A kind of incident; one that the city does not know is called by its word and has no usual needs."""
        known = {alias: hazard for hazard in self.hazards for alias in hazard.aliases}
        known |= {hazard.kind: hazard for hazard in self.hazards}
        return known.get(kind) or known.get(kind.casefold()) or Hazard(kind, kind.replace("_", " ").capitalize(), ())

    def holds(self, lon: float, lat: float) -> bool:
        """Whether a place lies within the city's bounds."""
        return Box(*self.bounds).holds(lon, lat)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """The parts below and the settings; built once by the composition and handed to `create_app`.

    `ready` adds parts to `/readyz`; `metrics` is the registry that `/metrics` shows (the stages may add to it).
    """

    pool: AsyncConnectionPool
    database_url: str
    log: Log
    clock: Clock
    city: CityInfo
    partitions: int = 4
    public_url: str = "http://127.0.0.1:8000"
    map_style_url: str | None = None
    static_dir: Path | None = None
    demo: bool = False
    version: str = ""
    session_s: int = SESSION_S
    metrics: CollectorRegistry = field(default_factory=CollectorRegistry)
    ready: Mapping[str, Check] = field(default_factory=dict)
    register: Register = field(default_factory=NoRegister)
    submit: Submit | None = None  # where devices' HTTP goes in; None: nowhere
    standstill: Callable[[], str | None] = _nothing_wrong  # why nothing is taken in now
    unwritable: Callable[[], str | None] = _nothing_wrong  # why no command can be written now
    known: Callable[[str], bool] = _nobody  # device id -> is it registered
    knocked: Knocked = _unheard
    close_day: CloseDay = _no_day
    rebuild_day: RebuildDay = _no_day
    link_secret: bytes = field(default=b"", repr=False)  # what links to offers are signed with; empty: none is ours
    push_key: str = ""  # our name at push services, as browsers take it; empty: no Web Push

    @property
    def zone(self) -> ZoneInfo:
        """The city's time zone; `ZoneInfo` keeps its own cache."""
        return ZoneInfo(self.city.tz)


def deps_of(connection: HTTPConnection) -> Deps:
    """The record that `create_app` was given."""
    deps: Deps = connection.app.state.deps
    return deps


def hub_of(connection: HTTPConnection) -> Hub:
    """The hub of latest positions."""
    hub: Hub = connection.app.state.hub
    return hub


def feed_of(connection: HTTPConnection) -> Feed:
    """The tail of the archive's events."""
    feed: Feed = connection.app.state.feed
    return feed


def commands_of(connection: HTTPConnection) -> Commands:
    """The way from a person's will into the log and back."""
    commands: Commands = connection.app.state.commands
    return commands


GivenDeps = Annotated[Deps, Depends(deps_of)]
