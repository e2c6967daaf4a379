"""The disk fills up: intake stands still with a word, a start on it fails with a word, and afterwards all is there."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.installation import Up, data_folder, wait_for

pytestmark = [pytest.mark.service, pytest.mark.e2e, pytest.mark.timeout(240)]
SIZE_MB, LEAST_MB = 500, 100
MB = 1_000_000


@contextmanager
def small_disk() -> Iterator[Path]:
    """A file system of its own, in memory."""
    with data_folder() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=0711", "ronda-test", str(folder)]
        if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
            pytest.skip("only root may mount a small disk")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, left_mb: int) -> None:
    """Somebody else's file, of such a size that so much is left; 0: not a byte."""
    free = os.statvfs(folder)
    size = max(free.f_bavail * free.f_frsize - left_mb * MB, 0)
    with (folder / "other").open("ab") as file:
        try:
            for _ in range(size // MB + (left_mb == 0)):
                file.write(b"x" * MB)
                file.flush()
        except OSError:
            return


def acknowledged(up: Up, number: int, limit_s: float) -> bool:
    """Send one fix; whether it is acknowledged in time."""
    now_s = time.time()
    with up.device("truck-1") as device:
        info = device.client.publish("ronda/v1/truck-1/fix", fix(now_s, number), qos=1)
        return bool(wait_for(info.is_published, limit_s))


def fix(now_s: float, number: int) -> str:
    return f'{{"time":{now_s:.3f},"lat":-10.17,"lon":123.6,"battery":{number}}}'


def batteries(up: Up) -> set[Any]:
    found = up.get("/api/v1/devices/truck-1/fixes", **{"from": "2026-01-01T00:00:00Z"}).json()["features"]
    return {feature["properties"]["battery"] for feature in found}


def test_a_full_disk_is_a_clear_state() -> None:
    """Held below the limit, by itself again when there is room; killed on a full disk, nothing acknowledged is lost."""
    with small_disk() as folder, Up(folder, RONDA_DISK_MIN_MB=str(LEAST_MB)) as up:
        up.start()
        up.register("truck-1")
        assert acknowledged(up, 1, 20)
        fill(folder, LEAST_MB // 2)
        assert wait_for(lambda: "MB are free" in parts(up)["disk"], 10)
        assert not acknowledged(up, 2, 2)
        fill(folder, 0)
        time.sleep(3.0)
        assert "MB are free" in parts(up)["disk"]

        up.kill()
        up.spawn()
        assert up.process is not None
        wait_for(lambda: up.process.poll() is not None, 15)  # type: ignore[union-attr]
        up.kill()
        (folder / "other").unlink()
        up.start()
        assert acknowledged(up, 3, 30)
        assert wait_for(lambda: {1, 3} <= batteries(up), 30), up.said()


def parts(up: Up) -> dict[str, str]:
    return dict(up.ask("GET", "/readyz").json()["parts"])
