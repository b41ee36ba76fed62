"""`trace` and `trace_gradients`: run a model or layer once, and study every recurrent layer in it.

A pass that going back needs whole keeps every step of every layer. Where only some steps or units are asked for, the
pass keeps what `predict` keeps, and each recurrent layer is gone through again by itself, in blocks (`replay`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minirnn.boundary import as_input, as_mask
from minirnn.layers import RNN, Bidirectional, TimeDistributed
from minirnn.layers.recurrence import Recurrent
from minirnn.layers.regularized import with_sublayers
from minirnn.models import Model
from minirnn.study.before import Before
from minirnn.study.layer_run import LayerRun
from minirnn.study.layer_trace import LayerGradients, LayerTrace, differentiate, trace_call
from minirnn.study.quantities import ByLayer
from minirnn.study.recurrent_calls import RecurrentCall, calls_in_steps, calls_within, chosen_calls, rows_within
from minirnn.study.replay import Replay, remember_first_states, replay_of
from minirnn.study.selection import Selection, numbers
from minirnn.training.run import Run
from minirnn.utils.nested import flatten

Array = NDArray[Any]
# A pass that was run: what it gave, its calls, and the pass back from the gradients of what it gave.
Passed = tuple[list[Array], list[RecurrentCall], Callable[[list[Any]], Any]]


class Trace(ByLayer[LayerTrace]):
    """The traces of a model's recurrent layers, by name; `output` is what the model gave for the chosen rows.

    (For all rows, where states are kept or the batch size is fixed: rows cannot be left out of such a batch.)
    """

    def __init__(
        self, layers: dict[str, LayerTrace], output: Any, back: Callable[[Any], Gradients] | None, once: bool
    ) -> None:
        super().__init__(layers)
        self.output = output
        self._back, self._once = back, once

    def backward(self, dy: Any) -> Gradients:
        """Gradients of sum(output * dy) in the chosen layers; `dy` as the output, an array or a list of them.

        They are exact, whatever was chosen, and those of the chosen rows, steps and units are kept. A trace of all
        steps and units uses up what the forward pass has left: RuntimeError the second time. One of some steps or
        units has kept no pass: the model runs once more, in the memory that a step of training takes; RuntimeError if
        its weights have changed since. ValueError for another shape of dy, and for a trace of some steps or units in
        training, whose choices of dropout are gone; TypeError for what is no array. After these it can be called again.
        """
        if self._back is None:
            raise ValueError("backward of some steps or units needs training=False; or trace without steps= and units=")
        back, self._back = self._back, _used_up
        found = None
        try:
            found = back(dy)
        finally:
            if found is None or not self._once:
                self._back = back
        return found


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
    xs = [part[places if apart else slice(None)].copy() for part in xs]  # going back needs them as they are

    def forward(keep: bool) -> Passed:
        run = Run(model.graph, tuple(part.shape for part in xs), keep)
        run.training = bool(training)
        calls = list(calls_in_steps([step[:2] for step in run.steps]))
        if not keep:
            _remember(calls)
        outputs = [y.copy() for y in run.forward(xs)]
        return outputs, calls, lambda dys: run.backward(dys, to_inputs=True)

    def clean(dy: Any, shapes: list[tuple[int, ...]]) -> list[Any]:
        if isinstance(dy, dict):
            if set(dy) != set(model.result_names):
                raise ValueError(f"dy: got the keys {sorted(map(str, dy))}, expected {list(model.result_names)}")
            dy = [dy[name] for name in model.result_names]
        given = zip(flatten(dy), shapes, strict=True)
        return [as_input(d, "dy", model.output_dtype(k), shape) for k, (d, shape) in enumerate(given)]

    found, outputs, back = _traced(model, forward, clean, training, layers, chosen, places, apart)
    return Trace(found, model._packed(outputs), back, once=not _in_blocks(chosen, training))


def _traced(
    part: Any, forward: Callable[[bool], Passed], clean: Callable[[Any, list[tuple[int, ...]]], list[Any]],
    training: bool, layers: Any, chosen: Selection, places: Array, apart: bool,
) -> tuple[dict[str, LayerTrace], list[Array], Callable[[Any], Gradients] | None]:  # fmt: skip
    """The traces, the outputs, and the way back, of a model or layer that `forward` runs, keeping all steps or none.

    `clean` checks the gradients of outputs of these shapes. `apart` says that other rows are not computed at all.
    """
    in_blocks = _in_blocks(chosen, training)
    before = Before(part) if in_blocks else None
    outputs, calls, run_back = forward(not in_blocks)
    shapes = [y.shape for y in outputs]
    found = {}
    for name, layer, tape, repeat in chosen_calls(calls, layers):
        rows = rows_within(places, repeat)
        inside = slice(None) if apart or chosen.rows is None else rows
        call: Any = replay_of(layer, tape, inside) if in_blocks else LayerRun.of(layer, tape, inside)
        found[name] = trace_call(call, name, chosen, rows, in_blocks or chosen.keeps_all_steps)

    def gradients(calls: list[RecurrentCall]) -> Gradients:
        return Gradients(_gradients(calls, layers, chosen, places, apart))

    def back_through(dy: Any) -> Gradients:
        run_back(clean(dy, shapes))
        return gradients(calls)

    def back_anew(dy: Any) -> Gradients:
        dys = clean(dy, shapes)
        assert before is not None
        with before.again():
            _, calls, run_back = forward(True)
        run_back(dys)
        return gradients(calls)

    if in_blocks:
        return found, outputs, back_anew
    return found, outputs, back_through if chosen.keeps_all_steps else None


def _in_blocks(chosen: Selection, training: bool) -> bool:
    """Whether no pass is kept. In training it is, until it is traced: what is drawn belongs to the whole of it."""
    return not training and not chosen.keeps_all_steps


def trace_gradients(model: Model, x: Any, y: Any, sample_weight: Any, layers: Any, chosen: Selection) -> Gradients:
    """The gradients of the loss, as a step of training computes them (`compute_gradients`)."""
    model._require("trace_gradients")
    batch = model._ready(model._checked(x, y, sample_weight))
    places = numbers(chosen.rows, len(batch[0][0]), "rows")
    run = Run(model.graph, tuple(part.shape for part in batch[0]), True, model._scored)
    loss, _, _ = model._forward_backward(run, batch, to_inputs=True)
    calls = list(calls_in_steps([(layer, tape) for layer, tape, *_ in run.steps]))
    return Gradients(_gradients(calls, layers, chosen, places, False), loss)


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
    for name, layer, tape, repeat in chosen_calls(list(calls_in_steps([step[:2] for step in run.steps])), layers):
        inside = rows_within(places, repeat)
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
    kept = places if apart else slice(None)
    x, *states = (part[kept].copy() for part in (x, *states))  # going back needs them as they are
    mask = None if mask is None else mask[kept].copy()
    if isinstance(layer, Recurrent) and _in_blocks(chosen, training) and not layer.stateful:
        return trace_call(Replay(layer, x, mask, states or None), layer.name, chosen, places)

    def forward(keep: bool) -> Passed:
        tape = layer.run_tape([part.shape for part in (x, *states)], keep)
        calls = list(calls_within(layer, tape, layer.name, 1))
        if not keep:
            _remember(calls)
        ys = [y.copy() for y in layer.run([x, *states], [mask, *[None] * len(states)], tape, bool(training))]
        return ys, calls, lambda dys: layer.run_back(dys, tape, [True] * (1 + len(states)))

    def clean(dy: Any, shapes: list[tuple[int, ...]]) -> list[Any]:
        given = zip([dy] if len(shapes) == 1 else list(dy), shapes, strict=True)
        return [None if d is None else as_input(d, "dy", layer.dtype, shape) for d, shape in given]

    found, ys, back = _traced(layer, forward, clean, training, layers, chosen, places, apart)
    if isinstance(layer, Recurrent):
        return next(iter(found.values()))
    return Trace(found, ys[0] if len(ys) == 1 else ys, back, once=not _in_blocks(chosen, training))


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


def _remember(calls: list[RecurrentCall]) -> None:
    """Let each call, of a pass that keeps no steps, keep what it began with."""
    for _, layer, tape, _ in calls:
        remember_first_states(layer, tape)


def _gradients(
    calls: list[RecurrentCall], layers: Any, chosen: Selection, places: Array, apart: bool
) -> dict[str, LayerGradients]:
    """The gradients, after the backward pass has left those of the outputs in the tapes."""
    found = {}
    for name, layer, tape, repeat in chosen_calls(calls, layers):
        if hasattr(tape, "dy"):  # else nothing depends on this call
            rows = rows_within(places, repeat)
            run = LayerRun.of(layer, tape, slice(None) if apart else rows)
            found[name] = differentiate(run, name, chosen, run.dy, run.d_last, rows)
    return found
