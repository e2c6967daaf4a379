"""Whatever is asked, the answer is an answer; and what is offered is described."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.api.samples import changed, dwell, live
from tests.api.world import in_world

pytestmark = pytest.mark.service
PATHS = [
    "/api/v1/dwells",
    "/api/v1/alerts",
    "/api/v1/rejects",
    "/api/v1/positions",
    "/api/v1/devices/t-1/fixes",
    "/api/v1/devices",
    "/api/v1/incidents",
]
NAMES = "from to device vehicle area purpose min_s open format after limit bbox class state kind reason"
values = st.one_of(
    st.text(max_size=30),
    st.integers().map(str),
    st.floats().map(str),
    st.datetimes().map(str),
    st.sampled_from(["csv", "geojson", "gpx", "true", "1~x", "9~9", "-1~", "1,2,3,4", "~", "0", "1e11", "raised"]),
)
requests = st.tuples(st.sampled_from(PATHS), st.dictionaries(st.sampled_from(NAMES.split()), values, max_size=4))


@settings(max_examples=5)
@given(st.lists(requests, min_size=20, max_size=40))
def test_no_question_is_a_failure_of_ours(postgres_url, asked):
    """Any parameter with any value: an answer, or a problem that blames the question."""

    async def body(there):
        await there.shown(live())
        return [(path, params, (await there.get(path, **params)).status_code) for path, params in asked]

    assert [one for one in in_world(postgres_url, body) if one[2] not in (200, 400, 404, 422)] == []


@settings(max_examples=5)
@given(st.lists(st.binary(max_size=60), min_size=10, max_size=30))
def test_no_body_is_a_failure_of_ours(postgres_url, bodies):
    """Random bytes as a JSON body are refused as such."""

    async def body(there):
        kind = {"Content-Type": "application/json"}
        answers = [await there.ask("POST", "/api/v1/incidents", content=raw, headers=kind) for raw in bodies]
        return {a.status_code for a in answers}

    assert in_world(postgres_url, body) <= {400, 422}


def test_the_interface_is_described_for_who_is_signed_in(postgres_url):
    """OpenAPI lists the routes of the contract, each with a sentence."""

    async def body(there):
        return (await there.get("/openapi.json", "leader")).json()["paths"]

    paths = in_world(postgres_url, body)
    assert set(paths) >= {"/healthz", "/api/v1/positions", "/api/v1/dwells", "/api/v1/devices/{device}/fixes"}
    assert [(p, m) for p, methods in paths.items() for m, route in methods.items() if not route.get("summary")] == []


def test_a_large_answer_is_compressed(postgres_url):
    """What a slow line carries is small; the event stream is never held back for it."""

    async def body(there):
        await there.archived(*[changed(dwell(f"d-{i}")) for i in range(50)])
        return await there.get("/api/v1/dwells")

    answer = in_world(postgres_url, body)
    assert (answer.headers["content-encoding"], len(answer.json()["items"])) == ("gzip", 50)
