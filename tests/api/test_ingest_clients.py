"""Each client gets the answer that it expects: OwnTracks, OsmAnd and Traccar Client, a Traccar server, ChirpStack."""

import json

import pytest
from httpx import BasicAuth

from tests.api.posting import NOW_S, posting

pytestmark = pytest.mark.service
LOCATION = {"_type": "location", "lat": -10.17, "lon": 123.6, "tst": NOW_S}
NEW_CLIENT = {
    "location": {
        "timestamp": "2026-01-05T00:00:00Z",
        "coords": {"latitude": -10.17, "longitude": 123.6, "accuracy": 5, "speed": 1, "heading": -1},
        "is_moving": True,
    }
}
FORWARDED = {
    "position": {
        "protocol": "teltonika",
        "deviceTime": "2026-01-05T00:00:00.000+00:00",
        "fixTime": "2026-01-05T00:00:00.000+00:00",
        "valid": True,
        "latitude": -10.17,
        "longitude": 123.6,
        "speed": 10,
        "attributes": {},
    },
    "device": {"uniqueId": "t-1"},
}
HERE = ("t-1", -10.17, 123.6)


def location(**given):
    return json.dumps(LOCATION | given)


# ---------------------------------------------------------------- OwnTracks


def test_owntracks_gets_its_array(postgres_url):
    """`[]` as JSON for a position, an empty body, a card, an array and what is refused: a phone must not jam."""
    bodies = [location(), "", '{"_type": "card"}', f"[{location(lat=-10.2)}]", location(tst=NOW_S + 9999), "{"]

    async def body(post):
        auth = await post.as_device("budi-hp")
        answers = [await post.send("/ingest/owntracks", text, auth=auth) for text in bodies]
        told = {(a.status_code, a.text, a.headers["content-type"]) for a in answers}
        return told, await post.heard(), [r.reason for r in await post.rejects()]

    told, heard, rejects = posting(postgres_url, body, "budi-hp")
    assert told == {(200, "[]", "application/json")}
    assert heard == [("budi-hp", -10.2, 123.6), ("budi-hp", -10.17, 123.6)]
    assert rejects == ["future", "not_json"]


NAMED = [
    ({"headers": {"X-Limit-U": "budi", "X-Limit-D": "hp"}}, {}),
    ({"params": {"u": "budi", "d": "hp"}}, {}),
    ({}, {"topic": "owntracks/budi/hp"}),
    ({}, {"topic": "/owntracks/budi/hp/event"}),
    ({"headers": {"X-Limit-U": "anything", "X-Limit-D": "budi-hp"}}, {}),
    ({}, {}),
]


def test_owntracks_names_make_the_devices_id(postgres_url):
    """From headers, the query or the payload; a device's credential needs no names, and may be named by its id."""

    async def body(post):
        auth = await post.as_device("budi-hp")
        sent = [(options, location(tst=NOW_S - n, **given)) for n, (options, given) in enumerate(NAMED)]
        statuses = [(await post.send("/ingest/owntracks", text, auth=auth, **o)).status_code for o, text in sent]
        return statuses, await post.heard()

    assert posting(postgres_url, body, "budi-hp") == ([200] * 6, [("budi-hp", -10.17, 123.6)] * 6)


def test_owntracks_speaks_for_a_device_without_a_user_in_its_id(postgres_url):
    """A tablet called `tablet9` needs no dash."""

    async def body(post):
        names = {"X-Limit-U": "x", "X-Limit-D": "tablet9"}
        answer = await post.send("/ingest/owntracks", location(), auth=await post.as_device("tablet9"), headers=names)
        return answer.status_code, await post.heard()

    assert posting(postgres_url, body, "tablet9") == (200, [("tablet9", -10.17, 123.6)])


def test_owntracks_cannot_speak_as_another_phone(postgres_url):
    """403, in the query, the headers or the payload."""

    async def body(post):
        auth, path = await post.as_device("budi-hp"), "/ingest/owntracks"
        query = await post.send(path, location(), auth=auth, params={"u": "ani", "d": "hp"})
        inside = await post.send(path, location(topic="owntracks/ani/hp"), auth=auth)
        return query.status_code, inside.status_code, await post.heard()

    assert posting(postgres_url, body, "budi-hp", "ani-hp") == (403, 403, [])


def test_owntracks_of_a_gateway_must_be_named(postgres_url):
    """422 where nothing says whose position it is; with names it is taken."""

    async def body(post):
        auth, path = BasicAuth("", await post.secret()), "/ingest/owntracks"
        bare = await post.send(path, location(), auth=auth)
        named = await post.send(path, location(), auth=auth, params={"u": "budi", "d": "hp"})
        return bare.status_code, named.status_code, len(await post.heard())

    assert posting(postgres_url, body, "budi-hp") == (422, 200, 1)


# ---------------------------------------------------------------- OsmAnd and Traccar Client

QUERY = {"id": "t-1", "lat": "-10.17", "lon": "123.6", "timestamp": str(NOW_S)}


def query(**given):
    return QUERY | given


def test_the_old_client_is_answered_with_nothing(postgres_url):
    """200 and an empty body, whether it sends a query by GET or POST, a form, or both."""

    async def body(post):
        auth, path = await post.as_device("t-1"), "/ingest/osmand"
        answers = [
            await post.send(path, method="GET", params=query(), auth=auth),
            await post.send(path, params=query(lat="-10.2"), auth=auth),
            await post.send(path, "id=t-1&lat=-10.3&lon=123.6&timestamp=" + str(NOW_S), auth=auth),
            await post.send(f"{path}?id=t-1&lat=-10.4", f"lon=123.6&timestamp={NOW_S}", auth=auth),
            await post.send(
                path, method="GET", params={k: v for k, v in query(lat="-10.5").items() if k != "id"}, auth=auth
            ),
        ]
        return {(a.status_code, a.text) for a in answers}, [lat for _, lat, _ in await post.heard()]

    assert posting(postgres_url, body, "t-1") == ({(200, "")}, [-10.5, -10.4, -10.3, -10.2, -10.17])


def test_the_new_client_sends_json(postgres_url):
    """200 and an empty body; its heartbeat without coordinates too."""

    async def body(post):
        auth, path = await post.as_device("t-1"), "/ingest/osmand"
        fix = await post.send(path, json.dumps({"device_id": "t-1"} | NEW_CLIENT), auth=auth)
        beat = json.dumps({"device_id": "t-1", "location": {"timestamp": "2026-01-05T00:00:00Z", "event": "heartbeat"}})
        silent = await post.send(path, beat, auth=auth)
        return [(a.status_code, a.text) for a in (fix, silent)], await post.heard()

    assert posting(postgres_url, body, "t-1") == ([(200, "")] * 2, [HERE])


def test_a_secret_may_stand_where_the_id_is(postgres_url):
    """A client that cannot send headers; nothing that is stored or told holds the secret."""

    async def body(post):
        secret, path = await post.secret("t-1"), "/ingest/osmand"
        answers = [
            await post.send(path, method="GET", params=query(id=secret)),
            await post.send(path, f"deviceid={secret}&lat=-10.2&lon=123.6&timestamp={NOW_S}"),
            await post.send(path, json.dumps({"device_id": secret} | NEW_CLIENT)),
            await post.send(path, json.dumps({"device_id": secret})),
            await post.send(path, method="GET", params=query(id=secret, lat="99")),
        ]
        said = [(a.status_code, secret in a.text) for a in answers]
        return said, await post.heard(), secret in str(await post.rejects())

    said, heard, stored = posting(postgres_url, body, "t-1")
    assert [status for status, _ in said[:3]] == [200, 200, 200]
    assert (said[4], stored, any(shown for _, shown in said)) == ((400, False), False, False)
    assert heard == [("t-1", -10.2, 123.6), HERE, HERE]


def test_an_id_that_opens_nothing_is_refused(postgres_url):
    """A plain id proves nothing; a wrong secret and one of no device prove less."""

    async def body(post):
        gateway, path = await post.secret(), "/ingest/osmand"
        ids = ["t-1", "x" * 43, gateway, ""]
        answers = [await post.send(path, method="GET", params=query(id=each)) for each in ids]
        return [a.status_code for a in answers], await post.heard(), post.knocks

    expected = ([401, 401, 403, 401], [], [("t-1", "no secret was sent")])
    assert posting(postgres_url, body, "t-1") == expected


def test_a_demo_does_not_make_a_device_of_a_secret(postgres_url):
    """An id that looks like a secret is never stored as a name."""

    async def body(post):
        bad = await post.send("/ingest/osmand", method="GET", params=query(id="x" * 43))
        good = await post.send("/ingest/osmand", method="GET", params=query(id="my-phone"))
        return bad.status_code, good.status_code, [device for device, _, _ in await post.heard()]

    assert posting(postgres_url, body, demo=True, auto_register=True) == (401, 200, ["my-phone"])


def test_an_osmand_client_cannot_speak_as_another_device(postgres_url):
    """Whatever the id says, the secret decides."""

    async def body(post):
        auth = await post.as_device("t-1")
        old = await post.send("/ingest/osmand", method="GET", params=query(id="t-2"), auth=auth)
        new = await post.send("/ingest/osmand", json.dumps({"device_id": "t-2"} | NEW_CLIENT), auth=auth)
        return old.status_code, new.status_code, await post.heard()

    assert posting(postgres_url, body, "t-1", "t-2") == (403, 403, [])


BAD_QUERIES = [query(lat="x"), query(lat="91"), {"id": "t-1", "lat": "1"}, query(timestamp="soon"), query(id="a/b")]


def test_what_is_no_position_is_400_with_the_reason(postgres_url):
    """To the old client and to whoever tries it by hand."""

    async def body(post):
        gateway = BasicAuth("", await post.secret())
        answers = [await post.send("/ingest/osmand", method="GET", params=p, auth=gateway) for p in BAD_QUERIES]
        return [(a.status_code, bool(a.json()["detail"])) for a in answers]

    assert posting(postgres_url, body, "t-1") == [(400, True)] * len(BAD_QUERIES)


def test_a_phone_does_not_jam_on_a_position_that_is_refused_for_ever(postgres_url):
    """The first answer says what is wrong; the same position again is answered 200, the next one is taken."""

    async def body(post):
        auth, path = await post.as_device("t-1"), "/ingest/osmand"
        sent = [query(timestamp="1000"), query(timestamp="1000"), query()]
        return [(await post.send(path, method="GET", params=p, auth=auth)).status_code for p in sent]

    assert posting(postgres_url, body, "t-1") == [400, 200, 200]


def test_an_unknown_device_is_told_so_until_it_is_known(postgres_url):
    """400 to the query form, 404 to the JSON of the new client, each time: its positions are held meanwhile."""

    async def body(post):
        auth, path = BasicAuth("", await post.secret()), "/ingest/osmand"
        old = [await post.send(path, method="GET", params=query(), auth=auth) for _ in range(2)]
        new = await post.send(path, json.dumps({"device_id": "t-1"} | NEW_CLIENT), auth=auth)
        return [a.status_code for a in [*old, new]]

    assert posting(postgres_url, body) == [400, 400, 404]


def test_the_right_to_push_to_a_phone_is_not_kept(postgres_url):
    """The notification token of the client does not reach the rejects."""

    async def body(post):
        auth = await post.as_device("t-1")
        await post.send("/ingest/osmand", method="GET", params=query(lat="99", notificationToken="abc"), auth=auth)
        return [b"abc" in r.payload for r in await post.rejects()]

    assert posting(postgres_url, body, "t-1") == [False]


# ---------------------------------------------------------------- servers that forward


def test_a_traccar_server_forwards_for_its_devices(postgres_url):
    """The payload names the device; knots become metres per second."""

    async def body(post):
        auth = BasicAuth("", await post.secret())
        answer = await post.send("/ingest/traccar", json.dumps(FORWARDED), auth=auth)
        fixes = await post.fixes()
        return answer.status_code, answer.json(), await post.heard(), round(float(fixes.speed_mps[0]), 3)

    assert posting(postgres_url, body, "t-1") == (200, {"rejected": []}, [HERE], 5.144)


def test_a_forwarder_is_not_made_to_repeat_what_was_judged(postgres_url):
    """200 with the reject for an unknown device; 422 for what is no forwarded position; 403 for a foreign device."""

    async def body(post):
        gateway, own = BasicAuth("", await post.secret()), await post.as_device("t-2")
        unknown = await post.send("/ingest/traccar", json.dumps(FORWARDED), auth=gateway)
        garbage = await post.send("/ingest/traccar", "[1", auth=gateway)
        foreign = await post.send("/ingest/traccar", json.dumps(FORWARDED), auth=own)
        return unknown.json()["rejected"][0]["reason"], [a.status_code for a in (unknown, garbage, foreign)]

    assert posting(postgres_url, body, "t-2") == ("unknown_device", [200, 422, 403])


def test_chirpstack_sends_its_events(postgres_url):
    """A location is taken, other events are known and ignored, a body that is none is 422."""
    info = {"applicationId": "a1", "devEui": "0102030405060708"}
    event = {
        "deviceInfo": info,
        "time": "2026-01-05T00:00:00Z",
        "location": {"latitude": -10.17, "longitude": 123.6, "accuracy": 9},
    }

    async def body(post):
        auth, path = BasicAuth("", await post.secret()), "/ingest/chirpstack"
        sent = [("location", json.dumps(event)), ("join", "{}"), ("up", "protobuf")]
        answers = [await post.send(f"{path}?event={name}", text, auth=auth) for name, text in sent]
        return [a.status_code for a in answers], await post.heard()

    heard = [("0102030405060708", -10.17, 123.6)]
    assert posting(postgres_url, body, "0102030405060708") == ([200, 200, 422], heard)
