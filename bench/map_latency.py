"""From publish to painted: how long a fix takes from a device's MQTT PUBLISH to the console's map in Chromium.

Starts `ronda up` on embedded servers, opens the console in Debian's Chromium (software rendering), publishes one fix
a second from each of N devices, and prints the percentiles beside the limit: one frame interval and 250 ms.
    python bench/map_latency.py [--devices 200] [--seconds 40]
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import paho.mqtt.client as paho
from playwright.sync_api import Page, sync_playwright

FRAME_MS, BEYOND_MS = 1000, 250
FLAGS = (
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist", "--no-sandbox",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
)  # fmt: skip
COLLECT = """() => {
  window.seen = {};
  document.addEventListener("ronda:painted", (event) => {
    for (const [device, time] of event.detail.units) {
      const key = device + " " + time;
      if (!(key in window.seen)) window.seen[key] = event.detail.at;
    }
  });
}"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Ronda:
    """`ronda up` with strangers allowed, in a folder of its own."""

    def __init__(self, data: str) -> None:
        self.data, self.http, self.mqtt = data, free_port(), free_port()
        environ = os.environ | {"RONDA_MQTT_PORT": str(self.mqtt), "RONDA_AUTO_REGISTER": "true"}
        command = [sys.executable, "-m", "ronda", "up", "--data", data, "--port", str(self.http)]
        self.process = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def wait(self) -> None:
        for _ in range(600):
            try:
                if httpx.get(f"http://127.0.0.1:{self.http}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise SystemExit("ronda up did not become ready")

    def secret(self, *words: str) -> str:
        command = [sys.executable, "-m", "ronda", "token", *words, "--data", self.data]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def publish(port: int, secret: str, devices: int, seconds: float) -> None:
    """Each device sends once a second, spread evenly; the time of a fix is the moment it is sent."""
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
    client.username_pw_set("bench", secret)
    client.connect("127.0.0.1", port)
    client.loop_start()
    begin = time.time()
    for turn in range(int(devices * seconds)):
        due = begin + turn / devices
        time.sleep(max(0.0, due - time.time()))
        number, now = turn % devices, time.time()
        lon = 123.56 + 0.0006 * number + 0.00005 * (turn // devices)
        fix = f'{{"time":{int(now * 1000)},"lat":-10.18,"lon":{lon:.6f},"speed":6,"course":90}}'
        client.publish(f"ronda/v1/bench-{number}/fix", fix, qos=1)
    client.disconnect()
    client.loop_stop()


def watch(page: Page, ronda: Ronda, link: str, devices: int, seconds: float) -> list[float]:
    """Milliseconds from fix to paint of each fix that was painted at all (a newer one may replace it in a frame)."""
    page.goto(link)
    page.wait_for_selector("canvas", timeout=20_000)
    page.evaluate(COLLECT)
    secret = ronda.secret("create", "--role", "admin")  # may speak for any device
    sender = threading.Thread(target=publish, args=(ronda.mqtt, secret, devices, seconds))
    sender.start()
    page.wait_for_timeout((seconds + 3) * 1000)
    sender.join()
    seen: dict[str, Any] = page.evaluate("window.seen")
    warm = min(seen.values(), default=0) + 5000
    return sorted(at - int(key.split(" ")[1]) for key, at in seen.items() if at > warm)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--screenshot", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ronda-bench-") as data, sync_playwright() as p:
        ronda = Ronda(data)
        try:
            ronda.wait()
            browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            link = ronda.secret("link", "--role", "supervisor")
            ms = watch(page, ronda, link, given.devices, given.seconds)
            if given.screenshot:
                page.screenshot(path=given.screenshot)
            browser.close()
        finally:
            ronda.stop()
    limit = FRAME_MS + BEYOND_MS
    print(f"{len(ms)} fixes painted of {int(given.devices * given.seconds)} sent at {given.devices}/s")
    for share in (0.5, 0.95, 0.99):
        value = ms[int(share * (len(ms) - 1))]
        print(f"p{share * 100:.0f}  {value:6.0f} ms   {value / limit:5.2f} of a frame + {BEYOND_MS} ms ({limit} ms)")


if __name__ == "__main__":
    main()
