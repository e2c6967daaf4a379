"""The application, put together from what it is given. Nothing is built at import and nothing is global."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.answers import json
from api.bodies import Bodies
from api.clerks import clerks
from api.commands import Commands
from api.deps import Deps
from api.events import renderer
from api.feed import Feed
from api.gate import Gate
from api.hub import Hub
from api.ingesting import Refused
from api.metrics import LiveCollector, RequestMetrics
from api.reporting import Reporter
from api.roles import Allow
from api.routes import (
    afteraction,
    alerts,
    chain,
    changes,
    closures,
    console,
    credentials,
    days,
    dwells,
    events,
    health,
    history,
    impact,
    incidentpages,
    incidents,
    ingest,
    invites,
    labels,
    live,
    offerlinks,
    offers,
    ownpages,
    people,
    personlinks,
    phone,
    photos,
    positions,
    registry,
    reports,
    rules,
    session,
    shapes,
    spells,
    standing,
    threads,
    volunteers,
    why,
)
from api.standing import Standing
from store import read
from store.cancel import ended
from store.timeline import off_duty

ROUTERS: Final = (
    health.router,
    console.router,
    positions.router,
    live.router,
    events.router,
    registry.router,
    shapes.router,
    changes.router,
    volunteers.router,
    people.router,
    credentials.router,
    invites.router,
    history.router,
    dwells.router,
    labels.router,
    spells.router,
    reports.router,
    days.router,
    alerts.router,
    threads.router,
    rules.router,
    incidents.router,
    offers.router,
    afteraction.router,
    closures.router,
    standing.router,
    impact.router,
    incidentpages.router,
    photos.router,
    offerlinks.router,
    ownpages.router,
    personlinks.router,
    phone.router,
    ingest.router,
    why.router,
    chain.router,
    session.router,  # last: it also serves the console's files by name
)
GZIP_FROM: Final = 1400  # smaller answers fit one packet anyway
RESTART_S: Final = 1.0
logger: Final = logging.getLogger("ronda.api")


def create_app(deps: Deps) -> FastAPI:
    """The ASGI application. It follows the log and the archive while its lifespan lasts."""
    app = FastAPI(
        title="Ronda",
        version=deps.version or "0",
        docs_url=None,  # the pages of these two load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,  # served below, behind the gate
        lifespan=_lifespan,
        middleware=[
            Middleware(SafetyHeaders, policy=_policy(deps)),
            Middleware(RequestMetrics, registry=deps.metrics),
            Middleware(Gate, deps=deps),
            Middleware(GZipMiddleware, minimum_size=GZIP_FROM, compresslevel=5),
        ],
    )
    feed = Feed(deps.pool, deps.database_url, renderer(deps.zone))
    app.state.deps = deps
    app.state.feed = feed
    app.state.hub = Hub(deps.log, deps.clock, partial(read.vehicles_at, deps.pool), partial(off_duty, deps.pool))
    app.state.commands = Commands(deps.log, deps.pool, deps.clock, feed, deps.partitions, deps.unwritable)
    app.state.standing = Standing(deps.log, deps.clock)
    app.state.bodies = Bodies()
    app.state.clerks = clerks(deps.clock)
    app.state.reporter = Reporter(deps.pool, app.state.hub)
    app.state.refused = Refused()
    deps.metrics.register(LiveCollector(app.state.hub, feed))
    problems.install(app)
    _add_schema(app)
    for router in ROUTERS:
        app.include_router(router)
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    tasks = [
        asyncio.create_task(_kept(app.state.hub.run), name="api.hub"),
        asyncio.create_task(_kept(app.state.feed.run), name="api.feed"),
    ]
    try:
        yield
    finally:
        await ended(set(tasks))


async def _kept(run: Callable[[], Awaitable[None]]) -> None:
    """Run for ever. A failure that nobody foresaw is logged and begun anew: a feed must not die unseen."""
    while True:
        try:
            await run()
        except Exception:
            logger.exception("a feed failed; it starts again", extra={"action": "api.feed_failed"})
        await asyncio.sleep(RESTART_S)


def _add_schema(app: FastAPI) -> None:
    async def schema() -> Response:
        return json(get_openapi(title=app.title, version=app.version, routes=app.routes))

    app.add_api_route("/openapi.json", schema, include_in_schema=False, dependencies=[Depends(Allow("schema.read"))])


def _policy(deps: Deps) -> str:
    """What the console's pages may load: their own files, and the map style's server when one is set."""
    style = urlsplit(deps.map_style_url or "")
    elsewhere = f" {style.scheme}://{style.netloc} https:" if style.netloc else ""  # a style may name other hosts
    return (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data: blob:{elsewhere}; connect-src 'self'{elsewhere}; font-src 'self'{elsewhere}; "
        "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


class SafetyHeaders:
    """ASGI middleware: headers that every answer carries."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": policy,
            "Referrer-Policy": "no-referrer",  # an address may hold a link's secret
            "X-Content-Type-Options": "nosniff",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
