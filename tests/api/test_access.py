"""Nothing is readable without a credential, and a role reads only what is its own."""

import logging
import re

import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute

from api.app import create_app
from api.gate import COOKIE, is_open
from api.roles import TABLE, Allow
from store import credentials
from store.memory import MemoryLog
from tests.api.samples import NOW_US, S
from tests.api.world import BASE, CITY, in_world

OPEN_PATHS = {"/", "/healthz", "/readyz", "/metrics", "/assets/{path:path}", "/i/{secret}", "/{name}"}
OPEN_PATHS |= {
    "/o/{signed}",
    "/o/{signed}/push",
    "/l/{signed}",
    "/l/{signed}/saya",
    "/l/{signed}/data",
    "/l/{signed}/push",
}
OPEN_PATHS |= {"/l/{signed}/r/{incident}", "/phone/{name}"}
pytestmark = pytest.mark.service


def routes():
    from api.deps import Deps
    from core.clock import ManualClock

    app = create_app(Deps(pool=None, database_url="", log=MemoryLog(), clock=ManualClock(), city=CITY))
    return [r for r in _flat(app.routes) if isinstance(r, APIRoute | APIWebSocketRoute)]


def _flat(found):
    for route in found:
        yield route
        yield from _flat(getattr(getattr(route, "original_router", None), "routes", []))


def demands(dependant):
    own = [dependant.call.permission] if isinstance(dependant.call, Allow) else []
    return own + [p for d in dependant.dependencies for p in demands(d)]


def test_every_route_that_shows_data_demands_a_permission():
    """A new route cannot be forgotten: each demands a permission of the table or stands in the short open list."""
    closed = [r for r in routes() if r.path not in OPEN_PATHS]

    assert len(closed) > 20
    assert [r.path for r in closed if not demands(r.dependant)] == []
    assert {p for r in closed for p in demands(r.dependant)} <= set(TABLE)


def test_every_route_is_closed_without_a_credential(postgres_url):
    """401 as a problem, whatever the method, for each path of the application and for paths that do not exist."""
    paths = {(m, r.path) for r in routes() if isinstance(r, APIRoute) for m in r.methods if r.path not in OPEN_PATHS}
    asked = [(m, re.sub(r"{[^}]+}", "x", path)) for m, path in sorted(paths)]

    async def body(there):
        answers = [await there.ask(m, path, None) for m, path in [*asked, ("GET", "/api/v1/none"), ("PUT", "/x/y")]]
        return {(a.status_code, a.headers["content-type"], a.headers["www-authenticate"]) for a in answers}

    told = {(401, "application/problem+json", challenge) for challenge in ("Bearer", 'Basic realm="ronda"')}
    assert in_world(postgres_url, body) == told


ROLES = {
    ("supervisor", "/api/v1/dwells"): 200,
    ("auditor", "/api/v1/rejects"): 200,
    ("coordinator", "/api/v1/rejects"): 403,
    ("leader", "/api/v1/positions"): 403,
    ("leader", "/api/v1/areas"): 200,
    ("volunteer", "/api/v1/people"): 403,
    ("device", "/api/v1/areas"): 403,
    ("device", "/api/v1/me"): 200,
}


def test_a_role_reads_what_is_its_own(postgres_url):
    """The table of roles decides."""

    async def body(there):
        return {(role, path): (await there.get(path, role)).status_code for role, path in ROLES}

    assert in_world(postgres_url, body) == ROLES


def test_a_wrong_an_expired_and_a_revoked_token_open_nothing(postgres_url):
    """Each is a 401, as if there were none."""

    async def body(there):
        pool, soon = there.deps.pool, NOW_US + S
        usual = {"role": "admin", "subject": "x", "label": "", "now_us": NOW_US}
        _, expired = await credentials.create_token(pool, **usual, expires_us=soon)
        revoked_id, revoked = await credentials.create_token(pool, **usual, expires_us=None)
        await credentials.revoke_token(pool, revoked_id, NOW_US)
        there.clock.advance(2 * S)
        sent = [f"Bearer {secret}" for secret in ("x" * 43, expired, revoked, "", "\xff")] + ["Basic eDp5"]
        headers = [{"Authorization": text.encode("latin-1")} for text in sent]
        return [(await there.ask("GET", "/api/v1/me", None, headers=h)).status_code for h in headers]

    assert in_world(postgres_url, body) == [401] * 6


def test_a_link_becomes_a_cookie_once(postgres_url):
    """The redirect strips the secret; the cookie opens the API; the link opens nothing a second time."""

    async def body(there):
        link = await credentials.create_link(there.deps.pool, role="supervisor", subject="s", now_us=NOW_US)
        first = await there.client.get("/", params={"token": link})
        me = await there.client.get("/api/v1/me")
        there.client.cookies.clear()
        again = await there.client.get("/", params={"token": link})
        return first, me, again

    first, me, again = in_world(postgres_url, body)
    assert (first.status_code, first.headers["location"]) == (303, "/")
    assert re.fullmatch(rf"{COOKIE}=[\w-]+; HttpOnly; Max-Age=\d+; Path=/; SameSite=lax", first.headers["set-cookie"])
    assert (me.status_code, me.json()["role"], me.json()["city"]["name"]) == (200, "supervisor", "Kupang")
    assert (again.status_code, again.headers["location"]) == (303, "/?sign-in=expired")
    assert "set-cookie" not in again.headers


def test_a_link_opened_twice_by_the_same_browser_is_no_failure(postgres_url):
    """Reloading the printed link while signed in simply leads to the console."""

    async def body(there):
        link = await credentials.create_link(there.deps.pool, role="supervisor", subject="s", now_us=NOW_US)
        await there.client.get("/", params={"token": link})
        return (await there.client.get("/", params={"token": link})).headers["location"]

    assert in_world(postgres_url, body) == "/"


def test_the_cookie_is_secure_when_the_public_address_is(postgres_url):
    """Over TLS the cookie never travels in the clear."""

    async def body(there):
        link = await credentials.create_link(there.deps.pool, role="leader", subject="s", now_us=NOW_US)
        return (await there.client.get("/", params={"token": link})).headers["set-cookie"]

    assert "Secure" in in_world(postgres_url, body, public_url="https://ronda.example.go.id")


def test_a_links_secret_is_never_logged(postgres_url, caplog):
    """Not by us at any level, whether it works or not."""
    caplog.set_level(logging.DEBUG, "ronda")

    async def body(there):
        link = await credentials.create_link(there.deps.pool, role="leader", subject="s", now_us=NOW_US)
        await there.client.get("/", params={"token": link})
        await there.client.get("/", params={"token": link})
        return link

    link = in_world(postgres_url, body)
    assert "signed in" in caplog.text
    assert link not in caplog.text


def test_signing_out_ends_the_session(postgres_url):
    """The cookie is worth nothing afterwards, even to who kept a copy."""

    async def body(there):
        await sign_in(there)
        kept = there.client.cookies[COOKIE]
        out = await there.client.post("/api/v1/sign-out", headers={"Origin": BASE})
        there.client.cookies.set(COOKIE, kept)
        return out.status_code, (await there.client.get("/api/v1/me")).status_code

    assert in_world(postgres_url, body) == (204, 401)


ORIGINS = [
    ({"Origin": BASE}, 204),
    ({"Sec-Fetch-Site": "same-origin"}, 204),
    ({"Origin": "https://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({}, 403),
]


def test_a_write_by_cookie_must_come_from_our_own_pages(postgres_url):
    """Another site cannot write with the cookie that the browser adds by itself."""

    async def body(there):
        statuses = []
        for headers, _ in ORIGINS:
            await sign_in(there)
            statuses.append((await there.client.post("/api/v1/sign-out", headers=headers)).status_code)
        return statuses

    assert in_world(postgres_url, body) == [status for _, status in ORIGINS]


async def sign_in(there, role="supervisor"):
    link = await credentials.create_link(there.deps.pool, role=role, subject="s", now_us=NOW_US)
    await there.client.get("/", params={"token": link})


@pytest.mark.parametrize(
    ("path", "opened"),
    [
        ("/assets/index-Bx1.js", True),
        ("/favicon.ico", True),
        ("/phone/report.js", True),
        ("/l/Ab-_1", True),
        ("/l/Ab-_1/r/c-1", True),
        ("/l/Ab-_1/r/c-1/more", False),
        ("/l/", False),
        ("/o/Ab-_1/push", True),
        ("/o/Ab-_1/other", False),
        ("/phone/../api/v1/me.js", False),
        ("/index.html", True),
        ("/openapi.json", False),
        ("/api/v1/me", False),
        ("/api/v1/x.js", False),
        ("/assets/../api/v1/me", False),
        ("/assets/", False),
        ("//api", False),
    ],
)
def test_only_the_consoles_own_files_are_open(path, opened):
    """The list of open paths is short and has no holes."""
    assert is_open(path) is opened


def test_the_console_is_served_with_a_strict_policy(postgres_url, tmp_path):
    """Its files come without a credential; nothing outside the folder does; pages load only from here."""
    (tmp_path / "static" / "assets").mkdir(parents=True)
    (tmp_path / "static" / "index.html").write_text("<title>x")
    (tmp_path / "static" / "assets" / "a.js").write_text("1")
    (tmp_path / "secret.js").write_text("2")
    (tmp_path / "static" / "assets" / "out.js").symlink_to(tmp_path / "secret.js")

    async def body(there):
        return [await there.get(p, None) for p in ("/", "/assets/a.js", "/assets/out.js", "/assets/no.js")]

    home, script, out, none = in_world(postgres_url, body, static_dir=tmp_path / "static")
    assert (home.status_code, script.status_code, out.status_code, none.status_code) == (200, 200, 404, 404)
    assert "immutable" in script.headers["cache-control"]
    assert home.headers["cache-control"] == "no-cache"
    assert "default-src 'self'" in home.headers["content-security-policy"]
    assert home.headers["referrer-policy"] == "no-referrer"
