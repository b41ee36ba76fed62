"""The steps of the layer-normalised LSTM: the products of a step for all units first, then the gates row by row.

Shapes and letters as in `recurrence`. Columns are [ x W | h_prev U | i f g o ], four each: sums, then normalised
sums n, then gradients of the sums; and gates, then their gradients da. Behind the slots of c (element h.size on):

    VECTORS rows of P       gains of x W (4), gains of h_prev U (4), gain and shift of c, and 1 / units in units that
                            exist, 0 in those that pad
    slots x B x 4 x W       of each step's row, in all lanes: scale of x W, scale of h_prev U, mean and scale of c

Behind the B rows of dc lie GRADIENTS blocks (B, Q): gradients of the same vectors but the last one, then of the bias
(4), added up over time for each batch row by itself.
"""

from __future__ import annotations

from minirnn.gates import layer_norm_lstm
from minirnn.gates.elementary import where
from minirnn.jit import inline
from minirnn.kernels.instructions import sqrt
from minirnn.kernels.lstm_cells import add_to
from minirnn.kernels.recurrence import silence
from minirnn.kernels.rows import for_rows
from minirnn.kernels.simd import add_lanes, first_lanes, load, store, width, zeros
from minirnn.kernels.tiles import COLUMNS_0, COLUMNS_4, matmul, next_panel, tile_store, tile_zeros

GAIN_X, GAIN_H, GAIN_C, SHIFT_C, SHARE, VECTORS = 0, 4, 8, 9, 10, 11
BIAS, GRADIENTS = 10, 14
STATISTICS = 4  # registers for each row of a step


@inline
def product_tile(rows, i, r0, cell, x, xt, h, s, w, u, slot, src, j):
    """x W and h_prev U of unit tile j, side by side."""
    B, P, U, C = h.shape[1], h.shape[2], u.shape[1], s.shape[3]
    q = ((slot * s.shape[1] + j) * B + i) * C
    tile_store(cell.input_product(rows, i, r0, cell, x, xt, s, w, j, q), s, q, C)
    a = tile_zeros(rows, COLUMNS_4, s)
    ahead = next_panel(rows, i, r0, COLUMNS_4, j, u.shape[0], U, u)
    a = matmul(a, COLUMNS_0, COLUMNS_4, h, (src * B + i) * P, P, 1, u, j * U * u.shape[2], U, ahead)
    tile_store(a, s, q + 4 * width(s), C)


@inline
def spread(array, total):
    """The sum of the lanes, in all lanes."""
    return zeros(array) + add_lanes(total)


@inline
def sum_of_4(s, q):
    """Four columns of a row added up."""
    W = width(s)
    return load(s, q) + load(s, q + W) + (load(s, q + 2 * W) + load(s, q + 3 * W))


@inline
def squares_of_4(s, q, mean):
    """Squared differences from the mean of four columns of a row, added up."""
    W = width(s)
    d_0, d_1, d_2, d_3 = (
        load(s, q) - mean, load(s, q + W) - mean, load(s, q + 2 * W) - mean, load(s, q + 3 * W) - mean
    )  # fmt: skip
    return d_0 * d_0 + d_1 * d_1 + (d_2 * d_2 + d_3 * d_3)


@inline
def scale_of(variance, cell):
    """1 / sqrt(variance + epsilon)"""
    return 1.0 / sqrt(variance + cell.epsilon)


@inline
def normalised_sums(cell, h, c, s, q, step, v, k):
    """Normalise x W and h_prev U of a row, over four gates of all units; their scales go to place k of c."""
    W, NT = width(s), s.shape[1]
    share = v + SHARE * h.shape[2]
    total_x, total_h = zeros(s), zeros(s)
    for j in range(NT):
        each = load(c, share + j * W)
        total_x = total_x + sum_of_4(s, q + j * step) * each
        total_h = total_h + sum_of_4(s, q + j * step + 4 * W) * each
    mean_x, mean_h = 0.25 * spread(s, total_x), 0.25 * spread(s, total_h)
    total_x, total_h = zeros(s), zeros(s)
    for j in range(NT):
        each = load(c, share + j * W)
        total_x = total_x + squares_of_4(s, q + j * step, mean_x) * each
        total_h = total_h + squares_of_4(s, q + j * step + 4 * W, mean_h) * each
    scale_x, scale_h = scale_of(0.25 * spread(s, total_x), cell), scale_of(0.25 * spread(s, total_h), cell)
    for j in range(NT):
        for g in range(4):
            at = q + j * step + g * W
            store(s, at, layer_norm_lstm.normalise(load(s, at), mean_x, scale_x))
            store(s, at + 4 * W, layer_norm_lstm.normalise(load(s, at + 4 * W), mean_h, scale_h))
    store(c, k, scale_x)
    store(c, k + W, scale_h)


@inline
def gate_argument(h, c, s, b, q, v, j, g):
    """The pre-activation of gate g of tile j, from the normalised sums."""
    W, P = width(s), h.shape[2]
    gain = v + g * P + j * W
    return layer_norm_lstm.join(
        load(s, q + g * W), load(s, q + (4 + g) * W),
        load(c, gain + GAIN_X * P), load(c, gain + GAIN_H * P), load(b, j * 4 * W + g * W),
    )  # fmt: skip


@inline
def normalised_row(cell, h, c, s, b, slot, src, dst, units, i):
    """Gates, c and h of a row, from its products."""
    W = width(s)
    NT, B, C = s.shape[1], s.shape[2], s.shape[3]
    P = h.shape[2]
    v, step = h.size, B * C
    q0 = (slot * NT * B + i) * C
    prev0, new0 = (src * B + i) * P, (dst * B + i) * P
    k = v + VECTORS * P + (src * B + i) * STATISTICS * W
    normalised_sums(cell, h, c, s, q0, step, v, k)
    total = zeros(s)
    for j in range(NT):
        q, prev, new = q0 + j * step, prev0 + j * W, new0 + j * W
        a_i, a_f = gate_argument(h, c, s, b, q, v, j, 0), gate_argument(h, c, s, b, q, v, j, 1)
        a_g, a_o = gate_argument(h, c, s, b, q, v, j, 2), gate_argument(h, c, s, b, q, v, j, 3)
        c_new, i_gate, f, g = layer_norm_lstm.step_memory(
            a_i, a_f, a_g, load(c, prev), cell.activation, cell.recurrent_activation
        )
        store(c, new, first_lanes(c_new, units - j * W))
        store(s, q + 8 * W, cell.keep_recurrent_activation(i_gate, a_i))
        store(s, q + 9 * W, cell.keep_recurrent_activation(f, a_f))
        store(s, q + 10 * W, cell.keep_activation(g, a_g))
        store(s, q + 11 * W, a_o)
        total = total + c_new * load(c, v + SHARE * P + j * W)
    mean = spread(s, total)
    total = zeros(s)
    for j in range(NT):
        d = load(c, new0 + j * W) - mean
        total = total + d * d * load(c, v + SHARE * P + j * W)
    scale = scale_of(spread(s, total), cell)
    store(c, k + 2 * W, mean)
    store(c, k + 3 * W, scale)
    for j in range(NT):
        q, new = q0 + j * step + 11 * W, new0 + j * W
        a_o, n = load(s, q), layer_norm_lstm.normalise(load(c, new), mean, scale)
        h_new, o, _ = layer_norm_lstm.step_output(
            a_o, n, load(c, v + GAIN_C * P + j * W), load(c, v + SHIFT_C * P + j * W),
            cell.activation, cell.recurrent_activation,
        )  # fmt: skip
        store(h, new, first_lanes(h_new, units - j * W))
        store(s, q, cell.keep_recurrent_activation(o, a_o))


@inline
def layer_norm_step(cell, x, xt, h_in, h, c, s, w, u, b, slot, src, dst, r0, r1):
    """The products of all tiles, then row by row what needs the whole row."""
    for j in range(w.shape[0]):
        for_rows(product_tile, cell.h_columns, r0, r1, (r0, cell, x, xt, h_in, s, w, u, slot, src, j))
    for i in range(r0, r1):
        normalised_row(cell, h, c, s, b, slot, src, dst, u.shape[1], i)


# --- backward ---------------------------------------------------------------------------------------------------------


@inline
def output_row_backward(cell, h, c, s, dh, dc, t, i, k):
    """da_o of a row; dh becomes the gradient of normalised c. Gives the means of that, and of it times n."""
    W = width(s)
    NT, B, C = s.shape[1], s.shape[2], s.shape[3]
    P, Q, v = h.shape[2], dh.shape[1], h.size
    mean, scale = load(c, k + 2 * W), load(c, k + 3 * W)
    total, total_n = zeros(s), zeros(s)
    for j in range(NT):
        q, at = ((t * NT + j) * B + i) * C + 11 * W, i * Q + j * W
        n = layer_norm_lstm.normalise(load(c, ((t + 1) * B + i) * P + j * W), mean, scale)
        gain, each = load(c, v + GAIN_C * P + j * W), load(c, v + SHARE * P + j * W)
        o, a_o = cell.recall_recurrent_activation(cell.recurrent_activation, load(s, q))
        _, _, m = layer_norm_lstm.step_output(a_o, n, gain, load(c, v + SHIFT_C * P + j * W), cell.activation, same)
        da_o, dn, d_gain, d_shift = layer_norm_lstm.step_output_backward(
            load(dh, at), a_o, o, m, n, gain, cell.activation, cell.d_activation, cell.d_recurrent_activation
        )
        store(s, q, da_o)
        store(dh, at, dn)
        add_to(dc, (1 + GAIN_C) * dh.size + at, d_gain)
        add_to(dc, (1 + SHIFT_C) * dh.size + at, d_shift)
        total, total_n = total + dn * each, total_n + dn * n * each
    return spread(s, total), spread(s, total_n)


@inline
def same(a):
    """Instead of an activation whose value is not used."""
    return a


@inline
def memory_row_backward(cell, h, c, s, dh, dc, t, i, scale, mean_dn, mean_dn_n, mean_c):
    """da_i, da_f, da_g of a row and dc of the step before, from dc and the gradient of normalised c in dh."""
    W = width(s)
    NT, B, C = s.shape[1], s.shape[2], s.shape[3]
    P, Q = h.shape[2], dh.shape[1]
    for j in range(NT):
        q, at = ((t * NT + j) * B + i) * C, i * Q + j * W
        prev, new = (t * B + i) * P + j * W, ((t + 1) * B + i) * P + j * W
        n = layer_norm_lstm.normalise(load(c, new), mean_c, scale)
        through = layer_norm_lstm.normalise_backward(load(dh, at), n, scale, mean_dn, mean_dn_n)
        exists = load(c, h.size + SHARE * P + j * W) > 0.0
        i_gate, a_i = cell.recall_recurrent_activation(cell.recurrent_activation, load(s, q + 8 * W))
        f, a_f = cell.recall_recurrent_activation(cell.recurrent_activation, load(s, q + 9 * W))
        g, a_g = cell.recall_activation(cell.activation, load(s, q + 10 * W))
        da_i, da_f, da_g, dc_prev = layer_norm_lstm.step_memory_backward(
            load(dc, at) + where(exists, through, 0.0), a_i, a_f, a_g, i_gate, f, g, load(c, prev),
            cell.d_activation, cell.d_recurrent_activation,
        )  # fmt: skip
        store(s, q + 8 * W, da_i)
        store(s, q + 9 * W, da_f)
        store(s, q + 10 * W, da_g)
        store(dc, at, dc_prev)
        store(dh, at, zeros(dh))


@inline
def sums_row_backward(h, c, s, dh, dc, t, i, k):
    """Gradients of x W and h_prev U of a row, and of gains and bias, from the da."""
    W = width(s)
    NT, B, C = s.shape[1], s.shape[2], s.shape[3]
    P, Q, v, size = h.shape[2], dh.shape[1], h.size, dh.size
    total_x, total_xn, total_h, total_hn = zeros(s), zeros(s), zeros(s), zeros(s)
    for j in range(NT):
        q, each = ((t * NT + j) * B + i) * C, load(c, v + SHARE * P + j * W)
        for g in range(4):
            at, gain = i * Q + j * W + g * size, v + g * P + j * W
            n_x, n_h = load(s, q + g * W), load(s, q + (4 + g) * W)
            dn_x, dn_h, d_gain_x, d_gain_h, db = layer_norm_lstm.join_backward(
                load(s, q + (8 + g) * W), n_x, n_h, load(c, gain + GAIN_X * P), load(c, gain + GAIN_H * P)
            )
            add_to(dc, (1 + GAIN_X) * size + at, d_gain_x)
            add_to(dc, (1 + GAIN_H) * size + at, d_gain_h)
            add_to(dc, (1 + BIAS) * size + at, db)
            total_x, total_xn = total_x + dn_x * each, total_xn + dn_x * n_x * each
            total_h, total_hn = total_h + dn_h * each, total_hn + dn_h * n_h * each
    mean_x, mean_xn = 0.25 * spread(s, total_x), 0.25 * spread(s, total_xn)
    mean_h, mean_hn = 0.25 * spread(s, total_h), 0.25 * spread(s, total_hn)
    scale_x, scale_h = load(c, k), load(c, k + W)
    for j in range(NT):
        q, exists = ((t * NT + j) * B + i) * C, load(c, v + SHARE * P + j * W) > 0.0
        for g in range(4):
            at, gain = q + g * W, v + g * P + j * W
            n_x, n_h = load(s, at), load(s, at + 4 * W)
            dn_x, dn_h, _, _, _ = layer_norm_lstm.join_backward(
                load(s, at + 8 * W), n_x, n_h, load(c, gain + GAIN_X * P), load(c, gain + GAIN_H * P)
            )
            d_x = layer_norm_lstm.normalise_backward(dn_x, n_x, scale_x, mean_x, mean_xn)
            d_h = layer_norm_lstm.normalise_backward(dn_h, n_h, scale_h, mean_h, mean_hn)
            store(s, at, where(exists, d_x, 0.0))
            store(s, at + 4 * W, where(exists, d_h, 0.0))


@inline
def layer_norm_step_backward(cell, columns, mask, xt, h, c, s, ut, dh, dc, drop, t, reach, r0, r1):
    """Gradients of a step's two sums, row by row, then, if it is to `reach` h_prev, dh_prev through U."""
    W, NT, B = width(s), s.shape[1], s.shape[2]
    P = h.shape[2]
    for i in range(r0, r1):
        if mask.size == 0 or mask[i, xt]:
            k = h.size + VECTORS * P + (t * B + i) * STATISTICS * W
            mean_dn, mean_dn_n = output_row_backward(cell, h, c, s, dh, dc, t, i, k)
            mean_c, scale_c = load(c, k + 2 * W), load(c, k + 3 * W)
            memory_row_backward(cell, h, c, s, dh, dc, t, i, scale_c, mean_dn, mean_dn_n, mean_c)
            sums_row_backward(h, c, s, dh, dc, t, i, k)
        else:
            silence(s, t, i)
    if reach:
        D = ut.shape[1] // NT
        cell.add_to_previous(columns, 4 * W, D, s, t, ut, D, dh, drop, r0, r1)
