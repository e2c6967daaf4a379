"""Credentials for many devices at once: for which, and into which sheet."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from psycopg_pool import AsyncConnectionPool

from core.entries import Config
from core.errors import ConfigError, RondaError
from ronda.runtime import Parts
from ronda.settings import Settings
from store import credentials, read
from store.credentials import NewToken

_HEADERS: Final = ("id", "device", "perangkat")
_SHOWN: Final = 10


async def classes(pool: AsyncConnectionPool) -> dict[str, str]:
    """Class of every registered device."""
    return {str(row["id"]): str(row.get("cls", "")) async for row in read.registry_rows(pool, "devices")}


async def demand_registered(
    settings: Settings, pool: AsyncConnectionPool, devices: Sequence[str], *, register: bool
) -> None:
    """Refuse strangers with a hint, or register them: a credential for a misspelt device would serve nobody."""
    known = await classes(pool)
    strangers = [device for device in devices if device not in known]
    if strangers and register:
        await _register(settings, strangers)
    elif strangers:
        more = f" and {len(strangers) - _SHOWN} more" if len(strangers) > _SHOWN else ""
        raise RondaError(
            f"Not registered: {', '.join(strangers[:_SHOWN])}{more}. Register first (`ronda import devices`, or the "
            "console), or say --register."
        )


async def warn_of_stranger(settings: Settings, pool: AsyncConnectionPool, device: str, *, register: bool) -> None:
    """One credential may come before its device: its fixes are held until somebody registers it, and it is said so."""
    if device in await classes(pool):
        return
    if register:
        await _register(settings, [device])
        return
    sys.stderr.write(
        f"{device} is not registered: what it sends is held for 24 hours, and counts once it is "
        "(`ronda import devices`, the console, or --register here).\n"
    )


async def _register(settings: Settings, devices: Sequence[str]) -> None:
    from ronda.sending import settle
    from ronda.up import located, opened

    rows = tuple({"id": device, "name": device} for device in devices)
    async with opened(settings, located(settings), Parts()) as runtime:
        await settle(runtime, [Config(section="devices", rows=rows, at_us=runtime.clock.now_us(), actor="ronda token")])


async def without_token(pool: AsyncConnectionPool, devices: Iterable[str], now_us: int) -> list[str]:
    """Those of these devices that have no live token."""
    have = await credentials.devices_with_tokens(pool, now_us)
    return [device for device in devices if device not in have]


def ids_of(path: Path) -> list[str]:
    """Device ids of a file, each once: one a line, or a CSV (`,` or `;`) with a column `id`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({error}); give a text file with one device id a line.") from error
    lines = [line for line in text.splitlines() if line.strip()]
    delimiter = max(";\t,", key=(lines or [""])[0].count)
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]
    column = next((at for at, cell in enumerate(rows[0] if rows else []) if cell.lower() in _HEADERS), None)
    ids = [row[column or 0] for row in rows[0 if column is None else 1 :] if len(row) > (column or 0)]
    if not any(ids):
        raise ConfigError(f"{path} names no device: write one id a line, or a CSV with a column `id`.")
    return list(dict.fromkeys(name for name in ids if name))


async def give(
    pool: AsyncConnectionPool, devices: Sequence[str], output: Path | None, *, label: str, expires_us: int | None,
    now_us: int,
) -> None:  # fmt: skip
    """Make the tokens and hand their secrets over. The sheet is on disk before a single one of them works."""
    made = [credentials.new_token(device, device) for device in devices]
    sheet = _csv(made)
    if output is not None:
        _write(output, sheet)
    try:
        await credentials.store_tokens(pool, made, label=label, expires_us=expires_us, now_us=now_us)
    except BaseException:
        _forget(output)
        raise
    if output is None:
        sys.stdout.write(sheet)


def _forget(sheet: Path | None) -> None:
    if sheet is not None:
        sheet.unlink(missing_ok=True)


def _csv(tokens: Sequence[NewToken]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([("id", "secret"), *((t.device, t.secret) for t in tokens)])
    return out.getvalue()


def _write(path: Path, text: str) -> None:
    """A new file that only its owner reads; never over an old one, which may hold secrets that are in use."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise RondaError(f"{path} exists: move it away, or choose another -o.") from error
    except OSError as error:
        raise RondaError(f"{path} cannot be written ({error.strerror}); choose another -o.") from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise RondaError(f"{path} cannot be written ({error.strerror}); no token was made.") from error
