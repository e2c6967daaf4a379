"""The command line as argparse sees it; nothing is imported here but argparse."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final, NoReturn

STAGES: Final = ("ingest", "geo", "dispatch", "archive", "notify", "schedule", "api")
ROLES: Final = (
    "admin", "supervisor", "coordinator", "driver", "volunteer", "revenue_officer", "researcher", "leader", "auditor",
    "device", "bank",
)  # fmt: skip
IMPORTS: Final = (
    "areas", "places", "zones", "streets", "devices", "vehicles", "people", "routes", "shifts", "assignments",
    "calendar", "tasks", "rules", "roads", "fixes", "alerts",
)  # fmt: skip

Add = Callable[[argparse.ArgumentParser], None]


class _Parser(argparse.ArgumentParser):
    """Wrong usage ends with one sentence on stderr and exit code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help.\n")


def parser() -> argparse.ArgumentParser:
    """The whole command line. Each command sets `module`, whose `run(args)` does it."""
    top = _Parser(prog="ronda", description="Real-time GPS fleet and dispatch engine for a city.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (text, add) in _COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(module=f"ronda.commands.{_MODULES.get(name, name)}")
        add(command)
    return top


def _data(p: argparse.ArgumentParser) -> None:
    p.add_argument("--data", metavar="DIR", help="the data folder (default: RONDA_DATA_DIR, else the user's own)")


def _columns(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--columns", metavar="NAME=COLUMN,…", help="CSV names, such as device=unit,time=t_utc,lat=lat,lon=lon"
    )


def _up(p: argparse.ArgumentParser) -> None:
    p.add_argument("--demo", action="store_true", help="with the simulated city")
    p.add_argument("--host", metavar="H", help="address of the console and the API (default 127.0.0.1)")
    p.add_argument("--port", type=_port, metavar="P", help="their port (default 8000; 0: any free one)")
    _data(p)
    _log_level(p)


def _run(p: argparse.ArgumentParser) -> None:
    p.add_argument("stage", choices=STAGES, metavar="STAGE", help=", ".join(STAGES))
    _data(p)
    _log_level(p)


def _log_level(p: argparse.ArgumentParser) -> None:
    p.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="info")


def _detect(p: argparse.ArgumentParser) -> None:
    p.add_argument("files", nargs="+", metavar="FILE", help="CSV, GPX, GeoJSON or Parquet")
    p.add_argument("--profile", choices=("truck", "phone"), default="truck", help="how the devices move")
    p.add_argument("--min-dwell", type=_positive, metavar="S", help="shortest dwell to list, in seconds")
    p.add_argument("--radius", type=_positive, metavar="M", help="radius of a dwell, in metres")
    p.add_argument("--format", choices=("csv", "jsonl", "geojson"), default="csv")
    p.add_argument("-o", "--output", metavar="OUT", help="write there instead of to stdout")
    _columns(p)


def _publish(p: argparse.ArgumentParser) -> None:
    p.add_argument("files", nargs="+", metavar="FILE", help="CSV, GPX, GeoJSON or Parquet")
    p.add_argument("--speedup", type=_speed, default=1.0, metavar="X", help="times real speed, or `max`")
    p.add_argument("--shift-to-now", action="store_true", help="move the times so that the last fix is now")
    _columns(p)
    _target(p)
    _data(p)


def _simulate(p: argparse.ArgumentParser) -> None:
    p.add_argument("scenario", metavar="SCENARIO", help="day, flood")
    p.add_argument("--trucks", type=_count, default=35, metavar="N", help="of a day; in a flood there are none")
    p.add_argument("--volunteers", type=_count, default=65, metavar="N")
    p.add_argument("--seed", type=int, default=1, metavar="S", help="the same seed gives the same day")
    p.add_argument("--speedup", type=_speed, default=1.0, metavar="X", help="times real speed, or `max`")
    p.add_argument(
        "--duration", type=_positive, metavar="S", help="simulated seconds (default: a whole day; a flood: an hour)"
    )
    p.add_argument("--truth", metavar="FILE", help="write what really happened there, as JSON lines")
    _target(p)
    _data(p)


def _target(p: argparse.ArgumentParser) -> None:
    p.add_argument("--mqtt-url", metavar="URL", help="broker or door to publish to (default: the installation's)")
    p.add_argument("--token", metavar="SECRET", help="device credential (default: one of the installation's own)")


def _import(p: argparse.ArgumentParser) -> None:
    p.add_argument("section", choices=IMPORTS, metavar="WHAT", help=", ".join(IMPORTS))
    p.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="GeoJSON, CSV or XLSX; rules: JSON; fixes: also GPX, Parquet; roads: OSM; alerts: CAP",
    )
    p.add_argument("--sheet", metavar="NAME", help="sheet of a workbook (default: the first one shown)")
    p.add_argument("--columns", metavar="NAME=COLUMN,…", help="names in the file, such as id=KDEPUM,name=NAMOBJ")
    p.add_argument("--replace", action="store_true", help="the file is the whole set: what it does not name goes")
    p.add_argument(
        "--version",
        dest="set_version",
        default="",
        metavar="V",
        help="of areas or zones (default: after their content)",
    )
    p.add_argument("--close", action="store_true", help="end former assignments that contradict those of the file")
    p.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")
    p.add_argument("--device", action="append", metavar="[NAME=]ID", help="fixes: whose they are; NAME is the file's")
    _register(p)
    p.add_argument("--class", dest="cls", choices=("truck", "phone"), default="truck", help="fixes: of strangers")
    _data(p)


def _rebuild(p: argparse.ArgumentParser) -> None:
    p.add_argument("--day", required=True, metavar="D", help="a day of the city, such as 2026-11-24")
    p.add_argument("--device", metavar="ID", help="this device only (default: all that were heard on the day)")
    _data(p)


def _token(p: argparse.ArgumentParser) -> None:
    verbs = p.add_subparsers(dest="verb", required=True, metavar="create|issue|rotate|link|list|revoke")
    create = verbs.add_parser("create", help="make a token; its secret is shown once, on the last line")
    create.add_argument("--role", choices=ROLES, required=True, metavar="R", help=", ".join(ROLES))
    create.add_argument("--device", metavar="ID", help="the device that it belongs to (role device)")
    create.add_argument("--gateway", action="store_true", help="role device: may speak for every device, as a server")
    create.add_argument("--label", default="", metavar="TEXT", help="what it is for")
    _expires(create)
    _register(create)
    _data(create)
    _issue(verbs.add_parser("issue", help="make one token for each of many devices, as CSV with id and secret"))
    rotate = verbs.add_parser("rotate", help="a new secret in the place of an old one, which goes on for a while")
    _which_token(rotate)
    rotate.add_argument("--overlap", default="24h", metavar="T", help="how long the old one still works: 24h, 7d, 0")
    _expires(rotate)
    _data(rotate)
    link = verbs.add_parser("link", help="make a sign-in link for the console: single use, ten minutes")
    link.add_argument("--role", choices=ROLES, required=True, metavar="R", help=", ".join(ROLES))
    _data(link)
    shown = verbs.add_parser("list", help="all tokens, without their secrets")
    shown.add_argument("--device", metavar="ID", help="those of this device only")
    _data(shown)
    revoke = verbs.add_parser("revoke", help="make a token worthless at once")
    _which_token(revoke)
    _data(revoke)


def _issue(p: argparse.ArgumentParser) -> None:
    which = p.add_mutually_exclusive_group(required=True)
    which.add_argument("--all", action="store_true", help="every registered device without a live token")
    which.add_argument("--class", dest="cls", metavar="C", help="those of this class: truck, phone")
    which.add_argument("file", nargs="?", metavar="FILE", help="those of this file: one id a line, or CSV with `id`")
    p.add_argument("--again", action="store_true", help="also for devices that have a live token already")
    p.add_argument("--label", default="", metavar="TEXT", help="what they are for")
    p.add_argument("-o", "--output", metavar="OUT", help="a new file that only you can read, instead of stdout")
    _expires(p)
    _register(p)
    _data(p)


def _which_token(p: argparse.ArgumentParser) -> None:
    which = p.add_mutually_exclusive_group(required=True)
    which.add_argument("id", nargs="?", metavar="ID", help="as shown by `ronda token list`")
    which.add_argument("--device", metavar="ID", help="all that this device has")


def _expires(p: argparse.ArgumentParser) -> None:
    p.add_argument("--expires", metavar="D", help="30d, 12h, 2026-12-31 or a time in RFC 3339 (default: never)")


def _register(p: argparse.ArgumentParser) -> None:
    p.add_argument("--register", action="store_true", help="register a device that nobody registered yet")


def _broker(p: argparse.ArgumentParser) -> None:
    p.add_argument("folder", metavar="DIR", help="where the files go, such as /etc/mosquitto/ronda")
    p.add_argument(
        "--host", action="append", metavar="NAME", help="name or address by which devices reach the broker; repeatable"
    )
    p.add_argument("--port", type=_port, default=8883, metavar="P", help="for devices, with TLS (default 8883)")
    p.add_argument("--local-port", type=_port, default=1883, metavar="P", help="for Ronda, here (default 1883)")
    p.add_argument("--state", metavar="DIR", help="where Mosquitto keeps its queue (default: below the first DIR)")
    _data(p)


def _device(p: argparse.ArgumentParser) -> None:
    verbs = p.add_subparsers(dest="verb", required=True, metavar="key")
    key = verbs.add_parser("key", help="the key with which a phone seals its payloads (OwnTracks); read from stdin")
    key.add_argument("id", metavar="ID", help="the device")
    key.add_argument("--remove", action="store_true", help="forget the key")
    _data(key)


def _audit(p: argparse.ArgumentParser) -> None:
    verbs = p.add_subparsers(dest="verb", required=True, metavar="verify|replay")
    verify = verbs.add_parser("verify", help="compare the archive with its hash chain, block by block")
    verify.add_argument("--anchor", metavar="NO:DIGEST", help="a block noted down earlier must still be there")
    _span(verify)
    _data(verify)
    replay = verbs.add_parser("replay", help="let dispatch decide again what it decided, and compare")
    replay.add_argument("--incident", metavar="ID", help="from its report to its end")
    _span(replay)
    _data(replay)


def _span(p: argparse.ArgumentParser) -> None:
    p.add_argument("--from", dest="from_", metavar="T", help="a time in RFC 3339, or a day of the city")
    p.add_argument("--to", metavar="T", help="likewise; a day with all of it")


def _invite(p: argparse.ArgumentParser) -> None:
    p.add_argument("person", metavar="PERSON", help="id of a registered person")
    p.add_argument("--hours", type=_positive, default=72, metavar="H", help="how long it may be answered (default 72)")
    _data(p)


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 65535:
        raise argparse.ArgumentTypeError("must be from 0 to 65535")
    return value


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return value


def _speed(text: str) -> float:
    """A factor; `max` is infinity: no waiting at all."""
    return float("inf") if text == "max" else _positive(text)


_MODULES: Final = {"import": "import_"}
_COMMANDS: Final[dict[str, tuple[str, Add]]] = {
    "up": ("Run everything in one process, with embedded servers for each URL that is not set.", _up),
    "run": ("Run one stage in this process.", _run),
    "detect": ("List the dwells in a file, without any server.", _detect),
    "publish": ("Send a file through MQTT as devices would.", _publish),
    "simulate": ("Send made-up devices and people through MQTT.", _simulate),
    "import": ("Take over areas, places or a registry from a file.", _import),
    "rebuild": ("Compute the rows of an archived day anew.", _rebuild),
    "token": ("Make, change, list and revoke access tokens.", _token),
    "device": ("Keys of the devices that seal what they say.", _device),
    "invite": ("A link that sets up a person's phone, once.", _invite),
    "broker": ("Write the files of a Mosquitto in front: settings, users, access list, certificates.", _broker),
    "audit": ("Prove the archive by its hash chain; decide again what dispatch decided.", _audit),
    "doctor": ("Look at every server and setting; say what is wrong and what to do.", _data),
}
