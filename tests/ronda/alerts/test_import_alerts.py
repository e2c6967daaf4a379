"""`ronda import alerts`: files become incidents of the engine that runs, and the report says what of each."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import RondaError
from ronda.cli import main
from ronda.commands.import_alerts import _import, _read, in_order
from ronda.settings import Settings
from tests.ingest.cap.written import SIGNATURE, area, cap, info, polygon, reference
from tests.ronda.alerts.test_reader import incidents, working

BANTEN = info(area(polygon("-5.9,105.9 -5.9,106.1 -6.1,106.1")))


def at(minutes: int) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat(timespec="seconds")


def written(folder: Path) -> list[str]:
    """An update, its alert, a signed exercise, a broken one, and one of elsewhere."""
    soon = info(expires=f"<expires>{at(60)}</expires>")
    sent = at(-20)
    bodies = {
        "b.xml": cap(soon, identifier="b", sent=at(-10), message="Update", references=(reference("a", sent),)),
        "a.xml": cap(soon, identifier="a", sent=sent),
        "drill.xml": cap(soon, identifier="d", sent=at(-15), status="Exercise", more=SIGNATURE),
        "broken.xml": b"<alert",
        "banten.xml": cap(BANTEN, sent=at(-5)),
    }
    for name, body in bodies.items():
        (folder / name).write_bytes(body)
    return [str(folder / name) for name in bodies]


@pytest.mark.service
def test_files_are_taken_in_the_order_they_were_sent(
    clean_valkey_url: str, postgres_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An alert before its update; the second time all of it is known."""
    settings = Settings(data_dir=Path("/nowhere"), redis_url=clean_valkey_url, database_url=postgres_url)
    files = in_order([_read(Path(name)) for name in written(tmp_path)])

    async def body() -> list[str]:
        async with working(clean_valkey_url, postgres_url) as (runtime, _):
            await _import(settings, files)
            await _import(settings, files)
            return sorted(await incidents(runtime))

    assert asyncio.run(body()) == ["b", "d"]
    said = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in said[:5]] == [
        "broken.xml", "a.xml", "drill.xml", "b.xml", "banten.xml",
    ]  # fmt: skip
    assert "cannot be used: not_xml" in said[0]
    assert "opened incident cap-" in said[1]
    assert said[2].endswith(", as reported; signed, not checked")
    assert said[3] == "b.xml: told to dispatch"
    assert said[5::6] == [
        "5 files read: 3 told to dispatch, 0 known already, 0 refused by dispatch, 1 unusable, 1 passed over.",
        "5 files read: 0 told to dispatch, 3 known already, 0 refused by dispatch, 1 unusable, 1 passed over.",
    ]


def test_a_dry_run_needs_nothing_that_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what each file would be."""
    assert main(["import", "alerts", *written(tmp_path), "--dry-run", "--data", str(tmp_path / "none")]) == 0
    said = capsys.readouterr().out
    assert "a.xml: alert: banjir_genangan, severity 2, at -10." in said
    assert "drill.xml: alert: banjir_genangan, severity 2, an exercise, at" in said
    assert "banten.xml: passed over, it does not meet the city" in said
    assert said.endswith("Dry run: nothing was changed.\n")


def test_nothing_usable_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1, with what is wrong; a file that is not there too."""
    (tmp_path / "x.xml").write_bytes(b"<html/>")
    assert main(["import", "alerts", str(tmp_path / "x.xml"), "--dry-run", "--data", str(tmp_path / "none")]) == 1
    assert "None of these files is an alert" in capsys.readouterr().err
    with pytest.raises(RondaError, match="cannot be read"):
        _read(tmp_path / "absent.xml")
