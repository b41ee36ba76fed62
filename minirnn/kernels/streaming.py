"""What stands before and between the layers of a step in a stream; the layers themselves are the kernels of `predict`."""

from __future__ import annotations

import numpy as np

from minirnn.jit import kernel
from minirnn.kernels.recurrence import carry_over


@kernel
def take_in(x, values):
    """values = x, arrays (batch, features), if all numbers are finite; whether they are."""
    for i in range(x.shape[0]):
        for k in range(x.shape[1]):
            if not abs(x[i, k]) < np.inf:
                return False
            values[i, k] = x[i, k]
    return True


@kernel
def go_on(h, c):
    """The states that a step has left in slot 1 of h and c (slots, B, P) become those of slot 0, where one begins."""
    for i in range(h.shape[1]):
        carry_over(h, c, 1, 0, i)
