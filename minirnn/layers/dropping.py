"""Dropout inside recurrent layers: the two rates, the masks of each batch, and where they lie in a tape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import random
from minirnn.jit import Static
from minirnn.kernels.dropout import draw_masks, drop_features
from minirnn.kernels.philox import WORD
from minirnn.kernels.plans import with_recurrent_dropout
from minirnn.kernels.threads import repeat, share
from minirnn.layers.layer import Tape
from minirnn.layers.weight import zeros

# A product that comes from memory and goes there takes about as long as so many in registers.
PRODUCT_IN_MEMORY = 4
COST_OF_DRAW = 16  # of one number, in multiply-adds
_draw_masks: dict[np.dtype[Any], Callable] = {}  # the kernel's machine code


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

    def add_to(self, tape: Tape, shape: tuple[int, ...], row: int, dropping: bool) -> None:
        """Memory in a tape, for inputs of this shape and rows of `row` elements in the gradient of h.

        `drops` tells whether `apply` has anything to do. `x_masks` (batch, features) and `x_kept`, the input times
        these, are None where features are not dropped; `drop` is what the kernels call so, `h_in` what U multiplies.
        """
        B, _, F = shape
        dtype = tape.h.dtype
        tape.drops = bool(dropping and (self.dropout or self.recurrent_dropout))
        tape.x_masks = tape.x_kept = None
        tape.drop, tape.h_in = (), tape.h
        if dropping and self.dropout:
            tape.x_masks, tape.x_kept = zeros((B, F), dtype), zeros(shape, dtype)
            tape.drop_features = drop_features.specialise(tape.x_kept, tape.x_masks, tape.x_kept, 0, 0)
        if dropping and self.recurrent_dropout:
            tape.h_in = zeros(tape.h.shape, dtype)
            tape.drop = (tape.h_in, zeros((B, row), dtype))

    def apply(self, x: NDArray[Any], units: int, tape: Tape, training: bool) -> NDArray[Any]:
        """Draw the masks of this batch; what W multiplies: x, or a copy with features dropped."""
        if tape.drop:
            self.draw(self.recurrent_dropout, tape.drop[1], units, training)
        if tape.x_masks is None:
            return x
        self.draw(self.dropout, tape.x_masks, x.shape[2], training)
        self._times_masks(x, tape.x_kept, tape)
        return tape.x_kept

    def apply_backward(self, dx: NDArray[Any], tape: Tape) -> None:
        """dx, in place, from the gradient of what W multiplied."""
        if tape.x_masks is not None:
            self._times_masks(dx, dx, tape)

    def draw(self, rate: float, masks: NDArray[Any], size: int, training: bool) -> None:
        """Fill the first `size` columns of `masks` with 0 and 1 / (1 - rate), or with 1 outside of training."""
        if not training:
            masks[:, :size] = 1.0
            return
        self.draws += 1
        rows = len(masks)
        arguments = (masks, size, rate, *self.key, self.draws, 0, rows)
        kernel = _draw_masks.get(masks.dtype)
        if kernel is None:
            kernel = _draw_masks[masks.dtype] = draw_masks.specialise(*arguments)
        repeat(kernel, arguments, COST_OF_DRAW * rows * size)

    @staticmethod
    def _times_masks(x: NDArray[Any], y: NDArray[Any], tape: Tape) -> None:
        share(tape.drop_features, (x, tape.x_masks, y), len(x), PRODUCT_IN_MEMORY * x.size)
