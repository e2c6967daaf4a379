"""A bad neighbour, as a process of its own: `hostile.py PORT HTTP_PORT SECRET MESSAGES SEED`; prints what it did.

It has a valid credential, for without one it would get no further than CONNECT. Its messages are vectors of every
dialect with bytes changed, wrong topics, deep, huge and broken payloads; some of its connections break MQTT's
framing or send a byte a second. Some lanes post the same by HTTP.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import re
import sys
import time
from collections import Counter
from contextlib import suppress

from packets import connect_packet, publish_packet, remaining, text  # beside this script, which runs alone

LANES = 12
BREAKING, POSTING = 2, 4  # lanes that break the framing, and that post by HTTP
SLOW = 100  # connections that never finish a packet
WINDOW = 200  # messages that a lane sends before it waits for acknowledgements
POOL = 4000
NOW = int(time.time())
TRACCAR = (
    b'{"position":{"deviceId":1,"fixTime":"2026-01-05T00:00:00.000+00:00","latitude":-10.17,"longitude":123.6,'
    b'"speed":12.4,"attributes":{"batteryLevel":80}},"device":{"uniqueId":"soak-3"}}'
)
VECTORS: tuple[tuple[str, bytes], ...] = (
    ("ronda/v1/soak-1/fix", b'{"time":%d,"lat":-10.17,"lon":123.6,"speed":8.2,"course":91,"battery":88}' % NOW),
    ("ronda/v1/soak-2/fix", b'[{"time":%d,"lat":-10.17,"lon":123.6},{"time":"2026-01-05T08:00:00+08:00"}]' % NOW),
    ("ronda/v1/stranger-%d/fix", b'{"time":%d,"lat":-10.17,"lon":123.6}' % NOW),
    ("owntracks/budi/hp%d", b'{"_type":"location","tst":%d,"lat":-10.17,"lon":123.6,"vel":30,"acc":12}' % NOW),
    ("owntracks/budi/hp/event", b'{"_type":"transition","tst":%d,"event":"enter","lat":-10.1,"lon":123.6}' % NOW),
    ("owntracks/budi/hp", b'{"_type":"encrypted","data":"%s"}' % (b"QUJD" * 40)),
    ("traccar/positions", TRACCAR),
    ("a/b/teltonika/352093081429150/data", b'{"state":{"reported":{"latlng":"-10.17,123.6","ts":%d000}}}' % NOW),
)
SCRAPS = (b"NaN", b"1e999", b"-1", b"null", b'"', b"{", b"]", b"\\u0000", b"\xff\xfe", b"9" * 400, b"true", b"\x00")
TOPICS = (
    "",
    "x",
    "ronda/v1//fix",
    "ronda/v1/soak-9/fix/more",
    "ronda/v2/soak-1/fix",
    "$SYS/broker",
    "ünï/çø∂é",
    "a" * 9000,
)


def mutated(drawn: random.Random, payload: bytes) -> bytes:
    """A few bytes changed, cut, doubled or put in."""
    body = bytearray(payload)
    for _ in range(drawn.randint(1, 4)):
        at = drawn.randrange(len(body) + 1)
        kind = drawn.randrange(4)
        if kind == 0 and at < len(body):
            body[at] = drawn.randrange(256)
        elif kind == 1:
            body[at : at + drawn.randint(1, 9)] = b""
        elif kind == 2:
            body[at:at] = drawn.choice(SCRAPS)
        else:
            body[at:at] = body[at : at + drawn.randint(1, 30)]
    return bytes(body)


def message(drawn: random.Random) -> tuple[str, str, bytes]:
    """What kind it is, its topic, its payload."""
    topic, payload = drawn.choice(VECTORS)
    topic = topic % drawn.randrange(100_000) if "%d" in topic else topic
    share = drawn.random()
    if share < 0.70:
        return "mutated", topic, mutated(drawn, payload)
    if share < 0.85:
        odd = drawn.choice((*TOPICS[1:], f"ronda/v1/{drawn.randbytes(6).hex()}/fix", drawn.randbytes(8).hex()))
        return "topic", odd, payload
    if share < 0.95:
        return "bytes", topic, drawn.randbytes(drawn.randint(0, 300))
    if share < 0.99:
        return "utf-8", topic, b'{"time":"\xc3\x28","lat":"\xed\xa0\x80"}'
    if share < 0.996:
        depth = drawn.randint(500, 50_000)
        return "deep", topic, drawn.choice((b"[", b'{"a":', b'{"state":{"reported":')) * depth
    return "huge", topic, b"[%s]" % b",".join([payload] * drawn.randint(1000, 4000))


def breakage(drawn: random.Random) -> bytes:
    """Bytes that are no MQTT, or not the MQTT that may come now."""
    good = connect_packet("h", "gateway", "wrong")
    return drawn.choice(
        (
            drawn.randbytes(drawn.randint(1, 200)),
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS spoken to a plain port
            b"\x10\xff\xff\xff\xff\xff\x01",  # a length of five bytes
            b"\x10\xff\xff\xff\x7f" + b"x" * 100,  # 256 MB announced
            publish_packet(b"ronda/v1/soak-1/fix", 1, b"{}"),  # before any CONNECT
            good[: drawn.randint(1, len(good) - 1)],
            b"\x10" + remaining(6) + text("MQXX"),
            good + good,
            b"\xf0\x00" * 50,
        )
    )


def request(drawn: random.Random, secret: str, payload: bytes) -> bytes:
    """A post to one of the devices' routes; some with a length that is not true."""
    path = drawn.choice(
        ("v1/fixes", "owntracks", "owntracks?u=budi&d=hp", "osmand", "osmand?id=soak-1&lat=x", "traccar")
    )
    login = base64.b64encode(f"{drawn.choice(('gateway', 'soak-1', ''))}:{secret}".encode())
    length = len(payload) if drawn.random() < 0.98 else drawn.choice((0, len(payload) + 50, 10**9))
    head = f"POST /ingest/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nAuthorization: Basic "
    return head.encode() + login + b"\r\n\r\n" + payload


class Neighbour:
    """Counts down what all lanes send together."""

    def __init__(self, port: int, http_port: int, secret: str, messages: int, seed: int) -> None:
        self.port, self.http_port, self.secret, self.left = port, http_port, secret, messages
        self.drawn = random.Random(seed)
        self.pool = [message(self.drawn) for _ in range(POOL)]
        self.kinds: Counter[str] = Counter()
        self.acknowledged = self.closed = 0

    async def run(self) -> None:
        slow = [asyncio.create_task(self.trickle(n)) for n in range(SLOW)]
        await asyncio.gather(*(self.lane(n) for n in range(LANES)))
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    async def lane(self, number: int) -> None:
        while self.left > 0:
            with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                if number < BREAKING:
                    await self.broken()
                elif number < BREAKING + POSTING:
                    await self.post()
                else:
                    await self.flood(number)
            self.closed += 1

    async def broken(self) -> None:
        """One connection, one breakage."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(breakage(self.drawn))
            self._count("framing")
            async with asyncio.timeout(0.02):
                await reader.read(100)
        finally:
            writer.close()

    async def post(self) -> None:
        """Requests on one connection until the server has had enough of it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.http_port)
        try:
            while self.left > 0:
                writer.write(request(self.drawn, self.secret, self.drawn.choice(self.pool)[2]))
                self._count("http")
                async with asyncio.timeout(5.0):
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = re.search(rb"content-length: (\d+)", head.lower())
                    await reader.readexactly(int(length[1]) if length else 0)
        finally:
            writer.close()

    async def flood(self, number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(connect_packet(f"hostile-{number}", "gateway", self.secret))
            async with asyncio.timeout(20):
                await reader.readexactly(4)
            mid = 0
            while self.left > 0:
                for _ in range(WINDOW):
                    mid = mid % 65_535 + 1
                    if writer.is_closing():
                        raise ConnectionResetError
                    writer.write(self._next(mid))
                await writer.drain()
                await self._answers(reader, WINDOW)
        finally:
            writer.close()

    async def _answers(self, reader: asyncio.StreamReader, wanted: int) -> None:
        """Wait for about as many acknowledgements; a protocol error ends the connection instead."""
        got = 0
        async with asyncio.timeout(60):
            while got < wanted // 2 * 4:
                data = await reader.read(65_536)
                if not data:
                    raise ConnectionResetError
                got += len(data)
        self.acknowledged += got // 4

    def _next(self, mid: int) -> bytes:
        kind, topic, payload = self.drawn.choice(self.pool)
        if kind == "mutated" and self.drawn.random() < 0.5:
            payload = mutated(self.drawn, payload)
        if self.drawn.random() < 0.0005:
            kind, topic = "wildcard", "ronda/v1/+/fix"  # a protocol error: the connection ends
        self._count(kind)
        return publish_packet(topic.encode(), mid, payload)

    def _count(self, kind: str) -> None:
        self.left -= 1
        self.kinds[kind] += 1

    async def trickle(self, number: int) -> None:
        """A byte a second: half of them before CONNECT is whole, half inside a PUBLISH."""
        whole = connect_packet(f"slow-{number}", "gateway", self.secret)
        packet = b"\x30" + remaining(5000) + text("ronda/v1/soak-1/fix") + b"x" * 5000
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    if number % 2:
                        writer.write(whole)
                    for byte in packet if number % 2 else whole * 20:
                        writer.write(bytes([byte]))
                        await writer.drain()
                        await asyncio.sleep(1.0)
                finally:
                    writer.close()
            await asyncio.sleep(0.5)


async def main(port: int, http_port: int, secret: str, messages: int, seed: int) -> None:
    neighbour = Neighbour(port, http_port, secret, messages, seed)
    begun = time.monotonic()
    await neighbour.run()
    passed_s = time.monotonic() - begun
    told = {"kinds": dict(neighbour.kinds), "acknowledged": neighbour.acknowledged, "closed": neighbour.closed}
    print(json.dumps({**told, "seconds": round(passed_s, 1)}))  # noqa: T201 - its parent reads it


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5])))
