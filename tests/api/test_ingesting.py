"""From devices' HTTP to topics and payloads: pure, and safe against anything."""

import base64
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ingesting import (
    Refused,
    chirpstack_topic,
    elements,
    osmand_of,
    owntracks_names,
    owntracks_topic,
    renamed,
    status_of,
)
from api.problems import ParameterError
from api.speakers import Shown, shown_in
from core.naming import looks_secret
from core.rejects import Reject
from ingest.dialects import find_route

SECRET = "aB3_" + "x" * 35 + "-9zQ"
texts = st.text(max_size=40)
names = st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True)


@given(query=texts, body=st.one_of(st.binary(max_size=80), texts.map(str.encode)))
def test_any_request_is_read_or_refused(query, body):
    """Random bytes raise only the error that names the parameter."""
    for read in (
        lambda: osmand_of(query, body),
        lambda: owntracks_names({}, {}, body),
        lambda: chirpstack_topic("up", body),
        lambda: elements(body),
    ):
        with suppress(ParameterError):
            read()


@given(deep=st.integers(1, 5000), mark=st.sampled_from(["[", '{"device_id":', '{"topic":']))
def test_deep_json_is_no_failure(deep, mark):
    """As deep as it likes."""
    body = (mark * deep).encode()
    assert osmand_of("id=x", body).device == "x"
    assert owntracks_names({}, {}, body) == ("", "")


@given(user=names, name=names)
def test_names_make_the_id_that_ingest_reads(user, name):
    """The topic of two names, and of a credential alone, leads to the id meant."""
    device = f"{user}-{name}"
    assert find_route(owntracks_topic(None, user, name)).device == device
    assert find_route(owntracks_topic(device, "", "")).device == device
    assert find_route(owntracks_topic(device, "other", device)).device == device


@given(rest=st.dictionaries(texts, texts, max_size=5), form=st.sampled_from(["id", "deviceid", "device_id"]))
def test_a_secret_as_id_is_replaced_whatever_else_is_said(rest, form):
    """The device's id stands where the secret was, in a query and in JSON, and the rest is as it was."""
    body = json.dumps({form: SECRET, **{k: v for k, v in rest.items() if k not in ("id", "deviceid", "device_id")}})
    said = renamed(osmand_of("", body.encode()), "t-1")
    assert (json.loads(said.payload)["device_id"], SECRET in said.payload.decode()) == ("t-1", False)
    old = renamed(osmand_of(f"{form}={SECRET}&lat=1", b""), "t-1")
    assert old.payload == b"id=t-1&lat=1"


def test_the_query_counts_before_the_form():
    """A server address with an id in it works with a client that posts."""
    said = osmand_of("id=t-1", b"lat=1&lon=2")
    assert (said.device, said.payload) == ("t-1", b"id=t-1&lat=1&lon=2")


HEADERS = [
    (None, None),
    ("Bearer abc", Shown("", "abc")),
    ("bearer  abc ", Shown("", "abc")),
    ("Basic " + base64.b64encode(b"u:p:q").decode(), Shown("u", "p:q")),
    ("Basic " + base64.b64encode(b"u").decode(), Shown("u", "")),
    ("Basic " + base64.b64encode(b"\xff:p").decode(), Shown("\xff", "p")),
    ("Basic ?", Shown("", "?")),
    ("Digest x", Shown("", "?")),
    ("", Shown("", "?")),
]


@pytest.mark.parametrize(("text", "shown"), HEADERS)
def test_a_credential_is_read_from_its_header(text, shown):
    """One that cannot be read is shown, and opens nothing; only a missing header is none."""
    assert shown_in({} if text is None else {"authorization": text}) == shown


@pytest.mark.parametrize(
    ("text", "is_one"), [(SECRET, True), ("356307042441013", False), ("é" * 43, False), ("", False)]
)
def test_what_may_be_a_secret_is_told_by_its_form(text, is_one):
    """Ids of devices are shorter."""
    assert looks_secret(text) is is_one


STATUSES = [(["unknown_device"], 404), (["forbidden"], 403), (["too_large"], 413), (["bad_time", "forbidden"], 422)]


@pytest.mark.parametrize(("reasons", "status"), STATUSES)
def test_a_refusal_has_the_status_of_its_only_reason(reasons, status):
    """Several reasons are one 422."""
    rejects = [Reject(received_us=0, reason=reason, dialect="", topic="") for reason in reasons]
    assert status_of(rejects) == status


def test_refusals_are_remembered_within_a_bound():
    """The oldest is forgotten; another device's same bytes are another position."""
    refused = Refused(limit=2)
    assert [refused.again("a", b"1"), refused.again("a", b"1"), refused.again("b", b"1")] == [False, True, False]
    assert [refused.again("c", b"1"), refused.again("a", b"1"), len(refused._digests)] == [False, False, 2]
