"""Who speaks: the result of checking a credential, whatever kind it was."""

from __future__ import annotations

import msgspec

from core.entities import Role


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A checked credential: a role, a name for the audit, and for a device the id it may speak for."""

    role: Role
    subject: str
    device: str | None = None
