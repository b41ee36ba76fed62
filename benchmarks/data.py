"""The arrays of a case: the same seeded weights, inputs and targets for every contender."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from benchmarks.cases import GATES, Case

SEED = 20240229


@dataclass(frozen=True)
class Data:
    """Arrays of one case, in the case's dtype.

    weights   in Keras's order and layout: of each recurrent layer W (F, GU), U (U, GU), b (GU,) or for a GRU with
              reset_after (2, 3U), then the head's kernel (U, 1) and bias (1,)
    x         (rows, T, F); of a masked case zeros from each row's length on
    lengths   (rows,) int64, None where all rows have T steps
    targets   two arrays (rows, 1), or (rows, T, 1) of answers to each step, used in turn: with a single one a long run
              would learn it by heart, and then time an optimizer that works on denormal numbers
    """

    weights: tuple[np.ndarray, ...]
    x: np.ndarray
    targets: tuple[np.ndarray, np.ndarray]
    lengths: np.ndarray | None = None

    def of_layer(self, number: int) -> tuple[np.ndarray, ...]:
        """W, U, b of a recurrent layer, counted from below."""
        return self.weights[3 * number : 3 * number + 3]


def case_data(case: Case) -> Data:
    """The arrays of a case; the same bits in every process."""
    rows, time, features, units = case.rows, case.time, case.features, case.units
    gates = GATES[case.cell] * units
    random = np.random.default_rng([SEED, rows, time, features, units, GATES[case.cell]])

    def normal(*shape: int, scale: float = 1.0) -> np.ndarray:
        return (scale * random.standard_normal(shape)).astype(case.dtype)

    # The recurrent weights contract, so that rounding errors do not grow with time and outputs can be compared.
    weights: list[np.ndarray] = []
    for below in (features, units)[: case.layers]:
        weights += [
            normal(below, gates, scale=below**-0.5),
            normal(units, gates, scale=0.5 * units**-0.5),
            normal(*((2, gates) if case.cell == "gru" else (gates,)), scale=0.1),
        ]
    weights += [normal(units, 1, scale=units**-0.5), normal(1, scale=0.1)]
    answers = (rows, time, 1) if case.sequences else (rows, 1)
    data = Data(tuple(weights), normal(rows, time, features), (normal(*answers), normal(*answers)))
    if not case.masked:
        return data
    lengths = random.integers(time // 2, time, rows, endpoint=True)
    data.x[np.arange(time) >= lengths[:, None]] = 0.0
    return replace(data, lengths=lengths)
