"""The command line: its words, its exit codes, its haste."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ronda.arguments import parser
from ronda.cli import main

ROOT = Path(__file__).parents[2]
COMMANDS = ["up", "run", "detect", "publish", "simulate", "import", "token", "doctor"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command explains itself."""
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])

    assert end.value.code == 0
    assert f"usage: ronda {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [[], ["fly"], ["run", "kitchen"], ["up", "--port", "x"], ["publish", "f", "--speedup", "-1"], ["token"]]
)
def test_wrong_usage_is_one_sentence_and_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """argparse's own errors too are one line on stderr."""
    with pytest.raises(SystemExit) as end:
        main(words)

    error = capsys.readouterr().err
    assert end.value.code == 2
    assert error.startswith("ronda")
    assert error.count("\n") == 1


def test_failure_is_one_sentence_and_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A command that finds no installation says so and what to do."""
    assert main(["token", "list", "--data", str(tmp_path)]) == 1

    error = capsys.readouterr().err
    assert error.startswith(f"ronda: No ronda runs on {tmp_path}: start `ronda up --data {tmp_path}` first")
    assert error.count("\n") == 1


def test_wrong_setting_is_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong setting is wrong usage."""
    monkeypatch.setenv("RONDA_HTTP_PORT", "x")

    assert main(["doctor"]) == 2
    assert "RONDA_HTTP_PORT" in capsys.readouterr().err


def test_every_command_has_its_module() -> None:
    """What the command line promises exists, with `run`."""
    import importlib

    for words in (["up"], ["run", "geo"], ["import", "areas", "f"], ["token", "list"], ["doctor"]):
        assert callable(importlib.import_module(parser().parse_args(words).module).run)


def test_max_speed_is_no_waiting() -> None:
    """`--speedup max` is an infinite factor."""
    assert parser().parse_args(["publish", "f.csv", "--speedup", "max"]).speedup == float("inf")


def test_help_imports_nothing_heavy() -> None:
    """`--help` loads neither numpy nor a driver: it is quick."""
    code = (
        "import sys; from ronda.cli import main\ntry: main(['--help'])\nexcept SystemExit: print(sorted(sys.modules))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ
    )

    modules = out.stdout.rpartition("[")[2]
    for heavy in ("numpy", "redis", "psycopg", "fastapi", "asyncio", "shapely", "msgspec"):
        assert f"'{heavy}'" not in modules
