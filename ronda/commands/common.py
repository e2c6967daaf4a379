"""What the commands share: their settings, and a look at the servers of an installation."""

from __future__ import annotations

import argparse
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from psycopg_pool import AsyncConnectionPool

from ronda.installation import find
from ronda.settings import Settings, load

ROWS_AN_ENTRY: Final = 500  # rows of configuration
WAIT_S: Final = 30.0  # for the effect of an entry; nobody stands at a console, waiting for an answer


def settings_of(args: argparse.Namespace, **overrides: Any) -> Settings:
    """The settings, the command line's words over all others."""
    data = {"data_dir": Path(args.data)} if getattr(args, "data", None) else {}
    return load(overrides={**data, **overrides})


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[AsyncConnectionPool]:
    """The database of the settings or of the running installation, schema up to date."""
    from store import pg

    url = settings.database_url or find(settings.data_dir).database_url
    await pg.migrate(url)
    async with await pg.connect(url, max_size=2) as pool:
        yield pool


def link_base(settings: Settings) -> str:
    """What a printed link begins with: the public address, else where the running installation listens."""
    if settings.public_url or settings.database_url:
        return settings.link_base
    return find(settings.data_dir).http_url


def say_rows(counts: Mapping[str, int]) -> None:
    """What a rebuild made of dwells, trips, visits and the like."""
    told = ", ".join(f"{counts.get(what, 0)} {what}" for what in ("new", "revised", "retracted", "same"))
    sys.stdout.write(f"Rows: {told}.\n")
    if counts.get("left"):
        sys.stdout.write(f"{counts['left']} rows stand as they were: they last longer than a rebuild can look.\n")
    if counts.get("forgotten"):
        sys.stdout.write(
            f"{counts['forgotten']} rows stand as they were, for other fixes of their hours are forgotten: "
            "import all fixes of those days to have them computed anew.\n"
        )
