"""A person's call for help: one alert that stands until a person takes it.

Every fix that says `sos` counts, also one that no other detector may use: late beyond the horizon, a heartbeat, made
up. Fixes of one device at most `GAP_US` apart, in its own time, are one press. While an alert stands, further presses
move it to where the newest began and tell it again; they open no second one. A press that was taken stays taken,
however its fixes are repeated or completed; only another press rings again, and after a taken one that is a fix more
than `TAKEN_GAP_US` later: who looks after somebody must hear them again. Nothing in here ever clears an alert.
"""

from __future__ import annotations

from typing import Final

import msgspec

from core.events import AlertChanged
from core.fixes import Fixes, Flag
from core.units import US_PER_S
from geo.rows.matching import Moment, made_id

SOS: Final = int(Flag.SOS)  # a plain number: an enum's `&` costs more than the rest of a batch
GAP_US: Final = 600 * US_PER_S  # longer than trackers wait between two reports while the button is held
TAKEN_GAP_US: Final = 120 * US_PER_S  # a held button reports at least every minute; better once too often than never
PRESSES: Final = 16  # remembered of a device; a forgotten one would ring once more, never less


class Press(msgspec.Struct):
    """Fixes with `sos`, none more than `GAP_US` from the next: their span, where it began, and whether it was taken."""

    start_us: int
    last_us: int
    began: Moment
    lon: float
    lat: float
    taken: bool = False


class Calls(msgspec.Struct, omit_defaults=True):
    """What is known of one device's calls for help: its newest alert, and its presses in order of time."""

    alert: str = ""
    stands: bool = False
    revision: int = 0
    seq: int = 0  # alerts ever raised: part of an id
    began: Moment = (0, 0)  # of the press that was told last
    presses: list[Press] = []


def pressed(calls: Calls, device: str, press: Press) -> AlertChanged | None:
    """Take one fix in; an event if an alert rises or has moved to another press."""
    near = [p for p in calls.presses if p.start_us - GAP_US <= press.start_us <= p.last_us + _reach_us(p)]
    merged = _merged(near, press)
    others = [p for p in calls.presses if p not in near]
    calls.presses = sorted([*others, merged], key=lambda p: p.start_us)[-PRESSES:]
    if merged.taken:
        return None
    newest = [p for p in calls.presses if not p.taken] or [merged]
    if calls.stands and newest[-1].began == calls.began:
        return None
    return _tell(calls, device, newest[-1])


def _reach_us(press: Press) -> int:
    """How long after its last fix another one still belongs to a press."""
    return TAKEN_GAP_US if press.taken else GAP_US


def take(calls: Calls, alert: str, revision: int) -> bool:
    """A person takes the alert, and with it every press so far. False if it is not the device's newest."""
    if calls.alert != alert:
        return False
    calls.stands, calls.revision = False, revision
    for press in calls.presses:
        press.taken = True
    return True


def calls_in(fixes: Fixes) -> list[tuple[int, str, Press]]:
    """The fixes of a batch that call for help: row, device, and the fix as a press of its own."""
    rows = (fixes.flags & SOS).nonzero()[0].tolist()
    found = []
    for row in rows:
        at_us, content = int(fixes.time_us[row]), int(fixes.content[row])
        press = Press(at_us, at_us, (at_us, content), float(fixes.lon[row]), float(fixes.lat[row]))
        found.append((row, fixes.ids[fixes.device[row]], press))
    return found


def _merged(near: list[Press], fix: Press) -> Press:
    """The fix and the presses that it belongs to as one; taken only if all of them were."""
    waiting = [p for p in near if not p.taken]
    taken = bool(near) and not waiting
    first = min([fix, *(near if taken else waiting)], key=lambda p: p.began)
    return Press(
        start_us=min([fix.start_us, *(p.start_us for p in near)]),
        last_us=max([fix.last_us, *(p.last_us for p in near)]),
        began=first.began, lon=first.lon, lat=first.lat, taken=taken,
    )  # fmt: skip


def _tell(calls: Calls, device: str, press: Press) -> AlertChanged:
    if not calls.stands:
        calls.seq += 1
        calls.alert, calls.revision = made_id("s", device, press.began[0], calls.seq), 0
    calls.stands, calls.began = True, press.began
    calls.revision += 1
    return AlertChanged(
        at_us=press.began[0], id=calls.alert, kind="sos", device=device, state="raised", revision=calls.revision,
        lon=press.lon, lat=press.lat,
    )  # fmt: skip
