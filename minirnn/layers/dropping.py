"""Dropout inside recurrent layers: the two rates, the masks of each batch, and where they lie in a tape."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import random
from minirnn.jit import Static
from minirnn.kernels.dropout import draw_and_drop, drop_features
from minirnn.kernels.philox import WORD
from minirnn.kernels.plans import with_recurrent_dropout
from minirnn.kernels.threads import repeat
from minirnn.layers.layer import Tape
from minirnn.layers.weight import zeros

# A product that comes from memory and goes there takes about as long as so many in registers.
PRODUCT_IN_MEMORY = 4
COST_OF_DRAW = 16  # of one number, in multiply-adds


def rate_of(value: Any, name: str) -> float:
    """A share of what is dropped, as a float; ValueError outside [0, 1)."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)) or not 0 <= value < 1:
        raise ValueError(f"{name} must be at least 0 and below 1, got {value!r}; 0 drops nothing")
    return float(value)


class RecurrentDropout:
    """Drops a share `dropout` of the features and a share `recurrent_dropout` of h_prev where U multiplies it.

    One mask serves all steps of a sample and all gates; it is new for each batch, and the rest is scaled by
    1 / (1 - rate) (Gal & Ghahramani 2016, see `minirnn.kernels.dropout`). What is dropped follows from `seed`, or else
    from the next global seed, and from how many draws there were before (`draws`): not from the number of threads.

    Raises ValueError for a rate outside [0, 1), TypeError for a seed that is no integer.
    """

    def __init__(self, owner: str, dropout: Any, recurrent_dropout: Any, seed: int | None) -> None:
        self.dropout = rate_of(dropout, f"{owner}: dropout")
        self.recurrent_dropout = rate_of(recurrent_dropout, f"{owner}: recurrent_dropout")
        self.seed = None if seed is None else random.check_seed(seed)
        self.key = (0, 0)
        if self.draws_at_all:  # without dropout the global sequence is left alone
            seed = random.next_seed() if self.seed is None else self.seed
            self.key = (seed & WORD, (seed >> 32) & WORD)
        self.draws = 0

    @property
    def draws_at_all(self) -> bool:
        """Whether there is anything to drop."""
        return bool(self.dropout or self.recurrent_dropout)

    @property
    def state(self) -> dict[str, Any]:
        """What the next masks follow from; to be kept, and set again."""
        return {"key": list(self.key), "draws": self.draws}

    @state.setter
    def state(self, state: dict[str, Any]) -> None:
        low, high = state["key"]
        self.key, self.draws = (int(low), int(high)), int(state["draws"])

    def plan(self, cell: Static, dropping: bool) -> Static:
        """The cell that the kernels are to run."""
        return with_recurrent_dropout(cell) if dropping and self.recurrent_dropout else cell

    def add_to(self, tape: Tape, shape: tuple[int, ...], units: int, row: int, dropping: bool) -> None:
        """Memory in a tape, for inputs of this shape and rows of `row` elements in the gradient of h.

        `drops` tells whether `apply` has anything to do: how many masks. `x_kept` is the input times `x_masks` (batch,
        features), None where features are not dropped; `drop` is what the kernels call so, `h_in` what U multiplies.
        """
        B, _, F = shape
        dtype = tape.h.dtype
        of_h, of_x = dropping and self.recurrent_dropout > 0, dropping and self.dropout > 0
        tape.drops = of_h + of_x
        tape.drop, tape.h_in, tape.x_kept = (), tape.h, None
        if not tape.drops:
            return
        h_masks, tape.x_masks = zeros((B, row) if of_h else (0, 0), dtype), zeros((B, F) if of_x else (0, 0), dtype)
        x_kept = zeros(shape if of_x else (0, 0, 0), dtype)
        if of_h:
            tape.h_in = zeros(tape.h.shape, dtype)
            tape.drop = (tape.h_in, h_masks)
        if of_x:
            tape.x_kept = x_kept
        rates = (self.recurrent_dropout, self.dropout)
        tape.drop_arguments = (h_masks, units if of_h else 0, tape.x_masks, x_kept, *rates)
        tape.draw_and_drop = draw_and_drop.specialise(x_kept, *tape.drop_arguments, 0, 0, 0, 0, 0, 0)
        tape.drop_work = COST_OF_DRAW * (tape.x_masks.size + B * of_h * units) + PRODUCT_IN_MEMORY * x_kept.size

    def apply(self, x: NDArray[Any], tape: Tape, training: bool) -> NDArray[Any]:
        """Draw the masks of this batch; what W multiplies: x, or a copy with features dropped.

        Outside of training nothing is dropped: all masks are 1.
        """
        first, arguments = self.draws + 1, tape.drop_arguments
        last = first + tape.drops - 1  # one draw, or two: first that of h
        if training:
            self.draws = last
        else:
            arguments = (*arguments[:-2], 0.0, 0.0)
        repeat(tape.draw_and_drop, (x, *arguments, *self.key, first, last, 0, len(x)), tape.drop_work)
        return x if tape.x_kept is None else tape.x_kept

    def add_dx_to(self, tape: Tape) -> None:
        """What `apply_backward` needs in a tape that has room for dx."""
        if tape.x_kept is not None:
            tape.drop_dx_call = (tape.dx, tape.x_masks, tape.dx, 0, len(tape.dx))
            tape.drop_dx = drop_features.specialise(*tape.drop_dx_call)

    def apply_backward(self, tape: Tape) -> None:
        """dx, in place, from the gradient of what W multiplied."""
        if tape.x_kept is not None:
            repeat(tape.drop_dx, tape.drop_dx_call, PRODUCT_IN_MEMORY * tape.dx.size)
