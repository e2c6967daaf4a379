"""`ronda publish` and `ronda simulate` against a broker that nobody here wrote."""

import itertools
import json
import subprocess
import time

import pytest

from core.fixes import Fixes
from ronda.cli import main
from ronda.commands import publish
from tests.simulators.test_emit import Broker

CSV = (
    "unit;t_utc;lat;lon\n"
    "a;2026-01-05T00:00:20;-10,1;123,6\n"
    "b;2026-01-05T00:00:10Z;-10.2;123.7\n"
    "a;2026-01-05T08:00:00+08:00;-10.1;123.61\n"
    "a;never;-10.1;123.6\n"
)
COLUMNS = "device=unit,time=t_utc,lat=lat,lon=lon"


@pytest.fixture
def trace(tmp_path):
    path = tmp_path / "trace.csv"
    path.write_text(CSV)
    return path


@pytest.fixture
def broker(tmp_path):
    made = Broker(tmp_path)
    yield made
    made.stop()


class Listening:
    """mosquitto_sub on everything until `count` messages came; after the block `.said` is a list of (topic, value)."""

    def __init__(self, broker, count):
        self.port, self.count, self.said = str(broker.port), str(count), []

    def __enter__(self):
        arguments = [
            "mosquitto_sub",
            "-p",
            self.port,
            "-t",
            "#",
            "-q",
            "1",
            "-F",
            "%t %p",
            "-C",
            self.count,
            "-W",
            "20",
        ]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        time.sleep(0.5)  # until it has subscribed
        return self

    def __exit__(self, *_):
        for line in self.process.communicate(timeout=25)[0].splitlines():
            topic, _, body = line.partition(" ")
            self.said.append((topic, json.loads(body)))


@pytest.mark.interop
def test_a_file_is_sent_as_its_devices_would(trace, broker, capsys):
    """Each device on its topic, in order of time; the bad row is told with its line."""
    with Listening(broker, 2) as heard:
        code = main(["publish", str(trace), "--columns", COLUMNS, "--speedup", "max", "--mqtt-url", broker.url])
    assert code == 0
    assert dict(heard.said) == {
        "ronda/v1/a/fix": [
            {"time": 1767571200, "lat": -10.1, "lon": 123.61},
            {"time": 1767571220, "lat": -10.1, "lon": 123.6},
        ],
        "ronda/v1/b/fix": [{"time": 1767571210, "lat": -10.2, "lon": 123.7}],
    }
    out, err = capsys.readouterr()
    assert out == "3 fixes of 2 devices sent, 2 messages acknowledged.\n"
    assert "1 rows were not sent" in err
    assert ":5: bad_time:" in err


@pytest.mark.interop
def test_times_shift_so_that_the_last_fix_is_now(trace, broker):
    """Sent at 100 times the speed, one message a fix, none from the future."""
    columns = ["--columns", COLUMNS, "--mqtt-url", broker.url]
    with Listening(broker, 3) as heard:
        assert main(["publish", str(trace), "--speedup", "100", "--shift-to-now", *columns]) == 0
    times = [body[0]["time"] for _, body in heard.said]
    assert [b - a for a, b in itertools.pairwise(times)] == [10, 10]
    assert time.time() - 10 < times[-1] <= time.time()


def test_a_device_that_cannot_be_a_topic_is_refused(tmp_path, capsys):
    """A slash would make two topic levels."""
    path = tmp_path / "x.csv"
    path.write_text("device,time,lat,lon\na/b,2026-01-05T00:00:00Z,-10,123\n")
    assert main(["publish", str(path), "--mqtt-url", "mqtt://127.0.0.1:9"]) == 2
    assert "a/b" in capsys.readouterr().err


def test_a_file_without_a_usable_row_is_a_failure(tmp_path, capsys):
    """Nothing to send is not success."""
    path = tmp_path / "x.csv"
    path.write_text("device,time,lat,lon\na,2026-01-05T00:00:00Z,91,123\n")
    assert main(["publish", str(path), "--mqtt-url", "mqtt://127.0.0.1:9"]) == 1
    assert "No usable fix" in capsys.readouterr().err


def test_a_shifted_fix_is_another_fix():
    """Time is content: the same track tomorrow is not a duplicate of today's."""
    fixes = Fixes.of(("a",), device=[0], time_us=[10_000_000], lat=[-10.0], lon=[123.0])
    moved = publish._shifted(fixes, 5_000_000)
    assert moved.time_us.tolist() == [15_000_000]
    again = Fixes.of(("a",), device=[0], time_us=[15_000_000], lat=[-10.0], lon=[123.0])
    assert moved == again


@pytest.mark.interop
def test_simulate_sends_a_day_and_writes_the_truth(tmp_path, broker, capsys):
    """Two hours of three trucks and a volunteer, at once; the truth has their stops, in city time."""
    truth = tmp_path / "truth.jsonl"
    scale = ["--trucks", "3", "--volunteers", "1", "--duration", "7200", "--speedup", "max", "--seed", "4"]
    with Listening(broker, 4) as heard:
        assert main(["simulate", "day", *scale, "--truth", str(truth), "--mqtt-url", broker.url]) == 0
    assert {topic for topic, _ in heard.said} == {
        "ronda/v1/trk-01/fix", "ronda/v1/trk-02/fix", "ronda/v1/trk-03/fix", "owntracks/tr01/hp",
    }  # fmt: skip
    rows = [json.loads(line) for line in truth.read_text().splitlines()]
    assert {row["device"] for row in rows} >= {"trk-01", "trk-02", "trk-03"}
    assert all(row["start"].endswith("+08:00") for row in rows)
    assert any(row["reason"] == "service" and row["place"].startswith("tps-") for row in rows)
    assert "messages acknowledged" in capsys.readouterr().out


@pytest.mark.parametrize("scenario", ["faults", "nonsense"])
def test_a_scenario_that_is_not_there_is_wrong_usage(scenario, capsys):
    """The error names what there is."""
    assert main(["simulate", scenario]) == 2
    assert "there is: day, flood" in capsys.readouterr().err


def test_nobody_to_simulate_is_wrong_usage(capsys):
    """Zero trucks and zero volunteers send nothing."""
    assert main(["simulate", "day", "--trucks", "0", "--volunteers", "0"]) == 2
    assert "Nobody" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "why"),
    [(["--speedup", "max"], "--speedup at most 4"), (["--volunteers", "0"], "--volunteers at least 1")],
)
def test_a_flood_needs_people_and_their_time(more, why, capsys):
    """They answer in their own time, so it cannot be played at once."""
    assert main(["simulate", "flood", *more]) == 2
    assert why in capsys.readouterr().err
