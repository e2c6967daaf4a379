"""Names of the columns of a device's kernel state, of its profile row and of a kernel event.

A persisted state row names this layout by `LAYOUT`; an upgrade that moves a column raises it and migrates.
"""

from __future__ import annotations

from typing import Final

LAYOUT: Final = 1

# state, float64: the cluster, its challenger, the last fix (and its twin at an equal time)
CX, CY, W, R = 0, 1, 2, 3  # centroid lon, lat; time weight in microseconds; farthest fix inside in metres
HX, HY, HW, HR = 4, 5, 6, 7  # the same of the challenger
LX, LY, AX, AY = 8, 9, 10, 11  # last fix; the fix before it if that bore the same time, else the last again
SPEED = 12  # of the last fix, NaN if unknown
NOISE, NW = 13, 14  # of the device: mean square distance of fixes in dwells from the centre, m2; its time weight
OX, OY = 15, 16  # where an open row is told to be
FLOATS: Final = 17

# state, int64, times in microseconds
PHASE = 0  # 0 nothing heard, 1 candidate, 2 dwell
T0, TIN, N, SILENT = 1, 2, 3, 4  # first and last fix inside, their number, microseconds of silence among them
OUT_T0, OUT_N = 5, 6  # first fix outside, number of fixes outside since the last one inside
H_T0, H_TIN, H_N, H_SILENT = 7, 8, 9, 10  # the challenger's
TLAST, CLAST = 11, 12  # newest fix: time and content
REST = 13  # what the newest fix says of itself: 1 at rest, 0 moving, -1 nothing
LIMIT, TIMER = 14, 15  # the limit was reached: 1 by fixes, 2 by the clock; the row was opened by a timer
SINCE = 16  # end of the last dwell: moving since
RECEIVED, DEAF = 17, 18  # of the newest fix: when it was heard; the outage clock when it, or a stray, was heard last
H_TIMER = 19  # a timer opened a row at the challenger
GAP = 20  # microseconds of silence since the last fix inside
FLAGGED_AT, FLAGGED_DAY = 21, 22  # the last fix beyond the horizon that was told: when, and of which day
WORK = 23  # since when it has been at work: its first fix, or the end of its last rest
WORK_C = 24  # the same, as it was when the cluster began
# of the newest fix beyond the horizon: when it was heard, when the first of them since the newest fix that counts; its
# time, lon and lat in 1e-7 degrees
STRAY_AT, STRAY_SINCE, STRAY_T, STRAY_LON, STRAY_LAT = 25, 26, 27, 28, 29
INTS: Final = 30
NEVER: Final = -(1 << 62)

# profile row, float64: the figures of core.entities.Profile in metres, microseconds and metres per microsecond
P_R_IN, P_R_OUT, P_MIN, P_EXIT, P_EXIT_N, P_TAU, P_SILENT, P_WAKE, P_WAKE_V, P_REST, P_LIMIT, P_HORIZON = range(12)
P_RESTED = 12  # a stop, or a silence, this long is a rest from work
P_NOISE = 13  # the noise that the radii are made for
P_TRIP_STOP, P_TRIP_GAP, P_TRIP_MIN, P_SPEED_LIMIT, P_SPEEDING = 14, 15, 16, 17, 18  # of the track fold
PARAMS: Final = 19

# copies of that state: as it is (the first), and as it was at moments of the horizon, by turns (`OLDEST`)
LIVE: Final = 0
PAST: Final = 3
COPIES: Final = 1 + PAST

# home of a device, int64: its region of the arena and how many fixes are in it; the row of its profile and its horizon;
# which copy is its checkpoint, and the last fix of its newest one; how many fixes each has behind it, oldest first
OFFSET, SIZE, COUNT, PROFILE, HORIZON, OLDEST, NEWEST, BEHIND = range(8)
HOME: Final = BEHIND + PAST

# kernel event, int64; its float64 columns are centroid lon, lat and radius
E_CODE, E_ROW, E_SLOT, E_T0, E_TIN, E_N, E_SILENT, E_PHASE, E_LIMIT, E_T, E_C, E_CK_T, E_CK_C, E_WORK = range(14)
EVENT_INTS: Final = 14
EVENT_FLOATS: Final = 3
OPENED, CLOSED, REACHED, DROPPED, BEGIN, END, BEYOND, TIMED, KEPT, MOVED = range(1, 11)
