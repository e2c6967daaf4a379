"""The door, over real sockets, byte by byte."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from ingest.admit import PAYLOAD_MAX
from ingest.service import Ingest
from tests.ingest.house import FIX, Client, HeldLog, at_door, eventually, hanging_up, port_of, running, text

OFFER = "ronda/v1/t1/offer"
both = pytest.mark.parametrize("version", [4, 5])


@both
def test_puback_comes_after_the_log(version: int) -> None:
    """While the append is held there is no PUBACK; then there is one, and the fix is in the log."""

    async def body(ingest: Ingest, log: HeldLog) -> None:
        client = await Client.enter(port_of(ingest), version)
        log.gate.clear()
        client.send(client.publish(mid=7))
        assert await client.silent()
        log.gate.set()
        assert await client.read() == (0x40, b"\0\7")
        assert (await log.fixes()).names() == ["t1"]

    at_door(body)


def test_pubacks_keep_the_order_of_the_messages() -> None:
    """Good and bad ones alike."""

    async def body(ingest: Ingest, log: HeldLog) -> None:
        client = await Client.enter(port_of(ingest))
        client.send(b"".join(client.publish(FIX if mid % 2 else b"rubbish", mid=mid) for mid in range(1, 301)))
        acks = [await client.read() for _ in range(300)]
        assert acks == [(0x40, mid.to_bytes(2, "big")) for mid in range(1, 301)]
        assert (len(await log.fixes()), len(await log.rejects())) == (150, 150)

    at_door(body)


def test_qos_0_is_written_and_not_answered() -> None:
    """It is in the log all the same."""

    async def body(ingest: Ingest, log: HeldLog) -> None:
        client = await Client.enter(port_of(ingest))
        client.send(client.publish(qos=0))
        await eventually(lambda: ingest.counters.fixes == 1)
        assert await client.silent()
        assert len(await log.fixes()) == 1

    at_door(body)


def test_a_broken_log_is_not_acknowledged() -> None:
    """The client learns nothing until the log is back."""

    async def body(ingest: Ingest, log: HeldLog) -> None:
        client = await Client.enter(port_of(ingest))
        log.broken = True
        client.send(client.publish())
        assert await client.silent(0.3)
        assert not ingest.listening
        log.broken = False
        assert await client.read() == (0x40, b"\0\1")
        assert (len(await log.fixes()), ingest.listening) == (1, True)

    at_door(body)


def test_connack_5_says_what_is_offered() -> None:
    """Receive maximum 4096, QoS 1, 16 MiB, no wildcards, no subscription ids, no shared subscriptions, an id given."""

    async def body(ingest: Ingest, _: HeldLog) -> None:
        client = await Client.dial(port_of(ingest), 5)
        client.send(client.connect(""))
        first, answer = await client.read() or (0, b"")
        assert (first, answer[:2]) == (0x20, b"\0\0")
        assert answer[3:].startswith(b"\x21\x10\x00\x24\x01\x27\x01\0\0\0\x28\0\x29\0\x2a\0\x12\0\x15auto-")

    at_door(body)


@pytest.mark.parametrize(("version", "code"), [(4, 4), (5, 0x86)])
def test_a_wrong_password_is_refused(version: int, code: int) -> None:
    """Also where anonymous clients are let in."""

    async def body(ingest: Ingest, _: HeldLog) -> None:
        client = await Client.dial(port_of(ingest), version)
        client.send(client.connect(password="guess"))
        first, answer = await client.read() or (0, b"")
        assert (first, answer[1]) == (0x20, code)
        assert await client.read() is None

    at_door(body)


def test_without_a_password_only_in_the_demo() -> None:
    """Elsewhere: not authorised."""

    async def body(ingest: Ingest, _: HeldLog) -> None:
        client = await Client.dial(port_of(ingest))
        client.send(client.connect())
        assert await client.read() == (0x20, b"\0\5")

    at_door(body, anonymous=False)


@pytest.mark.parametrize(("version", "answer"), [(4, b"\0\1"), (5, b"\0\1\x87")])
def test_a_device_speaks_only_for_itself(version: int, answer: bytes) -> None:
    """Another device's topic is a reject; only MQTT 5 can tell the client so."""

    async def body(ingest: Ingest, log: HeldLog) -> None:
        client = await Client.enter(port_of(ingest), version, password="s-t1")
        client.send(client.publish(topic="ronda/v1/t2/fix"))
        assert await client.read() == (0x40, answer)
        assert [reject.reason for reject in await log.rejects()] == ["forbidden"]
        client.send(client.publish(mid=2))
        assert await client.read() == (0x40, b"\0\2")
        assert (await log.fixes()).names() == ["t1"]

    at_door(body, anonymous=False)


def test_qos_2() -> None:
    """MQTT 5 hears why it is sent away, MQTT 3.1.1 is just closed."""

    async def body(ingest: Ingest, _: HeldLog) -> None:
        for version, goodbye in ((5, (0xE0, b"\x9b")), (4, None)):
            client = await Client.enter(port_of(ingest), version)
            client.send(client.publish(qos=2))
            assert await client.read() == goodbye
        assert ingest.counters.protocol_errors == 2

    at_door(body)


@both
@pytest.mark.parametrize("qos", [0, 1])
def test_ten_megabytes_are_read_past(version: int, qos: int) -> None:
    """A reject with its beginning, an acknowledgement, and the connection lives; nothing of it is held."""

    async def body(ingest: Ingest, log: HeldLog) -> None:
        client = await Client.enter(port_of(ingest), version)
        client.send(client.publish(b"[" * 10_000_000, qos=qos, mid=5) + client.publish(mid=6))
        answers = [await client.read() for _ in range(qos + 1)]
        assert answers == [(0x40, b"\0\5"), (0x40, b"\0\6")][1 - qos :]
        (reject,) = await log.rejects()
        assert (reject.reason, reject.device, reject.payload) == ("too_large", "t1", b"[" * 512)
        assert len(await log.fixes()) == 1

    at_door(body)


def test_a_packet_beyond_all_measure_ends_the_connection() -> None:
    """Of its client only."""

    async def body(ingest: Ingest, _: HeldLog) -> None:
        other, client = await Client.enter(port_of(ingest), client_id="other"), await Client.enter(port_of(ingest), 5)
        client.send(b"\x32\xff\xff\xff\x7f" + text("ronda/v1/t1/fix"))
        assert await client.read() == (0xE0, b"\x95")
        other.send(b"\xc0\0")
        assert await other.read() == (0xD0, b"")

    at_door(body)


def test_the_largest_payload_is_taken() -> None:
    """256 KiB exactly."""

    async def body(ingest: Ingest, log: HeldLog) -> None:
        client = await Client.enter(port_of(ingest))
        client.send(client.publish(FIX + b" " * (PAYLOAD_MAX - len(FIX))))
        assert await client.read() == (0x40, b"\0\1")
        assert len(await log.fixes()) == 1

    at_door(body)


def test_bytes_may_come_one_by_one() -> None:
    """Packets are put together whatever the network did to them."""

    async def body(ingest: Ingest, log: HeldLog) -> None:
        client = await Client.dial(port_of(ingest))
        for byte in client.connect() + client.publish(FIX + b" " * 200) + b"\xc0\0":
            client.send(bytes((byte,)))
            await asyncio.sleep(0)
        answers = [await client.read() for _ in range(3)]
        assert sorted(first for first, _ in filter(None, answers)) == [0x20, 0x40, 0xD0]
        assert len(await log.fixes()) == 1

    at_door(body)


def test_packets_behind_connect_wait_for_the_check() -> None:
    """A client need not wait for its CONNACK; what it sent is judged by its credential."""

    async def body(ingest: Ingest, log: HeldLog) -> None:
        client = await Client.dial(port_of(ingest))
        client.send(client.connect(password="s-t1") + client.publish(topic="ronda/v1/t2/fix"))
        assert [await client.read() for _ in range(2)] == [(0x20, b"\0\0"), (0x40, b"\0\1")]
        assert [reject.reason for reject in await log.rejects()] == ["forbidden"]

    at_door(body)


@both
def test_a_client_id_is_taken_over(version: int) -> None:
    """The newcomer stays; the other is told, if it speaks MQTT 5."""

    async def body(ingest: Ingest, _: HeldLog) -> None:
        first = await Client.enter(port_of(ingest), version)
        second = await Client.enter(port_of(ingest), version)
        assert await first.read() == ((0xE0, b"\x8e") if version == 5 else None)
        second.send(b"\xc0\0")
        assert await second.read() == (0xD0, b"")
        assert ingest.counters.takeovers == 1

    at_door(body)


def test_nobody_takes_over_anothers_client_id() -> None:
    """A client id counts together with its credential."""

    async def body(ingest: Ingest, _: HeldLog) -> None:
        own = await Client.enter(port_of(ingest), password="s-t1")
        await Client.enter(port_of(ingest))
        own.send(b"\xc0\0")
        assert await own.read() == (0xD0, b"")

    at_door(body)


def test_what_was_not_acknowledged_is_sent_again_and_is_the_same_fix() -> None:
    """A crash between the log and the PUBACK: the second copy has the same content, so the archive knows it."""

    async def main() -> None:
        log = HeldLog()
        async with running(log) as ingest:
            client = await Client.enter(port_of(ingest))
            client.send(client.publish())
            await eventually(lambda: ingest.counters.fixes == 1)
        async with running(log) as ingest:
            client = await Client.enter(port_of(ingest))
            client.send(client.publish())
            assert await client.read() == (0x40, b"\0\1")
        fixes = await log.fixes()
        assert (len(fixes), len(set(fixes.content.tolist()))) == (2, 1)

    asyncio.run(main())


def test_a_shutdown_writes_what_was_taken_in() -> None:
    """Cancelled with a batch on its way: it is written and acknowledged, then the door says goodbye."""

    async def main() -> None:
        log = HeldLog()
        async with hanging_up():
            async with running(log) as ingest:
                client = await Client.enter(port_of(ingest), 5)
                log.gate.clear()
                client.send(client.publish())
                await asyncio.sleep(0.05)
                asyncio.get_running_loop().call_later(0.1, log.gate.set)
            assert [await client.read() for _ in range(3)] == [(0x40, b"\0\1"), (0xE0, b"\x8b"), None]
        assert len(await log.fixes()) == 1

    asyncio.run(main())


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate: apt-get install openssl")
def test_tls(tmp_path: Path) -> None:
    """The same door behind TLS; a client that speaks plain MQTT to it gets nothing, and nothing is left of it."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    wanted = [
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-keyout",
        key,
        "-out",
        certificate,
    ]
    subprocess.run(["openssl", "req", "-x509", *wanted], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(certificate))

    async def body(ingest: Ingest, log: HeldLog) -> None:
        plain = await Client.dial(port_of(ingest))
        plain.send(plain.connect())
        client = await Client.dial(port_of(ingest), 5, ssl=trusting, server_hostname="localhost")
        client.send(client.connect() + client.publish(FIX + b" " * 100_000))
        assert [(await client.read() or (0,))[0] for _ in range(2)] == [0x20, 0x40]
        assert len(await log.fixes()) == 1
        assert ingest.counters.connections == 1

    at_door(body, tls=context)
