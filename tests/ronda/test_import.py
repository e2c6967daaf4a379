"""`ronda import` from the file to the archive: preview, report, adoption."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from core.codec import encode
from ronda.archiving import archive_for_ever
from ronda.arguments import parser
from ronda.commands.import_ import _import
from ronda.settings import Settings
from store import credentials
from store.archive import Archive
from store.held import held_devices
from store.pg import connect
from store.read import fixes, registry
from store.valkey import ValkeyLog
from tests.strategies import T0_US, fixes_of

pytestmark = pytest.mark.service


@pytest.fixture
def devices_xlsx(tmp_path: Path) -> Path:
    """A workbook with two trackers and a row that is none."""
    workbook = openpyxl.Workbook()
    for row in (["IMEI", "Kelas"], [350612076540293, "truk"], ["hp-1", "HP"], ["bus-1", "bus"]):
        workbook.active.append(row)
    workbook.save(tmp_path / "alat.xlsx")
    return tmp_path / "alat.xlsx"


def run(redis_url: str, postgres_url: str, *lines: list[str]) -> Any:
    """Run these imports one after another while the archive works; what is then in it."""

    async def main() -> Any:
        log, settings = (
            ValkeyLog(redis_url),
            Settings(data_dir=Path("/nowhere"), redis_url=redis_url, database_url=postgres_url),
        )
        async with await connect(postgres_url) as pool:
            await log.append([("held", encode(fixes_of("hp-1", (0, 123.6, -10.2), (9, 123.6, -10.2))))])
            archive = asyncio.create_task(archive_for_ever(log, Archive(pool), await log.partitions(4)))
            while not await held_devices(pool):  # noqa: ASYNC110  no bell in a test
                await asyncio.sleep(0.01)
            for line in lines:
                assert await _import(parser().parse_args(["import", *line]), settings) == 0
            rows = (await registry(pool, "devices")).rows
            while rows and not len((await fixes(pool, "hp-1", T0_US, T0_US + 10**9))[0]):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            held = await held_devices(pool)
            while not archive.done():  # a driver may swallow one cancellation
                archive.cancel()
                await asyncio.wait([archive], timeout=0.5)
            await log.close()
            return {row["id"]: row["cls"] for row in rows}, len(held)

    return asyncio.run(main())


def test_preview_changes_nothing(
    clean_valkey_url: str, postgres_url: str, devices_xlsx: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what would be new, what is refused and why, and what was heard already."""
    there, held = run(clean_valkey_url, postgres_url, ["devices", str(devices_xlsx), "--dry-run"])

    said = capsys.readouterr().out
    assert (there, held) == ({}, 1)
    assert said.startswith("3 rows read, 2 devices understood, 1 refused.\nRefused:\n  row 4: Invalid enum value 'bus'")
    assert "2 would be new, 0 would be changed, 0 would be unchanged.\n" in said
    assert said.endswith("Heard already: 2 fixes of 1 devices would be adopted.\nDry run: nothing was changed.\n")


def test_import_registers_and_adopts(
    clean_valkey_url: str, postgres_url: str, devices_xlsx: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """When it says done the archive has it, held fixes included; the same again changes nothing."""
    line = ["devices", str(devices_xlsx)]

    there, held = run(clean_valkey_url, postgres_url, line, line)

    assert (there, held) == ({"350612076540293": "truck", "hp-1": "phone"}, 0)
    said = capsys.readouterr().out
    assert "Heard already: 2 fixes of 1 devices are adopted.\nDone.\n" in said
    assert said.endswith("0 new, 0 changed, 2 unchanged.\nNothing to change.\n")


def test_credentials_end_with_a_device_that_a_file_removes(
    clean_valkey_url: str, postgres_url: str, devices_xlsx: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The token of the device that stays goes on."""
    (tmp_path / "kept.csv").write_text("id,class\nhp-1,phone\n")
    secrets = {device: asyncio.run(token(postgres_url, device)) for device in ("hp-1", "350612076540293")}

    lines = ["devices", str(devices_xlsx)], ["devices", str(tmp_path / "kept.csv"), "--replace"]
    there, _ = run(clean_valkey_url, postgres_url, *lines)

    assert (there, "1 credentials of removed devices" in capsys.readouterr().out) == ({"hp-1": "phone"}, True)
    assert {device: asyncio.run(opens(postgres_url, secret)) for device, secret in secrets.items()} == {
        "hp-1": True,
        "350612076540293": False,
    }


async def token(postgres_url: str, device: str) -> str:
    usual = {"role": "device", "subject": device, "label": "", "expires_us": None, "now_us": T0_US, "device": device}
    async with await connect(postgres_url) as pool:
        return (await credentials.create_token(pool, **usual))[1]  # type: ignore[arg-type]


async def opens(postgres_url: str, secret: str) -> bool:
    async with await connect(postgres_url) as pool:
        return await credentials.find_token(pool, secret, T0_US) is not None
