"""What may and may not be in the repository."""

import re
import stat

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.source import ROOT, pyproject, tracked

# Written in pieces, so that this file does not find itself.
HOSTS = re.compile(r"pypi\.(?:org|io)|python" r"hosted\.org|registry\.npm" r"js\.org|deb\.debian\.(?:org|net)")
PATHS = re.compile("/wo" r"rk/(?:main|shared)|/ho" r"me/[a-z]\w*/|/Us" r"ers/\w+/|/tmp" r"/plan")
BINARY = (".png", ".jpg", ".webp", ".ico", ".woff2", ".parquet", ".pbf")


def lines_with(pattern):
    """file:line of each line that the pattern finds in the repository's texts."""
    for path in tracked():
        if path.suffix in BINARY:
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if pattern.search(line):
                yield f"{path.relative_to(ROOT)}:{number}"


def test_no_file_names_a_package_index():
    """Where packages come from is the machine's setting, not the repository's."""
    assert list(lines_with(HOSTS)) == []


def test_no_file_holds_a_path_of_a_machine():
    """Paths are relative, or under the data folder of a setting."""
    assert list(lines_with(PATHS)) == []


def test_the_patterns_find_what_they_should():
    """A pattern that finds nothing would let the two tests above pass for ever."""
    host = "https://files.python" + "hosted.org/packages"
    assert HOSTS.search(host)
    assert PATHS.search("/ho" + "me/ani/ronda")


def test_locks_hold_hashes_and_no_addresses():
    """Each locked package is checked by its hash, wherever it came from."""
    for name in ("requirements.lock", "requirements-build.lock"):
        text = (ROOT / name).read_text()
        packages = re.findall(r"^([\w.-]+)==\S+(?: ;.*)? \\\n    --hash=sha256:", text, re.MULTILINE)
        assert len(packages) == len(re.findall(r"^[\w.-]+==", text, re.MULTILINE)) > 0
        assert "http" not in re.sub(r"^http(?:core|x)==.*$", "", text, flags=re.MULTILINE)


def test_the_lock_follows_pyproject():
    """Whoever changes a dependency runs `make lock`: every one is locked at a version that pyproject allows."""
    project = pyproject()["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    wanted = map(Requirement, project["dependencies"] + extras + pyproject()["dependency-groups"]["dev"])
    pins = re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    locked = {canonicalize_name(name): version for name, version in pins}
    unmet = [str(r) for r in wanted if not r.specifier.contains(locked.get(canonicalize_name(r.name), "0"))]
    assert unmet == []


def test_the_required_documents_exist():
    """The papers that a newcomer, an operator and a lawyer look for."""
    names = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
        "LICENSE",
        "docs/decisions",
    ]
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_scripts_can_be_run():
    """CI's entry has its run bit."""
    assert (ROOT / ".ci" / "run").stat().st_mode & stat.S_IXUSR


def test_decision_records_are_numbered_and_whole():
    """Each record has its number in the title and the four parts."""
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [int(path.name[:4]) for path in records]
    assert numbers == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text()
        assert text.startswith(f"# {path.name[:4]} "), path.name
        assert [part for part in ("Status", "Context", "Decision", "Consequences") if f"## {part}\n" not in text] == []


def test_links_between_documents_lead_somewhere():
    """A relative link of a document points to a file that exists."""
    broken = [
        f"{path.relative_to(ROOT)} -> {target}"
        for path in tracked()
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text())
        if not re.match(r"[a-z]+:", target) and not (path.parent / target).exists()
    ]
    assert broken == []
