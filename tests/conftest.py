"""Fixtures that every room's tests share: real servers, logs, hypothesis profiles."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import count

import psycopg
import pytest
import redis
from hypothesis import HealthCheck, settings

from core.clock import ManualClock
from store.log import Log
from store.memory import MemoryLog
from store.pg import migrate
from store.valkey import ValkeyLog
from tests.servers import postgres_server, valkey_server

_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]}
settings.register_profile("dev", max_examples=25, **_COMMON)
settings.register_profile("ci", max_examples=200, derandomize=True, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture
def clock() -> ManualClock:
    """A clock at 2026-01-05T00:00:00Z that moves only when told."""
    return ManualClock(1_767_571_200_000_000)


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """URL of a Valkey that lives as long as the test run; `log` and `new_log` empty it before use."""
    with valkey_server() as url:
        yield url


@pytest.fixture
def clean_valkey_url(valkey_url: str) -> str:
    """The same Valkey, empty."""
    with redis.Redis.from_url(valkey_url) as client:
        client.flushall()
    return valkey_url


@pytest.fixture(params=["memory", pytest.param("valkey", marks=pytest.mark.service)])
def new_log(request: pytest.FixtureRequest) -> Callable[[], Log]:
    """Makes a new, empty log at each call: memory, then Valkey. Close it in the loop that used it (`run_with`)."""
    if request.param == "memory":
        return MemoryLog
    url: str = request.getfixturevalue("valkey_url")

    def make() -> Log:
        with redis.Redis.from_url(url) as client:
            client.flushall()
        return ValkeyLog(url)

    return make


@pytest.fixture
def log(new_log: Callable[[], Log]) -> Log:
    """One empty log, memory then Valkey. Close it in the loop that used it (`tests.running.run_with`)."""
    return new_log()


@pytest.fixture(scope="session")
def plain_server_url() -> Iterator[str]:
    """URL of a Postgres that lives as long as the test run, with a migrated template database.

    RONDA_TEST_DATABASE_URL names another server to run the suite on, such as one with TimescaleDB
    (`postgresql://user@/postgres?host=...`); its databases `ronda_template` and `t<number>` are ours.
    """
    own = os.environ.get("RONDA_TEST_DATABASE_URL")
    with nullcontext(own) if own else postgres_server() as url:
        make_template(url)
        yield url


@pytest.fixture(scope="session")
def postgres_server_url(plain_server_url: str) -> str:
    """The server that a test runs on; tests of the store run on another one too."""
    return plain_server_url


def make_template(url: str) -> None:
    """The migrated database that each test gets a copy of."""
    admin(url, "DROP DATABASE IF EXISTS ronda_template")
    admin(url, "CREATE DATABASE ronda_template")
    asyncio.run(migrate(database_url(url, "ronda_template")))
    # A template can be copied only while nobody is in it; TimescaleDB's workers would be.
    admin(url, "ALTER DATABASE ronda_template ALLOW_CONNECTIONS false")
    admin(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'ronda_template'")


_numbers = count()


@pytest.fixture
def postgres_url(postgres_server_url: str) -> Iterator[str]:
    """URL of a fresh, migrated database."""
    name = f"t{next(_numbers)}"
    admin(postgres_server_url, f"CREATE DATABASE {name} TEMPLATE ronda_template")
    yield database_url(postgres_server_url, name)
    admin(postgres_server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_postgres_url(postgres_server_url: str) -> Iterator[str]:
    """URL of a database without any schema."""
    name = f"t{next(_numbers)}"
    admin(postgres_server_url, f"CREATE DATABASE {name}")
    yield database_url(postgres_server_url, name)
    admin(postgres_server_url, f"DROP DATABASE {name} WITH (FORCE)")


def database_url(server_url: str, name: str) -> str:
    """The same server, another database."""
    return server_url.replace("/postgres?", f"/{name}?")


def admin(url: str, sql: str) -> None:
    """One statement outside a transaction."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql)  # type: ignore[call-overload]
