"""A drawn layer in both libraries, from the same numbers: results, states, penalties, and every gradient.

What minirnn does otherwise on purpose is told apart by its row in the table (`reference.differences`): there the row is
checked of both libraries, and no gradient arrives; everything else is compared as always.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import minirnn
from minirnn.layers.regularized import activity_gradient, add_weight_gradient
from minirnn.utils.nested import flatten, pack_like
from reference import keras_side
from reference.cases import random_weights
from reference.compare import Check, Mismatch, compare_arrays
from reference.differences import named
from reference.drawn import Drawn, Made, cell_states, state_sizes

FIRST_STEP_MASKED = named("first step masked, initial state not zero")
UNROLLED_ZEROS = named("`unroll` with `go_backwards` and `zero_output_for_mask`")
SINGLE_STATES = named("an RNN of several cells gives the one state")

Array = np.ndarray


def check(case: Drawn) -> list[Check]:
    """One check for each array and penalty: those of a call, and those of a pass forward and back.

    A stateful layer begins the second with the states that the first one left.
    """
    with keras_side.precision(case.dtype):
        pair = Pair(case)
        return [*pair.compare_calls(), *pair.compare_passes()]


class Pair:
    """A built layer of each library, with equal weights, and what they are given."""

    def __init__(self, case: Drawn) -> None:
        keras, _ = keras_side.load()
        self.case, self.random = case, np.random.default_rng(case.seed)
        self.ours, self.theirs = case.layer.of(minirnn), _for_keras(case).of(keras)
        self.ours.build((None, *case.shape[1:]))
        self.theirs.build(case.shape)
        random_weights(self.ours, self.random)
        self.theirs.set_weights(self.ours.get_weights())
        self.nesting = state_sizes(case.layer)
        sizes = flatten(self.nesting) if case.initial_state else []
        self.states = [self._normal(case.shape[0], size) for size in sizes]
        self.mask = case.mask_array()

    def _normal(self, *shape: int) -> Array:
        return self.random.normal(size=shape).astype(self.case.dtype)

    def _given(self, states: Sequence[Any]) -> dict[str, Any]:
        """Keywords of a call of either library."""
        given: dict[str, Any] = {} if self.mask is None else {"mask": self.mask}
        return given | ({"initial_state": pack_like(self.nesting, states)} if self.states else {})

    def starting(self) -> list[Array] | None:
        """The states that the next call begins with, None for zeros."""
        return self.states or [np.array(s) for s in flatten(list(getattr(self.ours, "states", None) or []))] or None

    # --- a call ---

    def compare_calls(self) -> list[Check]:
        """Results and penalties of the layers as they are called."""
        x, starting = self._normal(*self.case.shape), self.starting()
        made, expected = self._called(self.ours, x), self._called(self.theirs, x)
        if _nesting(made) != _nesting(expected):
            raise Mismatch(f"minirnn gives results nested as {_nesting(made)}, Keras as {_nesting(expected)}")
        ours, theirs = flatten(made), keras_side.as_list(flatten(expected))
        self._tell_apart(theirs, starting)
        losses = self.ours.losses, [float(loss) for loss in self.theirs.losses]
        return [*self._compare("outputs", "result", ours, theirs), *self._compare("outputs", "penalty", *losses)]

    def _called(self, layer: Any, x: Array) -> Any:
        return layer(x, training=False, **self._given(self.states))

    # --- a pass forward and back ---

    def compare_passes(self) -> list[Check]:
        """Results, and the gradients of their sum, weighted at random, plus all penalties."""
        x, starting = self._normal(*self.case.shape), self.starting()
        tape = self.ours.run_tape([x.shape, *(s.shape for s in self.states)], True)
        tape.penalised = True
        masks = [self.mask, *[None] * len(self.states)]
        ours = [y.copy() for y in self.ours.run([x, *self.states], masks, tape, False)]
        upstream = [self._normal(*y.shape) for y in ours]
        for d, places in zip(upstream, self._unlike(starting), strict=False):
            d[places] = 0
        theirs, their_gradients = self._keras_pass(x, upstream)
        self._tell_apart(theirs, starting)
        our_gradients = self._our_gradients(ours, upstream, tape)
        # In float32 an array of one number may be a sum that cancels, or the slope of a gate that is nearly shut: what
        # counts is how large gradients are in this draw, where those that arrive are of unit scale.
        scale = max(1.0, *(np.abs(g).max() for g in their_gradients)) if self.case.dtype == "float32" else None
        return [
            *self._compare("outputs", "result", ours, theirs),
            *self._compare("gradients", "gradient", our_gradients, their_gradients, scale),
        ]

    def _our_gradients(self, results: list[Array], upstream: list[Array], tape: Any) -> list[Array]:
        """Of x, weights and initial states."""
        layer = self.ours
        if layer.activity_regularizer is not None:
            upstream = [d + activity_gradient(layer, y) for d, y in zip(upstream, results, strict=True)]
        dx, *d_states = layer.run_back(upstream, tape, [True] * (1 + len(self.states)))
        for weight in layer.trainable_weights:
            if weight.regularizer is not None:
                add_weight_gradient(weight)
        return [np.array(d) for d in (dx, *(w.gradient_numpy() for w in layer.trainable_weights), *d_states)]

    def _keras_pass(self, x: Array, upstream: list[Array]) -> tuple[list[Array], list[Array]]:
        """Results, and the gradients in the same order."""
        _, tf = keras_side.load()
        source, states = tf.constant(x), [tf.constant(state) for state in self.states]
        with tf.GradientTape() as tape:
            tape.watch([source, *states])
            results = flatten(self.theirs(source, training=False, **self._given(states)))
            total = tf.add_n([tf.reduce_sum(y * d) for y, d in zip(results, upstream, strict=True)])
            total += sum(self.theirs.losses)
        sources = [source, *(weight.value for weight in self.theirs.trainable_weights), *states]
        gradients = tape.gradient(total, sources, unconnected_gradients="zero")
        return keras_side.as_list(results), keras_side.as_list(gradients)

    # --- comparing ---

    def _compare(
        self, quantity: str, name: str, ours: Sequence[Any], theirs: Sequence[Any], scale: float | None = None
    ) -> list[Check]:
        names = self._names(name, len(theirs))
        if len(ours) != len(theirs):
            return [Check(quantity, f"{name}s", np.inf, 0.0, "", len(ours), len(theirs))]
        return [
            compare_arrays(quantity, each, a, b, self.case.dtype, scale=scale)
            for each, a, b in zip(names, ours, theirs, strict=True)
        ]

    def _names(self, name: str, count: int) -> list[str]:
        if name != "gradient":
            return [f"{name} {number}" for number in range(count)]
        weights = [weight.path for weight in self.theirs.trainable_weights]
        return [f"gradient of {what}" for what in ("x", *weights, *(f"state {n}" for n in range(count)))][:count]

    def _unlike(self, starting: list[Array] | None) -> list[Array]:
        """For each output the places (batch[, time]) where a row of the table tells the libraries apart."""
        if self.mask is None or starting is None or self.case.layer.kind == "TimeDistributed":
            return []
        return _before_the_first_step(self.case.layer, self.mask)

    def _tell_apart(self, theirs: list[Array], starting: list[Array] | None) -> None:
        """Check there what the table says of Keras, and put what it says of minirnn in its place."""
        outputs = _first_outputs(self.case.layer, starting or [])
        for number, places in enumerate(self._unlike(starting)):
            if np.any(theirs[number][places]):
                raise AssertionError(f"Keras no longer does what the table says: {FIRST_STEP_MASKED}")
            theirs[number] = theirs[number].copy()
            theirs[number][places] = outputs[number][np.nonzero(places)[0]]


def _nesting(results: Any) -> Any:
    """A dot for each array, in lists; one state by itself as such, though Keras may put it into a list."""
    if not isinstance(results, (list, tuple)):
        return "."
    return _nesting(results[0]) if len(results) == 1 and SINGLE_STATES else [_nesting(each) for each in results]


def _for_keras(case: Drawn) -> Made:
    """The layer to compare with: where Keras's `unroll` turns the wrong steps to zero, the one without it."""
    turned = any(part.get("go_backwards") or part.kind == "Bidirectional" for part in case.layer.parts())
    wrong = case.mask is not None and turned
    return case.layer.changed(unroll=False) if wrong and UNROLLED_ZEROS else case.layer


def _before_the_first_step(layer: Made, mask: Array, turned: bool = False) -> list[Array]:
    """For each output the places before the first step that counts, unless masked outputs are zero."""
    if layer.kind == "Bidirectional":  # sequences are zero where they are masked
        outputs = 2 if layer.get("merge_mode", "concat") is None else 1
        return [] if layer.get("layer").get("return_sequences") else [~mask.any(axis=1)] * outputs
    if layer.get("zero_output_for_mask"):
        return []
    steps = mask[:, ::-1] if layer.get("go_backwards") else mask
    before = ~np.logical_or.accumulate(steps, axis=1)
    return [before if layer.get("return_sequences") else before[:, -1]]


def _first_outputs(layer: Made, states: list[Array]) -> list[Array]:
    """What each output is there: the initial h, (batch, units)."""
    if not states:
        return []
    if layer.kind != "Bidirectional":
        last = [part for part in layer.parts() if "units" in part.arguments][-1]
        return [states[-len(cell_states(last))]]
    ahead = layer.get("layer")
    cut = len(flatten(state_sizes(ahead)))
    (a,), (b,) = _first_outputs(ahead, states[:cut]), _first_outputs(layer.get("backward_layer", ahead), states[cut:])
    mode = layer.get("merge_mode", "concat")
    if mode is None:
        return [a, b]
    merged = {"concat": lambda: np.concatenate([a, b], 1), "sum": lambda: a + b, "ave": lambda: (a + b) / 2}
    return [merged.get(mode, lambda: a * b)()]
