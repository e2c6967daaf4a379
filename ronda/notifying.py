"""Notices to people: which channels this installation has, and the loops that carry notices over them.

The phones' channel runs beside the door or the broker's client, in the stage `ingest`; the others in `notify`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

import cities
from core.events import CommandDone, Event
from ingest.service import Ingest
from ronda.channels import keys
from ronda.channels.channel import Channel
from ronda.channels.facts import Facts, Writing, find_person
from ronda.channels.http import Poster
from ronda.channels.notifier import Notifier
from ronda.channels.phones import Phones
from ronda.channels.sms import Sms
from ronda.channels.webhook import Webhook
from ronda.channels.webpush import WebPush
from ronda.runtime import Runtime
from store.offers import drop_push, pushes_of

PHONES: Final = "notify_phones"
OTHERS: Final = "notify"
READERS: Final = (PHONES, OTHERS)


async def notify_phones(runtime: Runtime, ingest: Ingest) -> None:
    """Carry notices to phones that listen by MQTT, and what dispatch said to a word of theirs, until cancelled."""

    def follow(event: Event) -> None:
        if isinstance(event, CommandDone) and event.reason:
            ingest.answer(event.id, event.reason, ok=event.ok)

    await _carry(runtime, PHONES, [Phones(ingest.notify, _zone(runtime))], follow)


async def notify_others(runtime: Runtime) -> None:
    """Carry notices over every other channel, until cancelled."""
    await _carry(runtime, OTHERS, channels_of(runtime))


def channels_of(runtime: Runtime) -> list[Channel]:
    """The channels that are set up; Web Push is always, for whoever subscribed."""
    settings, zone, person = runtime.settings, _zone(runtime), partial(find_person, runtime.pool)
    channels: list[Channel] = [
        WebPush(
            keys.push_key(settings.data_dir),
            settings.push_contact or settings.link_base,
            poster=Poster(public_only=True),
            clock=runtime.trusted,
            zone=zone,
            pushes=partial(pushes_of, runtime.pool),
            drop=partial(drop_push, runtime.pool),
        )
    ]
    if settings.sms_url:
        channels.append(
            Sms(
                settings.sms_url,
                settings.sms_body,
                settings.sms_authorization,
                after_s=settings.sms_after_s,
                poster=Poster(),
                person=person,
                calling_code=cities.load(settings.city).calling_code,
            )
        )
    if settings.webhook_url:
        channels.append(
            Webhook(
                settings.webhook_url,
                settings.webhook_secret,
                poster=Poster(),
                person=person,
                clock=runtime.trusted,
                zone=zone,
            )
        )
    return channels


async def _carry(
    runtime: Runtime, reader: str, channels: Sequence[Channel], on_event: Callable[[Event], None] = lambda _: None
) -> None:
    settings = runtime.settings
    writing = Writing(cities.load(settings.city), settings.link_base, keys.link_secret(settings.data_dir))
    notifier = Notifier(
        reader,
        channels,
        log=runtime.log,
        clock=runtime.trusted,
        facts=lambda: Facts(runtime.pool, runtime.trusted, writing),
        owner=uuid4().hex,
        on_event=on_event,
    )
    runtime.parts.counters[reader] = notifier.counters.as_dict
    await notifier.run()


def _zone(runtime: Runtime) -> ZoneInfo:
    return ZoneInfo(cities.load(runtime.settings.city).tz)
