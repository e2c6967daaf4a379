"""What volunteers say by MQTT: answers and reports become commands of dispatch, acknowledged when they are on disk."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from core.entries import Command
from ingest.admit import Admission
from ingest.directory import Directory, Listed
from ingest.mqtt import TOPICS
from ingest.service import Ingest
from tests.ingest.house import Client, HeldLog, at_door, message, port_of
from tests.strategies import T0_US

ANSWER, REPORT = "ronda/v1/t1/answer", "ronda/v1/t1/report"
FIRE = {"kind": "fire", "lat": -10.17, "lon": 123.6}


def sorted_of(payload: Any, topic: str, directory: Directory | None = None, **fields: Any) -> tuple[Any, Any]:
    """The command and the reject that one message becomes."""
    body = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
    admitted = Admission(directory or Listed({"t1"}.__contains__)).sort([message(body, topic, **fields)])
    assert not len(admitted.fixes)
    return next(iter(admitted.commands), None), next(iter(admitted.rejects), None)


@pytest.mark.parametrize(
    ("said", "kind", "body"),
    [
        ({"answer": "accept"}, "offer.answer", {"answer": "accept"}),
        ({"answer": "accept_in", "minutes": 9}, "offer.answer", {"answer": "accept_in", "minutes": 9}),
        ({"answer": "decline_today", "more": 1}, "offer.answer", {"answer": "decline_today"}),
        ({"answer": "seen"}, "offer.seen", {}),
        ({"answer": "looked", "real": True}, "offer.looked", {"real": True, "text": ""}),
        ({"answer": "arrived"}, "offer.arrived", {}),
        ({"answer": "left"}, "offer.left", {}),
    ],
)
def test_an_answer_is_a_command_of_the_device(said: dict[str, Any], kind: str, body: dict[str, Any]) -> None:
    """Its device is the actor; dispatch knows who carries it."""
    command, _ = sorted_of({"offer": "i.1"} | said, ANSWER)
    assert (command.kind, command.actor, command.at_us) == (kind, "t1", T0_US + 1_000_000)
    assert command.body == {"offer": "i.1"} | body


def test_a_report_opens_an_incident() -> None:
    """As reported by a volunteer, of severity 2 unless they say another."""
    command, _ = sorted_of(FIRE | {"text": " asap tebal "}, REPORT)
    assert (command.kind, command.actor) == ("incident.open", "t1")
    assert command.body == FIRE | {"severity": 2, "text": "asap tebal", "source": "volunteer"}


@pytest.mark.parametrize(
    ("payload", "topic", "reason"),
    [
        (b"rubbish", ANSWER, "not_json"),
        ([1], ANSWER, "unknown_type"),
        ({"answer": "accept"}, ANSWER, "missing_field"),
        ({"offer": "i.1", "answer": "maybe"}, ANSWER, "unknown_type"),
        ({"offer": "i.1", "answer": ["accept"]}, ANSWER, "unknown_type"),
        ({"offer": 1, "answer": "accept"}, ANSWER, "unknown_type"),
        ({"offer": "i.1", "answer": "accept_in"}, ANSWER, "missing_field"),
        ({"offer": "i.1", "answer": "accept_in", "minutes": 999}, ANSWER, "missing_field"),
        ({"offer": "i.1", "answer": "looked"}, ANSWER, "missing_field"),
        ({"kind": "fire", "lat": 1}, REPORT, "missing_field"),
        (FIRE | {"kind": " "}, REPORT, "missing_field"),
        (FIRE | {"lat": 91}, REPORT, "bad_coordinate"),
        (FIRE | {"lon": "east"}, REPORT, "bad_coordinate"),
        (FIRE | {"severity": 4}, REPORT, "unknown_type"),
        (FIRE | {"severity": [2]}, REPORT, "unknown_type"),
        (FIRE | {"text": "x" * 2001}, REPORT, "too_large"),
        (FIRE, "ronda/v1/t9/report", "unknown_device"),
    ],
)
def test_what_cannot_be_understood_is_a_reject(payload: Any, topic: str, reason: str) -> None:
    """With its reason; dispatch hears nothing of it."""
    command, reject = sorted_of(payload, topic)
    assert (command, reject.reason) == (None, reason)


def test_what_a_broker_retained_is_no_new_word() -> None:
    """Else one report would open an incident at each of our connections."""
    command, reject = sorted_of(FIRE, REPORT, retained=True)
    assert (command, reject.reason) == (None, "unknown_type")


class OffDuty(Listed):
    """A volunteer's phone, off duty."""

    def keeps(self, device: str, time_us: int) -> bool:
        del device, time_us
        return False


def test_a_report_is_heard_off_duty() -> None:
    """Where they are is in what they tell of their own will; of a bad one nothing is kept."""
    off = OffDuty({"t1"}.__contains__)
    assert sorted_of(FIRE, REPORT, off)[0] is not None
    assert sorted_of(FIRE | {"severity": 9}, REPORT, off)[1].payload == b""


def test_the_same_message_again_is_the_same_command() -> None:
    """A device sends it again when its PUBACK was lost; another device's is another command."""
    first, again = (sorted_of(FIRE, REPORT, received_us=T0_US + at)[0] for at in (1, 60_000_000))
    other = sorted_of(FIRE, "ronda/v1/t2/report", Listed({"t2"}.__contains__))[0]
    assert first.id == again.id != other.id


def test_acknowledged_when_the_log_has_it() -> None:
    """And not before; of a foreign device's topic nothing comes through."""

    async def body(ingest: Ingest, log: HeldLog) -> None:
        client = await Client.enter(port_of(ingest), password="s-t1")
        log.gate.clear()
        client.send(client.publish(b'{"offer":"i.1","answer":"accept"}', ANSWER))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.read(), 0.1)
        log.gate.set()
        client.send(client.publish(msgspec.json.encode(FIRE), "ronda/v1/t2/report", mid=2))
        assert [await client.read() for _ in range(2)] == [(0x40, b"\0\1"), (0x40, b"\0\2")]
        said: list[Command] = await log.values("dispatch.in")
        assert [(command.kind, command.actor) for command in said] == [("offer.answer", "t1")]
        assert [reject.reason for reject in await log.rejects()] == ["forbidden"]

    at_door(body)


def test_a_broker_is_asked_for_them() -> None:
    """Beside the topics of fixes."""
    assert TOPICS[-2:] == ("ronda/v1/+/answer", "ronda/v1/+/report")
