"""A registry for tests: who is known, of which class, with which key, and who is off duty when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence


class Registry:
    """See `ingest.directory.Directory`."""

    def __init__(
        self,
        known: Sequence[str] = ("t1",),
        *,
        phones: Sequence[str] = (),
        keys: Mapping[str, bytes] | None = None,
        keeps: Callable[[str, int], bool] = lambda _device, _time_us: True,
    ) -> None:
        self.devices = dict.fromkeys(known, "truck") | dict.fromkeys(phones, "phone")
        self._keys = keys or {}
        self._keeps = keeps

    def known(self, device: str) -> bool:
        return device in self.devices

    def cls(self, device: str) -> str:
        return self.devices.get(device, "")

    def key_of(self, device: str) -> bytes | None:
        return self._keys.get(device)

    def keeps(self, device: str, time_us: int) -> bool:
        return self._keeps(device, time_us)
