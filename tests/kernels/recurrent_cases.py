"""The recurrent layers under test, with random weights that differ per gate, and what they compute, in NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from minirnn import layers
from minirnn.gates import gru, lstm, simple_rnn
from minirnn.kernels.activations import ACTIVATIONS

CELLS = {
    "SimpleRNN": (layers.SimpleRNN, {}),
    "LSTM": (layers.LSTM, {}),
    "GRU": (layers.GRU, {"reset_after": True}),
    "GRU reset before": (layers.GRU, {"reset_after": False}),
}

# Cells that no other library has: they are compared with the oracle alone (`test_lstm_siblings`).
SIBLINGS = {
    "PeepholeLSTM": (layers.PeepholeLSTM, {}),
    "CoupledLSTM": (layers.CoupledLSTM, {}),
    "LayerNormLSTM": (layers.LayerNormLSTM, {}),
    "ZoneoutLSTM": (layers.ZoneoutLSTM, {"zoneout": (0.4, 0.2)}),
}

# Each activation in one place of one cell, and those that keep their pre-activation in both places of every cell.
_gated = [cell for cell in CELLS if cell != "SimpleRNN"]
_names = list(ACTIVATIONS)
PAIRS = [(_gated[k % 3], _names[2 * k], _names[(2 * k + 1) % len(_names)]) for k in range(-(-len(_names) // 2))]
PAIRS += [(cell, "gelu", "swish") for cell in _gated] + [("SimpleRNN", "swish", None), ("SimpleRNN", "relu", None)]


@dataclass
class Case:
    """A built layer, its input, initial states, mask, and random upstream gradients of output and last states."""

    layer: Any
    x: np.ndarray
    states: list[np.ndarray]
    dy: np.ndarray
    d_states: list[np.ndarray]
    mask: np.ndarray | None = None
    training: bool = False

    def output(self) -> list[np.ndarray]:
        """[y, last states ..]"""
        return self.layer(self.x, initial_state=self.states, mask=self.mask, training=self.training)

    def dropped(self):
        """What the features and the states that enter the recurrent product are multiplied by, for each sample."""
        layer, shape = self.layer, self.x.shape
        of_x, of_h = np.ones((shape[0], shape[2]), self.x.dtype), np.ones((shape[0], layer.units), self.x.dtype)
        if not self.training:
            return of_x, of_h
        masks = masks_of(layer, shape)
        return masks[0] if layer.dropout else of_x, masks[1] if layer.recurrent_dropout else of_h

    def vjp(self):
        """(dx, gradients of the weights, gradients of the initial states)"""
        return self.layer.vjp(self.x, self.dy, self.mask, self.states, self.d_states)


def make(
    cell: str, batch: int = 3, time: int = 4, features: int = 2, units: int = 3, mask: Any = None,
    dtype: str = "float64",
    seed: int = 0, **options: Any,
) -> Case:  # fmt: skip
    """A case of this cell; `mask` is an array (batch, time), or True for one with every kind of row."""
    random = np.random.default_rng(seed)
    kind, defaults = (CELLS | SIBLINGS)[cell]
    layer = kind(units, return_state=True, dtype=dtype, **defaults | options)
    layer.build((None, time, features))
    scale = 1 / np.sqrt(units)
    layer.set_weights(
        [random.normal(0, scale if w.name == "recurrent_kernel" else 0.7, w.shape) for w in layer.weights]
    )
    draw = lambda *shape: random.normal(0, 1, shape).astype(dtype)  # noqa: E731
    steps = (time,) if layer.return_sequences else ()
    return Case(
        layer,
        draw(batch, time, features),
        [draw(batch, units) for _ in range(layer.state_count)],
        draw(batch, *steps, units),
        [draw(batch, units) for _ in range(layer.state_count)],
        a_mask(batch, time) if mask is True else mask,
    )


# Of dropout, and the tests that go through them.
RATES = {
    "features": {"dropout": 0.4},
    "states": {"recurrent_dropout": 0.4},
    "both": {"dropout": 0.3, "recurrent_dropout": 0.5},
}
every_rate = pytest.mark.parametrize("rates", RATES.values(), ids=RATES)


def freeze(dropping: Any) -> None:
    """Let the masks be the same at each call."""
    apply = dropping.apply

    def apply_again(*arguments: Any) -> np.ndarray:
        dropping.draws = 0
        return apply(*arguments)

    dropping.apply = apply_again


def masks_of(layer: Any, shape: tuple[int, ...]) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The masks of the features and of the states that a pass in training draws; None for what has none."""
    tape = layer.new_tape(shape, True)
    if tape.drops:
        layer._dropping.apply(np.ones(shape, layer.dtype), tape, True)
    of_x = tape.x_masks if layer.dropout else None
    return of_x, tape.drop[1][:, : layer.units] if layer.recurrent_dropout else None


def make_dropping(cell: str, seed: int = 0, **options: Any) -> Case:
    """A case in training, with the same choice of what is dropped at each call."""
    case = make(cell, seed=seed, **options)
    case.training = True
    case.layer._dropping.key = (seed, 0)
    freeze(case.layer._dropping)
    return case


def a_mask(batch: int, time: int) -> np.ndarray:
    """Rows in turn: first step masked, all masked, last masked, a gap in the middle, none masked."""
    mask = np.ones((batch, time), bool)
    mask[0::5, 0] = False
    mask[1::5] = False
    mask[2::5, -1] = False
    mask[3::5, time // 2] = False
    return mask


def naive(case: Case) -> list[np.ndarray]:
    """[y, last states ..]: a loop over time around the gates' own text, on NumPy arrays."""
    layer, x = case.layer, case.x
    W, U, *bias = layer.get_weights()
    activation = ACTIVATIONS[layer.activation][0]
    recurrent = ACTIVATIONS[getattr(layer, "recurrent_activation", "sigmoid")][0]
    b = bias[0] if bias else np.zeros((layer.bias_rows, W.shape[1]) if layer.bias_rows == 2 else W.shape[1], x.dtype)
    states = [s.copy() for s in case.states]
    outputs = []
    of_x, of_h = case.dropped()
    steps = range(x.shape[1])
    for t in reversed(steps) if layer.go_backwards else steps:
        new = one_step(layer, x[:, t] * of_x, states, of_h, W, U, b, activation, recurrent)
        counts = np.ones(len(x), bool) if case.mask is None else case.mask[:, t]
        states = [np.where(counts[:, None], n, s) for n, s in zip(new, states, strict=True)]
        silent = layer.zero_output_for_mask & ~counts
        outputs.append(np.where(silent[:, None], 0, states[0]))
    return [np.stack(outputs, 1) if layer.return_sequences else outputs[-1], *states]


def one_step(layer, x, states, of_h, W, U, b, activation, recurrent):
    h_in = states[0] * of_h
    if isinstance(layer, layers.LSTM):
        a = np.split(x @ W + h_in @ U + b, 4, axis=1)
        return lstm.step(*a, states[1], activation, recurrent)[:2]
    if isinstance(layer, layers.SimpleRNN):
        return [simple_rnn.step(x @ W + h_in @ U + b, activation)]
    if layer.reset_after:
        a_z, a_r, a_n = np.split(x @ W + b[0], 3, axis=1)
        q_z, q_r, q_n = np.split(h_in @ U + b[1], 3, axis=1)
        return gru.step(a_z + q_z, a_r + q_r, a_n, q_n, states[0], activation, recurrent)[:1]
    a_z, a_r, a_n = np.split(x @ W + b, 3, axis=1)
    U_z, U_r, U_n = np.split(U, 3, axis=1)
    s, z, _ = gru.step_reset(a_z + h_in @ U_z, a_r + h_in @ U_r, h_in, recurrent)
    return gru.step_update(a_n + s @ U_n, z, states[0], activation)[:1]
