"""`ronda import roads`: from files of others to a graph, and the report."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from core.codec import decode
from core.errors import ConfigError
from dispatch.roads import packing
from dispatch.roads.build import build
from dispatch.roads.packing import rows_of, version_of
from dispatch.rows import restored
from ronda.cli import main
from ronda.commands import import_roads
from ronda.intake.roads import ways_of
from ronda.runtime import DISPATCH_IN, Parts
from ronda.settings import Settings
from ronda.stages import STAGES
from ronda.up import located, opened
from store import read
from store.cancel import ended

XML = """<?xml version="1.0"?><osm version="0.6">
<node id="1" lat="-10.17" lon="123.60"/><node id="2" lat="-10.17" lon="123.61"/>
<node id="3" lat="-10.17" lon="123.62"/><node id="4" lat="-10.18" lon="123.61"/>
<way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/><tag k="name" v="El Tari"/></way>
<way id="11"><nd ref="2"/><nd ref="4"/><tag k="highway" v="residential"/><tag k="oneway" v="yes"/></way>
<way id="12"><nd ref="4"/><nd ref="1"/><tag k="highway" v="residential"/></way>
<way id="13"><nd ref="1"/><nd ref="4"/><tag k="highway" v="construction"/></way>
<way id="14"><nd ref="3"/><nd ref="99"/><tag k="highway" v="service"/></way>
<way id="15"><nd ref="1"/><nd ref="4"/><tag k="waterway" v="river"/></way>
</osm>"""


def feature(kind: str, *points: tuple[float, float], **tags: object) -> dict[str, object]:
    shape = {"type": "LineString", "coordinates": points}
    return {"type": "Feature", "properties": {"highway": kind, **tags}, "geometry": shape}


FEATURES = [
    feature("primary", (123.60, -10.17), (123.61, -10.17), (123.62, -10.17), name="Jalan El Tari"),
    feature("residential", (123.61, -10.17), (123.61, -10.18), oneway=True),
    feature("residential", (123.61, -10.18), (123.60, -10.17), oneway="no", maxspeed=None),
    feature("construction", (123.60, -10.17), (123.61, -10.18)),
]


def written(path: Path, features: list[dict[str, object]]) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_openstreetmap_and_geojson_give_the_same_graph(tmp_path: Path) -> None:
    """The same streets in three forms: four segments between four crossings, the same version."""
    osmium = pytest.importorskip("osmium", reason="osmium is not installed: the extra `roads`")
    xml, pbf = tmp_path / "kupang.osm", tmp_path / "kupang.osm.pbf"
    xml.write_text(XML)
    with osmium.SimpleWriter(str(pbf)) as writer:
        for thing in osmium.FileProcessor(str(xml)):
            writer.add(thing)
    found = [ways_of(path) for path in (xml, pbf, written(tmp_path / "kupang.geojson", FEATURES))]
    passed = {"highway=construction": 1}
    assert [f.passed for f in found] == [passed | {"with less than two points in the file": 1}] * 2 + [passed]
    roads = [build(f.ways)[0] for f in found]
    assert len({version_of(graph) for graph in roads}) == 1
    assert (roads[0].segments, roads[0].nodes) == (4, 4)


def test_the_report_says_what_became_of_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was read, passed over, left out, and how big the rest is."""
    isle = feature("residential", (123.70, -10.2), (123.701, -10.2))
    path = written(tmp_path / "roads.geojson", [*FEATURES, isle])
    assert main(["import", "roads", str(path), "--dry-run", "--data", str(tmp_path)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:5] == [
        "4 roads read from roads.geojson, 1 lines passed over.",
        "  1 highway=construction",
        "4 crossings, 4 segments, 4.9 km.",
        "1 islands without a connection, 0.1 km, are left out; the longest is at -10.20000, 123.70000 (lat, lon).",
        said[4],
    ]
    assert said[4].startswith("Version ")
    assert said[5:] == ["Dry run: nothing was changed."]


def in_twos(rows: list[dict[str, object]]) -> list[int]:
    return [len(rows[at : at + 2]) for at in range(0, len(rows), 2)]


@pytest.mark.service
def test_roads_are_taken_over_by_the_running_engine(
    clean_valkey_url: str, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In bounded parts, to archive and dispatch alone; the same again changes nothing, a shorter map leaves no rest."""
    monkeypatch.setattr(packing, "PART_BYTES", 100)
    monkeypatch.setattr(import_roads, "PARTS", 2)
    long, short = written(tmp_path / "l.geojson", FEATURES), written(tmp_path / "s.geojson", FEATURES[:1])

    async def main() -> None:
        settings = Settings(data_dir=tmp_path, redis_url=clean_valkey_url, database_url=postgres_url)
        async with opened(settings, located(settings), Parts()) as runtime:
            tasks = [asyncio.ensure_future(STAGES[name](runtime)) for name in ("archive", "dispatch")]
            for path in (long, long, short):
                assert await import_roads._take_over(settings, rows_of(build(ways_of(path).ways)[0])) == 0
            end = await runtime.log.last_id(DISPATCH_IN)
            while await runtime.log.offset("dispatch", DISPATCH_IN) != end:  # noqa: ASYNC110  no bell in a test
                await asyncio.sleep(0.01)
            await ended(set(tasks))
            there = [row["id"] async for row in read.registry_rows(runtime.pool, "roads")]
            state, _ = restored(await runtime.log.state("dispatch", DISPATCH_IN))
            before, wanted = (rows_of(build(ways_of(path).ways)[0]) for path in (long, short))
            assert ({part.version for part in state.roads.values()}, [*state.coming]) == ({wanted[0]["version"]}, [])
            assert there == sorted(state.roads) == [row["id"] for row in wanted]
            told = (await runtime.log.read({DISPATCH_IN: "0-0"}, count=99, block_ms=0))[DISPATCH_IN]
            assert [len(decode(entry.body).rows) for entry in told] == [
                *in_twos(before), *in_twos(wanted), len(before) - len(wanted)
            ]  # fmt: skip
            assert await runtime.log.length("in.1") == 0

    asyncio.run(main())


def test_roads_of_another_city_are_remarked_upon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Balikpapan is far from Kupang."""
    path = written(tmp_path / "roads.geojson", [feature("primary", (116.8, -1.2), (116.9, -1.3))])
    main(["import", "roads", str(path), "--dry-run", "--data", str(tmp_path)])
    assert "Beware: the middle of these roads is 12" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.csv", "id", "give an OpenStreetMap file"),
        ("a.geojson", "{}", "not a GeoJSON FeatureCollection"),
        ("a.geojson", '{"features": []}', "no road is left"),
        (
            "a.geojson",
            json.dumps({"features": [feature("primary", (1_000_000, 2), (3, 4))]}),
            "feature 1: 1000000.0, 2.0 is no position in degrees; save it as WGS 84",
        ),
        (
            "a.geojson",
            json.dumps({"features": [{"properties": {}, "geometry": {"type": "LineString", "coordinates": [["x"]]}}]}),
            "is not made of positions",
        ),
    ],
)
def test_what_is_no_road_map_is_refused(name: str, text: str, why: str, tmp_path: Path) -> None:
    """With a sentence that says what to do."""
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=why):
        build(ways_of(tmp_path / name).ways)


@pytest.mark.parametrize("text", ["", "<osm", XML[:400]])
def test_a_broken_openstreetmap_file_is_refused(text: str, tmp_path: Path) -> None:
    """Half a download is not taken for a map."""
    pytest.importorskip("osmium", reason="osmium is not installed: the extra `roads`")
    (tmp_path / "half.osm").write_text(text)
    with pytest.raises(ConfigError, match="download it again"):
        ways_of(tmp_path / "half.osm")


def test_a_real_map_becomes_a_graph() -> None:
    """A coastal city as OSMnx wrote it, both directions of each street as a line of its own."""
    path = Path(__file__).parents[3] / "shared" / "data" / "roads" / "balikpapan_kota_drive_edges.geojson"
    if not path.exists():
        pytest.skip("the collection of real data is not beside the project")
    roads, report = build(ways_of(path).ways)
    assert report.doubles > 1000
    assert (roads.nodes, roads.segments) == (1216, 1479)
    assert roads.km == pytest.approx(128, abs=1)
