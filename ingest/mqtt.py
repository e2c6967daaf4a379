"""A broker in front (Mosquitto, EMQX): one MQTT 5 client that acknowledges what is on disk.

aiomqtt acknowledges a message when it enters its queue, and its public interface has no other way. We therefore use
two of its private parts (`_client`, the paho client, for manual acknowledgement; the reader of its socket, to stop
reading while the log does not keep up) and pin it below version 3. Messages go straight into the sink.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from functools import partial
from math import ceil, inf
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import aiomqtt
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from core.clock import Clock
from core.errors import ConfigError
from core.naming import fits_topic
from ingest.counters import Counters
from ingest.dialects import SUBSCRIPTIONS, words
from ingest.mailbox import Told, unasked
from ingest.message import Message, Sink, ignore

TOPICS: Final = (*SUBSCRIPTIONS, *words.TOPICS)
RECEIVE_MAXIMUM: Final = 65_535  # Mosquitto hands out as many unacknowledged messages, whatever its own setting
SESSION_S: Final = 7 * 86_400  # the broker keeps our session this long
_BACKOFF_S: Final = (0.2, 10.0)
_KEEP_ALIVE_S: Final = 30
_NOTICES_WAITING: Final = 1_000  # messages to devices that the broker has not acknowledged; further ones are dropped
_REFUSED: Final = 0x80  # reason codes of a SUBACK or PUBACK from here on
_NOBODY_THERE: Final = 0x10  # of a PUBACK: no subscriber, now or in a lasting session
_LONGEST_S: Final = 0xFFFF_FFFF

_logger = logging.getLogger(__name__)


class MqttSource:
    """Reads a broker until cancelled; `connected` while it is subscribed."""

    def __init__(self, url: str, client_id: str, sink: Sink, *, clock: Clock, counters: Counters) -> None:
        self._address = _Address(url)
        self._client_id = client_id
        self._sink = sink
        self._clock = clock
        self._counters = counters
        self._client: aiomqtt.Client | None = None  # the one whose messages we may still acknowledge
        self._connected = False
        self._told: dict[int, Told] = {}  # by packet id: bounded by what the client may hold
        self._paused = False
        self._room = asyncio.Event()
        self._room.set()
        sink.on_pressure(self._on_pressure)

    @property
    def connected(self) -> bool:
        return self._connected

    def notify(self, device: str, kind: str, payload: bytes, told: Told = unasked, life_s: float = inf) -> int:
        """Publish a message for a device at QoS 1; how many brokers took it (none while we are not connected).

        The broker forgets it after `life_s`. `told` hears whether the broker has it, and has anybody to give it to.
        """
        client = self._client
        if client is None or not self._connected or not fits_topic(device):
            self._counters.notices_dropped += 1
            return 0
        topic = f"ronda/v1/{device}/{kind}"
        sent = client._client.publish(topic, payload, qos=1, properties=_expiring(life_s))  # noqa: SLF001  # see above
        if sent.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
            self._counters.notices_dropped += 1
            return 0
        self._counters.notices += 1
        self._told[sent.mid] = told
        return 1

    def _published(self, mid: int, code: int) -> None:
        """The broker's PUBACK."""
        if told := self._told.pop(mid, None):
            told("lost" if code == _NOBODY_THERE or code >= _REFUSED else "sent")

    def _lose(self) -> None:
        """The connection is gone, and with it what the broker had not acknowledged."""
        lost, self._told = self._told, {}
        for told in lost.values():
            told("lost")

    async def run(self) -> None:
        """Connect, serve, and connect again with growing pauses; not while the sink is full."""
        pause_s, longest_s = _BACKOFF_S
        while True:
            await self._room.wait()
            try:
                await self._serve()
            except (aiomqtt.MqttError, OSError) as error:
                if self._connected:
                    pause_s = _BACKOFF_S[0]
                extra = {"action": "mqtt.disconnected", "pause_s": pause_s}
                _logger.warning("the broker is not there, trying again: %s", error, extra=extra)
            finally:
                self._client, self._connected, self._paused = None, False, False
                self._lose()
            self._counters.broker_reconnects += 1
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, longest_s)

    async def _serve(self) -> None:
        client = self._make_client()
        # Before connecting: a lasting session may deliver right behind the CONNACK.
        client._client.manual_ack_set(True)  # noqa: SLF001  # see the module's docstring
        self._client = client
        async with client:
            _report(await client.subscribe([(topic, 1) for topic in TOPICS]))
            self._connected = True
            _logger.info("subscribed at the broker", extra={"action": "mqtt.connected"})
            self._on_pressure()
            async for _ in client.messages:  # none come this way; it ends with the connection
                pass

    def _make_client(self) -> aiomqtt.Client:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types here
        properties.SessionExpiryInterval = SESSION_S
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        address = self._address
        holder: list[aiomqtt.Client] = []
        client = aiomqtt.Client(
            address.host,
            address.port,
            username=address.username,
            password=address.password,
            identifier=self._client_id,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            keepalive=_KEEP_ALIVE_S,
            properties=properties,
            tls_context=address.tls,
            max_queued_outgoing_messages=_NOTICES_WAITING,
            queue_type=_inbox_type(lambda message: self._take(holder[0], message)),
        )
        holder.append(client)
        paho = client._client  # noqa: SLF001  # see the module's docstring
        paho.on_publish = partial(self._on_publish, paho.on_publish)
        return client

    def _on_publish(self, theirs: Any, client: Any, userdata: Any, mid: int, code: Any, properties: Any) -> None:
        theirs(client, userdata, mid, code, properties)
        self._published(mid, int(code.value))

    def _take(self, client: aiomqtt.Client, message: aiomqtt.Message) -> None:
        if not message.qos and self._sink.full:
            self._counters.broker_dropped += 1
            return
        done = partial(self._acknowledge, client, message.mid) if message.qos else ignore
        payload = message.payload if isinstance(message.payload, bytes) else b""
        self._sink.put(
            Message(
                topic=str(message.topic),
                payload=payload,
                received_us=self._clock.now_us(),
                qos=message.qos,
                retained=bool(message.retain),
                identity=None,  # the broker has checked it
                done=done,
                source="broker",
            )
        )

    def _acknowledge(self, client: aiomqtt.Client, mid: int) -> None:
        """Acknowledge on the connection that the message came by; over a newer one the broker sends it again."""
        if client is self._client:
            client._client.ack(mid, 1)  # noqa: SLF001  # see the module's docstring

    def _on_pressure(self) -> None:
        if self._sink.full:
            self._room.clear()
        else:
            self._room.set()
        client = self._client
        socket = client._client.socket() if client is not None else None  # noqa: SLF001  # see the docstring
        if client is None or socket is None or self._paused == self._sink.full:
            return
        self._paused = self._sink.full
        loop = asyncio.get_running_loop()
        if self._paused:
            loop.remove_reader(socket.fileno())
        else:
            loop.add_reader(socket.fileno(), _read_on, client)


def _expiring(life_s: float) -> Properties | None:
    """The property by which a broker forgets a message that nobody fetched in time."""
    if life_s == inf:
        return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho has no types here
    properties.MessageExpiryInterval = min(max(ceil(life_s), 1), _LONGEST_S)
    return properties


def _report(granted: Sequence[object]) -> None:
    """Say which topics the broker does not let us read: those devices would be deaf mutes."""
    codes = [int(getattr(code, "value", code)) for code in granted]  # type: ignore[call-overload]  # paho is untyped
    refused = [topic for topic, code in zip(TOPICS, codes, strict=False) if code >= _REFUSED]
    if refused:
        extra = {"action": "mqtt.subscription_refused", "topics": refused}
        _logger.error("the broker refuses us topics: %s; allow them in its ACL", ", ".join(refused), extra=extra)


def _read_on(client: aiomqtt.Client) -> None:
    """What aiomqtt does when its socket is readable."""
    paho = client._client  # noqa: SLF001  # see the module's docstring
    try:
        paho.loop_read()
        socket = paho.socket()
        while isinstance(socket, ssl.SSLSocket) and socket.pending():
            paho.loop_read()
    except Exception as error:  # noqa: BLE001  # any of them means that the connection is broken
        if not client._disconnected.done():  # noqa: SLF001  # see the module's docstring
            client._disconnected.set_exception(error)  # noqa: SLF001  # see the module's docstring


class _Address:
    """`mqtt[s]://[user[:password]@]host[:port]` in parts."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
            raise ConfigError(f"RONDA_MQTT_URL is {url!r}; write mqtt://user:password@host:1883 or mqtts://host:8883")
        self.host = parts.hostname
        self.tls = ssl.create_default_context() if parts.scheme == "mqtts" else None
        self.port = parts.port or (8883 if self.tls else 1883)
        self.username = unquote(parts.username) if parts.username else None
        self.password = unquote(parts.password) if parts.password else None


def _inbox_type(take: Callable[[aiomqtt.Message], None]) -> type[asyncio.Queue[aiomqtt.Message]]:
    """A queue class for aiomqtt whose `put_nowait` hands the message on; nothing is ever in it."""

    class Inbox(asyncio.Queue[aiomqtt.Message]):
        def put_nowait(self, item: aiomqtt.Message) -> None:
            take(item)

    return Inbox
