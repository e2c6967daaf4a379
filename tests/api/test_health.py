"""Alive, ready, counted; and every error a problem."""

import asyncio

import httpx
import pytest

from core.clock import ManualClock
from core.errors import UnavailableError
from store.memory import MemoryLog
from tests.api.samples import NOW_US, live
from tests.api.world import in_world

pytestmark = pytest.mark.service


def test_health_and_readiness_need_no_credential(postgres_url):
    """A load balancer asks without one; the answer names the parts."""

    async def body(there):
        return (await there.get("/healthz", None)).json(), await there.get("/readyz", None)

    health, ready = in_world(postgres_url, body)
    assert health == {"status": "ok"}
    assert (ready.status_code, ready.json()) == (
        200,
        {"status": "ready", "parts": {"database": "ok", "log": "ok", "live": "ok"}},
    )


def test_readiness_names_the_part_that_is_not(postgres_url):
    """A part given from above counts; one that hangs or fails is told from one that says what is wrong."""

    async def lags():
        return "the archive lags 40 s behind"

    async def fails():
        raise UnavailableError("unix:/secret/path")

    async def body(there):
        return await there.get("/readyz", None)

    answer = in_world(postgres_url, body, ready={"archive": lags, "broker": fails})
    assert answer.status_code == 503
    assert answer.json()["parts"]["archive"] == "the archive lags 40 s behind"
    assert answer.json()["parts"]["broker"] == "does not answer (UnavailableError)"


def test_metrics_are_for_this_machine_or_for_a_token(postgres_url):
    """A stranger gets 401, also one who comes through a proxy here; routes are counted by template."""

    async def body(there):
        await there.shown(live("a"))
        await there.get("/api/v1/dwells/some-id")
        local = await there.get("/metrics", None)
        proxied = await there.ask("GET", "/metrics", None, headers={"X-Forwarded-For": "1.2.3.4"})
        transport = httpx.ASGITransport(app=there.app, client=("192.0.2.1", 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as stranger:
            foreign = await stranger.get("/metrics")
            token = {"Authorization": f"Bearer {await there.token('admin')}"}
            return local, proxied, foreign, await stranger.get("/metrics", headers=token)

    local, proxied, foreign, token = in_world(postgres_url, body)
    assert [a.status_code for a in (local, proxied, foreign, token)] == [200, 401, 401, 200]
    assert "ronda_live_devices 1.0" in local.text
    assert 'ronda_http_requests_total{route="/api/v1/dwells/{dwell}",status="404"} 1.0' in local.text


ERRORS = {
    ("GET", "/api/v1/nothing"): 404,
    ("DELETE", "/api/v1/dwells"): 405,
    ("GET", "/api/v1/devices/a%00b/fixes"): 400,
    ("GET", "/api/v1/dwells?device=a%00b"): 400,
    ("GET", "/api/v1/dwells?from=-99999999999999999"): 422,
    ("GET", "/api/v1/rejects?after=99999999999999999999"): 422,
    ("GET", "/api/v1/dwells?limit=10001"): 422,
    ("POST", "/api/v1/incidents"): 422,
}


def test_every_error_is_a_problem(postgres_url):
    """RFC 9457 whatever went wrong, with the status inside too."""

    async def body(there):
        return {asked: await there.ask(*asked) for asked in ERRORS}

    for asked, answer in in_world(postgres_url, body).items():
        assert answer.status_code == ERRORS[asked], asked
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == ERRORS[asked]
        assert set(answer.json()) >= {"type", "title", "detail"}


def test_a_server_behind_us_that_is_away_is_a_503(postgres_url):
    """The caller may try again; no address of ours is told."""

    async def body(there):
        token = await there.token()
        await there.deps.pool.close()
        return await there.client.get("/api/v1/dwells", headers={"Authorization": f"Bearer {token}"})

    answer = in_world(postgres_url, body)
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert postgres_url not in answer.text


def test_a_log_that_is_away_does_not_stop_the_rest(postgres_url):
    """Positions answer 503 until they were read once; the archive's routes go on; then all is well again."""

    class Away(MemoryLog):
        here = False

        async def live(self):
            if not self.here:
                raise UnavailableError("away")
            return await super().live()

    async def main():
        from api.app import create_app
        from api.deps import Deps
        from store import credentials
        from store.pg import connect
        from tests.api.world import CITY

        log = Away()
        async with await connect(postgres_url) as pool, asyncio.timeout(20):
            deps = Deps(pool=pool, database_url=postgres_url, log=log, clock=ManualClock(NOW_US), city=CITY)
            app = create_app(deps)
            _, secret = await credentials.create_token(
                pool, role="admin", subject="x", label="", expires_us=None, now_us=NOW_US
            )
            async with app.router.lifespan_context(app):
                client = httpx.AsyncClient(
                    transport=httpx.ASGITransport(app=app),
                    base_url="http://x",
                    headers={"Authorization": f"Bearer {secret}"},
                )
                async with client:
                    before = [(await client.get(f"/api/v1/{p}")).status_code for p in ("positions", "dwells")]
                    log.here = True
                    await app.state.hub.ready.wait()
                    return before, (await client.get("/api/v1/positions")).status_code

    assert asyncio.run(main()) == ([503, 200], 200)
