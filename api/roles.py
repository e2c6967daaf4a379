"""Who may do what: the one table. A route names a permission, never a role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

from fastapi import HTTPException
from starlette.requests import HTTPConnection

from core.entities import Role
from core.identity import Identity

Permission = Literal[
    "self",  # who am I, sign out: anybody signed in
    "map.read",  # areas, places, streets, the console's start
    "fleet.read",  # positions, history, dwells, alerts, events
    "figures.read",  # sums of groups and of the city: nothing about one vehicle
    "registry.read",  # devices, vehicles, routes, shifts, assignments
    "registry.write",
    "people.read",
    "people.write",  # also invitations of their phones
    "dwell.label",  # what a stop was for
    "dwell.reason",  # why, by who supervises or by its driver
    "day.close",  # also: compute it anew
    "day.reopen",
    "duty.write",  # on duty, consent: staff for anybody, a volunteer for themselves
    "credential.write",  # tokens of devices
    "rejects.read",
    "fix.send",  # over HTTP for any device: a gateway; a credential bound to a device speaks for that one
    "alert.ack",
    "incident.read",
    "incident.open",  # of a volunteer: a report
    "incident.photo",  # staff of any, a volunteer of what they reported or were asked for
    "incident.write",  # all that happens to it afterwards; answers for people on the telephone
    "own.export",  # all that is kept of a volunteer: staff for anybody, a volunteer for themselves
    "own.erase",
    "own.push",  # a browser of their own that is told
    "chain.read",  # digests: nothing about anybody
    "metrics.read",
    "schema.read",
]

_STAFF: Final[frozenset[Role]] = frozenset({"admin", "supervisor", "coordinator", "auditor"})
_HUMANS: Final[frozenset[Role]] = frozenset(set(get_args(Role)) - {"device", "bank"})

TABLE: Final[Mapping[Permission, frozenset[Role]]] = {
    "self": frozenset(get_args(Role)),
    "map.read": _HUMANS,
    "fleet.read": _STAFF,
    "figures.read": _STAFF | {"leader"},
    "registry.read": _STAFF,
    "registry.write": frozenset({"admin", "supervisor"}),
    "people.read": _STAFF,
    "people.write": frozenset({"admin", "supervisor", "coordinator"}),
    "dwell.label": frozenset({"admin", "supervisor"}),
    "dwell.reason": frozenset({"admin", "supervisor", "coordinator", "driver"}),
    "day.close": frozenset({"admin", "supervisor"}),
    "day.reopen": frozenset({"admin"}),
    "duty.write": frozenset({"admin", "coordinator", "volunteer"}),
    "credential.write": frozenset({"admin", "supervisor"}),
    "rejects.read": frozenset({"admin", "supervisor", "auditor"}),
    "fix.send": frozenset({"admin", "device"}),
    "alert.ack": frozenset({"admin", "supervisor", "coordinator"}),
    "incident.read": _STAFF,
    "incident.open": frozenset({"admin", "supervisor", "coordinator", "volunteer"}),
    "incident.photo": frozenset({"admin", "supervisor", "coordinator", "volunteer"}),
    "incident.write": frozenset({"admin", "coordinator"}),
    "own.export": frozenset({"admin", "coordinator", "volunteer"}),
    "own.erase": frozenset({"admin", "coordinator", "volunteer"}),
    "own.push": frozenset({"volunteer"}),
    "chain.read": _STAFF | {"leader"},
    "metrics.read": frozenset({"admin", "auditor"}),
    "schema.read": _HUMANS,
}


def may(role: Role, permission: Permission) -> bool:
    """Whether a role has a permission."""
    return role in TABLE[permission]


class Allow:
    """A route's demand. Used as a dependency; gives the identity, or 403 when its role may not."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    def __call__(self, connection: HTTPConnection) -> Identity:
        identity: Identity | None = connection.scope.get("identity")
        if identity is None:  # the gate lets nobody come here; this is the second lock
            raise HTTPException(401, "sign in, or send a token as Authorization: Bearer")
        if not may(identity.role, self.permission):
            raise HTTPException(403, f"the role {identity.role} may not do this ({self.permission})")
        return identity
