"""The console's pure functions, by Node's own test runner (web/test)."""

import json
import shutil
import subprocess

import pytest

from tests.web.tree import WEB

COMPILER = WEB / "node_modules" / "typescript" / "bin" / "tsc"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)


def test_pure_functions(tmp_path):
    """Order of attention, ages, silence, tracks, the city's clock: compiled by tsc, run by node --test."""
    node = shutil.which("node")
    if node is None or run(node, "--version").returncode or not COMPILER.exists():
        pytest.skip("no Node that runs on PATH, or web/node_modules is missing (cd web && npm ci)")
    compiled = run(node, COMPILER, "-p", WEB / "tsconfig.test.json", "--outDir", tmp_path)
    assert compiled.returncode == 0, compiled.stdout
    (tmp_path / "package.json").write_text(json.dumps({"type": "module"}))
    files = sorted((tmp_path / "test").glob("*.test.js"))
    done = run(node, "--test", *files)
    assert done.returncode == 0, done.stdout[-4000:]
