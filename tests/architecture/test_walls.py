"""The walls between rooms: the linter passes on the tree, and sees a hole that is made in a copy."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, modules, pyproject, rooms

LINT = Path(sys.executable).with_name("lint-imports")
HOLES = [
    ("ingest", "import store.log", "ingest is not allowed to import store"),
    ("core", "import geo", "core is not allowed to import geo"),
    ("simulators", "import dispatch.engine", "simulators is not allowed to import dispatch"),
    ("geo", "import asyncio", "geo is not allowed to import asyncio"),
    ("dispatch", "from time import time", "dispatch is not allowed to import time"),
]


def lint(root):
    return subprocess.run([LINT, "--no-cache", "--no-logo"], cwd=root, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the linter says of a copy of our rooms with every hole of `HOLES` in it, and one circle."""
    root = tmp_path_factory.mktemp("rooms")
    shutil.copy(ROOT / "pyproject.toml", root)
    for room in rooms():
        shutil.copytree(ROOT / room, root / room, ignore=shutil.ignore_patterns("__pycache__", "static"))
    for room, line, _ in HOLES:
        (root / room / f"planted_{line.split()[1].split('.')[0]}.py").write_text(f"{line}\n")
    (root / "store" / "one.py").write_text("import store.two\n")
    (root / "store" / "two.py").write_text("import store.one\n")
    result = lint(root)
    assert result.returncode == 1
    return result.stdout


def test_the_walls_stand():
    """Each room imports only rooms below it; core, geo and dispatch are pure; nothing goes round in a circle."""
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("message", [message for _, _, message in HOLES])
def test_a_hole_is_seen(told, message):
    """A forbidden import, planted, is named by the linter."""
    assert message in told


def test_a_circle_is_seen(told):
    """Two modules that import each other break the rule."""
    assert "No module of a room imports in a circle BROKEN" in told
    assert "No cycles are allowed in store." in told


def test_every_room_has_its_place():
    """A new top-level package must be put into the order, and into the lists of the linter and of mypy."""
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    layers = pyproject()["tool"]["importlinter"]["contracts"][0]["layers"]
    placed = {name for layer in layers for name in layer.replace("|", " ").replace(":", " ").split()}
    linted = set(pyproject()["tool"]["importlinter"]["root_packages"])
    typed = set(pyproject()["tool"]["mypy"]["packages"])
    assert packages == placed == linted == typed == set(rooms())


def test_nothing_asks_the_machine_for_the_time():
    """The time is an argument or a `core.clock.Clock`; only `ronda/system.py` reads the machine's."""
    allowed = {ROOT / "ronda" / "system.py"}
    calls = ("time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "date.today", "datetime.datetime.now")
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules()
        if path not in allowed
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in calls
    ]
    assert found == []


def test_sql_stands_in_sql_files():
    """A statement inside Python would escape the schema's tests."""
    verbs = ("SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE ", "ALTER TABLE ")
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lstrip().startswith(verbs)
    ]
    assert found == []
