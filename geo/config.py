"""The configuration in force, as config entries built it up; applied in the order of the log."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from core.entities import Area, Device, Place, Profile
from core.entries import Config
from geo.label import Labels

USED: Final = ("profiles", "devices", "places", "areas")  # sections that decide something here
TRUCK: Final = Profile()
PHONE: Final = Profile(
    cls="phone", r_in_m=50, r_out_m=50, exit_s=60, tau_s=300, min_dwell_s=180, silent_after_s=900, wake_m=150
)
_KEY: Final = {"profiles": "cls"}


class GeoConfig:
    """Sections by row id; what the detectors read is derived from them once per change."""

    def __init__(self, sections: dict[str, dict[str, dict[str, Any]]] | None = None) -> None:
        self.sections = sections or {}
        self._derive()

    def apply(self, change: Config) -> bool:
        """Take a config entry in; False when it concerns nothing here."""
        if change.section not in USED:
            return False
        key = _KEY.get(change.section, "id")
        if any(not isinstance(row.get(key), str) for row in change.rows):
            raise ValueError(f"a row has no {key} that is text")
        rows = {} if change.op == "set" else dict(self.sections.get(change.section, {}))
        for row in change.rows:
            if change.op == "delete":
                rows.pop(row[key], None)
            else:
                rows[row[key]] = row
        before = self.sections.get(change.section, {})
        self.sections[change.section] = rows
        try:
            self._derive(change.section)
        except Exception:
            self.sections[change.section] = before
            self._derive(change.section)
            raise
        return True

    def _derive(self, section: str | None = None) -> None:
        if section in (None, "profiles"):
            self.profiles: dict[str, Profile] = {"truck": TRUCK, "phone": PHONE}
            for profile in self._rows("profiles", Profile):
                self.profiles[profile.cls] = profile
        if section in (None, "devices"):
            devices = self._rows("devices", Device)
            self.classes: dict[str, str] = {d.id: d.cls for d in devices}
            self.named: dict[str, str] = {d.id: d.profile for d in devices if d.profile}
        if section in (None, "places", "areas"):
            self.labels = Labels(self._rows("areas", Area), self._rows("places", Place))

    def _rows(self, section: str, type_: Any) -> list[Any]:
        return [msgspec.convert(row, type_) for row in self.sections.get(section, {}).values()]

    def cls(self, device: str) -> str:
        """Class of a device; an unregistered one counts as a truck."""
        return self.classes.get(device, "truck")

    def profile(self, device: str) -> Profile:
        """The profile that the device asks for by name, else its class's."""
        asked = self.profiles.get(self.named.get(device, ""))
        return asked if asked is not None else self.profiles[self.cls(device)]
