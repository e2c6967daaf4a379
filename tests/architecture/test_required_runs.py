"""The root conftest: bare machines skip, CI may not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SKIPS = "import pytest\n@pytest.mark.browser\ndef test_shown(): pytest.skip('no screen')\ndef test_other(): pass\n"
PASSES = "import pytest\n@pytest.mark.browser\ndef test_shown(): pass\n"
INI = "[pytest]\nmarkers =\n  browser: x\n  interop: x\n  soak: x\n"


def run(tmp_path, text, *arguments, **environment):
    """Run pytest on this text under the root conftest; exit code and output."""
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "pytest.ini").write_text(INI)
    (tmp_path / "test_it.py").write_text(text)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RONDA_", "PYTEST_"))}
    kept["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=tmp_path, env=kept | environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_a_skip_is_only_a_skip_on_a_bare_machine(tmp_path):
    """Without the requirement the run is green and says one skipped."""
    code, output = run(tmp_path, SKIPS)
    assert (code, "1 passed, 1 skipped" in output) == (0, True)


def test_a_required_mark_makes_its_skip_a_failure(tmp_path):
    """With it, the same run fails and gives the reason of the skip."""
    code, output = run(tmp_path, SKIPS, RONDA_REQUIRE_BROWSER="1")
    assert code == 1
    assert "skipped, but RONDA_REQUIRE_BROWSER=1" in output
    assert "no screen" in output


def test_a_required_mark_must_occur(tmp_path):
    """A run in which no such test passed fails, though everything else did."""
    code, output = run(tmp_path, "def test_other(): pass\n", RONDA_REQUIRE_INTEROP="1")
    assert (code, "no test marked interop passed" in output) == (1, True)


def test_a_required_mark_that_passes_is_green(tmp_path):
    """The requirement is met when a marked test passed."""
    if shutil.which("chromium") is None:
        (tmp_path / "chromium").write_text("#!/bin/sh\n")
        (tmp_path / "chromium").chmod(0o755)
    path = f"{os.environ['PATH']}{os.pathsep}{tmp_path}"
    assert run(tmp_path, PASSES, RONDA_REQUIRE_BROWSER="1", PATH=path)[0] == 0


def test_a_module_that_skips_itself_is_a_failure_too(tmp_path):
    """Its marks cannot be seen, so a required run does not let it pass."""
    text = "import pytest\npytest.skip('not today', allow_module_level=True)\n"
    (tmp_path / "test_more.py").write_text(PASSES)
    code, output = run(tmp_path, text, RONDA_REQUIRE_BROWSER="1")
    assert code != 0
    assert "a whole module was skipped" in output


def test_long_runs_wait_for_their_verb(tmp_path):
    """Soak tests are left out, and run when their mark is asked for."""
    text = "import pytest\n@pytest.mark.soak\ndef test_long(): pass\ndef test_short(): pass\n"
    assert "1 passed, 1 deselected" in run(tmp_path, text)[1]
    assert "1 passed, 1 deselected" in run(tmp_path, text, "-m", "soak")[1]
