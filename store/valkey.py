"""The log on Valkey (or Redis) streams; durable when the server fsyncs every write (`appendfsync always`).

Keys, with one hash tag per partition so that a cluster keeps a partition's keys together:
`ronda:{p0}:in` and `ronda:{p0}:events` (streams, one field `b`), `ronda:{p0}:state:<reader>` and `ronda:{p0}:live`
(hashes by device), `ronda:{p0}:offset:<reader>`, `ronda:{p0}:lease:<name>` and `ronda:{p0}:epoch:<name>`. Names without
a partition are tagged by their first part: `ronda:{dispatch}:in`, `ronda:{rejects}:rejects`. Notes are plain keys with
an expiry, `ronda:{notes}:<key>`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from importlib.resources import files
from itertools import chain
from itertools import count as count_up
from typing import Any, Final, TypeVar, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from core.errors import ConflictError, LeaseLostError, UnavailableError
from store.cancel import heed_cancel
from store.log import START, Commit, Entry, Lease

FRAMES: Final = "ronda:frames"
PARTITIONS: Final = "ronda:partitions"
NOTE: Final = "ronda:{notes}:"  # one tag for all, so that many can be asked for at once
NOTES_AT_ONCE: Final = 500  # of up to a kilobyte each: nobody else waits long behind them
SOCKET_TIMEOUT_S: Final = 10.0
BLOCK_LIMIT_MS: Final = 5_000  # a blocked read returns before the socket counts as dead
RETRY_S: Final = (0.05, 0.1, 0.2, 0.5, 1.0)
_log = logging.getLogger(__name__)
T = TypeVar("T")


class LogUnavailableError(UnavailableError, RedisConnectionError):
    """Valkey does not answer or cannot write; what was being written may or may not be on disk."""


class ValkeyLog:
    """See `store.log.Log`. Connects on first use; use it from one event loop."""

    def __init__(self, url: str) -> None:
        # No hidden retries: a repeated append would write twice, and the callers know what to do.
        once = Retry(NoBackoff(), 0)
        self._client: Redis = Redis.from_url(url, protocol=2, retry=once, socket_timeout=SOCKET_TIMEOUT_S)
        self._partition_count: int | None = None
        script = files(__package__)
        self._commit = self._client.register_script(script.joinpath("commit.lua").read_text())
        self._acquire = self._client.register_script(script.joinpath("acquire.lua").read_text())
        self._release = self._client.register_script(script.joinpath("release.lua").read_text())

    async def check_durable(self) -> list[str]:
        """What keeps this server from being durable, one sentence each; empty when all is well."""
        try:
            config: dict[Any, Any] = await self._client.config_get("append*")
        except ResponseError as error:
            return [f"Valkey does not tell its settings ({error}); make sure of appendonly yes and appendfsync always."]
        except RedisError as error:
            raise LogUnavailableError(f"Valkey does not answer: {error}") from error
        wanted = {"appendonly": "yes", "appendfsync": "always"}
        return [
            f"Valkey has {name} {config.get(name)}: acknowledged fixes can be lost; set {name} {value}."
            for name, value in wanted.items()
            if config.get(name) != value
        ]

    async def partitions(self, wanted: int) -> int:
        await _ask(self._client.set(PARTITIONS, wanted, nx=True))
        self._partition_count = int(await _ask(self._client.get(PARTITIONS)) or wanted)
        return self._partition_count

    async def append(self, items: Sequence[tuple[str, bytes]], *, cap: int | None = None) -> list[str]:
        if not items:
            return []
        pipe = self._client.pipeline(transaction=False)
        for stream, body in items:
            pipe.xadd(_stream_key(stream), {"b": body}, maxlen=cap)
        return [entry_id.decode() for entry_id in await _ask(pipe.execute())]

    async def read(self, after: Mapping[str, str], *, count: int, block_ms: int) -> dict[str, list[Entry]]:
        names = {_stream_key(stream).encode(): stream for stream in after}
        positions: dict[Any, Any] = {_stream_key(stream): at for stream, at in after.items()}
        block = min(block_ms, BLOCK_LIMIT_MS) if block_ms > 0 else None
        reply = await self._patiently(positions, count, block)
        return {
            names[key]: [Entry(entry_id.decode(), fields[b"b"]) for entry_id, fields in entries]
            for key, entries in reply or []
        }

    async def _patiently(self, positions: dict[Any, Any], count: int, block: int | None) -> Any:
        """Reading twice harms nobody, so a lost connection is made anew until it holds."""
        for failures in count_up():
            try:
                return await self._client.xread(positions, count=count, block=block)
            except (RedisConnectionError, RedisTimeoutError) as error:
                _log.warning("read interrupted: %s", error, extra={"action": "log.read.retry"})
                await asyncio.sleep(_pause_s(failures))
            except RedisError as error:
                raise LogUnavailableError(f"Valkey refused to read: {error}") from error
        raise AssertionError  # the loop has no end

    async def last_id(self, stream: str) -> str:
        try:
            info = await self._client.xinfo_stream(_stream_key(stream))
        except ResponseError:  # no such key
            return START
        except RedisError as error:
            raise LogUnavailableError(str(error)) from error
        return cast("str", info["last-generated-id"].decode())

    async def offset(self, reader: str, stream: str) -> str:
        value = await _ask(self._client.get(_key(stream, "offset", reader)))
        return value.decode() if value else START

    async def state(self, reader: str, stream: str) -> dict[str, bytes]:
        return _rows(await _ask(self._client.hgetall(_key(stream, "state", reader))))

    async def commit(self, lease: Lease, commit: Commit) -> None:
        keys = [_key(lease.name, "lease", lease.name), _key(commit.stream, "offset", commit.reader)]
        keys += [_key(commit.stream, "state", commit.reader), _key(commit.stream, "live")]
        streams = {stream: 5 + i for i, stream in enumerate(dict.fromkeys(o.stream for o in commit.outputs))}
        outputs = chain.from_iterable((streams[o.stream], o.id, o.body) for o in commit.outputs)
        args: list[Any] = [_token(lease), commit.offset, FRAMES, commit.frame or b"", len(commit.outputs), *outputs]
        args += [len(commit.state), *_changes(commit.state), len(commit.live), *_changes(commit.live)]
        answer = await _ask(self._commit(keys=keys + [_stream_key(s) for s in streams], args=args))
        if answer[0] == b"lease":
            raise LeaseLostError(f"the lease {lease.name} is no longer held by {lease.owner}: stop this stage")
        if answer[0] == b"repeat":
            raise ConflictError(f"{answer[1].decode()} already has {answer[2].decode()} or a newer entry: read again")

    async def acquire(self, name: str, owner: str, ttl_ms: int) -> Lease | None:
        keys = [_key(name, "lease", name), _key(name, "epoch", name)]
        epoch = int(await _ask(self._acquire(keys=keys, args=[owner, ttl_ms])))
        return Lease(name, owner, epoch) if epoch else None

    async def release(self, lease: Lease) -> None:
        await _ask(self._release(keys=[_key(lease.name, "lease", lease.name)], args=[_token(lease)]))

    async def live(self) -> dict[str, bytes]:
        count = self._partition_count or int(await _ask(self._client.get(PARTITIONS)) or 0)
        pipe = self._client.pipeline(transaction=False)
        for partition in range(count):
            pipe.hgetall(_key(f"in.{partition}", "live"))
        parts = await _ask(pipe.execute()) if count else []
        return {device: row for part in parts for device, row in _rows(part).items()}

    async def frames(self) -> AsyncIterator[bytes]:
        failures = 0
        while True:
            try:
                async with self._client.pubsub(ignore_subscribe_messages=False) as channel:
                    await channel.subscribe(FRAMES)
                    while True:
                        heed_cancel()
                        message = await channel.get_message(timeout=SOCKET_TIMEOUT_S / 2)
                        if message is None:
                            await channel.ping()
                        elif message["type"] == "subscribe":
                            failures = 0
                            yield b""
                        elif message["type"] == "message":
                            yield message["data"]
            except (RedisConnectionError, RedisTimeoutError) as error:
                _log.warning("live frames interrupted: %s", error, extra={"action": "log.frames.retry"})
            except RedisError as error:
                raise LogUnavailableError(f"Valkey refused to send frames: {error}") from error
            await asyncio.sleep(_pause_s(failures))
            failures += 1

    async def note(self, notes: Mapping[str, bytes], ttl_s: int) -> None:
        for part in _parts(list(notes.items())):
            pipe = self._client.pipeline(transaction=False)
            for key, body in part:
                pipe.set(NOTE + key, body, ex=ttl_s)
            await _ask(pipe.execute())

    async def forget(self, keys: Sequence[str]) -> None:
        for part in _parts(keys):
            await _ask(self._client.unlink(*(NOTE + key for key in part)))

    async def notes(self, keys: Sequence[str]) -> list[bytes | None]:
        found: list[bytes | None] = []
        for part in _parts(keys):
            found += await _ask(self._client.mget([NOTE + key for key in part]))
        return found

    async def trim(self, stream: str, before: str) -> None:
        await _ask(self._client.xtrim(_stream_key(stream), minid=before, approximate=False))

    async def length(self, stream: str) -> int:
        return int(await _ask(self._client.xlen(_stream_key(stream))))

    async def memory(self) -> tuple[int, int]:
        told = await _ask(self._client.info("memory"))
        return int(told["used_memory"]), int(told.get("maxmemory", 0))

    async def close(self) -> None:
        await self._client.aclose()


def _pause_s(failures: int) -> float:
    return RETRY_S[min(failures, len(RETRY_S) - 1)]


def _parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[i : i + NOTES_AT_ONCE] for i in range(0, len(items), NOTES_AT_ONCE))


def _tag(name: str) -> str:
    head, _, tail = name.rpartition(".")
    return f"p{tail}" if head and tail.isdigit() else name.partition(".")[0]


def _key(name: str, *parts: str) -> str:
    return ":".join((f"ronda:{{{_tag(name)}}}", *parts))


def _stream_key(stream: str) -> str:
    """`in.3` is the `in` of partition 3, `dispatch.in` the `in` of dispatch."""
    head, _, tail = stream.rpartition(".")
    return _key(stream, head if head and tail.isdigit() else tail)


def _token(lease: Lease) -> str:
    return f"{lease.owner}/{lease.epoch}"


def _changes(rows: Mapping[str, bytes | None]) -> list[str | bytes]:
    """(field, "1" to set or "0" to delete, bytes) for each row, flat."""
    return [part for key, row in rows.items() for part in (key, "0" if row is None else "1", row or b"")]


def _rows(raw: Mapping[bytes, bytes]) -> dict[str, bytes]:
    return {key.decode(): value for key, value in raw.items()}


async def _ask(reply: Awaitable[T] | Any) -> Any:
    """The reply; whatever kept the server from giving it becomes one error."""
    try:
        return await reply
    except RedisError as error:
        raise LogUnavailableError(f"Valkey does not answer or cannot write: {error}") from error
