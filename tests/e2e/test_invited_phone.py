"""From an invitation to a phone on the map, as the two apps speak, and the former phone's end."""

from __future__ import annotations

import json
import re
import time
from base64 import b64decode
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest

from core.entries import Config
from tests.e2e.installation import Up, wait_for

pytestmark = [pytest.mark.service, pytest.mark.e2e]


def answered(up: Up, person: str) -> str:
    """The page that a phone gets when the button is pressed."""
    headers = {"Authorization": f"Bearer {up.secret(role='coordinator')}"}
    made = up.ask("POST", f"/api/v1/people/{person}/invite", headers=headers)
    path = urlsplit(made.json()["url"]).path
    assert up.ask("GET", path).status_code == 200
    page = up.ask("POST", path)
    assert page.status_code == 200
    return page.text


def owntracks(up: Up, page: str) -> httpx.Response:
    """A location, sent as the app would that was opened by the page's link."""
    link = unescape(re.findall(r'href="owntracks:///config\?inline=([^"]+)"', page)[0])
    config = json.loads(b64decode(unquote(link)))
    fix = {"_type": "location", "tst": int(time.time()), "lat": -10.17, "lon": 123.6, "acc": 8}
    auth = httpx.BasicAuth(config["username"], config["password"])
    headers = {"X-Limit-U": config["username"], "X-Limit-D": config["deviceId"]}
    return up.ask("POST", urlsplit(config["url"]).path, auth=auth, headers=headers, json=fix)


def traccar_client(up: Up, page: str) -> httpx.Response:
    """A position as the app would send it that was opened by the page's other link."""
    link = unescape(re.findall(r'href="(org\.traccar\.client://config[^"]+)"', page)[0])
    given = parse_qs(urlsplit(link).query)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    location = {"timestamp": stamp, "coords": {"latitude": -10.18, "longitude": 123.61, "speed": -1, "heading": -1}}
    return up.ask(
        "POST",
        urlsplit(given["url"][0]).path,
        json={"device_id": given["id"][0], "location": location | {"odometer": 0}},
    )


def shown(up: Up, device: str) -> bool:
    return bool(wait_for(lambda: up.get("/api/v1/positions", device=device).json()["features"], 10))


def test_an_invited_phone_is_on_the_map(up: Up) -> None:
    """Either app; and when the person moves to another phone the former one is let in no more."""
    up.configure(Config(section="people", rows=({"id": "sari", "kind": "staff", "name": "Sari"},)))
    first = answered(up, "sari")
    assert owntracks(up, first).json() == []
    assert shown(up, "sari-hp1")
    second = answered(up, "sari")
    assert traccar_client(up, second).status_code == 200
    assert shown(up, "sari-hp2")
    assert owntracks(up, first).status_code == 401
    assert traccar_client(up, first).status_code == 401
