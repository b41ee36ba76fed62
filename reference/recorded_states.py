"""What every recurrent layer of a model gives while the model is run: outputs and final states, in either library."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minirnn.layers import RNN
from minirnn.layers.recurrence import Recurrent
from minirnn.layers.regularized import with_sublayers
from minirnn.utils.nested import flatten

# Of each layer by its name: for each call the output, then the states.
Record = dict[str, list[list[np.ndarray]]]


@contextlib.contextmanager
def recorded(model: Any) -> Iterator[Record]:
    """Let the recurrent layers of a minirnn or Keras model tell what they give, until the block ends."""
    found: Record = {}
    ours = hasattr(model, "compute_gradients")
    layers = _our_layers(model) if ours else _layers_of_keras(model)
    if ours:
        model._runs.clear()  # which hold the methods as they were
    changed = []
    for layer in layers:
        for name, wrapped in (_ours if ours else _keras)(layer, found):
            object.__setattr__(layer, name, wrapped)
            changed.append((layer, name))
    try:
        yield found
    finally:
        for layer, name in changed:
            vars(layer).pop(name, None)
        if ours:
            model._runs.clear()


def _our_layers(model: Any) -> list[Any]:
    """All layers of a minirnn model, but not what an RNN runs its cells with: it tells of them itself."""
    layers = list(with_sublayers(model))
    of_cells = {part for layer in layers if isinstance(layer, RNN) for part in with_sublayers(layer) if part != layer}
    return [layer for layer in layers if layer not in of_cells]


def _told(found: Record, layer: Any, output: Any, states: Any) -> None:
    found.setdefault(layer.name, []).append([np.array(array) for array in (output, *flatten(states))])


def _ours(layer: Any, found: Record) -> Iterator[tuple[str, Any]]:
    """What to put in the place of a minirnn layer's methods."""
    if isinstance(layer, Recurrent):
        forward = layer.forward

        def telling(x: Any, mask: Any, tape: Any, *args: Any, **kwargs: Any) -> Any:
            y = forward(x, mask, tape, *args, **kwargs)
            _told(found, layer, y, layer.last_states(tape))
            return y

        yield "forward", telling
    elif isinstance(layer, RNN):
        stages = layer._stages
        yield "_stages", lambda: [_Stage(stage, number, layer, found) for number, stage in enumerate(stages())]


class _Stage:
    """One cell of an RNN over time, which tells what it gives; all stages of a call are one entry."""

    def __init__(self, stage: Any, number: int, layer: Any, found: Record) -> None:
        self._stage, self._number, self._layer, self._found = stage, number, layer, found

    def run(self, *args: Any) -> Any:
        y, *states = results = self._stage.run(*args)
        if self._number == 0:
            _told(self._found, self._layer, y, states)
        else:
            entry = self._found[self._layer.name][-1]
            entry[0] = np.array(y)
            entry += [np.array(state) for state in states]
        return results

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage, name)


def _layers_of_keras(model: Any) -> list[Any]:
    found: list[Any] = []
    waiting = list(model._layers)
    while waiting:
        layer = waiting.pop()
        if not any(layer is other for other in found):
            found.append(layer)
            waiting += getattr(layer, "_layers", [])
    return found


def _keras(layer: Any, found: Record) -> Iterator[tuple[str, Callable[..., Any]]]:
    """What to put in the place of a Keras layer's methods."""
    if not hasattr(layer, "inner_loop"):
        return
    loop = layer.inner_loop

    def telling(*args: Any, **kwargs: Any) -> Any:
        last, sequence, states = loop(*args, **kwargs)
        _told(found, layer, sequence if layer.return_sequences else last, states)
        return last, sequence, states

    yield "inner_loop", telling
