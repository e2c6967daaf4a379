"""Kinds of incident as the BPBD of Kota Kupang lists them, and what each usually needs.

The names are the BPBD's. The needs, the other words and the depths are a start, to be corrected by those who know.
`kode_bnpb` is empty until the code list of Satu Data Bencana is there.
"""

from __future__ import annotations

from typing import Final

from cities import Hazard
from core.events import Need

HELP: Final = Need(role="bantuan", count=3)
AID: Final = Need(role="p3k", skills=("p3k",), count=1)
EYES: Final = Need(role="pantau", count=2)
EVACUATION: Final = Need(role="evakuasi", count=4)
CARRIAGE: Final = Need(role="angkut", vehicle="car", count=1)

WATER: Final = (EVACUATION, AID, CARRIAGE)
SLIDE: Final = (EVACUATION, AID)
SEA: Final = (EVACUATION, AID, CARRIAGE)
WIND: Final = (HELP, AID)
DROUGHT: Final = (EYES, CARRIAGE)
WILDFIRE: Final = (EYES, HELP)
QUAKE: Final = (EVACUATION, HELP, AID, CARRIAGE)
VOLCANO: Final = (EVACUATION, AID, CARRIAGE)
ILLNESS: Final = (EYES, AID)
FIRE: Final = (HELP, AID)
INDUSTRY: Final = (EYES, AID)
UNREST: Final = (EYES,)

# Water that somebody draws and nobody measured. Standing water: too deep for a motorbike, while cars and people on foot
# get through slowly. Rushing water stops all but boats.
STANDING: Final = 50.0
RUSHING: Final = 151.0

HAZARDS: Final = (
    Hazard("banjir_rob", "Banjir rob", WATER, aliases=("rob",), depth_cm=STANDING, common=True),
    Hazard("banjir_bandang", "Banjir bandang", WATER, aliases=("flash_flood",), depth_cm=RUSHING, common=True),
    Hazard("banjir_dan_tanah_longsor", "Banjir dan tanah longsor", SLIDE, depth_cm=RUSHING),
    Hazard(
        "banjir_drainase_dan_selokan", "Banjir drainase dan selokan", WATER, aliases=("selokan",), depth_cm=STANDING
    ),
    Hazard("banjir_waduk", "Banjir waduk", WATER, depth_cm=STANDING),
    Hazard(
        "banjir_genangan",
        "Banjir genangan",
        WATER,
        aliases=("banjir", "genangan", "flood"),
        depth_cm=STANDING,
        common=True,
    ),
    Hazard("tanggul_jebol", "Tanggul jebol", WATER, depth_cm=RUSHING),
    Hazard("longsor", "Longsor", SLIDE, aliases=("tanah_longsor", "landslide"), common=True),
    Hazard("gerakan_tanah", "Gerakan tanah", SLIDE),
    Hazard("gelombang_pasang", "Gelombang pasang", SEA, aliases=("gelombang_tinggi",), depth_cm=STANDING),
    Hazard("abrasi_pantai", "Abrasi Pantai", SEA),
    Hazard("puting_beliung", "Puting beliung", WIND, aliases=("tornado",)),
    Hazard("angin_kencang", "Angin kencang", WIND, aliases=("badai", "pohon_tumbang", "storm"), common=True),
    Hazard("angin_topan", "Angin topan", WIND),
    Hazard("hujan_es", "Hujan es", WIND),
    Hazard("siklon_tropis", "Siklon tropis", WIND, aliases=("siklon", "cyclone")),
    Hazard("suhu_udara_ekstrem", "Suhu udara ekstrem", DROUGHT),
    Hazard("kekeringan_meteorologis", "Kekeringan meteorologis", DROUGHT, aliases=("kekeringan", "drought")),
    Hazard("kekeringan_hidrologis", "Kekeringan hidrologis", DROUGHT),
    Hazard("kekeringan_pertanian", "Kekeringan pertanian", DROUGHT),
    Hazard("kebakaran_hutan", "Kebakaran hutan", WILDFIRE),
    Hazard("kebakaran_lahan", "Kebakaran lahan", WILDFIRE, aliases=("karhutla", "wildfire"), common=True),
    Hazard("kebakaran_lahan_gambut", "Kebakaran lahan gambut", WILDFIRE),
    Hazard("gempa_tektonik", "Gempa tektonik", QUAKE, aliases=("gempa", "gempa_bumi", "earthquake")),
    Hazard("gempa_vulkanik", "Gempa vulkanik", QUAKE),
    Hazard("gempabumi_runtuhan", "Gempabumi runtuhan", SLIDE),
    Hazard("tsunami_seismogenik", "Tsunami seismogenik", SEA, aliases=("tsunami",), depth_cm=RUSHING),
    Hazard("tsunami_nonseismik", "Tsunami nonseismik", SEA, depth_cm=RUSHING),
    Hazard("tsunami_lokal", "Tsunami lokal", SEA, depth_cm=RUSHING),
    Hazard("tsunami_regional", "Tsunami regional", SEA, depth_cm=RUSHING),
    Hazard("tsunami_jarak", "Tsunami jarak", SEA, depth_cm=RUSHING),
    Hazard("tsunami_meteorologi", "Tsunami meteorologi", SEA, depth_cm=RUSHING),
    Hazard("mikrotsunami", "Mikrotsunami", SEA, depth_cm=RUSHING),
    Hazard("awan_panas_guguran_aliran_piroklastik", "Awan panas guguran-aliran piroklastik guguran", VOLCANO),
    Hazard("awan_panas_aliran_piroklastik", "Awan panas-aliran piroklastik", VOLCANO),
    Hazard("banjir_lahar", "Banjir lahar", WATER, aliases=("lahar",), depth_cm=RUSHING),
    Hazard("hujan_abu_vulkanik", "Hujan abu vulkanik", VOLCANO),
    Hazard("gas_vulkanik_beracun", "Gas vulkanik beracun", VOLCANO),
    Hazard("wabah_penyakit", "Wabah penyakit", ILLNESS, aliases=("wabah",)),
    Hazard("epidemi", "Epidemi", ILLNESS),
    Hazard(
        "kebakaran_gedung_dan_pemukiman",
        "Kebakaran gedung dan pemukiman",
        FIRE,
        aliases=("kebakaran", "kebakaran_rumah", "kebakaran_permukiman", "fire"),
        common=True,
    ),
    Hazard("kegagalan_industri", "Kegagalan industri", INDUSTRY),
    Hazard("kecelakaan_industri", "Kecelakaan industri", INDUSTRY),
    Hazard("konflik_sosial", "Konflik Sosial", UNREST),
    Hazard("teror", "Teror", UNREST),
    Hazard("kerusuhan_sosial", "Kerusuhan Sosial", UNREST),
)
