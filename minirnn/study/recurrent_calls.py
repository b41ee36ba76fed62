"""The calls of recurrent layers within a pass of a model or layer, by name, wherever these layers stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.choices import closest
from minirnn.layers import RNN, Bidirectional, TimeDistributed
from minirnn.layers.calls import BoundCall
from minirnn.layers.cells import Cell
from minirnn.layers.recurrence import Recurrent
from minirnn.training.run import Run

Array = NDArray[Any]
# One call of a recurrent layer: its name, itself, its tape, and how many of its rows come from one row of the model.
RecurrentCall = tuple[str, Recurrent, Any, int]


def calls_in_steps(steps: Sequence[tuple[Any, Any]], prefix: str = "", repeat: int = 1) -> Iterator[RecurrentCall]:
    """The recurrent layers of a graph's steps; the second call of a layer is `name:2`."""
    seen: dict[str, int] = {}
    for layer, tape in steps:
        seen[layer.name] = seen.get(layer.name, 0) + 1
        name = layer.name if seen[layer.name] == 1 else f"{layer.name}:{seen[layer.name]}"
        yield from calls_within(layer.layer if isinstance(layer, BoundCall) else layer, tape, prefix + name, repeat)


def calls_within(layer: Any, tape: Any, name: str, repeat: int) -> Iterator[RecurrentCall]:
    """The recurrent layers within a layer."""
    if isinstance(layer, Recurrent):
        yield name, layer, tape, repeat
    elif isinstance(layer, Cell):
        yield name, layer.layer, tape, repeat
    elif isinstance(layer, Bidirectional):
        for call in tape.calls:
            yield from calls_within(call.layer, call.tape, f"{name}/{call.layer.name}", repeat)
    elif isinstance(layer, RNN):
        stages = [(s, t) for s, t in zip(tape.stages, tape.tapes, strict=True) if isinstance(s, Recurrent)]
        for stage, inner_tape in stages:
            yield f"{name}/{stage.name}", stage, inner_tape, repeat
    elif isinstance(layer, TimeDistributed):
        for t, inner_tape in enumerate(tape.tapes):
            at = name if tape.at_once else f"{name}[{t}]"
            inner_rows = repeat * (tape.shape[1] if tape.at_once else 1)
            yield from calls_within(layer.layer, inner_tape, f"{at}/{layer.layer.name}", inner_rows)
    elif isinstance(tape, Run):
        yield from calls_in_steps([(inner, t) for inner, t, *_ in tape.steps], f"{name}/", repeat)


def chosen_calls(calls: list[RecurrentCall], layers: Any) -> list[RecurrentCall]:
    """Those of the layers that were asked for. ValueError for a name that none has, and where there are none."""
    if not calls:
        raise ValueError("there is no recurrent layer of minirnn's own to trace (SimpleRNN, LSTM, GRU ..)")
    if layers is None:
        return calls
    wanted = [layers] if isinstance(layers, str) else list(layers)
    known = [name for name, *_ in calls]
    for name in wanted:
        if name not in known:
            raise ValueError(f"no recurrent layer {name!r} to trace; there is {', '.join(known)}{closest(name, known)}")
    return [call for call in calls if call[0] in wanted]


def rows_within(places: Array, repeat: int) -> Array:
    """The rows of a layer that come from these rows of the model."""
    return (places[:, None] * repeat + np.arange(repeat)).ravel()
