"""Rows of the LSTM's siblings: peepholes, the coupled gate, zoneout. Read `cells` first.

What a cell needs beside weights and states lies where the kernels carry it along: behind the slots of c, from element
h.size on (c has as many slots as h in front of that), and behind the B rows of dc, from element dh.size on.

    peepholes   c: rows of P elements, p_i p_f p_o              dc: blocks (B, Q), of each row's dp_i dp_f dp_o
    zoneout     c: blocks of slots like h: what chance keeps of c, of h; and c before zoneout

The gradients of peepholes are added up over time for each batch row by itself, as rows are what threads share.
"""

from __future__ import annotations

from minirnn.gates import coupled_lstm, lstm, peephole_lstm, zoneout
from minirnn.jit import inline
from minirnn.kernels.cells import four_columns
from minirnn.kernels.simd import load, load_rows, store, store_rows, width, zeros

# --- peepholes --------------------------------------------------------------------------------------------------------


@inline
def add_to(array, at, vec):
    """array[at ..] += vec"""
    store(array, at, load(array, at) + vec)


@inline
def peephole_rows(cell, rows, s, q, h, c, prev, new, left):
    W, C, P = width(s), s.shape[3], h.shape[2]
    p = h.size + prev % P
    a_i, a_f, a_g, a_o = four_columns(rows, s, q)
    p_i, p_f, p_o = load_rows(rows, c, p, 0), load_rows(rows, c, p + P, 0), load_rows(rows, c, p + 2 * P, 0)
    c_prev = load_rows(rows, c, prev, P)
    h_new, c_new, i, f, g, o = peephole_lstm.step(
        a_i, a_f, a_g, a_o, p_i, p_f, p_o, c_prev, cell.activation, cell.recurrent_activation
    )
    store_rows(rows, h, new, P, h_new, left)
    store_rows(rows, c, new, P, c_new, left)
    store_rows(rows, s, q, C, cell.keep_recurrent_activation(i, a_i + p_i * c_prev), W)
    store_rows(rows, s, q + W, C, cell.keep_recurrent_activation(f, a_f + p_f * c_prev), W)
    store_rows(rows, s, q + 2 * W, C, cell.keep_activation(g, a_g), W)
    store_rows(rows, s, q + 3 * W, C, cell.keep_recurrent_activation(o, a_o + p_o * c_new), W)


@inline
def peephole_row_backward(cell, s, q, h, c, prev, new, dh, dc, at):
    W, P = width(s), h.shape[2]
    p, dp = h.size + prev % P, dh.size + at
    i, a_i = cell.recall_recurrent_activation(cell.recurrent_activation, load(s, q))
    f, a_f = cell.recall_recurrent_activation(cell.recurrent_activation, load(s, q + W))
    g, a_g = cell.recall_activation(cell.activation, load(s, q + 2 * W))
    o, a_o = cell.recall_recurrent_activation(cell.recurrent_activation, load(s, q + 3 * W))
    da_i, da_f, da_g, da_o, dp_i, dp_f, dp_o, dc_prev = peephole_lstm.step_backward(
        load(dh, at), load(dc, at), a_i, a_f, a_g, a_o, load(c, p), load(c, p + P), load(c, p + 2 * P),
        i, f, g, o, load(c, prev), load(c, new), cell.activation, cell.d_activation, cell.d_recurrent_activation,
    )  # fmt: skip
    store(s, q, da_i)
    store(s, q + W, da_f)
    store(s, q + 2 * W, da_g)
    store(s, q + 3 * W, da_o)
    add_to(dc, dp, dp_i)
    add_to(dc, dp + dh.size, dp_f)
    add_to(dc, dp + 2 * dh.size, dp_o)
    store(dc, at, dc_prev)
    store(dh, at, zeros(dh))


# --- coupled input and forget gate: columns [ i g o ] -----------------------------------------------------------------


@inline
def coupled_rows(cell, rows, s, q, h, c, prev, new, left):
    W, C, P = width(s), s.shape[3], h.shape[2]
    a_i, a_g, a_o = load_rows(rows, s, q, C), load_rows(rows, s, q + W, C), load_rows(rows, s, q + 2 * W, C)
    h_new, c_new, i, g, o = coupled_lstm.step(
        a_i, a_g, a_o, load_rows(rows, c, prev, P), cell.activation, cell.recurrent_activation
    )
    store_rows(rows, h, new, P, h_new, left)
    store_rows(rows, c, new, P, c_new, left)
    store_rows(rows, s, q, C, cell.keep_recurrent_activation(i, a_i), W)
    store_rows(rows, s, q + W, C, cell.keep_activation(g, a_g), W)
    store_rows(rows, s, q + 2 * W, C, cell.keep_recurrent_activation(o, a_o), W)


@inline
def coupled_row_backward(cell, s, q, h, c, prev, new, dh, dc, at):
    W = width(s)
    i, a_i = cell.recall_recurrent_activation(cell.recurrent_activation, load(s, q))
    g, a_g = cell.recall_activation(cell.activation, load(s, q + W))
    o, a_o = cell.recall_recurrent_activation(cell.recurrent_activation, load(s, q + 2 * W))
    da_i, da_g, da_o, dc_prev = coupled_lstm.step_backward(
        load(dh, at), load(dc, at), a_i, a_g, a_o, i, g, o, load(c, prev), load(c, new),
        cell.activation, cell.d_activation, cell.d_recurrent_activation,
    )  # fmt: skip
    store(s, q, da_i)
    store(s, q + W, da_g)
    store(s, q + 2 * W, da_o)
    store(dc, at, dc_prev)
    store(dh, at, zeros(dh))


# --- zoneout ----------------------------------------------------------------------------------------------------------


@inline
def zoneout_rows(cell, rows, s, q, h, c, prev, new, left):
    W, C, P, size = width(s), s.shape[3], h.shape[2], h.size
    a_i, a_f, a_g, a_o = four_columns(rows, s, q)
    h_cell, c_cell, i, f, g, o = lstm.step(
        a_i, a_f, a_g, a_o, load_rows(rows, c, prev, P), cell.activation, cell.recurrent_activation
    )
    c_new = zoneout.step(c_cell, load_rows(rows, c, prev, P), load_rows(rows, c, size + prev, P))
    h_new = zoneout.step(h_cell, load_rows(rows, h, prev, P), load_rows(rows, c, 2 * size + prev, P))
    store_rows(rows, h, new, P, h_new, left)
    store_rows(rows, c, new, P, c_new, left)
    store_rows(rows, c, 3 * size + prev, P, c_cell, left)
    store_rows(rows, s, q, C, cell.keep_recurrent_activation(i, a_i), W)
    store_rows(rows, s, q + W, C, cell.keep_recurrent_activation(f, a_f), W)
    store_rows(rows, s, q + 2 * W, C, cell.keep_activation(g, a_g), W)
    store_rows(rows, s, q + 3 * W, C, cell.keep_recurrent_activation(o, a_o), W)


@inline
def zoneout_row_backward(cell, s, q, h, c, prev, new, dh, dc, at):
    W, size = width(s), h.size
    i, a_i = cell.recall_recurrent_activation(cell.recurrent_activation, load(s, q))
    f, a_f = cell.recall_recurrent_activation(cell.recurrent_activation, load(s, q + W))
    g, a_g = cell.recall_activation(cell.activation, load(s, q + 2 * W))
    o, a_o = cell.recall_recurrent_activation(cell.recurrent_activation, load(s, q + 3 * W))
    dh_cell, dh_prev = zoneout.step_backward(load(dh, at), load(c, 2 * size + prev))
    dc_cell, dc_kept = zoneout.step_backward(load(dc, at), load(c, size + prev))
    da_i, da_f, da_g, da_o, dc_prev = lstm.step_backward(
        dh_cell, dc_cell, a_i, a_f, a_g, a_o, i, f, g, o, load(c, prev), load(c, 3 * size + prev),
        cell.activation, cell.d_activation, cell.d_recurrent_activation,
    )  # fmt: skip
    store(s, q, da_i)
    store(s, q + W, da_f)
    store(s, q + 2 * W, da_g)
    store(s, q + 3 * W, da_o)
    store(dc, at, dc_prev + dc_kept)
    store(dh, at, dh_prev)
