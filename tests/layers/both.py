"""One layer of each library, made by one function, with the same weights: outputs, states and all gradients beside
Keras's."""

from __future__ import annotations

import json

import numpy as np

import minirnn
from minirnn.utils.nested import flatten, map_leaves
from reference import keras_side
from reference.tolerances import TOLERANCES

B, T, F = 3, 5, 2
# Padding, holes, and a row of one step; every first step counts: see "first step masked" in docs/differences.md, and
# for masks of any kind tests/reference/test_drawn_layers.py.
MASK = np.array([[1, 1, 1, 0, 1], [1, 0, 0, 1, 0], [1, 0, 0, 0, 0]], bool)
SHAPE = (B, T, F)


def kept_weights(layer):
    """Keras's weights without the states of its seed generators."""
    return [w for w in layer.weights if "seed_generator" not in w.path]


def pair(make, shape=SHAPE, seed=0):
    """make(library) in both libraries, built for inputs of this shape, with the same random weights."""
    random = np.random.default_rng(seed)
    keras, _ = keras_side.load()
    ours, theirs = make(minirnn), make(keras)
    ours.build((None, *shape[1:]))
    theirs.build(shape)
    assert [(w.name, w.shape) for w in ours.weights] == [(w.name, tuple(w.shape)) for w in kept_weights(theirs)]
    values = [random.uniform(-1, 1, w.shape) for w in ours.weights]
    ours.set_weights(values)
    for weight, value in zip(kept_weights(theirs), values, strict=True):
        weight.assign(value)
    return ours, theirs


def compare(make, shape=SHAPE, mask=None, state_sizes=None, dtype="float64", integers=0, seed=0):
    """Results and gradients agree; `state_sizes` nests the sizes of initial states to be given."""
    _, tf = keras_side.load()
    random = np.random.default_rng(seed + 1)
    with keras_side.precision(dtype):
        ours, theirs = pair(make, shape, seed)
        x = random.integers(0, integers, shape) if integers else random.standard_normal(shape).astype(dtype)
        given = {} if mask is None else {"mask": mask}
        states = None
        if state_sizes is not None:
            states = map_leaves(lambda size: random.standard_normal((shape[0], size)).astype(dtype), state_sizes)
        called = {**given, "initial_state": states} if states else given
        results = [np.asarray(y) for y in flatten(ours(x, **called))]
        leaves = [tf.constant(state) for state in flatten(states or [])]
        source = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch([source, *leaves] if not integers else leaves)
            symbols = iter(leaves)
            called = {**given, "initial_state": map_leaves(lambda _: next(symbols), states)} if states else given
            expected = flatten(theirs(source, **called))
        d_results = [random.standard_normal(y.shape).astype(dtype) for y in expected]
        weights = [weight.value for weight in theirs.trainable_weights]
        sources = [*weights, *leaves] if integers else [source, *weights, *leaves]
        found = tape.gradient(expected, sources, output_gradients=[tf.constant(d) for d in d_results])
    assert len(results) == len(expected)
    for mine, other in zip(results, expected, strict=True):
        assert_close(mine, np.asarray(other), "outputs")
    outputs = 2 if getattr(ours, "merge_mode", "") is None else 1
    if hasattr(ours, "reset_state"):
        ours.reset_state()  # the gradients are those of the same pass, not of one that goes on after it
    if states:
        given["initial_state"] = states
    if len(d_results) > outputs:
        given["d_states"] = d_results[outputs:]
    dx, d_weights, *d_initial = ours.vjp(x, d_results[0] if outputs == 1 else d_results[:2], **given)
    gradients = [*([] if integers else [dx]), *d_weights, *(d_initial[0] if d_initial else [])]
    for mine, other in zip(gradients, found, strict=True):
        other = np.zeros(mine.shape, dtype) if other is None else tf.convert_to_tensor(other).numpy()
        assert_close(mine, other, "gradients")
    return ours, theirs


def assert_close(ours, theirs, what):
    assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
    allowed = TOLERANCES[ours.dtype.name][what].allowed
    size = np.abs(theirs).max()
    scale = size if what == "gradients" else max(1.0, size)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=allowed * scale)


def plain(config):
    """A configuration without what Keras adds once a layer is built, and without automatic names and seeds."""
    if isinstance(config, dict):
        left_out = ("build_config", "compile_config", "name", "seed", "build_input_shape")
        return {key: plain(value) for key, value in config.items() if key not in left_out}
    return [plain(entry) for entry in config] if isinstance(config, (list, tuple)) else config


def compare_configs(make):
    """Both libraries write the same configuration, and each makes an equal layer of the other's."""
    keras, _ = keras_side.load()
    ours, theirs = make(minirnn), make(keras)
    assert plain(ours.get_config()) == plain(theirs.get_config())
    again = type(ours).from_config(json.loads(json.dumps(theirs.get_config())))
    back = type(theirs).from_config(ours.get_config())
    assert plain(again.get_config()) == plain(back.get_config()) == plain(theirs.get_config())


def check_gradients(layer, x, **given):
    """Every gradient, along a random direction, equals a difference of fourth order (float64)."""
    random = np.random.default_rng(5)
    results = flatten(layer(x, **given))
    d_results = [random.standard_normal(np.shape(y)) for y in results]
    outputs = 2 if getattr(layer, "merge_mode", "") is None else 1
    states = {"d_states": d_results[outputs:]} if len(d_results) > outputs else {}
    dx, d_weights, *d_initial = layer.vjp(x, d_results[0] if outputs == 1 else d_results[:2], **given, **states)
    initial = flatten(given.get("initial_state") or [])
    points = [x, *layer.get_weights(), *initial]
    gradients = [dx, *d_weights, *(d_initial[0] if d_initial else [])]
    step = 1e-4
    for place, (point, gradient) in enumerate(zip(points, gradients, strict=True)):
        direction = random.standard_normal(point.shape)

        def value(k, place=place, direction=direction):
            moved = [p + k * step * direction if n == place else p for n, p in enumerate(points)]
            layer.set_weights(moved[1 : 1 + len(layer.weights)])
            now = {**given, "initial_state": moved[1 + len(layer.weights) :]} if initial else given
            ys = flatten(layer(moved[0], **now))
            return sum(float(np.sum(y * d)) for y, d in zip(ys, d_results, strict=True))

        slope = (8 * (value(1) - value(-1)) - (value(2) - value(-2))) / (12 * step)
        layer.set_weights(points[1 : 1 + len(layer.weights)])
        assert abs(np.sum(gradient * direction) - slope) <= 1e-9 * max(1.0, abs(slope)), place
