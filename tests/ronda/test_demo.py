"""The demo as a person meets it: `ronda up --demo` on bare ports, links, a curl, an alert a minute later."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

import cities
from ronda.demo import curl

pytestmark = pytest.mark.e2e
LINKS_S, ALERT_S = 150, 100


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """(base URL, output lines) of a demo that has printed its links."""
    folder = tmp_path_factory.mktemp("demo")
    data = f"/tmp/rd-{os.getpid()}"
    out = folder / "out"
    environ = {k: v for k, v in os.environ.items() if not k.startswith("RONDA_")} | {
        "RONDA_MQTT_PORT": str(free_port())
    }
    command = [sys.executable, "-m", "ronda", "up", "--demo", "--data", data, "--port", str(free_port())]
    with out.open("w") as stdout, (folder / "err").open("w") as stderr:
        process = subprocess.Popen(command, stdout=stdout, stderr=stderr, env=environ)
    try:
        lines = _lines(process, out, folder / "err")
        yield re.search(r"http://127[^/]*", "\n".join(lines))[0], lines
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(data, ignore_errors=True)


def _lines(process, out, err):
    for _ in range(LINKS_S * 5):
        lines = out.read_text().splitlines()
        if any("curl" in line for line in lines):
            return lines
        assert process.poll() is None, err.read_text()
        time.sleep(0.2)
    raise AssertionError(f"no links within {LINKS_S} s: {err.read_text()}")


@pytest.fixture(scope="module")
def console(demo):
    """A client signed in with the supervisor's link."""
    base, lines = demo
    link = next(line.split()[1] for line in lines if line.strip().startswith("supervisor"))
    with httpx.Client(base_url=base, timeout=20) as client:
        assert client.get(link).status_code == 303
        yield client


@pytest.mark.timeout(LINKS_S + 60)
def test_the_city_is_mid_shift(console):
    """35 trucks and 20 volunteers are on the map, most trucks in a shift's business, and the streets are drawn."""
    features = console.get("/api/v1/positions").json()["features"]
    trucks = [f["properties"] for f in features if f["properties"]["class"] == "truck"]
    assert sum(t["device"].startswith("trk-") for t in trucks) == 35
    assert sum(f["properties"]["device"].endswith("-hp") for f in features) == 20
    assert all(t["vehicle"] == t["device"].replace("trk", "truk") for t in trucks if t["device"].startswith("trk-"))
    assert sum(t["state"] == "moving" for t in trucks) > 8
    assert len(console.get("/api/v1/streets").json()["features"][0]["geometry"]["coordinates"]) > 100


@pytest.mark.timeout(60)
def test_a_week_lies_behind_it(console):
    """Each of seven days has dwells, and each has its stall: unexplained, over the limit, with an alert."""
    rows = console.get("/api/v1/dwells", params={"limit": 1000, "min_s": 3000}).json()["items"]
    stalls = {row["start"][:10] for row in rows if row["purpose"] == "unexplained" and row["alert"] and row["end"]}
    assert len({row["start"][:10] for row in rows}) >= 7
    assert len(stalls) == 7


@pytest.mark.timeout(ALERT_S + 30)
def test_a_truck_is_found_out_about_a_minute_after_the_links(console):
    """The hidden truck's alert comes without any fix of its own."""
    city_stall = cities.load("kupang").stall
    deadline = time.monotonic() + ALERT_S
    while time.monotonic() < deadline:
        alerts = [a for a in console.get("/api/v1/alerts").json()["items"] if time.time() - _epoch(a["at"]) < ALERT_S]
        if alerts:
            break
        time.sleep(0.5)
    (alert,) = alerts
    assert (alert["kind"], alert["state"]) == ("dwell_limit", "raised")
    assert (alert["lon"], alert["lat"]) == pytest.approx(city_stall, abs=3e-4)


@pytest.mark.timeout(60)
@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_printed_curl_puts_a_device_on_the_map(demo, console):
    """As printed, through the shell."""
    line = next(line for line in demo[1] if "curl -d" in line)
    subprocess.run(line.strip(), shell=True, check=True, timeout=20)
    for _ in range(100):
        features = console.get("/api/v1/positions").json()["features"]
        mine = [f for f in features if f["properties"]["device"] == "my-device"]
        if mine:
            break
        time.sleep(0.1)
    assert mine[0]["geometry"]["coordinates"] == [123.607, -10.178]


@pytest.mark.timeout(LINKS_S + 180)
def test_volunteers_answer_when_they_are_asked(demo):
    """An incident of a coordinator's: within two minutes somebody has said yes, and somebody no."""
    base, lines = demo
    link = next(line.split()[1] for line in lines if line.strip().startswith("coordinator"))
    with httpx.Client(base_url=base, timeout=20, headers={"Origin": base}) as desk:
        assert desk.get(link).status_code == 303
        body = {"kind": "banjir_genangan", "lon": 123.6, "lat": -10.17, "exercise": True, "needs": [{"count": 5}]}
        path = "/api/v1/incidents/" + desk.post("/api/v1/incidents", json=body).raise_for_status().json()["id"]
        desk.post(f"{path}/dispatch").raise_for_status()
        said = set()
        for _ in range(120):
            said |= {offer["state"] for offer in desk.get(f"{path}/offers").json()["items"]}
            if {"accepted", "declined"} <= said:
                break
            time.sleep(1)
        desk.post(f"{path}/close").raise_for_status()
    assert {"delivered", "accepted", "declined"} <= said


def test_the_curl_is_valid_json_after_the_shell():
    """Quotes and $(date) survive."""
    line = curl("http://h:1", cities.load("kupang"))
    body = subprocess.run(["sh", "-c", line.replace("curl -d", "echo", 1)], capture_output=True, text=True, check=True)
    assert json.loads(body.stdout.rsplit(" ", 1)[0])["lat"] == -10.178


def _epoch(rfc3339):
    import datetime as dt

    return dt.datetime.fromisoformat(rfc3339).timestamp()
