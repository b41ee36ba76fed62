"""The oracle: SimpleRNN, LSTM and its siblings, and GRU, forward and backward through time, as plainly as can be.

One sample after the other, one step after the other, one gate after the other, in float64; nothing is packed, fused,
blocked or compiled. It shares no code with minirnn, so that an error cannot hide in both. Weights have Keras's layout:

    SimpleRNN   kernel (features, units)    recurrent_kernel (units, units)    bias (units,)
    LSTM        kernel (features, 4 units)  recurrent_kernel (units, 4 units)  bias (4 units,)     gates i f g o
    GRU         kernel (features, 3 units)  recurrent_kernel (units, 3 units)  bias (3 units,)     gates z r n
                                            reset_after=True: bias (2, 3 units), of x @ W and of h @ U

and so have their gradients; the LSTM's siblings are in `lstm_cells`. A weight list without its bias is a layer with
use_bias=False.

Sources: Elman 1990; Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000; Cho et al. 2014
(arXiv:1406.1078, v3 for reset_after=False, v1 for reset_after=True).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from reference import lstm_cells
from reference.activations import activate, activate_backward

Array = np.ndarray
Arrays = list[np.ndarray]
Saved = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Options:
    """What a Keras recurrent layer may be told beside its weights, by Keras's names and with Keras's defaults."""

    activation: str | None = "tanh"
    recurrent_activation: str | None = "sigmoid"
    reset_after: bool = True
    go_backwards: bool = False
    zero_output_for_mask: bool = False
    epsilon: float = 1e-5  # LayerNormLSTM's


@dataclass(frozen=True)
class Cell:
    """One step of one sample: `step(x, states, weights, options)` gives the next states, the first of them the output,
    and what `step_backward(saved, d_states, weights, options)` needs to give dx, d_weights, d_previous_states.
    `extra`: how many weights it has behind the bias."""

    gates: int
    states: int
    step: Callable[[Array, Arrays, Arrays, Options], tuple[Arrays, Saved]]
    step_backward: Callable[[Saved, Arrays, Arrays, Options], tuple[Array, Arrays, Arrays]]
    extra: int = 0


@dataclass
class Tape:
    """A forward pass: its results, and what the backward pass needs of it.

    Attributes:
        sequence: (batch, time, units), the output of every step, in the order in which the steps were taken.
        output: (batch, units), the output of the last step.
        states: arrays of (batch, units): h, and c for an LSTM.
    """

    sequence: np.ndarray
    output: np.ndarray
    states: list[np.ndarray]
    cell: Cell
    x: np.ndarray
    weights: list[np.ndarray]
    use_bias: bool
    options: Options
    kept: list[np.ndarray] | None
    steps: list[list[tuple[int, Saved | None]]] = field(repr=False)


@dataclass(frozen=True)
class Gradients:
    """Gradients of x (batch, time, features), of each weight in its own shape, of each initial state (batch, units)."""

    dx: np.ndarray
    weights: list[np.ndarray]
    initial_states: list[np.ndarray]


# ------------------------------------------------------------------------------------------------------- simple RNN


def simple_rnn_step(x: Array, states: Arrays, weights: Arrays, options: Options) -> tuple[Arrays, Saved]:
    """h = activation(x W + h_prev U + b)."""
    (h_prev,) = states
    W, U, b = weights
    a = x @ W + h_prev @ U + b
    h = activate(options.activation, a)
    return [h], (x, h_prev, a)


def simple_rnn_step_backward(
    saved: Saved, d_states: Arrays, weights: Arrays, options: Options
) -> tuple[Array, Arrays, Arrays]:
    x, h_prev, a = saved
    (dh,) = d_states
    W, U, _ = weights
    da = activate_backward(options.activation, a, dh)
    return W @ da, [np.outer(x, da), np.outer(h_prev, da), da], [U @ da]


# ------------------------------------------------------------------------------------------------------------- LSTM


def lstm_step(x: Array, states: Arrays, weights: Arrays, options: Options) -> tuple[Arrays, Saved]:
    """i, f, o = recurrent_activation(a_i, a_f, a_o), g = activation(a_g), c = f c_prev + i g, h = o activation(c)."""
    h_prev, c_prev = states
    W, U, b = weights
    a_i, a_f, a_g, a_o = np.split(x @ W + h_prev @ U + b, 4)
    i = activate(options.recurrent_activation, a_i)
    f = activate(options.recurrent_activation, a_f)
    g = activate(options.activation, a_g)
    o = activate(options.recurrent_activation, a_o)
    c = f * c_prev + i * g
    h = o * activate(options.activation, c)
    return [h, c], (x, h_prev, c_prev, a_i, a_f, a_g, a_o, i, f, g, o, c)


def lstm_step_backward(
    saved: Saved, d_states: Arrays, weights: Arrays, options: Options
) -> tuple[Array, Arrays, Arrays]:
    x, h_prev, c_prev, a_i, a_f, a_g, a_o, i, f, g, o, c = saved
    dh, dc = d_states
    W, U, _ = weights
    do = dh * activate(options.activation, c)
    dc = dc + activate_backward(options.activation, c, dh * o)
    df, dc_prev = dc * c_prev, dc * f
    di, dg = dc * g, dc * i
    da = np.concatenate(
        [
            activate_backward(options.recurrent_activation, a_i, di),
            activate_backward(options.recurrent_activation, a_f, df),
            activate_backward(options.activation, a_g, dg),
            activate_backward(options.recurrent_activation, a_o, do),
        ]
    )
    return W @ da, [np.outer(x, da), np.outer(h_prev, da), da], [U @ da, dc_prev]


# -------------------------------------------------------------------------------------------------------------- GRU


def _gru_weights(weights: Arrays) -> tuple[Arrays, Arrays, Arrays, Arrays]:
    """W and U gate by gate, then the biases of x W and of h U; with reset_after=False all the bias is in the first."""
    W, U, b = weights
    b_x, b_h = b if b.ndim == 2 else (b, np.zeros_like(b))
    return np.split(W, 3, axis=1), np.split(U, 3, axis=1), np.split(b_x, 3), np.split(b_h, 3)


def gru_step(x: Array, states: Arrays, weights: Arrays, options: Options) -> tuple[Arrays, Saved]:
    """z, r = recurrent_activation(a_z, a_r), n = activation(a_n), h = z h_prev + (1 - z) n.

    reset_after=True:   a_n = x W_n + b_xn + r (h_prev U_n + b_hn)
    reset_after=False:  a_n = x W_n + b_xn + (r h_prev) U_n
    """
    (h_prev,) = states
    (W_z, W_r, W_n), (U_z, U_r, U_n), (b_xz, b_xr, b_xn), (b_hz, b_hr, b_hn) = _gru_weights(weights)
    a_z = x @ W_z + b_xz + h_prev @ U_z + b_hz
    a_r = x @ W_r + b_xr + h_prev @ U_r + b_hr
    z = activate(options.recurrent_activation, a_z)
    r = activate(options.recurrent_activation, a_r)
    recalled = h_prev @ U_n + b_hn
    a_n = x @ W_n + b_xn + (r * recalled if options.reset_after else (r * h_prev) @ U_n)
    n = activate(options.activation, a_n)
    h = z * h_prev + (1 - z) * n
    return [h], (x, h_prev, a_z, a_r, a_n, z, r, n, recalled)


def gru_step_backward(
    saved: Saved, d_states: Arrays, weights: Arrays, options: Options
) -> tuple[Array, Arrays, Arrays]:
    x, h_prev, a_z, a_r, a_n, z, r, n, recalled = saved
    (dh,) = d_states
    W, _, b = weights
    _, (U_z, U_r, U_n), _, _ = _gru_weights(weights)

    dz, dn, dh_prev = dh * (h_prev - n), dh * (1 - z), dh * z
    da_n = activate_backward(options.activation, a_n, dn)
    if options.reset_after:
        dr, d_recalled = da_n * recalled, da_n * r
        dh_prev = dh_prev + U_n @ d_recalled
        dU_n, db_hn = np.outer(h_prev, d_recalled), d_recalled
    else:
        d_reset = U_n @ da_n
        dr = d_reset * h_prev
        dh_prev = dh_prev + d_reset * r
        dU_n, db_hn = np.outer(r * h_prev, da_n), np.zeros_like(da_n)
    da_z = activate_backward(options.recurrent_activation, a_z, dz)
    da_r = activate_backward(options.recurrent_activation, a_r, dr)
    dh_prev = dh_prev + U_z @ da_z + U_r @ da_r

    da = np.concatenate([da_z, da_r, da_n])
    dU = np.concatenate([np.outer(h_prev, da_z), np.outer(h_prev, da_r), dU_n], axis=1)
    db = np.stack([da, np.concatenate([da_z, da_r, db_hn])]) if b.ndim == 2 else da
    return W @ da, [np.outer(x, da), dU, db], [dh_prev]


CELLS = {
    "SimpleRNN": Cell(gates=1, states=1, step=simple_rnn_step, step_backward=simple_rnn_step_backward),
    "LSTM": Cell(gates=4, states=2, step=lstm_step, step_backward=lstm_step_backward),
    "GRU": Cell(gates=3, states=1, step=gru_step, step_backward=gru_step_backward),
    "ZoneoutLSTM": Cell(gates=4, states=2, step=lstm_step, step_backward=lstm_step_backward),
    "PeepholeLSTM": Cell(4, 2, lstm_cells.peephole_step, lstm_cells.peephole_step_backward, extra=1),
    "CoupledLSTM": Cell(3, 2, lstm_cells.coupled_step, lstm_cells.coupled_step_backward),
    "LayerNormLSTM": Cell(4, 2, lstm_cells.layer_norm_step, lstm_cells.layer_norm_step_backward, extra=4),
}


# ----------------------------------------------------------------------------------------------------- through time


def forward(
    cell: str,
    x: np.ndarray,
    weights: Sequence[np.ndarray],
    initial_state: Sequence[np.ndarray] | None = None,
    mask: np.ndarray | None = None,
    options: Options | None = None,
    kept: Sequence[np.ndarray] | None = None,
) -> Tape:
    """Run a recurrent layer over x.

    Args:
        cell: a name in CELLS.
        x: (batch, time, features).
        weights: kernel, recurrent_kernel and, unless use_bias=False, bias; then the cell's own.
        initial_state: [h0] or [h0, c0], each (batch, units); zeros when None.
        mask: (batch, time) of bool; a step that is False carries every state over and repeats the output before it.
            Where no step came before, that output is h0. With zero_output_for_mask it is zero instead.
        options: see `Options`; activations by Keras's names.
        kept: zoneout (Krueger et al. 2017) of any cell: for each state an array that stretches to (batch, time, units),
            the share of the old state in the new one at each step, in the order in which the steps are taken.

    Returns:
        A Tape with `sequence`, `output`, `states`, to be handed to `backward`.
    """
    kind, options = CELLS[cell], options or Options()
    x = np.asarray(x, np.float64)
    weights = [np.asarray(w, np.float64) for w in weights]
    units = weights[1].shape[0]
    use_bias = len(weights) == 3 + kind.extra
    if not use_bias:
        weights.insert(2, np.zeros(kind.gates * units))

    batch, time, _ = x.shape
    if kept is not None:
        kept = [np.broadcast_to(np.asarray(share, np.float64), (batch, time, units)) for share in kept]
    states = [np.zeros((batch, units)) for _ in range(kind.states)]
    for state, given in zip(states, initial_state if initial_state is not None else states, strict=True):
        state[...] = given
    order = list(range(time))[:: -1 if options.go_backwards else 1]

    sequence = np.zeros((batch, time, units))
    steps: list[list[tuple[int, Saved | None]]] = [[] for _ in range(batch)]
    for sample in range(batch):
        sample_states = [state[sample].copy() for state in states]
        for k, t in enumerate(order):
            if mask is None or mask[sample, t]:
                new_states, saved = kind.step(x[sample, t], sample_states, weights, options)
                if kept is not None:
                    shares = [share[sample, k] for share in kept]
                    triples = zip(shares, sample_states, new_states, strict=True)
                    new_states = [share * old + (1 - share) * new for share, old, new in triples]
                sample_states = new_states
                sequence[sample, k] = sample_states[0]
            else:
                saved = None
                sequence[sample, k] = 0 if options.zero_output_for_mask else sample_states[0]
            steps[sample].append((t, saved))
        for state, last in zip(states, sample_states, strict=True):
            state[sample] = last
    return Tape(sequence, sequence[:, -1], states, kind, x, weights, use_bias, options, kept, steps)


def backward(
    tape: Tape,
    d_sequence: np.ndarray | None = None,
    d_output: np.ndarray | None = None,
    d_states: Sequence[np.ndarray] | None = None,
) -> Gradients:
    """Run the layer backwards: from the gradients of any of its results to those of all it was given.

    Args:
        tape: what `forward` returned.
        d_sequence: (batch, time, units), the gradient of `tape.sequence`.
        d_output: (batch, units), the gradient of `tape.output`.
        d_states: one (batch, units) for each of `tape.states`.

    Returns:
        Gradients, those of the weights summed over batch and time, one for each weight that `forward` was given.
    """
    batch, time, units = tape.sequence.shape
    d_sequence = np.zeros_like(tape.sequence) if d_sequence is None else np.array(d_sequence, np.float64)
    if d_output is not None:
        d_sequence[:, -1] += d_output
    d_initial = [np.zeros((batch, units)) for _ in tape.states]
    for d_state, given in zip(d_initial, d_states if d_states is not None else d_initial, strict=True):
        d_state[...] = given
    dx = np.zeros_like(tape.x)
    d_weights = [np.zeros_like(w) for w in tape.weights]

    for sample in range(batch):
        d_sample = [d_state[sample].copy() for d_state in d_initial]
        for k in range(time - 1, -1, -1):
            t, saved = tape.steps[sample][k]
            if saved is not None or not tape.options.zero_output_for_mask:
                d_sample[0] = d_sample[0] + d_sequence[sample, k]
            if saved is not None:
                d_new = d_sample
                if tape.kept is not None:
                    shares = [share[sample, k] for share in tape.kept]
                    d_new = [(1 - share) * d for share, d in zip(shares, d_sample, strict=True)]
                dx[sample, t], d_step, d_old = tape.cell.step_backward(saved, d_new, tape.weights, tape.options)
                if tape.kept is not None:
                    d_old = [d + share * after for d, share, after in zip(d_old, shares, d_sample, strict=True)]
                d_sample = d_old
                for total, part in zip(d_weights, d_step, strict=True):
                    total += part
        for d_state, first in zip(d_initial, d_sample, strict=True):
            d_state[sample] = first
    if not tape.use_bias:
        del d_weights[2]
    return Gradients(dx, d_weights, d_initial)
