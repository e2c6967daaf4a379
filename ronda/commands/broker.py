"""`ronda broker DIR`: the files of a Mosquitto in front, from the credentials that are live now."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from ronda import broker
from ronda.broker import Names
from ronda.brokerfiles import URL, Folder
from ronda.commands.common import database, settings_of
from ronda.settings import Settings
from ronda.system import SystemClock
from store import credentials


def run(args: argparse.Namespace) -> int:
    names, now_us = asyncio.run(_names(settings_of(args)))
    folder = Folder(_absolute(args.folder))
    state = _absolute(args.state) if args.state else folder.path / "state"
    changed = folder.settle(args.host or [], state, (args.port, args.local_port), names, now_us)
    _report(folder.path, names, changed)
    return 0


async def _names(settings: Settings) -> tuple[Names, int]:
    now_us = SystemClock().now_us()
    async with database(settings) as pool:
        return broker.sorted_out(await credentials.broker_users(pool, now_us)), now_us


def _absolute(path: str) -> Path:
    return Path(path).expanduser().absolute()


def _report(folder: Path, names: Names, changed: Sequence[str]) -> None:
    out = sys.stdout
    out.write(f"{len(names.devices)} devices and {len(names.gateways)} gateways may enter; files in {folder}.\n")
    for name, why in names.left_out.items():
        out.write(f"Left out: {name!r}: {why}. It can use Ronda's own door.\n")
    out.write(f"Changed: {', '.join(changed) or 'nothing'}.\n")
    if "mosquitto.conf" in changed:
        out.write(f"Have Mosquitto read {folder}/mosquitto.conf (include it, or mosquitto -c), restart it:\n")
        out.write("    systemctl restart mosquitto\n")
        out.write(f'and start Ronda with RONDA_MQTT_URL="$(cat {folder}/{URL})". Devices trust {folder}/ca.pem.\n')
    elif changed:
        out.write("Have Mosquitto read them:\n    systemctl reload mosquitto\n")
