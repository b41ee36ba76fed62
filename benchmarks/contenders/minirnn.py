"""minirnn, through its public Keras-style interface."""

from __future__ import annotations

import numba

import minirnn
from benchmarks.contenders.keras_style import KerasStyle


class Entrant(KerasStyle):
    """minirnn as its users call it."""

    def __init__(self, threads: int) -> None:
        for name in minirnn.__all__:
            getattr(minirnn, name)  # imported at its first use: now, as with every other contender
        minirnn.set_num_threads(threads)
        self.keras = minirnn
        self.versions = {"minirnn": minirnn.__version__, "numba": numba.__version__}
