"""Names of the columns of the track fold: of a device's state, of a contact, of its parameters, of an event.

A persisted row is read by these places: append, never move. Positions are degrees, times microseconds, lengths metres.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from numpy.typing import NDArray

# state, float64
G_X1, G_Y1, G_X2, G_Y2 = range(4)  # the last fix, and the one before it
G_QX, G_QY, G_ODO = 4, 5, 6  # the end of the path when it was last certain, metres driven by then
G_RX, G_RY, G_PEND = 7, 8, 9  # the end of the path now, metres since then: given up if the device comes back
G_HELD = 10  # lon, lat of up to three fixes that a jump may have made
G_JUMP_E, G_JUMP_N = 16, 17  # the leg to the first of them, metres east and north
G_GAP_M = 18  # straight metres over silences
G_GAP_X, G_GAP_Y, G_GAP_TX, G_GAP_TY, G_GAP_D, G_GAP_PEND = 19, 20, 21, 22, 23, 24  # the silence in doubt
G_AWAY_MPS = 25  # fastest since the last fix inside
# the trip: from where (parked: the stop), counters there, fastest
G_TX, G_TY, G_T_ODO, G_T_GAP_M, G_T_MPS = 26, 27, 28, 29, 30
G_SX, G_SY, G_S_MPS, G_S_LIMIT = 31, 32, 33, 34  # speeding: where it began, fastest, the limit then
G_DX, G_DY = 35, 36  # the last leg that has a direction, metres east and north
G_SPOT_X, G_SPOT_Y = 37, 38  # centre of the spot that the last fix joined
G_GAP_MPS = 39  # fastest outside before the silence in doubt
G_FLOATS: Final = 40

# state, int64
M_HEARD, M_T1, M_C1, M_T2 = range(4)  # fixes so far; moment of the last; time of the one before it
M_K_T0, M_K_TIN, M_K_PHASE, M_AWAY = 4, 5, 6, 7  # the dwell's cluster as it was then; fixes outside it
M_K_FIX, M_H_FIX = 8, 9  # number of the fix that began the cluster, and the challenger
M_HELD_N = 10  # fixes that a jump may have made
M_SILENT, M_GAP_SILENT, M_STOPPED = 11, 12, 13  # sums: of silence, of silence that was no stay, of short dwells
M_GAP_T0, M_GAP_T1, M_GAP_S = 14, 15, 16  # the silence in doubt: first and last fix, how much of it silent
M_TRIP, M_T_T0, M_T_FIX, M_T_SILENT, M_T_STOPPED = 17, 18, 19, 20, 21  # 0 parked, 1 under way, 2 told; counters there
M_SPEED, M_S_T0, M_S_TIN, M_S_N = 22, 23, 24, 25  # 0, 1 too fast, 2 told
M_HEAD, M_CONTACTS = 26, 27  # first contact (cell + 1), how many
M_GAP_N0, M_GAP_N1 = 28, 29  # numbers of its first and last fix
M_SPOT = 30  # whether there is one that the path has not gone to
M_INTS: Final = 31

# a contact with a fence or a target, int64
C_NEXT, C_KEY, C_PHASE, C_SEEN, C_T0, C_TIN, C_N, C_OUT = range(8)  # C_KEY: 2 * fence, 2 * target + 1
C_SILENT0, C_SILENT1 = 8, 9  # the sum of silence at its first and at its last fix
C_NEAR_US, C_STOPPED, C_MASK, C_FIX = 10, 11, 12, 13  # of a target; the last: its newest fix within reach
C_INTS: Final = 14
# float64
D_X, D_Y, D_NEAR, D_E, D_N, D_MPS = range(6)  # where it began, or came nearest; how near, heading, speed there
D_FLOATS: Final = 6
CONTACTS: Final = 16  # open at once; more are counted and left out

# an event, int64
X_CODE, X_ROW, X_SLOT, X_KIND, X_ABOUT, X_T, X_C, X_T0, X_TIN, X_N, X_SILENT, X_STOPPED, X_NEAR, X_MASK = range(14)
X_INTS: Final = 14
# float64
Y_X, Y_Y, Y_TX, Y_TY, Y_METRES, Y_GAP, Y_MPS, Y_E, Y_N = range(9)
Y_FLOATS: Final = 9
GAP_SPELL, TRIP_SPELL, SPEEDING_SPELL, VISIT_SPELL, SERVICE_SPELL = range(5)

# counters of the whole
Z_EVENTS, Z_FREE, Z_CELLS, Z_REFUSED, Z_LOST, Z_WANTED, Z_VISITS = range(7)
# events written; first free cell (+ 1), free cells; contacts left out; events lost; room for events that was asked for;
# of the events written those of visits
Z_COUNTS: Final = 7

PER_FIX_SPELLS: Final = CONTACTS  # events a fix at most, over three fixes and more: see `geo.folds.track.track_room`


class Out(NamedTuple):
    """Where events are written."""

    ei: NDArray[Any]  # [events, X_INTS]
    ef: NDArray[Any]  # [events, Y_FLOATS]
    z: NDArray[Any]  # [Z_COUNTS]


class Pool(NamedTuple):
    """Contacts; each copy of a device has a chain of its own."""

    ci: NDArray[Any]  # [cells, C_INTS]
    cf: NDArray[Any]  # [cells, D_FLOATS]
    z: NDArray[Any]


class Track(NamedTuple):
    """What the kernels of the track fold read and write. Kernels pass on the parts that are needed: it costs less."""

    g: NDArray[Any]  # [COPIES, devices, G_FLOATS]
    m: NDArray[Any]  # [COPIES, devices, M_INTS]
    out: Out
    pool: Pool
    found: NDArray[Any]  # what the world answers
    metres: NDArray[Any]
    world: Any  # geo.folds.fences.Arrays
