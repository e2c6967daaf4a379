"""BMKG's alerts for Kupang: the public index, and its events as the BPBD's kinds.

The index lists the alerts of all provinces; what lies elsewhere is passed over by its polygon. BMKG wants to be named
wherever its data are shown, and no more than 60 requests a minute. Of the early warnings of weather only rain and wind
were seen; the other words are those of BMKG's bulletins. Heavy rain is no kind of the BPBD's: it stands for the flood
that it brings.
"""

from __future__ import annotations

from typing import Final

from cities import Alerts

KINDS: Final = (
    ("puting beliung", "puting_beliung"),
    ("siklon", "siklon_tropis"),
    ("tsunami", "tsunami_seismogenik"),
    ("gempa", "gempa_tektonik"),
    ("banjir bandang", "banjir_bandang"),
    ("rob", "banjir_rob"),
    ("banjir pesisir", "banjir_rob"),
    ("banjir", "banjir_genangan"),
    ("longsor", "longsor"),
    ("gelombang", "gelombang_pasang"),
    ("hujan es", "hujan_es"),
    ("hujan", "banjir_genangan"),
    ("angin", "angin_kencang"),
    ("petir", "angin_kencang"),
    ("hutan", "kebakaran_hutan"),
    ("karhutla", "kebakaran_lahan"),
    ("lahan", "kebakaran_lahan"),
    ("kekeringan", "kekeringan_meteorologis"),
    ("suhu", "suhu_udara_ekstrem"),
    ("abu vulkanik", "hujan_abu_vulkanik"),
)
ALERTS: Final = Alerts(
    index="https://www.bmkg.go.id/alerts/nowcast/id", issuers={"bmkg.go.id": "BMKG"}, kinds=KINDS, other="peringatan"
)
