"""The machine's own clock: the only place of the program that asks for the time of day."""

import time


class SystemClock:
    """`core.clock.Clock` of this machine."""

    def now_us(self) -> int:
        return time.time_ns() // 1000
