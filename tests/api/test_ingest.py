"""Native positions by HTTP: who may, what is answered, and that 2xx means on disk."""

import asyncio
import json
import logging

import httpx
import pytest
from httpx import BasicAuth
from psycopg_pool import AsyncConnectionPool

from api.app import create_app
from api.deps import Deps
from api.taking import TESTIMONY_MAX
from core.clock import ManualClock
from core.entries import Config
from core.errors import UnavailableError
from ingest.admit import PAYLOAD_MAX
from store import credentials
from store.memory import MemoryLog
from tests.api.posting import NOW_S, posting
from tests.api.samples import NOW_US, S
from tests.api.world import BASE, CITY

pytestmark = pytest.mark.service
NATIVE = "/ingest/v1/fixes"


def fix(**given):
    return json.dumps({"time": NOW_S, "lat": -10.17, "lon": 123.6} | given)


def test_a_devices_secret_puts_its_fix_into_the_log(postgres_url):
    """As the password of Basic or as Bearer; the answer says how many were accepted."""

    async def body(post):
        secret = await post.secret("t-1")
        one = await post.send(NATIVE, fix(), auth=BasicAuth("whoever", secret))
        two = await post.send(NATIVE, f"[{fix(lat=-10.2)}]", headers={"Authorization": f"Bearer {secret}"})
        return [(a.status_code, a.json()) for a in (one, two)], await post.heard()

    answers, heard = posting(postgres_url, body, "t-1")
    assert answers == [(200, {"accepted": 1, "rejected": []})] * 2
    assert heard == [("t-1", -10.2, 123.6), ("t-1", -10.17, 123.6)]


def test_without_a_secret_or_with_a_wrong_one_nothing_is_taken(postgres_url):
    """401 with a challenge, for a missing, wrong, expired, revoked or unreadable credential."""

    async def body(post):
        pool = post.there.deps.pool
        usual = {"role": "device", "subject": "x", "label": "", "now_us": NOW_US - 9 * S, "device": "t-1"}
        _, expired = await credentials.create_token(pool, **usual, expires_us=NOW_US - S)
        revoked_id, revoked = await credentials.create_token(pool, **usual, expires_us=None)
        await credentials.revoke_token(pool, revoked_id, NOW_US - S)
        tried = ["", "Basic", "Basic !", "Basic eDp5", f"Bearer {expired}", f"Bearer {revoked}", "Digest x"]
        answers = [await post.send(NATIVE, fix(), headers={"Authorization": text} if text else {}) for text in tried]
        return {(a.status_code, a.headers["www-authenticate"]) for a in answers}, await post.heard()

    assert posting(postgres_url, body, "t-1") == ({(401, 'Basic realm="ronda"')}, [])


def test_a_session_cookie_opens_nothing_here(postgres_url):
    """A page that a signed-in person looks at cannot send positions in their name."""

    async def body(post):
        link = await credentials.create_link(post.there.deps.pool, role="admin", subject="s", now_us=NOW_US)
        await post.there.client.get("/", params={"token": link})
        return (await post.send(f"{NATIVE}?device=t-1", fix(), headers={"Origin": BASE})).status_code

    assert posting(postgres_url, body, "t-1") == 401


def test_a_device_cannot_speak_for_another(postgres_url):
    """Neither by naming it nor by using its id as the user name; the attempt is on record, without the secret."""

    async def body(post):
        secret = await post.secret("t-1")
        named = await post.send(f"{NATIVE}?device=t-2", fix(), auth=BasicAuth("", secret))
        known = await post.send(NATIVE, fix(), auth=BasicAuth("t-2", secret))
        itself = await post.send(f"{NATIVE}?device={secret}", fix(), auth=BasicAuth("", secret))
        return [a.status_code for a in (named, known, itself)], await post.heard(), await post.rejects(), secret

    statuses, heard, rejects, secret = posting(postgres_url, body, "t-1", "t-2")
    assert (statuses, heard) == ([403, 403, 403], [])
    assert [(r.reason, r.device) for r in rejects] == [("forbidden", "t-2"), ("forbidden", "***")]
    assert secret not in str(rejects)


def test_a_gateway_names_the_device(postgres_url):
    """In the query or as the user name; when it names none the answer says so."""

    async def body(post):
        secret = await post.secret()
        query = await post.send(f"{NATIVE}?device=t-1", fix(), auth=BasicAuth("gateway", secret))
        user = await post.send(NATIVE, fix(), auth=BasicAuth("t-2", secret))
        none = await post.send(NATIVE, fix(), headers={"Authorization": f"Bearer {secret}"})
        return [a.status_code for a in (query, user, none)], await post.heard()

    statuses, heard = posting(postgres_url, body, "t-1", "t-2")
    assert statuses == [200, 200, 422]
    assert [device for device, _, _ in heard] == ["t-1", "t-2"]


def test_a_role_without_a_device_speaks_for_none(postgres_url):
    """A supervisor's token reads; it does not send."""

    async def body(post):
        auth = BasicAuth("", await post.secret(role="supervisor"))
        return (await post.send(f"{NATIVE}?device=t-1", fix(), auth=auth)).status_code, await post.heard()

    assert posting(postgres_url, body, "t-1") == (403, [])


REFUSED = [
    ("{", 422, "not_json"),
    ("", 422, "not_json"),
    ('{"lat": 1, "lon": 2}', 422, "missing_field"),
    (fix(lat=91), 422, "bad_coordinate"),
    (fix(time=NOW_S + 3600), 422, "future"),
    (fix(time="once"), 422, "bad_time"),
]


def test_what_is_refused_whole_is_a_problem_that_says_why(postgres_url):
    """The reason is one of the closed list; the same stands among the rejects."""

    async def body(post):
        auth = await post.as_device("t-1")
        answers = [await post.send(NATIVE, text, auth=auth) for text, _, _ in REFUSED]
        return answers, await post.rejects()

    answers, rejects = posting(postgres_url, body, "t-1")
    assert [(a.status_code, a.json()["rejected"][0]["reason"]) for a in answers] == [row[1:] for row in REFUSED]
    assert {a.headers["content-type"] for a in answers} == {"application/problem+json"}
    assert [r.reason for r in rejects] == [reason for _, _, reason in REFUSED]


def test_of_an_array_the_good_ones_are_accepted(postgres_url):
    """200 with the count of either kind, and the element that was refused."""

    async def body(post):
        auth = await post.as_device("t-1")
        return await post.send(NATIVE, f"[{fix()}, {fix(lat=99)}, {fix(lat=-10.3)}]", auth=auth), await post.heard()

    answer, heard = posting(postgres_url, body, "t-1")
    said = answer.json()
    assert (answer.status_code, said["accepted"], len(heard)) == (200, 2, 2)
    assert [(r["reason"], "99" in r["payload"]) for r in said["rejected"]] == [("bad_coordinate", True)]


def test_a_device_that_nobody_registered_is_told_so(postgres_url):
    """404; its fixes are held, and the reject says it."""

    async def body(post):
        answer = await post.send(NATIVE, f"[{fix()}, {fix(lat=-10.2)}]", auth=await post.as_device("t-9"))
        return answer, await post.heard(), len(await post.there.deps.log.read({"held": "0-0"}, count=9, block_ms=0))

    answer, heard, held = posting(postgres_url, body)
    assert (answer.status_code, answer.json()["rejected"][0]["reason"]) == (404, "unknown_device")
    assert (heard, held) == ([], 1)


def test_a_volunteer_off_duty_is_dropped_and_not_made_to_repeat(postgres_url):
    """200 with nothing accepted: the phone has done nothing wrong."""
    joined = {"id": "a", "device": "p-1", "person": "v-1", "from_us": 0}
    configs = (
        Config(section="people", rows=({"id": "v-1", "kind": "volunteer", "consent_us": 1},)),
        Config(section="assignments", rows=(joined,)),
    )

    async def body(post):
        answer = await post.send(NATIVE, f"[{fix()}, {fix(lat=-10.2)}]", auth=await post.as_device("p-1"))
        return answer.status_code, answer.json(), await post.heard()

    status, said, heard = posting(postgres_url, body, "p-1", configs=configs)
    assert (status, said["accepted"], [r["reason"] for r in said["rejected"]], heard) == (200, 0, ["off_duty"], [])
    assert said["rejected"][0]["payload"] == ""


def test_a_body_beyond_the_bound_is_refused_before_it_is_read(postgres_url):
    """413, and a reject on record; the server does not wait for the end of it."""

    async def endless():
        while True:
            yield b" " * 65536

    async def body(post):
        answer = await post.send(NATIVE, endless(), auth=await post.as_device("t-1"))
        return answer.status_code, [r.reason for r in await post.rejects()], post.there.app.state.bodies.held

    assert posting(postgres_url, body, "t-1") == (413, ["too_large"], 0)


def test_the_largest_body_is_taken(postgres_url):
    """256 kB to the byte."""

    async def body(post):
        text = fix()
        padded = text + " " * (PAYLOAD_MAX - len(text))
        return (await post.send(NATIVE, padded, auth=await post.as_device("t-1"))).status_code

    assert posting(postgres_url, body, "t-1") == 200


def test_an_encoded_body_is_not_unpacked(postgres_url):
    """415: a small bomb cannot become a large one."""

    async def body(post):
        headers = {"Content-Encoding": "gzip"}
        return (await post.send(NATIVE, b"x", auth=await post.as_device("t-1"), headers=headers)).status_code

    assert posting(postgres_url, body, "t-1") == 415


class Away(MemoryLog):
    """A log that does not answer until it is let."""

    def __init__(self):
        super().__init__()
        self.away = True

    async def append(self, items, *, cap=None):
        if self.away:
            raise UnavailableError("away")
        return await super().append(items, cap=cap)


def test_nothing_is_answered_before_the_log_has_it(postgres_url):
    """503 with Retry-After while the log is away, later ones at once; what was taken is written when it is back."""
    log = Away()

    async def body(post):
        auth = await post.as_device("t-1")
        first, second = await post.send(NATIVE, fix(), auth=auth), await post.send(NATIVE, fix(lat=-10.3), auth=auth)
        log.away = False
        await post.intake.batcher.drain(5)
        return [first, second], await post.heard(), (await post.send(NATIVE, fix(lat=-10.2), auth=auth)).status_code

    refused, heard, then = posting(postgres_url, body, "t-1", log=log, answer_s=0.3)
    assert {(a.status_code, a.headers["retry-after"]) for a in refused} == {(503, "2")}
    assert (heard, then) == ([("t-1", -10.17, 123.6)], 200)


def test_while_intake_stands_still_the_reason_is_the_answer(postgres_url):
    """503 at once, and nothing is queued; what the devices' clocks say is still heard."""

    async def body(post):
        answer = await post.send(NATIVE, fix(), auth=await post.as_device("t-1"))
        return answer.status_code, answer.json()["detail"], post.intake.counters.messages, post.http.times()

    why = "the clock is wrong; set it"
    expected = (503, why, 0, {"t-1": NOW_S * S})
    assert posting(postgres_url, body, "t-1", standstill=lambda: why) == expected


def test_of_what_is_turned_away_the_newest_of_each_device_testifies(postgres_url):
    """One that tries again and again crowds out nobody; what is long says nothing."""

    async def body(post):
        secrets = {name: await post.as_device(name) for name in ("t-1", "t-2", "t-3")}
        await post.send(NATIVE, fix(), auth=secrets["t-1"])
        for n in range(3):
            await post.send(NATIVE, fix(time=NOW_S - n), auth=secrets["t-2"])
        await post.send(NATIVE, f"{fix()}{' ' * TESTIMONY_MAX}", auth=secrets["t-3"])
        return post.http.times()

    times = posting(postgres_url, body, "t-1", "t-2", "t-3", standstill=lambda: "wait")
    assert times == {"t-1": NOW_S * S, "t-2": (NOW_S - 2) * S}


def test_the_open_demo_takes_anybody_but_another_sites_pages(postgres_url):
    """No credential is needed there; a wrong one is still wrong."""

    async def body(post):
        path = f"{NATIVE}?device=my-device"
        open_, user = await post.send(path, fix()), await post.send(NATIVE, fix(), auth=BasicAuth("mine", ""))
        foreign = await post.send(path, fix(), headers={"Origin": "https://evil.example"})
        wrong = await post.send(path, fix(), auth=BasicAuth("", "x" * 43))
        return [a.status_code for a in (open_, user, foreign, wrong)], [device for device, _, _ in await post.heard()]

    expected = ([200, 200, 403, 401], ["mine", "my-device"])
    assert posting(postgres_url, body, auto_register=True, demo=True) == expected


def test_who_tries_in_vain_is_noted_by_name(postgres_url):
    """For the page that says why a device is not on the map; a secret typed as the name is not noted."""

    async def body(post):
        for user, secret in (("t-1", "x" * 43), ("t-2", ""), ("s" * 43, "y" * 43)):
            await post.send(NATIVE, fix(), auth=BasicAuth(user, secret))
        return post.knocks

    wrong = "the secret is wrong, expired or revoked"
    assert posting(postgres_url, body, "t-1") == [("t-1", wrong), ("t-2", "no secret was sent")]


def test_no_secret_is_logged_or_stored(postgres_url, caplog):
    """Not even one that the body repeats."""
    caplog.set_level(logging.DEBUG)

    async def body(post):
        secret = await post.secret("t-1")
        await post.send(f"{NATIVE}?key={secret}", f'{{"key": "{secret}"}}', auth=BasicAuth(secret, secret))
        return secret, await post.rejects()

    secret, rejects = posting(postgres_url, body, "t-1")
    assert [(r.reason, r.payload) for r in rejects] == [("missing_field", b'{"key": "***"}')]
    assert not [record for record in caplog.records if secret in record.getMessage() and record.name != "httpx"]


def test_a_slow_body_is_given_up(postgres_url):
    """408 after the time allowed, and nothing of it is kept."""

    async def trickle():
        while True:
            yield b" "
            await asyncio.sleep(0.05)

    async def body(post):
        post.there.app.state.bodies._read_s = 0.3
        answer = await post.send(NATIVE, trickle(), auth=await post.as_device("t-1"))
        return answer.status_code, post.there.app.state.bodies.held

    assert posting(postgres_url, body, "t-1") == (408, 0)


def test_bodies_in_flight_are_bounded_together(postgres_url):
    """Beyond the bound a newcomer is asked to come back; afterwards there is room again."""

    async def body(post):
        auth = await post.as_device("t-1")
        post.there.app.state.bodies._held_max = 10
        full = (await post.send(NATIVE, fix(), auth=auth)).status_code
        post.there.app.state.bodies._held_max = 1000
        return full, (await post.send(NATIVE, fix(), auth=auth)).status_code

    assert posting(postgres_url, body, "t-1") == (503, 200)


def test_while_credentials_cannot_be_checked_the_device_is_asked_to_come_back():
    """503 with Retry-After, not 401: a phone must not believe that it was thrown out."""

    async def main():
        gone = AsyncConnectionPool("host=/nowhere", open=False)
        deps = Deps(pool=gone, database_url="", log=MemoryLog(), clock=ManualClock(NOW_US), city=CITY)
        transport = httpx.ASGITransport(app=create_app(deps))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            return await client.post(NATIVE, content=fix(), headers={"Authorization": "Bearer " + "x" * 43})

    answer = asyncio.run(main())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


@pytest.mark.parametrize(("bad", "good", "answer"), [(500, 0, (422, 0)), (200, 300, (200, 300)), (1, 1, (200, 1))])
def test_what_was_accepted_is_counted_however_many_were_refused(postgres_url, bad, good, answer):
    """Not every refusal is listed, but every one is counted: nobody throws away what was not taken."""

    async def body(post):
        sent = [fix(lat=99.0)] * bad + [fix(time=NOW_S - n) for n in range(good)]
        told = await post.send(NATIVE, f"[{','.join(sent)}]", auth=await post.as_device("t-1"))
        return told.status_code, told.json().get("accepted", 0), len(await post.fixes())

    assert posting(postgres_url, body, "t-1") == (*answer, good)


def test_a_phone_may_bear_its_persons_name_although_a_device_is_called_so(postgres_url):
    """OwnTracks shows the person's half of the phone's id; the secret says whose fix it is."""

    async def body(post):
        auth = BasicAuth("budi", await post.secret("budi-hp1"))
        return (await post.send(NATIVE, fix(), auth=auth)).status_code, await post.heard()

    assert posting(postgres_url, body, "budi", "budi-hp1") == (200, [("budi-hp1", -10.17, 123.6)])
