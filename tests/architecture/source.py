"""What the architecture tests look at: our rooms, their modules, the files that belong to the repository."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]


@cache
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def rooms() -> list[str]:
    """Our top-level packages, as the wheel lists them."""
    return list(pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])


def modules() -> list[Path]:
    """Every Python module of every room."""
    return sorted(path for room in rooms() for path in (ROOT / room).rglob("*.py"))


class Function(NamedTuple):
    """A function and the number of lines that its body takes, docstring not counted."""

    where: str
    lines: int


def functions(path: Path) -> Iterator[Function]:
    """Functions and methods of a module, nested ones too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            yield Function(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", lines)


def tracked() -> list[Path]:
    """Files that are in the repository or would be after `git add`; on a tree without git, every file."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]
