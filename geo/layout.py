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
FLOATS: Final = 13

# state, int64, times in microseconds
PHASE = 0  # 0 nothing heard, 1 candidate, 2 dwell
T0, TIN, N, SILENT = 1, 2, 3, 4  # first and last fix inside, their number, microseconds of silence among them
OUT_T0, OUT_N = 5, 6  # first fix outside, number of fixes outside since the last one inside
H_T0, H_TIN, H_N, H_SILENT = 7, 8, 9, 10  # the challenger's
TLAST, CLAST = 11, 12  # newest fix: time and content
REST = 13  # what the newest fix says of itself: 1 at rest, 0 moving, -1 nothing
LIMIT, TIMER = 14, 15  # the limit was reached: 1 by fixes, 2 by the clock; the row was opened by a timer
SINCE = 16  # end of the last dwell: moving since
RECEIVED, DEAF = 17, 18  # of the newest fix: when it was heard, and the outage clock at that moment
H_TIMER = 19  # a timer opened a row at the challenger
GAP = 20  # microseconds of silence since the last fix inside
FLAGGED_AT, FLAGGED_DAY = 21, 22  # the last fix beyond the horizon that was told: when, and of which day
INTS: Final = 23
NEVER: Final = -(1 << 62)

# profile row, float64: the figures of core.entities.Profile in metres, microseconds and metres per microsecond
P_R_IN, P_R_OUT, P_MIN, P_EXIT, P_EXIT_N, P_TAU, P_SILENT, P_WAKE, P_WAKE_V, P_REST, P_LIMIT, P_HORIZON = range(12)
PARAMS: Final = 12

# kernel event, int64; its float64 columns are centroid lon, lat and radius
E_CODE, E_ROW, E_SLOT, E_T0, E_TIN, E_N, E_SILENT, E_PHASE, E_LIMIT, E_T, E_C, E_CK_T, E_CK_C = range(13)
EVENT_INTS: Final = 13
EVENT_FLOATS: Final = 3
OPENED, CLOSED, REACHED, DROPPED, BEGIN, END, BEYOND, TIMED, KEPT = range(1, 10)
