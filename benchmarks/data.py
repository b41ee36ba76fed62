"""The arrays of a case: the same seeded weights, inputs and targets for every contender."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from benchmarks.cases import GATES, Case

SEED = 20240229


@dataclass(frozen=True)
class Data:
    """Float32 arrays of one case.

    weights   in Keras's order and layout: W (F, GU), U (U, GU), b (GU,) or for a GRU (2, 3U), then the head's
              kernel (U, 1) and bias (1,)
    x         (rows, T, F); of a masked case zeros from each row's length on
    lengths   (rows,) int64, None where all rows have T steps
    targets   two arrays (rows, 1), used in turn: with a single one a long run would learn it by heart, and then time
              an optimizer that works on denormal numbers
    """

    weights: tuple[np.ndarray, ...]
    x: np.ndarray
    targets: tuple[np.ndarray, np.ndarray]
    lengths: np.ndarray | None = None


def case_data(case: Case) -> Data:
    """The arrays of a case; the same bits in every process."""
    batch, time, features, units = case.rows, case.time, case.features, case.units
    gates = GATES[case.cell] * units
    random = np.random.default_rng([SEED, batch, time, features, units, GATES[case.cell]])

    def normal(*shape: int, scale: float = 1.0) -> np.ndarray:
        return (scale * random.standard_normal(shape)).astype(np.float32)

    # The recurrent weights contract, so that rounding errors do not grow with time and outputs can be compared.
    weights = (
        normal(features, gates, scale=features**-0.5),
        normal(units, gates, scale=0.5 * units**-0.5),
        normal(*((2, gates) if case.cell == "gru" else (gates,)), scale=0.1),
        normal(units, 1, scale=units**-0.5),
        normal(1, scale=0.1),
    )
    data = Data(weights, normal(batch, time, features), (normal(batch, 1), normal(batch, 1)))
    if not case.masked:
        return data
    lengths = random.integers(time // 2, time, batch, endpoint=True)
    data.x[np.arange(time) >= lengths[:, None]] = 0.0
    return replace(data, lengths=lengths)
