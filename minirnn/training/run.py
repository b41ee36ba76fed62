"""A `Run` is one model's memory for one set of input shapes: a tape for each layer. Runs are kept and used again."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.jit import compiled_together
from minirnn.layers.elementwise import activate
from minirnn.layers.regularized import regularized_within
from minirnn.layers.weight import Weight
from minirnn.streaming.long_run import LONG, long_run
from minirnn.training.penalties import ActivityPenalties

KEPT_SHAPES = 8  # sets of input shapes whose memory is kept for the next call


class Run:
    """The tapes of a graph of layers, and the values on its edges. Use by one thread at a time.

    `owner` is the model that the graph is all of, whose activity regularizer counts.
    """

    def __init__(
        self,
        graph: Any,
        shapes: tuple[tuple[int, ...], ...],
        training: bool,
        scored: frozenset[int] = frozenset(),
        owner: Any = None,
    ) -> None:
        self.moves, self.changes = Weight.moves, Weight.changes
        self.training = training
        self.inputs, self.output_numbers = range(len(shapes)), graph.output_numbers
        known = graph.value_shapes(shapes)
        self.values: list[Any] = [None] * graph.values
        self.unmasked: list[Any] = [None] * graph.values
        self.masks = self.unmasked
        self.steps = []
        for layer, taken, made in graph.steps:
            linear = [number for number in scored if graph.output_numbers[number] in made]
            if linear:
                tape = layer.new_tape(known[taken[0]], training, activation="linear")
            else:
                tape = layer.run_tape([known[i] for i in taken], training)
            plain = len(taken) == 1 and len(made) == 1 and not layer.takes_list
            ends = (taken[0], made[0]) if plain else (taken, made)
            self.steps.append((layer, tape, np.dtype(layer.dtype), plain, *ends))
        makers = {number: layer for layer, _, made in graph.steps for number in made}
        # The outputs that are scored: their activation, and memory for what it gives.
        self.activated = {
            number: (makers[place].activation, np.empty(known[place], makers[place].dtype))
            for number, place in enumerate(graph.output_numbers)
            if number in scored
        }
        self.activities = self._activities(graph, owner)
        self.chain = self._chain(graph)
        self.dps: Any = None  # gradients of the outputs, the losses' to fill
        self._plans: dict[bool, tuple[list[tuple], set[Any]]] = {}

    def _activities(self, graph: Any, owner: Any) -> ActivityPenalties | None:
        """The penalties on activities, if there are any."""
        calls = [(layer, made) for layer, _, made in (*graph.steps, *graph.groups)]
        calls += [] if owner is None else [(owner, tuple(graph.output_numbers))]
        calls = [(layer, made) for layer, made in calls if layer.activity_regularizer is not None]
        holders = [
            (layer, tape, made)
            for (layer, _, made), (_, tape, *_) in zip(graph.steps, self.steps, strict=True)
            if regularized_within(layer)
        ]
        places = {graph.output_numbers[number]: given for number, given in self.activated.items()}
        return ActivityPenalties(calls, holders, places) if calls or holders else None

    def _chain(self, graph: Any) -> list[tuple] | None:
        """The steps' (forward, tape, dtype), if each only hands one array to the next."""
        layers = {step[0] for step in self.steps}
        if self.activities is not None or len(layers) < len(self.steps) or any(layer.makes_mask for layer in layers):
            return None
        if not all(layer.autocast for layer in layers):
            return None
        last = 0
        for *_, plain, taken, made in self.steps:
            if not plain or taken != last:
                return None
            last = made
        if (len(self.inputs), graph.output_numbers) != (1, [last]):
            return None
        return [(layer.forward, tape, dtype) for layer, tape, dtype, *_ in self.steps]

    # --- forward ---

    def forward(self, xs: list[NDArray[Any]], masks: Sequence[NDArray[Any] | None] = ()) -> list[NDArray[Any]]:
        """The outputs of the graph for inputs with these `masks`; they live in the run's memory until its next use.

        Afterwards `scores` are the same, but of the outputs in `scored` what the last activation is applied to.
        """
        if self.chain is None or masks:
            self.masks = [*masks, *self.unmasked[len(masks) :]]
            self._through_graph(xs)
            self.scores = [self.values[i] for i in self.output_numbers]
        else:
            (x,), training = xs, self.training
            for forward, tape, dtype in self.chain:
                if x.dtype is not dtype:
                    x = x.astype(dtype, copy=False)
                x = forward(x, None, tape, training)
            self.masks, self.scores = self.unmasked, [x]
        return self._activated() if self.activated else self.scores

    def _activated(self) -> list[NDArray[Any]]:
        outputs = list(self.scores)
        for number, (activation, y) in self.activated.items():
            activate(activation, outputs[number], y)
            outputs[number] = y
        return outputs

    def _through_graph(self, xs: list[NDArray[Any]]) -> None:
        values, masks, training = self.values, self.masks, self.training
        values[: len(xs)] = xs
        for layer, tape, dtype, plain, taken, made in self.steps:
            if plain:
                x = values[taken]
                if x.dtype != dtype and layer.autocast:
                    x = x.astype(dtype)
                mask = masks[taken]
                values[made] = layer.forward(x, mask, tape, training)
                masks[made] = None if mask is None and not layer.makes_mask else layer.mask_made(x, mask, tape)
            else:
                ins = [values[i] if values[i].dtype == dtype else values[i].astype(dtype) for i in taken]
                in_masks = [masks[i] for i in taken]
                for number, y, mask in zip(
                    made, layer.run(ins, in_masks, tape, training), layer.run_masks(ins, in_masks), strict=True
                ):
                    values[number], masks[number] = y, mask

    def output_masks(self) -> list[NDArray[Any] | None]:
        """The masks of the outputs of the last `forward`."""
        return [self.masks[i] for i in self.output_numbers]

    # --- backward ---

    def backward(self, d_outputs: list[NDArray[Any] | None], to_inputs: bool = False) -> list[NDArray[Any] | None]:
        """Set the gradient of every trainable weight; with `to_inputs`, give those of the inputs.

        An output that nothing depends on has the gradient None.
        """
        plan = self._plan(to_inputs)
        if self.chain is not None:
            dx = self._back_through_chain(plan, d_outputs[0])
            return [dx] if to_inputs else []
        gradients: list[Any] = [None] * len(self.values)
        for number, dy in zip(self.output_numbers, d_outputs, strict=True):
            _add(gradients, number, dy)
        if self.activities is not None:
            for number, dy in self.activities.gradients(self.values):
                _add(gradients, number, dy)
        done: set[Any] = set()
        for layer, tape, dtype, plain, taken, made, needs, shared in plan:
            if plain:
                dy = gradients[made]
                if dy is None:
                    continue
                if dy.dtype != dtype:
                    dy = dy.astype(dtype)
                before = [w.gradient.copy() for w in layer.weights] if shared and layer in done else ()
                dx = layer.backward(dy, tape, needs)
                if needs:
                    _add(gradients, taken, dx)
            else:
                dys = [None if gradients[i] is None else gradients[i].astype(dtype, copy=False) for i in made]
                if not any(dy is not None for dy in dys):
                    continue
                before = [w.gradient.copy() for w in layer.weights] if shared and layer in done else ()
                for number, dx, need in zip(taken, layer.run_back(dys, tape, needs), needs, strict=True):
                    if need:
                        _add(gradients, number, dx)
            if before:
                for weight, gradient in zip(layer.weights, before, strict=True):
                    weight.gradient += gradient
            done.add(layer)
        if len(done) < len(self._planned):
            for layer in self._planned - done:
                for weight in layer.weights:
                    weight.gradient[...] = 0.0
        return [gradients[i] for i in self.inputs] if to_inputs else []

    @staticmethod
    def _back_through_chain(plan: list[tuple], dy: NDArray[Any] | None) -> NDArray[Any] | None:
        for layer, tape, dtype, *_, needs, _ in plan:
            if dy is None:  # nothing depends on what this layer gave
                for weight in layer.weights:
                    weight.gradient[...] = 0.0
                continue
            if dy.dtype is not dtype:
                dy = dy.astype(dtype, copy=False)
            dy = layer.backward(dy, tape, needs)
        return dy

    def _plan(self, to_inputs: bool) -> list[tuple]:
        """The steps to go back through, last one first: those with weights to train before or in them."""
        if self.changes != Weight.changes:
            self._plans.clear()
            self.changes = Weight.changes
        plan = self._plans.get(to_inputs)
        if plan is None:
            plan = self._plans[to_inputs] = self._made_plan(to_inputs)
        self._planned = plan[1]
        return plan[0]

    def _made_plan(self, to_inputs: bool) -> tuple[list[tuple], set[Any]]:
        calls = Counter(step[0] for step in self.steps)
        wanted = [to_inputs] * len(self.inputs) + [False] * (len(self.values) - len(self.inputs))
        plan = []
        for layer, tape, dtype, plain, taken, made in self.steps:
            needs: Any = wanted[taken] if plain else [wanted[i] for i in taken]
            trains = bool(layer.trainable_weights)
            if trains or (needs if plain else any(needs)):
                for number in (made,) if plain else made:
                    wanted[number] = True
                plan.append((layer, tape, dtype, plain, taken, made, needs, trains and calls[layer] > 1))
        return plan[::-1], {step[0] for step in plan}


def _add(gradients: list[Any], number: int, gradient: NDArray[Any] | None) -> None:
    """Add to the gradient of a value. Never in place: what a layer gave may be its memory, or another's gradient."""
    if gradient is not None:
        before = gradients[number]
        gradients[number] = gradient if before is None else before + gradient


def run_key(xs: list[NDArray[Any]], training: bool, scored: frozenset[int] = frozenset()) -> tuple:
    """What a run is made for: shapes of the inputs, whether it trains, and which outputs are scored."""
    return (xs[0].shape,) if len(xs) == 1 else tuple([x.shape for x in xs]), training, scored


class Runs:
    """Runs of one `run_key` that wait for their next use. Threads that ask at once get one each.

    A run holds its weights' memory: one that was made before a weight moved, for this model or for another that shares
    a layer, is not used again.
    """

    def __init__(self, model: Any, key: tuple) -> None:
        self._model, self._key = model, key
        self._waiting: deque[Run] = deque()
        self._long = any(len(shape) > 1 and shape[1] >= LONG for shape in key[0])

    def take(self) -> Run:
        """A run that waits, or a new one."""
        waiting = self._waiting
        while waiting:
            try:
                run = waiting.pop()
            except IndexError:  # another thread was faster
                break
            if run.moves == Weight.moves:
                return run
        shapes, training, scored = self._key
        return compiled_together(lambda: Run(self._model.graph, shapes, training, scored, self._model))

    def take_for_outputs(self) -> Any:
        """What infers, and tells nothing but the outputs: for long sequences a `LongRun`, if the model is causal."""
        return (self._long and long_run(self._model.graph, self._key[0])) or self.take()

    def give_back(self, run: Any) -> None:
        """Keep a run's memory for its next use; a `LongRun` has none worth keeping."""
        if type(run) is Run:
            self._waiting.append(run)

    def clear(self) -> None:
        """Forget all memory."""
        self._waiting.clear()


class RunPool:
    """The `Runs` of a model by their `run_key`, those of a few shapes at a time."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._kept: dict[tuple, Runs] = {}

    def of(self, key: tuple) -> Runs:
        """Those for what `run_key` gives."""
        runs = self._kept.get(key)
        if runs is None:
            if len(self._kept) > KEPT_SHAPES:
                self.clear()
            runs = self._kept[key] = Runs(self._model, key)
        return runs

    def clear(self) -> None:
        """Forget all memory: the graph has changed."""
        for runs in list(self._kept.values()):
            runs.clear()
        self._kept.clear()
