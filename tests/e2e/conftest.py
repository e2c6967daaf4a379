"""One installation for the tests of this folder; a test may stop it, the next one gets it running."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.installation import Up, data_folder


@pytest.fixture(scope="session")
def installation() -> Iterator[Up]:
    with data_folder() as folder, Up(folder) as up:
        yield up


@pytest.fixture
def up(installation: Up) -> Up:
    """The installation, ready and warm."""
    if installation.process is None:
        installation.start()
        installation.warm()
    return installation
