"""Who may do what at a Mosquitto in front: its password file and its access list, name by name.

A name stands for one device and may touch that device's topics only; patterns with `%u` would not do, since an
OwnTracks topic parts the id in two. A name without a live token is in neither file, so after a reload it can neither
enter nor, if it is still connected, speak.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

from ingest.mqtt import TOPICS
from store.credentials import BrokerUser

OURS: Final = "ronda"  # the name by which Ronda itself enters
TOLD: Final = ("offer", "notice", "reject")
SAID: Final = ("fix", "answer", "report")
_IMEI: Final = re.compile(r"\d{15}")
_UNFIT: Final = re.compile(r"[:+#/]")  # ends a name in the password file, or is a wildcard or a level in a topic


@dataclass(frozen=True, slots=True)
class Names:
    """The users of the broker, and who cannot be one, with the reason."""

    devices: list[BrokerUser] = field(default_factory=list)
    gateways: list[BrokerUser] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def sorted_out(users: Iterable[BrokerUser]) -> Names:
    """Devices by id, gateways by what they are called; a name that would open more than its own is left out."""
    names = Names()
    everyone = sorted(users, key=lambda user: (user.device is None, user.device or user.subject))
    taken = {OURS}
    for user in everyone:
        name = name_of(user)
        why = _unfit(name, taken)
        if why:
            names.left_out[name] = why
            continue
        taken.add(name)
        (names.gateways if user.device is None else names.devices).append(user)
    return names


def name_of(user: BrokerUser) -> str:
    """The user name that this credential shows to the broker."""
    return user.subject if user.device is None else user.device


def _unfit(name: str, taken: set[str]) -> str:
    if not name or not name.isprintable() or name != name.strip() or _UNFIT.search(name):
        return "a user name has no : + # / and no space at its ends"
    return "this name is taken" if name in taken else ""


def password_file(names: Names, own_hash: str) -> str:
    """One line a name."""
    users = [(OURS, own_hash), *((name_of(user), user.hash) for user in [*names.devices, *names.gateways])]
    return "".join(f"{name}:{digest}\n" for name, digest in users)


def access_list(names: Names) -> str:
    """One block a name."""
    blocks = [_block(OURS, "Ronda itself: reads what devices say, writes what they are told.", _our_topics())]
    blocks += [_block(name_of(user), "", device_topics(name_of(user))) for user in names.devices]
    blocks += [_block(name_of(user), "A gateway: speaks for all.", gateway_topics()) for user in names.gateways]
    return "# Written by `ronda broker`; the next run writes it anew.\n\n" + "\n".join(blocks)


def device_topics(device: str) -> list[str]:
    """What a device may touch: its own topics in each dialect that has the device in its topic."""
    topics = [f"write ronda/v1/{device}/{what}" for what in SAID]
    topics += [f"read ronda/v1/{device}/{what}" for what in TOLD]
    for user, phone in halves(device):
        topics += [f"write owntracks/{user}/{phone}", f"write owntracks/{user}/{phone}/+"]
    if _IMEI.fullmatch(device):  # the two levels before are the installer's choice, but must not be an OwnTracks topic
        topics += ["deny owntracks/#", "deny /owntracks/#", f"write +/+/teltonika/{device}/data"]
    return topics


def halves(device: str) -> list[tuple[str, str]]:
    """Every user and device of OwnTracks that together are this id."""
    return [(device[:at], device[at + 1 :]) for at in range(1, len(device) - 1) if device[at] == "-"]


def gateway_topics() -> list[str]:
    """A server that forwards for many devices may say whatever Ronda listens to, and reads nothing."""
    return [f"write {topic}" for topic in _heard()]


def _our_topics() -> list[str]:
    return [*(f"read {topic}" for topic in _heard()), *(f"write ronda/v1/+/{what}" for what in TOLD)]


def _heard() -> list[str]:
    return list(dict.fromkeys([*TOPICS, *(f"ronda/v1/+/{what}" for what in SAID)]))


def _block(name: str, remark: str, topics: Sequence[str]) -> str:
    head = [f"# {remark}"] if remark else []
    return "".join(f"{line}\n" for line in [*head, f"user {name}", *(f"topic {topic}" for topic in topics)])


def settings_file(folder: Path, state: Path, port: int, local_port: int) -> str:
    """mosquitto.conf for these places."""
    template = Template(files(__package__).joinpath("mosquitto.conf").read_text("utf-8"))
    return template.substitute(folder=folder, state=state, port=port, local_port=local_port)
