"""Our names belong to us: in this environment, and in a clean one with the built wheel."""

import json
import subprocess
import sys
import zipfile
from importlib.metadata import distributions

import pytest

from tests.architecture.source import ROOT, rooms

UV = ROOT / ".ci" / "uv"
OWNERS = """
import importlib.metadata, importlib.util, json, pathlib, sys
owners = importlib.metadata.packages_distributions()
rooms = sys.argv[1:]
home = pathlib.Path(importlib.util.find_spec("core").origin).parents[1]
print(json.dumps({
    "owners": {room: owners.get(room, []) for room in rooms},
    "elsewhere": [r for r in rooms if pathlib.Path(importlib.util.find_spec(r).origin).parents[1] != home],
}))
"""


def test_no_dependency_brings_one_of_our_names():
    """A distribution with a top-level `geo` would win over ours without a word."""
    ours = set(rooms())
    clashes = {
        d.name: sorted(ours & {path.parts[0].removesuffix(".py") for path in d.files or ()})
        for d in distributions()
        if d.name != "ronda"
    }
    assert {name: taken for name, taken in clashes.items() if taken} == {}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built as a user's pip would."""
    folder = tmp_path_factory.mktemp("wheel")
    constraints = ["--build-constraints", str(ROOT / "requirements-build.lock")]
    command = [UV, "build", "--quiet", "--wheel", *constraints, "--python", sys.executable, "--out-dir", folder, ROOT]
    subprocess.run(command, check=True, timeout=280)
    return next(folder.glob("*.whl"))


@pytest.mark.e2e
@pytest.mark.timeout(300)
def test_the_wheel_holds_our_rooms_the_sql_the_console_and_nothing_else(wheel):
    """Tests, web sources and configuration stay out; SQL files and the built console are in."""
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(rooms())
    assert {"api/static/index.html", "api/phone/report.js", "store/schema.sql"} <= set(names)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


@pytest.mark.e2e
@pytest.mark.timeout(300)
def test_a_clean_install_owns_each_name(wheel, tmp_path):
    """Installed alone, each top-level name comes from our distribution and from one folder."""
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, tmp_path / "env"], check=True, timeout=60)
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([UV, "pip", "install", "--quiet", "--python", python, "--no-deps", wheel], check=True, timeout=60)
    done = subprocess.run([python, "-c", OWNERS, *rooms()], cwd=tmp_path, capture_output=True, check=True, timeout=60)
    assert json.loads(done.stdout) == {"owners": {room: ["ronda"] for room in rooms()}, "elsewhere": []}
