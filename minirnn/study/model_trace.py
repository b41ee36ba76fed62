"""`trace` and `trace_gradients`: run a model or layer once, and study every recurrent layer in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minirnn.boundary import as_input, as_mask
from minirnn.layers import RNN, Bidirectional, TimeDistributed
from minirnn.layers.calls import BoundCall
from minirnn.layers.cells import Cell
from minirnn.layers.recurrence import Recurrent
from minirnn.layers.regularized import with_sublayers
from minirnn.models import Model
from minirnn.study.layer_run import LayerRun
from minirnn.study.layer_trace import LayerGradients, LayerTrace, differentiate, trace_run
from minirnn.study.quantities import ByLayer
from minirnn.study.selection import Selection, numbers
from minirnn.training.run import Run
from minirnn.utils.nested import flatten

Array = NDArray[Any]
# One call of a recurrent layer: its name, itself, its tape, and how many of its rows come from one row of the model.
Call = tuple[str, Recurrent, Any, int]


class Trace(ByLayer[LayerTrace]):
    """The traces of a model's recurrent layers, by name; `output` is what the model gave."""

    def __init__(self, layers: dict[str, LayerTrace], output: Any, back: Callable[[Any], Gradients] | None) -> None:
        super().__init__(layers)
        self.output = output
        self._back = back

    def backward(self, dy: Any) -> Gradients:
        """Gradients of sum(output * dy) in every recurrent layer; `dy` as the output, an array or a list of them.

        It uses up what the forward pass has left: RuntimeError the second time. ValueError for another shape, and for a
        trace of some rows, steps or units only; TypeError for what is no array. After these it can be called again.
        """
        if self._back is None:
            raise ValueError("backward needs all rows, steps and units; trace without rows=, steps= and units=")
        back, self._back = self._back, _used_up
        try:
            return back(dy)
        except Exception:
            self._back = back
            raise


class Gradients(ByLayer[LayerGradients]):
    """The gradients in a model's recurrent layers, by name; `loss` is what they are the gradients of, if it is one."""

    def __init__(self, layers: dict[str, LayerGradients], loss: float | None = None) -> None:
        super().__init__(layers)
        self.loss = loss


def _used_up(dy: Any) -> Gradients:
    raise RuntimeError("backward was called already, and has used up what the forward pass left: trace again")


# --- a model ----------------------------------------------------------------------------------------------------------


def trace_model(model: Model, x: Any, training: bool, layers: Any, chosen: Selection) -> Trace:
    """The trace of `model(x, training=training)`; a stateful layer goes on from its states, as in any call."""
    xs = model._inputs(x)
    places = numbers(chosen.rows, len(xs[0]), "rows")
    apart = chosen.rows is not None and not training and _rows_are_apart(model)
    if apart:
        xs = [np.ascontiguousarray(part[places]) for part in xs]
    run = Run(model.graph, tuple(part.shape for part in xs), True)
    run.training = bool(training)
    output = model._packed([y.copy() for y in run.forward(xs)])
    calls = list(_in_steps([(layer, tape) for layer, tape, *_ in run.steps]))

    def back(dy: Any) -> Gradients:
        if isinstance(dy, dict):
            if set(dy) != set(model.result_names):
                raise ValueError(f"dy: got the keys {sorted(map(str, dy))}, expected {list(model.result_names)}")
            dy = [dy[name] for name in model.result_names]
        dys = flatten(dy)
        shapes = [y.shape for y in run.scores]
        clean: list[Any] = [
            as_input(d, "dy", model.output_dtype(k), s) for k, (d, s) in enumerate(zip(dys, shapes, strict=True))
        ]
        run.backward(clean, to_inputs=True)
        return Gradients(_gradients(calls, layers, Selection(), places))

    whole = chosen.rows is None and chosen.keeps_all_steps and layers is None
    return Trace(_traces(calls, layers, chosen, places, apart), output, back if whole else None)


def trace_gradients(model: Model, x: Any, y: Any, sample_weight: Any, layers: Any, chosen: Selection) -> Gradients:
    """The gradients of the loss, as a step of training computes them (`compute_gradients`)."""
    model._require("trace_gradients")
    batch = model._ready(model._checked(x, y, sample_weight))
    places = numbers(chosen.rows, len(batch[0][0]), "rows")
    run = Run(model.graph, tuple(part.shape for part in batch[0]), True, model._scored)
    loss, _, _ = model._forward_backward(run, batch, to_inputs=True)
    calls = list(_in_steps([(layer, tape) for layer, tape, *_ in run.steps]))
    return Gradients(_gradients(calls, layers, chosen, places), loss)


class BothWays(NamedTuple):
    """A pass of a model and one back: what each recurrent layer computed, with the numbers of its rows, by its name."""

    run: Run
    layers: dict[str, tuple[LayerRun, Array]]
    loss: float | None
    shapes: list[tuple[int, ...]]  # of the inputs, all rows


def run_both_ways(model: Model, x: Any, y: Any, layers: Any, rows: Any) -> BothWays:
    """One pass of a model as it answers (not as in training) and one back, for the chosen layers and rows.

    Back goes the gradient of the loss on all rows of x and y; without `y` that of the sum of all outputs. A layer that
    nothing depends on has no `dy`. ValueError for a `y` of a model that is not compiled, and as `trace` does.
    """
    if y is not None:
        model._require("explain with y")
        batch = model._ready(model._checked(x, y, None))
        xs, scored = batch[0], model._scored
    else:
        xs, scored = model._inputs(x), frozenset()
    shapes = [part.shape for part in xs]
    places = numbers(rows, len(xs[0]), "rows")
    apart = y is None and _rows_are_apart(model)
    if apart:
        xs = [np.ascontiguousarray(part[places]) for part in xs]
    run, loss = Run(model.graph, tuple(part.shape for part in xs), True, scored), None
    run.training = False  # nothing is dropped: gradients are those of the numbers that are shown
    if y is not None:
        loss, _, _ = model._forward_backward(run, batch, to_inputs=True)
    else:
        run.backward([np.ones_like(output) for output in run.forward(xs)], to_inputs=True)
    found = {}
    for name, layer, tape, repeat in _chosen_calls(list(_in_steps([step[:2] for step in run.steps])), layers):
        inside = _rows_within(places, repeat)
        found[name] = LayerRun.of(layer, tape, slice(None) if apart else inside), inside
    return BothWays(run, found, loss, shapes)


def _rows_are_apart(model: Any) -> bool:
    """Whether rows may be left out of a batch: no states are kept, no batch size is fixed."""
    fixed = any(tensor.shape[0] is not None for tensor in getattr(model.graph, "inputs", ()))
    return not fixed and not _keeps_states(model)


def _keeps_states(layer: Any) -> bool:
    return any(getattr(part, "stateful", False) for part in with_sublayers(layer))


# --- a layer ----------------------------------------------------------------------------------------------------------


def trace_layer(
    layer: Any, x: Any, initial_state: Any, mask: Any, training: bool, layers: Any, chosen: Selection
) -> Any:
    """The trace of `layer(x)`: a `LayerTrace` of a recurrent layer, of one that holds others a `Trace`."""
    x, mask, states = _checked(layer, x, mask, initial_state)
    places = numbers(chosen.rows, len(x), "rows")
    apart = chosen.rows is not None and not training and not _keeps_states(layer)
    if apart:
        x, *states = (np.ascontiguousarray(part[places]) for part in (x, *states))
        mask = None if mask is None else np.ascontiguousarray(mask[places])
    tape = layer.run_tape([part.shape for part in (x, *states)], True)
    ys = [y.copy() for y in layer.run([x, *states], [mask, *[None] * len(states)], tape, bool(training))]
    calls = list(_calls(layer, tape, layer.name, 1))
    found = _traces(calls, layers, chosen, places, apart)
    if isinstance(layer, Recurrent):
        return next(iter(found.values()))

    def back(dy: Any) -> Gradients:
        given = [dy] if len(ys) == 1 else list(dy)
        clean = [None if d is None else as_input(d, "dy", layer.dtype, y.shape) for d, y in zip(given, ys, strict=True)]
        layer.run_back(clean, tape, [True] * (1 + len(states)))
        return Gradients(_gradients(calls, layers, Selection(), places))

    whole = chosen.rows is None and chosen.keeps_all_steps and layers is None
    return Trace(found, ys[0] if len(ys) == 1 else ys, back if whole else None)


def _checked(layer: Any, x: Any, mask: Any, initial_state: Any) -> tuple[Array, Array | None, list[Array]]:
    if isinstance(layer, (RNN, Bidirectional)):
        return layer._checked(x, mask, initial_state)
    if not isinstance(layer, (Recurrent, TimeDistributed)):
        raise ValueError(f"{layer.name}: a {type(layer).__name__} has no recurrent layer to trace")
    x = layer.prepare(x)
    mask = None if mask is None else as_mask(mask, x.shape[:2], layer.name)
    if isinstance(layer, Recurrent):
        return x, mask, layer.check_states(initial_state, len(x)) or []
    if initial_state is not None:
        raise ValueError(f"{layer.name} has no initial_state; leave it out")
    return x, mask, []


# --- the recurrent layers in it ---------------------------------------------------------------------------------------


def _in_steps(steps: Sequence[tuple[Any, Any]], prefix: str = "", repeat: int = 1) -> Iterator[Call]:
    """The recurrent layers of a graph's steps; the second call of a layer is `name:2`."""
    seen: dict[str, int] = {}
    for layer, tape in steps:
        seen[layer.name] = seen.get(layer.name, 0) + 1
        name = layer.name if seen[layer.name] == 1 else f"{layer.name}:{seen[layer.name]}"
        yield from _calls(layer.layer if isinstance(layer, BoundCall) else layer, tape, prefix + name, repeat)


def _calls(layer: Any, tape: Any, name: str, repeat: int) -> Iterator[Call]:
    """The recurrent layers within a layer."""
    if isinstance(layer, Recurrent):
        yield name, layer, tape, repeat
    elif isinstance(layer, Cell):
        yield name, layer.layer, tape, repeat
    elif isinstance(layer, Bidirectional):
        for call in tape.calls:
            yield from _calls(call.layer, call.tape, f"{name}/{call.layer.name}", repeat)
    elif isinstance(layer, RNN):
        stages = [(s, t) for s, t in zip(tape.stages, tape.tapes, strict=True) if isinstance(s, Recurrent)]
        for stage, inner_tape in stages:
            yield f"{name}/{stage.name}", stage, inner_tape, repeat
    elif isinstance(layer, TimeDistributed):
        for t, inner_tape in enumerate(tape.tapes):
            at = name if tape.at_once else f"{name}[{t}]"
            inner_rows = repeat * (tape.shape[1] if tape.at_once else 1)
            yield from _calls(layer.layer, inner_tape, f"{at}/{layer.layer.name}", inner_rows)
    elif isinstance(tape, Run):
        yield from _in_steps([(inner, t) for inner, t, *_ in tape.steps], f"{name}/", repeat)


def _chosen_calls(calls: list[Call], layers: Any) -> list[Call]:
    """Those of the layers that were asked for. ValueError for a name that none has, and where there are none."""
    if not calls:
        raise ValueError("there is no recurrent layer of minirnn's own to trace (SimpleRNN, LSTM, GRU ..)")
    if layers is None:
        return calls
    wanted = [layers] if isinstance(layers, str) else list(layers)
    known = [name for name, *_ in calls]
    for name in wanted:
        if name not in known:
            raise ValueError(f"no recurrent layer {name!r} to trace; there is {', '.join(known)}")
    return [call for call in calls if call[0] in wanted]


def _rows_within(places: Array, repeat: int) -> Array:
    """The rows of a layer that come from these rows of the model."""
    return (places[:, None] * repeat + np.arange(repeat)).ravel()


def _traces(calls: list[Call], layers: Any, chosen: Selection, places: Array, apart: bool) -> dict[str, LayerTrace]:
    """The traces; `apart` says that other rows were not computed at all."""
    found = {}
    for name, layer, tape, repeat in _chosen_calls(calls, layers):
        rows = _rows_within(places, repeat)
        run = LayerRun.of(layer, tape, slice(None) if apart else rows)
        found[name] = trace_run(run, name, chosen, rows)
    return found


def _gradients(calls: list[Call], layers: Any, chosen: Selection, places: Array) -> dict[str, LayerGradients]:
    """The gradients, after the backward pass has left those of the outputs in the tapes."""
    found = {}
    for name, layer, tape, repeat in _chosen_calls(calls, layers):
        if hasattr(tape, "dy"):  # else nothing depends on this call
            rows = _rows_within(places, repeat)
            run = LayerRun.of(layer, tape, rows)
            found[name] = differentiate(run, name, chosen, run.dy, run.d_last, rows)
    return found
