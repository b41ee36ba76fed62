"""minirnn, through its public Keras-style interface."""

from __future__ import annotations

import numba
import numpy as np

import minirnn
from benchmarks.cases import Case
from benchmarks.contenders.base import Task
from benchmarks.contenders.keras_style import KerasStyle
from benchmarks.data import Data


class Entrant(KerasStyle):
    """minirnn as its users call it."""

    def __init__(self, threads: int) -> None:
        for name in minirnn.__all__:
            getattr(minirnn, name)  # imported at its first use: now, as with every other contender
        minirnn.set_num_threads(threads)
        self.keras = minirnn
        self.versions = {"minirnn": minirnn.__version__, "numba": numba.__version__}

    def task(self, case: Case, data: Data, setting: str) -> Task:
        if case.mode != "step":
            return super().task(case, data, setting)
        stream, x = self.model(case, data).stream(case.batch), np.ascontiguousarray(data.x[:, 0])
        y = np.empty((case.batch, 1), np.float32)
        return Task(lambda: stream.step(x, out=y))
