"""What people here call things; the console and reports ask for these by key."""

from typing import Final

WORDS: Final = {
    "area": "kelurahan",
    "district": "kecamatan",
    "service_point": "TPS",
    "landfill": "TPA",
    "unexplained": "belum ada keterangan",
    "volunteer": "Top Ranger",
}
