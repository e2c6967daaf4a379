"""Subscriptions and what waits for a device."""

from __future__ import annotations

import pytest

from core.identity import Identity
from ingest.mailbox import QUEUE_LIMIT, Mailbox, Mailboxes, Notice, may_subscribe

KEY = ("t1", "c1")
OFFER = "ronda/v1/t1/offer"


@pytest.mark.parametrize(
    ("topic", "allowed"),
    [
        ("ronda/v1/t1/offer", True),
        ("ronda/v1/t1/notice", True),
        ("ronda/v1/t1/reject", True),
        ("ronda/v1/t2/offer", False),
        ("ronda/v1/t1/fix", False),
        ("ronda/v1/+/offer", False),
        ("ronda/v1/t1/#", False),
        ("#", False),
    ],
)
def test_a_device_hears_only_its_own(topic: str, *, allowed: bool) -> None:
    """Three topics, by name."""
    assert may_subscribe(Identity(role="device", subject="t1", device="t1"), topic) is allowed


def test_a_gateway_hears_nobody() -> None:
    """A credential without a device has no notices."""
    assert not may_subscribe(Identity(role="admin", subject="ani"), OFFER)


def opened(boxes: Mailboxes, *, lasting_s: int = 60, clean: bool = False, now_s: float = 0) -> tuple[Mailbox, bool]:
    return boxes.open(KEY, clean=clean, lasting_s=lasting_s, now_s=now_s)


def test_a_lasting_session_is_found_again() -> None:
    """With what was put into it in the meantime."""
    boxes = Mailboxes()
    box, _ = opened(boxes)
    boxes.subscribe(box, OFFER, 1)
    boxes.leave(box, 10)
    boxes.of_topic(OFFER)[0].put(Notice(OFFER, b"x"))
    again, present = opened(boxes, now_s=20)
    assert (present, list(again.waiting)) == (True, [Notice(OFFER, b"x")])


@pytest.mark.parametrize(("lasting_s", "clean", "back_s"), [(0, False, 1), (60, True, 1), (60, False, 100)])
def test_a_session_that_is_not_found_again(lasting_s: int, back_s: float, *, clean: bool) -> None:
    """One that did not ask to last, one wiped by a clean start, one that expired."""
    boxes = Mailboxes()
    box, _ = opened(boxes, lasting_s=lasting_s)
    boxes.subscribe(box, OFFER, 1)
    boxes.leave(box, 0)
    again, present = opened(boxes, clean=clean, now_s=back_s)
    assert (present, again.topics, boxes.of_topic(OFFER)) == (False, {}, [])


def test_a_full_mailbox_forgets_its_oldest() -> None:
    """And says so."""
    box = Mailbox(KEY, 60)
    dropped = [box.put(Notice(OFFER, bytes([i]))) for i in range(QUEUE_LIMIT + 1)]
    assert (sum(dropped), len(box.waiting), box.waiting[0].payload) == (1, QUEUE_LIMIT, b"\x01")


def test_mailboxes_are_bounded() -> None:
    """The one whose client is away longest goes first."""
    boxes = Mailboxes(limit=2)
    for i in range(3):
        box, _ = boxes.open(("", f"c{i}"), clean=False, lasting_s=60, now_s=i)
        boxes.subscribe(box, OFFER, 1)
        boxes.leave(box, i)
    assert sorted(box.key[1] for box in boxes.of_topic(OFFER)) == ["c1", "c2"]


def test_sweeping() -> None:
    """Expired sessions are forgotten, with their topics."""
    boxes = Mailboxes()
    box, _ = opened(boxes)
    boxes.subscribe(box, OFFER, 1)
    boxes.leave(box, 0)
    boxes.sweep(61)
    assert (len(boxes), boxes.of_topic(OFFER)) == (0, [])


def test_packet_ids_in_flight_are_not_used_twice() -> None:
    """They go round after 65,535."""
    box = Mailbox(KEY, 60, inflight={1: Notice(OFFER, b"")}, mid=65_535)
    assert box.next_mid() == 2
