"""`ronda device key ID [--remove]`: the key with which a phone seals its payloads."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys

from core.errors import ConfigError, RondaError
from ronda.commands.common import database, settings_of
from ronda.settings import Settings
from ronda.system import SystemClock
from store import credentials, read
from store.credentials import KEY_LIMIT


def run(args: argparse.Namespace) -> int:
    key = None if args.remove else _key()
    return asyncio.run(_store(args.id, key, settings_of(args)))


async def _store(device: str, key: bytes | None, settings: Settings) -> int:
    async with database(settings) as pool:
        if key is not None and await read.registry_row(pool, "devices", device) is None:
            raise RondaError(f"There is no device {device}: `ronda import devices`, or the console, registers it.")
        if not await credentials.set_payload_key(pool, device, key, SystemClock().now_us()):
            raise RondaError(f"There is no key of {device}.")
    sys.stderr.write(f"The key of {device} is {'forgotten' if key is None else 'stored'}; known within seconds.\n")
    return 0


def _key() -> bytes:
    """Never from the command line, which every user of the machine can read."""
    text = getpass.getpass("Key as in the app: ") if sys.stdin.isatty() else sys.stdin.readline()
    key = text.rstrip("\r\n").encode()
    if not 0 < len(key) <= KEY_LIMIT:
        raise ConfigError(f"A key has 1 to {KEY_LIMIT} bytes; give it on stdin, as it stands in the app.")
    return key
