"""Rules of every test run: what is skipped on a bare machine, and what may not be skipped in CI.

A test marked `browser` or `interop` needs a Debian package, one marked `timescale` a folder that `.ci/trixie` makes;
without it the test is skipped with the reason. With RONDA_REQUIRE_BROWSER=1, RONDA_REQUIRE_INTEROP=1 or
RONDA_REQUIRE_TIMESCALE=1 (as `.ci/run` sets them) such a skip is a failure, and so is a run in which no test with that
mark passed. Tests marked `soak` run only when `-m` asks for marks.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from typing import Any

import pytest

NEEDS = {"browser": ("chromium",), "interop": ("mosquitto", "mosquitto_pub", "mosquitto_sub")}
TIMESCALE = "timescale"
PACKAGES = {"browser": "chromium", "interop": "mosquitto mosquitto-clients"}
SYSTEM_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Required(), "ronda-required")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long fault runs out, unless marks were asked for by name."""
    if config.option.markexpr:
        return
    soak = [item for item in items if item.get_closest_marker("soak")]
    items[:] = [item for item in items if item not in soak]
    config.hook.pytest_deselected(items=soak)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark, programs in NEEDS.items():
        missing = [p for p in programs if not shutil.which(p, path=SYSTEM_PATH)]
        if missing and item.get_closest_marker(mark):
            pytest.skip(f"{missing[0]} is not installed: apt-get install {PACKAGES[mark]}")


class Required:
    """Turns a skip into a failure for each mark that the environment requires, and counts who passed."""

    def __init__(self) -> None:
        self.passed = {
            mark: 0 for mark in (*NEEDS, TIMESCALE) if os.environ.get(f"RONDA_REQUIRE_{mark.upper()}") == "1"
        }
        self.complaints: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, Any, Any]:
        report = yield
        for mark in self.passed:
            if item.get_closest_marker(mark) is None:
                continue
            if report.skipped and not hasattr(report, "wasxfail"):
                report.outcome = "failed"
                report.longrepr = f"skipped, but RONDA_REQUIRE_{mark.upper()}=1: {report.longrepr}"
            elif report.when == "call" and report.passed:
                self.passed[mark] += 1
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self) -> Generator[None, Any, Any]:
        """A module that skips itself hides its marks, so it may not be skipped either."""
        report = yield
        if self.passed and report.skipped:
            report.outcome = "failed"
            report.longrepr = f"a whole module was skipped in a run that requires {', '.join(self.passed)}"
        return report

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        for mark, count in self.passed.items():
            if not count:
                self.complaints.append(f"no test marked {mark} passed, but RONDA_REQUIRE_{mark.upper()}=1")
        if self.complaints and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for complaint in self.complaints:
            terminalreporter.write_line(f"ERROR {complaint}", red=True)
