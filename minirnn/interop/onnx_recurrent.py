"""LSTM, GRU, SimpleRNN and Bidirectional as the recurrent nodes of ONNX.

| | Keras, and here | ONNX |
|---|---|---|
| sequences | (batch, time, features) | (time, batch, features), and (time, directions, batch, units) |
| weights | (input, gates * units) | (directions, gates * units, input) |
| gates of LSTM | i f g o | i o f g |
| gates of GRU | z r n | z r n; `linear_before_reset` is reset_after |
| biases | one, or two of GRU | two, side by side |

Operators: https://onnx.ai/onnx/operators, opset 14.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import layers
from minirnn.interop.onnx_activations import functions
from minirnn.interop.onnx_graph import Drawing
from minirnn.layers.recurrence import Recurrent

_NODES = {"LSTM": ("LSTM", (0, 3, 1, 2)), "GRU": ("GRU", (0, 1, 2)), "SimpleRNN": ("RNN", (0,))}
_MERGES = {"sum": "Add", "mul": "Mul", "ave": "Add"}


def draw_recurrent(drawing: Drawing, layer: Any, inputs: list[str]) -> list[str]:
    """A recurrent layer on its input, and on its initial states if they are given: output, and final states."""
    check_cell(layer)
    x, *states = inputs
    sequence, ends = _node(drawing, layer, [layer], _time_major(drawing, x), states)
    if not layer.return_sequences:
        output = ends[0][0]
    else:
        output = _batch_major(drawing, sequence[0], layer.name)
        if layer.go_backwards:  # ONNX has them at the steps of the input, Keras in the order of computation
            output = _reversed(drawing, output)
    return [output, *(ends[0] if layer.return_state else [])]


def draw_bidirectional(drawing: Drawing, layer: Any, inputs: list[str]) -> list[str]:
    """A Bidirectional, both directions in one node."""
    ahead, back = layer.sublayers()
    for cell in (ahead, back):
        check_cell(cell)
    alike = [(type(c), c.units, c.use_bias, _activations(c), getattr(c, "reset_after", None)) for c in (ahead, back)]
    if alike[0] != alike[1] or ahead.go_backwards:
        raise ValueError(f"layer {layer.name} has two different layers, or turned ones, which to_onnx does not take")
    x, *states = inputs
    count = ahead.state_count
    # A state of both directions is one array (2, batch, units).
    joined = [[states[k], states[count + k]] for k in range(count)] if states else []
    pairs = [drawing.add("Concat", *(_widened(drawing, s) for s in pair), axis=0) for pair in joined]
    sequences, ends = _node(drawing, layer, [ahead, back], _time_major(drawing, x), pairs)
    if layer.return_sequences:
        outputs = _merged(drawing, layer, [_batch_major(drawing, sequence, layer.name) for sequence in sequences])
    else:
        outputs = _merged(drawing, layer, [of_direction[0] for of_direction in ends])
    return [*outputs, *((*ends[0], *ends[1]) if layer.return_state else ())]


def draw_cells(drawing: Drawing, layer: Any, inputs: list[str]) -> list[str]:
    """An RNN of cells: a node for each, one after another."""
    _check_stateless(layer)
    y, *states = inputs
    ends = []
    for stage in layer._stages():
        if not isinstance(stage, Recurrent):
            kind = type(stage.cell).__name__
            raise ValueError(f"layer {layer.name} is an RNN of a {kind}, which to_onnx does not take")
        own, states = states[: stage.state_count], states[stage.state_count :]
        y, *last = draw_recurrent(drawing, stage, [y, *own])
        ends += last
    return [y, *(ends if layer.return_state else [])]


def check_cell(layer: Any) -> None:
    """ValueError for what no node of ONNX is."""
    kind = type(layer).__name__
    if kind not in _NODES:
        raise ValueError(f"layer {layer.name} is a {kind}, which to_onnx does not take")
    _check_stateless(layer)


def _check_stateless(layer: Any) -> None:
    if layer.stateful:
        raise ValueError(f"layer {layer.name} has stateful=True, and a run of ONNX keeps no states; clone it without")


def _activations(layer: Any) -> list[str]:
    """In ONNX's order: that of the gates, of the candidate, and of an LSTM that of c."""
    if isinstance(layer, layers.SimpleRNN):
        return [layer.activation]
    return [layer.recurrent_activation, *[layer.activation] * (2 if isinstance(layer, layers.LSTM) else 1)]


def _node(
    drawing: Drawing, layer: Any, cells: list[Any], x: str, states: list[str]
) -> tuple[list[str], list[list[str]]]:
    """The node of cells that are alike: for each direction its sequence (time, batch, units), and its final states."""
    first, name = cells[0], drawing.prefix(layer)
    operator, order = _NODES[type(first).__name__]
    arrays = [np.stack(each) for each in zip(*(_weights(cell, order) for cell in cells), strict=True)]
    taken = [x, *(drawing.array(f"{name}/{part}", each) for part, each in zip("WRB", arrays, strict=False))]
    if states:
        taken += [*([""] * (5 - len(taken))), *(s if len(cells) > 1 else _widened(drawing, s) for s in states)]
    turned = "bidirectional" if len(cells) > 1 else "reverse" if first.go_backwards else "forward"
    options: dict[str, Any] = {"hidden_size": first.units, "direction": turned}
    options |= functions([each for cell in cells for each in _activations(cell)], layer.name)
    if operator == "GRU":
        options["linear_before_reset"] = int(first.reset_after)
    y, *ends = drawing.add_all(operator, taken, 1 + first.state_count, name, **options)
    if len(cells) == 1:
        axis = drawing.whole(1)
        return [drawing.add("Squeeze", y, axis)], [[drawing.add("Squeeze", e, drawing.whole(0)) for e in ends]]
    sequences = [drawing.add("Gather", y, drawing.place(k), axis=1) for k in range(2)]
    return sequences, [[drawing.add("Gather", e, drawing.place(k), axis=0) for e in ends] for k in range(2)]


def _weights(cell: Any, order: tuple[int, ...]) -> list[NDArray[Any]]:
    """W, R, and B if there is a bias, of one direction."""
    kernel, recurrent_kernel, *bias = cell.get_weights()

    def turned(array: NDArray[Any]) -> NDArray[Any]:
        gates = np.split(array, len(order), axis=-1)
        return np.concatenate([gates[k] for k in order], axis=-1)

    found = [turned(kernel).T, turned(recurrent_kernel).T]
    if bias:
        both = bias[0] if bias[0].ndim == 2 else np.stack([bias[0], np.zeros_like(bias[0])])
        found.append(turned(both).reshape(-1))
    return found


def _merged(drawing: Drawing, layer: Any, pair: list[str]) -> list[str]:
    if layer.merge_mode is None:
        return pair
    if layer.merge_mode == "concat":
        return [drawing.add("Concat", *pair, axis=-1, name=layer.name)]
    joined = drawing.add(_MERGES[layer.merge_mode], *pair, name=layer.name)
    return [drawing.add("Mul", joined, drawing.number(0.5)) if layer.merge_mode == "ave" else joined]


def _widened(drawing: Drawing, state: str) -> str:
    """(batch, units) as ONNX has a state, (1, batch, units)."""
    return drawing.add("Unsqueeze", state, drawing.whole(0))


def _time_major(drawing: Drawing, x: str) -> str:
    return drawing.add("Transpose", x, perm=[1, 0, 2])


def _batch_major(drawing: Drawing, y: str, name: str) -> str:
    return drawing.add("Transpose", y, perm=[1, 0, 2], name=f"{name}/sequence")


def _reversed(drawing: Drawing, y: str) -> str:
    last, before_first = drawing.whole(-1), drawing.whole(-(2**62))
    return drawing.add("Slice", y, last, before_first, drawing.whole(1), last)
