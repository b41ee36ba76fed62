"""Layers that know earlier steps, with what they know taken out of them: states in, states out.

Each has `initial(batch)`, the states that a sequence begins with, `tape(shape)`, memory for inputs of that shape, and
`run(x, mask, states, tape)`: the output of every step (or with `final` of the last one) and the new states, which are
new arrays. A layer that is used is a shallow copy: its weights are those of the model.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.layers.tape import Tape
from minirnn.layers.weight import zeros
from minirnn.utils.nested import flatten

Array = NDArray[Any]


class CarriedRecurrent:
    """A recurrent layer, or `RNN`: its states (batch, units)."""

    def __init__(self, layer: Any) -> None:
        self.every = copy.copy(layer)
        self.every.return_sequences = self.every.return_state = True
        self.every.stateful = False
        self.last = copy.copy(self.every)
        self.last.return_sequences = False

    def initial(self, batch: int) -> list[Array]:
        return [np.array(state, self.every.dtype) for state in flatten(self.every.get_initial_state(batch))]

    def tape(self, shape: tuple[int, ...], final: bool) -> Tape:
        return (self.last if final else self.every).run_tape([shape], False)

    def run(self, x: Array, mask: Any, states: list[Array], tape: Tape, final: bool) -> tuple[Array, list[Array]]:
        y, *new = (self.last if final else self.every).run([x, *states], [mask], tape, False)
        return y, new


class CarriedWindow:
    """A causal Conv1D: the steps (batch, reach - 1, features) that its next window begins with, zeros at first."""

    def __init__(self, layer: Any) -> None:
        self.layer = copy.copy(layer)
        self.layer.windows = replace(layer.windows, padding="valid")
        self.kept = layer.windows.reach - 1

    def initial(self, batch: int) -> list[Array]:
        return [zeros((batch, self.kept, self.layer.input_shape[-1]), self.layer.dtype)]

    def tape(self, shape: tuple[int, ...], final: bool) -> Tape:
        batch, steps, features = shape
        return self.layer.new_tape((batch, self.kept + steps, features), False)

    def run(self, x: Array, mask: Any, states: list[Array], tape: Tape, final: bool) -> tuple[Array, list[Array]]:
        seen = np.concatenate([states[0], x], axis=1)
        return self.layer.forward(seen, None, tape, False), [seen[:, -self.kept :].copy()]
