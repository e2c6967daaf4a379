"""`GET /api/v1/devices/{id}/why` on real servers, and taking strangers in."""

import asyncio
import json

import msgspec
import pytest

from core.codec import encode
from core.entries import Config
from core.fixes import Fixes, Flag
from core.heard import HEARD, KNOCK, Heard, Knock
from core.rejects import Reject
from store import credentials
from store.held import held_devices
from tests.api.samples import NOW_US, S, live
from tests.api.world import in_world
from tests.api.writing import configured, in_writing_world

pytestmark = pytest.mark.service
WHY = "/api/v1/devices/t-1/why"


async def asked(there, path=WHY, role="supervisor"):
    answer = await there.get(path, role)
    assert answer.status_code == 200
    return answer.json()


def test_of_a_stranger_nothing_is_known(postgres_url):
    """Any id is answered, in both languages, the city's first."""
    said = in_world(postgres_url, lambda there: asked(there, "/api/v1/devices/nobody/why"))
    assert list(said["verdict"]) == ["id", "en"]
    assert (said["ok"], said["verdict"]["en"]) == (False, "Not registered.")
    empty = ("registered", "vehicle", "person", "heard", "knock", "reject", "position", "held")
    assert [said[name] for name in empty] == [None] * 8
    assert said["credentials"] == []


def test_everything_that_is_known_is_told(postgres_url):
    """Under the page's names; what was sent, as it was sent, only to those who may read rejects."""
    configs = [
        Config(section="devices", rows=({"id": "t-1", "cls": "truck", "name": "Truk 1"},)),
        Config(section="people", rows=({"id": "p-1", "kind": "driver"},)),
        Config(
            section="assignments",
            rows=(
                {"id": "a", "device": "t-1", "vehicle": "old", "from_us": 1, "until_us": 9},
                {"id": "b", "device": "t-1", "vehicle": "v-1", "person": "p-1", "from_us": 9},
            ),
        ),
    ]
    reject = Reject(received_us=NOW_US - S, reason="bad_time", dialect="native", topic="t", device="t-1", payload=b"{")
    heard = Heard(
        device="t-1",
        received_us=NOW_US - S,
        source="door",
        topic="ronda/v1/t-1/fix",
        dialect="native",
        payload=b"\xff{}",
        fixes=1,
        time_us=NOW_US - 2 * S,
        lon=123.6,
        lat=-10.2,
        flags=int(Flag.MOCK | Flag.STALE),
        clock_error_s=-1.0,
        by="t-1",
    )
    knock = Knock(user="t-1", at_us=NOW_US - 60 * S, client="c", why="no secret was sent", times=2)

    async def body(there):
        await there.archived(configs=configs, rejects=[reject])
        await credentials.create_token(
            there.deps.pool, role="device", subject="t-1", label="x", expires_us=None, now_us=NOW_US, device="t-1"
        )
        notes = {HEARD + "t-1": heard, KNOCK + "t-1": knock}
        await there.deps.log.note({key: msgspec.msgpack.encode(note) for key, note in notes.items()}, 60)
        await there.shown(live())
        return await asked(there), await asked(there, role="coordinator")

    said, less = in_world(postgres_url, body)
    raw = (("heard", "payload"), ("knock", "client"), ("reject", "payload"))
    assert [less[part][name] for part, name in raw] == [None] * 3
    assert said == less | {part: said[part] for part, _ in raw}
    assert (said["registered"]["name"], said["vehicle"], said["person"]) == ("Truk 1", "v-1", "p-1")
    assert [(t["label"], t["state"], t["used"]) for t in said["credentials"]] == [("x", "live", None)]
    assert (said["heard"]["flags"], said["heard"]["payload"]) == (["mock", "stale"], "\ufffd{}")
    assert (said["heard"]["time"], said["heard"]["reason"]) == ("2026-01-05T07:59:58+08:00", None)
    assert said["knock"] == {"at": "2026-01-05T07:59:00+08:00", "times": 2, "client": "c", "why": "no secret was sent"}
    assert (said["reject"]["reason"], said["position"]["state"]) == ("bad_time", "stopped")
    assert [c["check"] for c in said["checks"] if c["ok"] is False] == ["honesty"]
    assert said["verdict"]["en"].startswith("In its last message")


def test_a_secret_is_never_shown(postgres_url):
    """Neither the secret nor its hash."""

    async def body(there):
        _, secret = await credentials.create_token(
            there.deps.pool, role="device", subject="t-1", label="", expires_us=None, now_us=NOW_US, device="t-1"
        )
        return secret in json.dumps(await asked(there))

    assert in_world(postgres_url, body) is False


def test_the_server_itself_may_be_the_reason(postgres_url):
    """While nothing is taken in, that comes first."""
    said = in_world(postgres_url, asked, standstill=lambda: "the disk is full")
    assert said["verdict"]["en"] == "The server takes nothing in now: the disk is full"


def test_who_may_ask(postgres_url):
    """Staff and auditors, as for the registry; a device asks nothing."""

    async def body(there):
        return [(await there.get(WHY, role)).status_code for role in ("auditor", "coordinator", "device", "leader")]

    assert in_world(postgres_url, body) == [200, 200, 403, 403]


def held_of(device, count=3):
    times = [NOW_US - (60 - n) * S for n in range(count)]
    return Fixes.of(
        (device,), time_us=times, received_us=[t + S for t in times], lat=[-10.1] * count, lon=[123.5] * count,
        device=[0] * count, dialect=[1] * count,
    )  # fmt: skip


async def hold(there, device):
    """Have the archive hold three fixes of a stranger."""
    await there.deps.log.append([("held", encode(held_of(device)))])
    while not await held_devices(there.deps.pool):  # noqa: ASYNC110  no bell in a test
        await asyncio.sleep(0.01)


def test_strangers_whose_fixes_wait_are_listed(postgres_url):
    """With how many there are, since when, and where; the page of the device says it too."""

    async def body(there):
        await hold(there, "t-1")
        return (await there.get("/api/v1/held")).json()["items"], await asked(there)

    items, said = in_writing_world(postgres_url, body)
    row = {
        "device": "t-1",
        "dialect": "native",
        "fixes": 3,
        "first": "2026-01-05T07:59:01+08:00",
        "last": "2026-01-05T07:59:03+08:00",
        "lon": 123.5,
        "lat": -10.1,
    }
    assert (items, said["held"], said["verdict"]["en"]) == ([row], row, "Not registered; 3 fixes of it are held.")


async def adopted(there, body=None, device="t-1"):
    return await there.ask("POST", f"/api/v1/devices/{device}/adopt", "supervisor", json=body)


def test_a_stranger_is_taken_in_with_its_fixes_and_its_vehicle(postgres_url):
    """Registered, joined to the vehicle from its first fix on, and no stranger any more."""

    async def body(there):
        await configured(there, Config(section="vehicles", rows=({"id": "v-1"},)))
        await hold(there, "t-1")
        answer = await adopted(there, {"class": "phone", "name": "Baru", "vehicle": "v-1"})
        joined = (await there.get("/api/v1/assignments")).json()["items"]
        return answer, joined, (await asked(there))["registered"], await adopted(there)

    answer, joined, registered, again = in_writing_world(postgres_url, body)
    assert (answer.status_code, answer.json()["fixes"], registered) == (200, 3, answer.json()["device"])
    assert (registered["class"], registered["name"]) == ("phone", "Baru")
    assert [(a["device"], a["vehicle"], a["from"]) for a in joined] == [("t-1", "v-1", "2026-01-05T07:59:00+08:00")]
    assert again.status_code == 409


def test_what_cannot_be_adopted_is_refused_before_anything_is_written(postgres_url):
    """An unknown vehicle, a name that no device can have, and somebody who may not."""

    async def body(there):
        statuses = [
            (await adopted(there, {"vehicle": "none"})).status_code,
            (await adopted(there, device=" ab")).status_code,
        ]
        auditor = await there.ask("POST", "/api/v1/devices/t-1/adopt", "auditor", json={})
        return [*statuses, auditor.status_code], (await asked(there))["registered"]

    assert in_writing_world(postgres_url, body) == ([422, 422, 403], None)
