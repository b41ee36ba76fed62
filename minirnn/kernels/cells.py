"""What each cell is to the time loops: the columns of its tiles, and the gates of its rows, forward and backward.

A *unit tile* j holds W hidden units; for these the kernels compute a row of `columns` registers, one for each gate. The
product with x fills the first columns, the product with h the last ones:

    LSTM          [ a_i  a_f  a_g  a_o ]    x: all four          h: all four
    GRU           [ a_n  a_z  a_r  q   ]    x: a_n a_z a_r       h: a_z a_r q       (reset_after=True)
    SimpleRNN     [ a_h .. a_h ]            x: all               h: all             (`columns` groups of W units)

so that GRU's two uses of the candidate's weights need no zeros in between. In row q of the scratch `s` the forward
function finds pre-activations and leaves what the backward needs; the backward row function turns that into the
gradients da, in the same places. `prev` and `new` are offsets into h and c (slots, batch, padded units).

`left` units of the tile exist; beyond them the last tile is padded. A padded unit has no weights and no gradient, but
its gates are those of a = 0, which need not be zero: were its state kept, it could grow from step to step until it
overflows, and 0 * inf is NaN. So forward row functions leave zeros there, and all that the backward pass finds in a
padded unit is finite and comes to a gradient of zero.

Backward, dh and dc [at] come in as the gradients of this step's h and c; they leave as that of c_prev, and as the part
of dh_prev that does not pass through the matrix product.
"""

from __future__ import annotations

from minirnn.gates import gru, lstm, simple_rnn
from minirnn.jit import inline
from minirnn.kernels.simd import load, load_rows, store, store_rows, width, zeros


@inline
def four_columns(rows, s, q):
    """The pre-activations in columns 0 .. 3 of some rows."""
    W, C = width(s), s.shape[3]
    a, b = load_rows(rows, s, q, C), load_rows(rows, s, q + W, C)
    return a, b, load_rows(rows, s, q + 2 * W, C), load_rows(rows, s, q + 3 * W, C)


# --- LSTM -----------------------------------------------------------------------------------------------------------


@inline
def lstm_rows(cell, rows, s, q, h, c, prev, new, left):
    W, C, P = width(s), s.shape[3], h.shape[2]
    a_i, a_f, a_g, a_o = four_columns(rows, s, q)
    h_new, c_new, i, f, g, o = lstm.step(
        a_i, a_f, a_g, a_o, load_rows(rows, c, prev, P), cell.activation, cell.recurrent_activation
    )
    store_rows(rows, h, new, P, h_new, left)
    store_rows(rows, c, new, P, c_new, left)
    store_rows(rows, s, q, C, cell.keep_recurrent_activation(i, a_i), W)
    store_rows(rows, s, q + W, C, cell.keep_recurrent_activation(f, a_f), W)
    store_rows(rows, s, q + 2 * W, C, cell.keep_activation(g, a_g), W)
    store_rows(rows, s, q + 3 * W, C, cell.keep_recurrent_activation(o, a_o), W)


@inline
def lstm_row_backward(cell, s, q, h, c, prev, new, dh, dc, at):
    W = width(s)
    i, a_i = cell.recall_recurrent_activation(cell.recurrent_activation, load(s, q))
    f, a_f = cell.recall_recurrent_activation(cell.recurrent_activation, load(s, q + W))
    g, a_g = cell.recall_activation(cell.activation, load(s, q + 2 * W))
    o, a_o = cell.recall_recurrent_activation(cell.recurrent_activation, load(s, q + 3 * W))
    da_i, da_f, da_g, da_o, dc_prev = lstm.step_backward(
        load(dh, at), load(dc, at), a_i, a_f, a_g, a_o, i, f, g, o, load(c, prev), load(c, new),
        cell.activation, cell.d_activation, cell.d_recurrent_activation,
    )  # fmt: skip
    store(s, q, da_i)
    store(s, q + W, da_f)
    store(s, q + 2 * W, da_g)
    store(s, q + 3 * W, da_o)
    store(dc, at, dc_prev)
    store(dh, at, zeros(dh))


# --- GRU, reset_after=True ------------------------------------------------------------------------------------------


@inline
def gru_rows(cell, rows, s, q, h, c, prev, new, left):
    W, C, P = width(s), s.shape[3], h.shape[2]
    a_n, a_z, a_r, product = four_columns(rows, s, q)
    h_prev = load_rows(rows, h, prev, P)
    h_new, z, r, n = gru.step(a_z, a_r, a_n, product, h_prev, cell.activation, cell.recurrent_activation)
    store_rows(rows, h, new, P, h_new, left)
    store_rows(rows, s, q, C, cell.keep_activation(n, a_n + r * product), W)
    store_rows(rows, s, q + W, C, cell.keep_recurrent_activation(z, a_z), W)
    store_rows(rows, s, q + 2 * W, C, cell.keep_recurrent_activation(r, a_r), W)


@inline
def gru_row_backward(cell, s, q, h, c, prev, new, dh, dc, at):
    W = width(s)
    n, a_n = cell.recall_activation(cell.activation, load(s, q))
    z, a_z = cell.recall_recurrent_activation(cell.recurrent_activation, load(s, q + W))
    r, a_r = cell.recall_recurrent_activation(cell.recurrent_activation, load(s, q + 2 * W))
    da_z, da_r, da_n, dq, dh_prev = gru.step_backward(
        load(dh, at), a_z, a_r, a_n, z, r, n, load(s, q + 3 * W), load(h, prev),
        cell.d_activation, cell.d_recurrent_activation,
    )  # fmt: skip
    store(s, q, da_n)
    store(s, q + W, da_z)
    store(s, q + 2 * W, da_r)
    store(s, q + 3 * W, dq)
    store(dh, at, dh_prev)


# --- SimpleRNN ------------------------------------------------------------------------------------------------------


@inline
def simple_rnn_rows(cell, rows, s, q, h, c, prev, new, left):
    W, C, P = width(s), s.shape[3], h.shape[2]
    for v in range(len(cell.columns)):
        a_h = load_rows(rows, s, q + v * W, C)
        h_new = simple_rnn.step(a_h, cell.activation)
        store_rows(rows, h, new + v * W, P, h_new, left - v * W)
        store_rows(rows, s, q + v * W, C, cell.keep_activation(h_new, a_h), W)


@inline
def simple_rnn_row_backward(cell, s, q, h, c, prev, new, dh, dc, at):
    W = width(s)
    for v in range(len(cell.columns)):
        y, a_h = cell.recall_activation(cell.activation, load(s, q + v * W))
        store(s, q + v * W, simple_rnn.step_backward(load(dh, at + v * W), a_h, y, cell.d_activation))
        store(dh, at + v * W, zeros(dh))


# --- GRU, reset_after=False: two passes with a matrix product between them -------------------------------------------
# Columns are [ a_n  a_z  a_r ]. The slots of c, which a GRU has no use for, keep the reset state; dc holds the
# gradients of z and of the reset state.


@inline
def gru_reset_rows(cell, rows, s, q, h_in, reset, prev, new, left):
    W, C, P = width(s), s.shape[3], h_in.shape[2]
    a_z, a_r = load_rows(rows, s, q + W, C), load_rows(rows, s, q + 2 * W, C)
    reset_state, z, r = gru.step_reset(a_z, a_r, load_rows(rows, h_in, prev, P), cell.recurrent_activation)
    store_rows(rows, reset, new, P, reset_state, left)
    store_rows(rows, s, q + W, C, cell.keep_recurrent_activation(z, a_z), W)
    store_rows(rows, s, q + 2 * W, C, cell.keep_recurrent_activation(r, a_r), W)


@inline
def gru_update_rows(cell, rows, s, q, h, c, prev, new, left):
    W, C, P = width(s), s.shape[3], h.shape[2]
    a_n = load_rows(rows, s, q, C)
    z, _ = cell.recall_recurrent_activation(cell.recurrent_activation, load_rows(rows, s, q + W, C))
    h_new, n = gru.step_update(a_n, z, load_rows(rows, h, prev, P), cell.activation)
    store_rows(rows, h, new, P, h_new, left)
    store_rows(rows, s, q, C, cell.keep_activation(n, a_n), W)


@inline
def gru_update_row_backward(cell, s, q, h, prev, dh, dc, at):
    n, a_n = cell.recall_activation(cell.activation, load(s, q))
    z, _ = cell.recall_recurrent_activation(cell.recurrent_activation, load(s, q + width(s)))
    da_n, dz, dh_prev = gru.step_update_backward(load(dh, at), a_n, z, n, load(h, prev), cell.d_activation)
    store(s, q, da_n)
    store(dc, at, dz)
    store(dh, at, dh_prev)


@inline
def gru_reset_row_backward(cell, s, q, h_in, prev, dh, dc, drop, at, ds_at):
    W = width(s)
    z, a_z = cell.recall_recurrent_activation(cell.recurrent_activation, load(s, q + W))
    r, a_r = cell.recall_recurrent_activation(cell.recurrent_activation, load(s, q + 2 * W))
    da_z, da_r, dh_in = gru.step_reset_backward(
        load(dc, ds_at), load(dc, at), a_z, a_r, z, r, load(h_in, prev), cell.d_recurrent_activation
    )
    store(s, q + W, da_z)
    store(s, q + 2 * W, da_r)
    store(dh, at, load(dh, at) + cell.to_previous(dh_in, drop, at))
