"""The BPBD's kinds of incident."""

from cities.kupang.hazards import HAZARDS


def test_each_kind_is_there_once_and_needs_somebody():
    """46 kinds, their names as the BPBD writes them, short enough for an incident to bear; roles differ."""
    assert (len(HAZARDS), len({h.kind for h in HAZARDS}), len({h.name for h in HAZARDS})) == (46, 46, 46)
    assert all(0 < len(hazard.kind) <= 40 and not hazard.kode_bnpb for hazard in HAZARDS)
    assert all(len({n.role for n in h.needs}) == len(h.needs) > 0 for h in HAZARDS)


def test_a_house_fire_wants_hands_and_first_aid():
    """One of them, written out."""
    fire = next(hazard for hazard in HAZARDS if hazard.name == "Kebakaran gedung dan pemukiman")
    assert fire.kind == "kebakaran_gedung_dan_pemukiman"
    assert [(need.role, need.skills, need.count) for need in fire.needs] == [("bantuan", (), 3), ("p3k", ("p3k",), 1)]
