"""Sign-in links: single use, ten minutes, printed to whoever started us and written nowhere else."""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from core.entities import Role
from ronda.runtime import Runtime
from store.credentials import create_link

_POLL_S: Final = 0.1


async def link(runtime: Runtime, role: Role) -> str:
    """A fresh sign-in link for a role."""
    secret = await create_link(runtime.pool, role=role, subject=f"link:{role}", now_us=runtime.clock.now_us())
    return f"{runtime.settings.link_base}/?token={secret}"


async def announce(runtime: Runtime) -> None:
    """Once the console answers, tell a person at a terminal how to get in (a service's output is a log)."""
    await console_answers(runtime)
    if sys.stdout.isatty():
        sys.stdout.write(f"Console: {await link(runtime, 'admin')}\n")
    else:
        sys.stdout.write(f"Console: {runtime.settings.link_base} (a sign-in link: ronda token link --role admin)\n")
    sys.stdout.flush()


async def console_answers(runtime: Runtime) -> None:
    """Wait until something listens where the console should."""
    host, port = runtime.settings.http_host, runtime.settings.http_port
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(_POLL_S)
            continue
        writer.close()
        return
