"""The machine's own peak, as one more worker: the loop of multiply-adds of `benchmarks.machine`, asked once a round.

A share of the peak is then a ratio of the same round, and not one to what the machine did some minutes ago.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.cases import MODES, Case
from benchmarks.contenders.base import Contender, Task
from benchmarks.data import Data
from benchmarks.machine import LANES, PEAK_CALL, fma_loop, on_threads


class Entrant(Contender):
    """A call is PEAK_CALL operations on each thread, whatever the case; the widest registers are kept."""

    modes = MODES
    versions: dict[str, str] = {}

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def settings(self, case: Case) -> list[str]:
        return [f"{lanes} lanes" for lanes in LANES]

    def task(self, case: Case, data: Data, setting: str) -> Task:
        lanes, half = int(setting.split()[0]), np.float32(0.5)
        loop = fma_loop(lanes)
        loop(1, half, half)
        work = on_threads(self.threads, partial(loop, PEAK_CALL.rounds(lanes), half, half))
        return Task(lambda: work() or [0.0])
