"""How a change of the registry is made: what the composition hands to the routes that change it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Protocol

from api.problems import LaterError
from core.entries import Config


class Register(Protocol):
    """Writes configuration through the log and returns when the archive has it.

    `held_of` are devices that these entries register: what was held of them follows in the same append. Not taken
    over in time: `LaterError`.
    """

    async def __call__(self, configs: Sequence[Config], held_of: Sequence[str] = ()) -> None: ...

    def alone(self) -> AbstractAsyncContextManager[None]:
        """Nobody else changes the registry meanwhile: read, judge and write inside."""
        ...


class NoRegister:
    """Where the composition gave none: nothing can be changed."""

    async def __call__(self, configs: Sequence[Config], held_of: Sequence[str] = ()) -> None:
        del configs, held_of
        raise LaterError("this server was started without a way to change the registry")

    def alone(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()
