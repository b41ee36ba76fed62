"""One step of a stream in one call: numbers in, the layers' own kernels one after the other, numbers out.

The layers stand in `words`, an array of int64: the arrays that the first one reads and the last one fills, how many
layers there are, then for each what it is (RECURRENT, or how many columns the tiles of a Dense layer have), the address
of its machine code, and its arrays in the order of its kernel's arguments, as `calling.record` writes them;
`minirnn.streaming.fast_step` puts the words together.
"""

from __future__ import annotations

import numpy as np

from minirnn.jit import inline, kernel
from minirnn.kernels.calling import array_at, call_at, no_mask
from minirnn.kernels.recurrence import carry_over
from minirnn.kernels.tiles import COLUMNS_1, COLUMNS_2, COLUMNS_3, COLUMNS_4

RECURRENT = 0
NO_MASK = np.zeros((0, 0), bool)
AXES_2, AXES_3, AXES_4 = ((0,) * n for n in (2, 3, 4))


@inline
def run_recurrent(words, at, like):
    """One step of `recurrence.forward` from slot 0 of h and c, whose new states go back there; where its words end."""
    address = words[at]
    x = array_at(words, at + 1, AXES_3, like)
    h = array_at(words, at + 5, AXES_3, like)
    c = array_at(words, at + 9, AXES_3, like)
    s = array_at(words, at + 13, AXES_4, like)
    w = array_at(words, at + 18, AXES_3, like)
    u = array_at(words, at + 22, AXES_3, like)
    b = array_at(words, at + 26, AXES_3, like)
    y = array_at(words, at + 30, AXES_3, like)
    B = x.shape[0]
    call_at(address, x, no_mask(), None, h, c, s, w, u, b, y, (), False, False, False, 0, 1, 0, B)
    for i in range(B):
        carry_over(h, c, 1, 0, i)
    return at + 34


@inline
def run_dense(words, at, like, columns):
    """`dense.dense_forward`, for tiles of so many columns; where its words end."""
    x = array_at(words, at + 1, AXES_2, like)
    w = array_at(words, at + 4, AXES_3, like)
    b = array_at(words, at + 8, AXES_3, like)
    s = array_at(words, at + 12, AXES_4, like)
    y = array_at(words, at + 17, AXES_2, like)
    call_at(words[at], x, None, columns, w, b, s, y, 0, x.shape[0])
    return at + 20


@kernel
def take_step(x, y, words):
    """x (B, F) to y (B, N). False, and nothing happens, if not all numbers of x are finite."""
    x_in, y_out = array_at(words, 0, AXES_2, x), array_at(words, 3, AXES_2, x)
    for i in range(x.shape[0]):
        for k in range(x.shape[1]):
            if not abs(x[i, k]) < np.inf:
                return False
            x_in[i, k] = x[i, k]
    at = 7
    for _ in range(words[6]):
        kind, at = words[at], at + 1
        if kind == 0:
            at = run_recurrent(words, at, x)
        elif kind == 1:
            at = run_dense(words, at, x, COLUMNS_1)
        elif kind == 2:
            at = run_dense(words, at, x, COLUMNS_2)
        elif kind == 3:
            at = run_dense(words, at, x, COLUMNS_3)
        else:
            at = run_dense(words, at, x, COLUMNS_4)
    for i in range(y.shape[0]):
        for k in range(y.shape[1]):
            y[i, k] = y_out[i, k]
    return True
