"""Here every test with Postgres runs twice: on the wheel's server, and on Debian's with TimescaleDB."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import make_template
from tests.servers import timescale_server, why_no_timescale


@pytest.fixture(scope="session", params=["plain", pytest.param("timescale", marks=pytest.mark.timescale)])
def postgres_server_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of a server with a migrated template database; see `tests/conftest.py` for the plain one."""
    if request.param == "plain":
        yield request.getfixturevalue("plain_server_url")
        return
    if why := why_no_timescale():
        pytest.skip(why)
    with timescale_server() as url:
        make_template(url)
        yield url
