"""The live feed over a real server and a real WebSocket client."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.routes import live as route
from store import credentials
from tests.api.samples import NOW_US, S, live
from tests.api.test_access import sign_in
from tests.api.world import in_world, served

pytestmark = pytest.mark.service


async def opened(there, host, query="", role="supervisor", **headers):
    named = {"Authorization": f"Bearer {await there.token(role)}"} if role else {}
    return connect(f"ws://{host}/api/v1/live{query}", additional_headers=named | headers)


async def next_message(socket):
    async with asyncio.timeout(10):
        return json.loads(await socket.recv())


def test_a_viewer_gets_a_snapshot_then_what_changes(postgres_url):
    """The format of docs/live.md, end to end, over the log of frames."""

    async def body(there):
        await there.shown(live("a"))
        async with served(there) as host, await opened(there, host, "?interval_ms=100") as socket:
            first = await next_message(socket)
            await there.shown(live("b", lon=123.7))
            return first, await next_message(socket)

    first, second = in_world(postgres_url, body)
    assert (first["type"], first["fields"][:4]) == ("snapshot", ["device", "vehicle", "class", "state"])
    assert [row[0] for row in first["positions"]] == ["a"]
    assert (second["type"], [row[0] for row in second["positions"]], second["gone"]) == ("frame", ["b"], [])


def test_frames_are_no_closer_than_the_interval(postgres_url):
    """Many changes within it are one frame, with the newest of each."""

    async def body(there):
        await there.shown(live("a"))
        async with served(there) as host, await opened(there, host, "?interval_ms=500") as socket:
            await next_message(socket)
            began = asyncio.get_running_loop().time()
            for i in range(10):
                await there.shown(live("a", time_us=NOW_US + i * S))
            frame = await next_message(socket)
            return frame, asyncio.get_running_loop().time() - began

    frame, waited_s = in_world(postgres_url, body)
    assert [row[6] for row in frame["positions"]] == [(NOW_US + 9 * S) // 1000]
    assert waited_s > 0.3


def test_without_news_an_empty_frame_says_that_all_is_well(postgres_url, monkeypatch):
    """The heartbeat by which a console knows a dead connection."""
    monkeypatch.setattr(route, "BEAT_S", 0.2)

    async def body(there):
        async with served(there) as host, await opened(there, host, "?interval_ms=100") as socket:
            await next_message(socket)
            return await next_message(socket)

    assert in_world(postgres_url, body) == {"type": "frame", "t": NOW_US // 1000, "positions": [], "gone": []}


def test_a_window_and_a_look_elsewhere(postgres_url):
    """`bbox` bounds what is sent; a view message moves it."""

    async def body(there):
        await there.shown(live("near"), live("far", lon=100.0))
        async with served(there) as host, await opened(there, host, "?bbox=123,-11,124,-10") as socket:
            first = await next_message(socket)
            await socket.send(json.dumps({"type": "view", "bbox": [99, -11, 101, -10]}))
            second = await next_message(socket)
            await socket.send(json.dumps({"type": "view", "bbox": None}))
            return [sorted(row[0] for row in m["positions"]) for m in (first, second, await next_message(socket))]

    assert in_world(postgres_url, body) == [["near"], ["far"], ["far", "near"]]


REFUSED = [
    ("", None, {}, 401),
    ("", "leader", {}, 403),
    ("", "supervisor", {"Origin": "https://evil.example"}, 403),
    ("?bbox=1,2", "supervisor", {}, 422),
    ("?interval_ms=1", "supervisor", {}, 422),
]


def test_a_handshake_is_refused_with_a_problem(postgres_url):
    """No credential, wrong role, foreign origin, bad parameter: each says what is wrong."""

    async def body(there):
        async with served(there) as host:
            return [await refusal(there, host, query, role, **headers) for query, role, headers, _ in REFUSED]

    for (*_, status), response in zip(REFUSED, in_world(postgres_url, body), strict=True):
        assert response.status_code == status
        assert json.loads(response.body)["status"] == status
        assert response.headers["content-type"] == "application/problem+json"


async def refusal(there, host, query="", role="supervisor", **headers):
    with pytest.raises(InvalidStatus) as refused:
        await (await opened(there, host, query, role, **headers))
    return refused.value.response


def test_the_consoles_cookie_opens_the_feed_from_its_own_origin_only(postgres_url):
    """Another site cannot open it with the cookie that the browser adds."""

    async def body(there):
        await sign_in(there)
        cookie = "; ".join(f"{k}={v}" for k, v in there.client.cookies.items())
        async with served(there) as host:
            async with await opened(there, host, role=None, Cookie=cookie, Origin=f"http://{host}") as socket:
                first = await next_message(socket)
            refused = await refusal(there, host, role=None, Cookie=cookie, Origin="http://other.example")
        return first["type"], refused.status_code

    assert in_world(postgres_url, body) == ("snapshot", 403)


def test_an_unusable_message_closes_with_1003(postgres_url):
    """And harms nobody else."""
    rubbish = ["rubbish", "{}", '{"type":"view","bbox":[1,2]}', b"\xff", '{"type":"view","bbox":"x"}']

    async def body(there):
        async with served(there) as host, await opened(there, host) as good:
            await next_message(good)
            codes = [await close_code(there, host, text) for text in rubbish]
            await there.shown(live("a"))
            return codes, len((await next_message(good))["positions"])

    assert in_world(postgres_url, body) == ([1003] * 5, 1)


async def close_code(there, host, text):
    async with await opened(there, host) as bad:
        await next_message(bad)
        await bad.send(text)
        with pytest.raises(ConnectionClosed) as closed:
            await next_message(bad)
        return closed.value.rcvd.code


def test_a_credential_that_ends_closes_the_feed(postgres_url, monkeypatch):
    """A revoked token loses the map within the time of the next look."""
    monkeypatch.setattr(route, "RECHECK_S", 0.1)

    async def body(there):
        await there.token()
        async with served(there) as host, await opened(there, host) as socket:
            await next_message(socket)
            (info,) = await credentials.list_tokens(there.deps.pool)
            await credentials.revoke_token(there.deps.pool, info.id, NOW_US)
            with pytest.raises(ConnectionClosed) as closed:
                await next_message(socket)
        return closed.value.rcvd.code

    assert in_world(postgres_url, body) == 4401


def test_a_viewer_that_takes_nothing_is_closed_and_others_go_on(postgres_url, monkeypatch):
    """It holds one row per device while it sleeps, then nothing; the feed of the others never waits for it."""
    monkeypatch.setattr(route, "SLOW_S", 0.5)
    monkeypatch.setattr(route, "CLOSE_S", 0.1)

    async def body(there):
        hub = there.app.state.hub
        async with served(there) as host:
            _, writer = await stuck(there, host)
            async with await opened(there, host, "?interval_ms=100") as good:
                async with asyncio.timeout(30):
                    i = 0
                    while hub.counters.slow_closed == 0:
                        i += 1
                        rows = [live(f"d-{k:04}", time_us=NOW_US + i, area="x" * 400) for k in range(1500)]
                        hub.apply(rows)
                        assert len((await next_message(good))["positions"]) <= 1500
            writer.transport.abort()
            return hub.counters.slow_closed

    assert in_world(postgres_url, body) == 1


async def stuck(there, host):
    """A client that shakes hands and then never reads."""
    name, port = host.split(":")
    reader, writer = await asyncio.open_connection(name, int(port), limit=1024)
    token = await there.token()
    writer.write(
        f"GET /api/v1/live?interval_ms=100 HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {token}\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.pause_reading()
    return reader, writer
