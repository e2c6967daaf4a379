"""The commands against a running `ronda up`, as its owner would use them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import RondaError
from ronda.cli import main
from ronda.installation import Installation, find
from tests.ronda.conftest import alive, server_pid

pytestmark = [pytest.mark.service, pytest.mark.e2e]
START_S = 60
SQUARE = [[[123.6, -10.2], [123.7, -10.2], [123.7, -10.1], [123.6, -10.1], [123.6, -10.2]]]


@pytest.fixture(scope="module")
def installation() -> Iterator[Path]:
    """The data folder of a `ronda up`; at the end SIGTERM must be a good end without remains."""
    folder = Path(tempfile.mkdtemp(prefix="rt-", dir="/tmp"))
    command = [sys.executable, "-m", "ronda", "up", "--data", str(folder), "--port", "0", "--log-level", "warning"]
    environ = {**os.environ, "RONDA_MQTT_PORT": "0"}
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        wait_ready(folder, process)
        yield folder
        pids = [server_pid(folder, name) for name in ("valkey", "postgres")]
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate(timeout=30)
        assert (process.returncode, error) == (0, "")
        assert not any(alive(pid) for pid in pids)
    finally:
        process.kill()
        process.communicate()
        shutil.rmtree(folder, ignore_errors=True)


def wait_ready(folder: Path, process: subprocess.Popen[str]) -> Installation:
    """Wait until the console answers."""
    for _ in range(START_S * 10):
        try:
            there = find(folder)
            urllib.request.urlopen(f"{there.http_url}/readyz", timeout=2).close()
        except (RondaError, OSError):
            assert process.poll() is None, process.communicate()
            time.sleep(0.1)
        else:
            return there
    raise AssertionError("ronda up does not get ready")


def get(url: str, secret: str) -> tuple[int, bytes]:
    """Status and body of a GET with a token."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {secret}"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        error.close()
        return error.code, b""


def ronda(data: Path, *words: str) -> int:
    """Run a command on the installation."""
    return main([*words, "--data", str(data)])


def test_token_opens_the_api_until_revoked(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The secret is alone on the last line of stdout, works, and stops working."""
    assert ronda(installation, "token", "create", "--role", "supervisor", "--label", "desk", "--expires", "1h") == 0
    out, err = capsys.readouterr()
    secret, token_id = out.splitlines()[-1], err.split()[1]
    url = f"{find(installation).http_url}/api/v1/devices"
    assert get(url, secret)[0] == 200

    assert ronda(installation, "token", "list") == 0
    listed = capsys.readouterr().out
    assert f"{token_id}\tsupervisor\t\tdesk\t" in listed
    assert secret not in listed

    assert ronda(installation, "token", "revoke", token_id) == 0
    assert get(url, secret)[0] == 401
    assert ronda(installation, "token", "revoke", token_id) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--role", "device"],
        ["--role", "admin", "--device", "d1"],
        ["--role", "admin", "--expires", "soon"],
        ["--role", "admin", "--expires", "2020-01-01"],
    ],
)
def test_impossible_token_is_refused(installation: Path, words: list[str]) -> None:
    """What makes no sense is wrong usage."""
    assert ronda(installation, "token", "create", *words) == 2


def test_link_leads_to_the_console_once(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A printed link signs in, and only once."""
    assert ronda(installation, "token", "link", "--role", "supervisor") == 0
    url = capsys.readouterr().out.strip()
    opener = urllib.request.build_opener(Unredirected)

    assert url.startswith(find(installation).http_url)
    assert signed_in(opener, url)
    assert not signed_in(opener, url)


class Unredirected(urllib.request.HTTPRedirectHandler):
    """Shows the redirect instead of following it."""

    def redirect_request(self, *_args: object) -> None:
        return None


def signed_in(opener: urllib.request.OpenerDirector, url: str) -> bool:
    """Whether opening the link sets a session cookie."""
    try:
        with opener.open(url, timeout=5) as answer:
            return "Set-Cookie" in answer.headers
    except urllib.error.HTTPError as error:
        error.close()
        return "Set-Cookie" in error.headers


def test_imported_areas_are_served(installation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run changes nothing; an import is effective when it says so; the same again changes nothing."""
    feature = {
        "type": "Feature",
        "properties": {"KDEPUM": "X1", "NAMOBJ": "Made up"},
        "geometry": {"type": "Polygon", "coordinates": SQUARE},
    }
    file = tmp_path / "areas.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))

    assert ronda(installation, "import", "areas", str(file), "--dry-run") == 0
    assert "1 would be new, 0 would be changed" in capsys.readouterr().out
    assert ronda(installation, "import", "areas", str(file)) == 0
    assert capsys.readouterr().out.endswith("1 new, 0 changed, 0 unchanged.\nDone.\n")
    assert ronda(installation, "import", "areas", str(file)) == 0
    assert capsys.readouterr().out.endswith("0 new, 0 changed, 1 unchanged.\nNothing to change.\n")

    assert ronda(installation, "token", "create", "--role", "supervisor") == 0
    status, body = get(f"{find(installation).http_url}/api/v1/areas", capsys.readouterr().out.strip())
    assert status == 200
    assert b"Made up" in body


def test_replacing_import_removes_what_is_not_named(
    installation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --replace the file is the whole set."""
    file = tmp_path / "vehicles.csv"
    file.write_text("id,plate\nV1,DH 1\nV2,DH 2\n")
    assert ronda(installation, "import", "vehicles", str(file)) == 0
    file.write_text("id,plate\nV2,DH 2\nV3,DH 3\n")
    capsys.readouterr()

    assert ronda(installation, "import", "vehicles", str(file), "--replace") == 0

    assert "1 new, 0 changed, 1 unchanged, 1 removed." in capsys.readouterr().out


def test_doctor_finds_nothing_wrong_with_the_servers(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every server answers, is durable and agrees on the time."""
    ronda(installation, "doctor")
    lines = capsys.readouterr().out.splitlines()

    wrong = [line for line in lines if line.startswith("wrong") and " console " not in line]  # built by the install
    assert wrong == []
    for part in ("valkey", "postgres", "schema", "mqtt", "http", "city", "disk"):
        assert any(line.split()[:2] == ["ok", part] for line in lines), part


def test_doctor_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing runs the doctor fails and says what to do."""
    assert ronda(tmp_path, "doctor") == 1

    assert "start `ronda up --data" in capsys.readouterr().out


def test_stage_of_its_own_uses_the_running_servers(installation: Path) -> None:
    """`ronda run` finds the servers of the data folder, runs one stage, and ends well on SIGTERM."""
    command = [sys.executable, "-m", "ronda", "run", "schedule", "--data", str(installation), "--log-level", "info"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        assert any("up.running" in line for line in process.stderr)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate()
