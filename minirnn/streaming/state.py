"""`State`: what a stream remembers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class State:
    """A snapshot: how many steps were seen, and the states of all layers that have some.

    `arrays` is a flat list in the order of the model's layers: (batch, units) for h, and for c of an LSTM after it;
    (batch, steps, features) for the steps that a causal Conv1D looks back on. It can be pickled.
    """

    steps: int
    arrays: list[NDArray[Any]]
