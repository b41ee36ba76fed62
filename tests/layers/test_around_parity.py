"""The layers around recurrent ones beside Keras's: outputs, gradients, statistics, masks, configurations, shapes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from minirnn import layers
from tests.layers.around_cases import (
    CASES,
    IDS,
    NORMALIZATIONS,
    SEQUENCE,
    B,
    F,
    T,
    call_keras,
    identify,
    keras_gradients,
    pair,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*rms_scaling:UserWarning"),
    pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask"),
]
OUTPUT, GRADIENT = {"float32": 1e-6, "float64": 1e-12}, {"float32": 1e-5, "float64": 1e-10}
MASK = np.array([[True] * 5 + [False] * 2, [False, True, False, True, True, True, True], [True] * 7])
every_case = pytest.mark.parametrize("name, options, shape", CASES, ids=IDS)
normalization = pytest.mark.parametrize("name, options, shape", NORMALIZATIONS, ids=map(identify, NORMALIZATIONS))


def assert_outputs(found, expected):
    assert found.dtype == expected.dtype and found.shape == expected.shape
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(found, expected, rtol=0, atol=scale * OUTPUT[found.dtype.name])


def assert_gradients(found, expected):
    assert found.dtype == expected.dtype and found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=np.abs(expected).max() * GRADIENT[found.dtype.name])


@pytest.fixture
def drawn(keras, rng, dtype):
    """`drawn(name, options, shape)`: our layer, Keras's, x, and dy for it."""

    def make(name, options, shape):
        ours, theirs = pair(keras, rng, name, options | {"dtype": dtype}, shape)
        x = rng.standard_normal((B, *shape[1:])).astype(dtype)
        dy = rng.standard_normal(ours.compute_output_shape(x.shape)).astype(dtype)
        return ours, theirs, x, dy

    return make


@every_case
def test_outputs_are_those_of_keras(drawn, name, options, shape):
    ours, theirs, x, _ = drawn(name, options, shape)
    before = x.copy()
    assert_outputs(ours(x), call_keras(theirs, x))
    np.testing.assert_array_equal(x, before)


@every_case
def test_outputs_and_gradients_of_training_are_those_of_keras(drawn, name, options, shape):
    ours, theirs, x, dy = drawn(name, options, shape)
    weights = ours.get_weights()
    assert_outputs(ours.call(x, training=True), call_keras(theirs, x, training=True))
    for layer in (ours, theirs):
        layer.set_weights(weights)
    dx, d_weights = ours.vjp(x, dy)
    expected, d_expected = keras_gradients(theirs, x, dy)
    assert_gradients(dx, expected)
    for found, wanted in zip(d_weights, d_expected, strict=True):
        assert_gradients(found, wanted)


@every_case
def test_weights_are_those_of_keras(keras, rng, name, options, shape):
    ours, theirs = (getattr(kind, name)(**options, name="mine") for kind in (layers, keras.layers))
    for layer in (ours, theirs):
        layer.build(shape)
    for kind in ("weights", "trainable_weights", "non_trainable_weights"):
        found, expected = getattr(ours, kind), getattr(theirs, kind)
        assert [(w.name, w.shape, w.path) for w in found] == [(w.name, tuple(w.shape), w.path) for w in expected]
    assert ours.count_params() == theirs.count_params()
    for weight, other in zip(ours.weights, theirs.weights, strict=True):
        if weight.name != "kernel":
            np.testing.assert_array_equal(weight.numpy(), other.numpy())


@pytest.mark.parametrize("length", [T, None], ids=["known", "unknown"])
@every_case
def test_output_shapes_are_those_of_keras_and_of_the_output(keras, rng, name, options, shape, length):
    ours, theirs = pair(keras, rng, name, options, shape)
    fixed = "Normalization" in name or len(shape) != 3
    asked = shape if fixed else (None, length, F)
    assert ours.compute_output_shape(asked) == tuple(theirs.compute_output_shape(asked))
    x = np.ones((B, *shape[1:]), "float32")
    assert ours(x).shape == ours.compute_output_shape(x.shape)


@every_case
def test_configurations_are_those_of_keras_and_are_read_here_and_there(keras, name, options, shape):
    ours, theirs = (getattr(kind, name)(**options, name="mine") for kind in (layers, keras.layers))
    assert ours.get_config() == theirs.get_config()
    config = json.loads(json.dumps(theirs.get_config()))
    again, there = (getattr(kind, name).from_config(config) for kind in (layers, keras.layers))
    assert json.loads(json.dumps(again.get_config())) == config
    assert again.supports_masking == there.supports_masking
    for layer in (again, there):
        layer.build(shape)
    assert again.get_config() == there.get_config()


@every_case
def test_names_are_counted_as_in_keras(keras, name, options, shape):
    layers.naming.reset_names()
    keras.utils.clear_session()
    ours, theirs = (getattr(kind, name)(**options) for kind in (layers, keras.layers))
    assert ours.name == theirs.name


@pytest.mark.parametrize("second, first", [
    ("AvgPool1D", "AveragePooling1D"), ("Convolution1D", "Conv1D"), ("GlobalAvgPool1D", "GlobalAveragePooling1D"),
    ("GlobalMaxPool1D", "GlobalMaxPooling1D"), ("MaxPool1D", "MaxPooling1D"),
])  # fmt: skip
def test_second_names_are_those_of_keras(keras, second, first):
    assert getattr(keras.layers, second) is getattr(keras.layers, first)
    assert getattr(layers, second) is getattr(layers, first)


# --- masks ---


@pytest.mark.parametrize("name, options", [(n, o) for n, o, s in CASES if s == SEQUENCE], ids=str)
def test_masks_go_on_or_end_as_in_keras(keras, name, options):
    kept = []
    for kind in (layers, keras.layers):
        start = kind.Input((T, F))
        after = getattr(kind, name)(**options)
        result = after(kind.Masking()(start))
        if kind is layers:
            x = np.ones((B, T, F), "float32")
            kept.append(after.compute_mask(x, MASK) is not None)
        else:
            kept.append(getattr(result, "_keras_mask", None) is not None)
    assert kept[0] == kept[1]


@pytest.mark.parametrize("options", [{}, {"axis": 1}, {"center": False, "scale": False, "momentum": 0.3}], ids=str)
def test_masked_steps_do_not_count_in_the_statistics_of_a_batch(drawn, options):
    ours, theirs, x, dy = drawn("BatchNormalization", options, (None, T, F))
    weights = ours.get_weights()
    assert_outputs(ours.call(x, mask=MASK, training=True), call_keras(theirs, x, MASK, training=True))
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert_outputs(mine, other)
    for layer in (ours, theirs):
        layer.set_weights(weights)
    dx, d_weights = ours.vjp(x, dy, MASK)
    expected, d_expected = keras_gradients(theirs, x, dy, MASK)
    assert_gradients(dx, expected)
    for found, wanted in zip(d_weights, d_expected, strict=True):
        assert_gradients(found, wanted)


def test_a_batch_whose_steps_are_all_masked_has_moments_as_in_keras(drawn):
    ours, theirs, x, dy = drawn("BatchNormalization", {}, (None, T, F))
    nothing = np.zeros((B, T), bool)
    # 0 / 1e-7, then x / sqrt(epsilon): 30 times x
    assert_outputs(ours.call(x, mask=nothing, training=True), call_keras(theirs, x, nothing, training=True))
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert_outputs(mine, other)
    assert np.isfinite(ours.vjp(x, dy, nothing)[0]).all()


@pytest.mark.parametrize("keepdims", [False, True])
def test_global_average_pooling_leaves_masked_steps_out(drawn, keepdims):
    ours, theirs, x, dy = drawn("GlobalAveragePooling1D", {"keepdims": keepdims}, (None, T, F))
    assert_outputs(ours.call(x, mask=MASK), call_keras(theirs, x, MASK))
    assert_gradients(ours.vjp(x, dy, MASK)[0], keras_gradients(theirs, x, dy, MASK)[0])


def test_the_mean_of_no_steps_is_zero_and_takes_no_gradient(drawn):
    ours, theirs, x, dy = drawn("GlobalAveragePooling1D", {}, (None, T, F))
    mask = MASK.copy()
    mask[1] = False
    y, expected = ours.call(x, mask=mask), call_keras(theirs, x, mask)
    assert np.isnan(expected[1]).all() and not y[1].any()
    assert_outputs(y[[0, 2]], expected[[0, 2]])
    dx = ours.vjp(x, dy, mask)[0]
    assert np.isfinite(dx).all() and not dx[1].any()


# --- equal numbers, zeros ---


@pytest.mark.parametrize("name, options", [
    ("MaxPooling1D", {}), ("MaxPooling1D", {"pool_size": 3, "strides": 1, "padding": "same"}),
    ("GlobalMaxPooling1D", {}),
])  # fmt: skip
def test_equally_large_steps_get_the_gradients_that_they_get_in_keras(drawn, name, options):
    ours, theirs, x, dy = drawn(name, options, (None, T, F))
    x = np.round(x)  # few different numbers, many equal ones
    x[0] = 0.0
    assert_gradients(ours.vjp(x, dy)[0], keras_gradients(theirs, x, dy)[0])


def test_unit_normalization_of_zeros_is_zeros_with_a_zero_gradient(drawn):
    ours, theirs, x, dy = drawn("UnitNormalization", {}, (None, T, F))
    x[1] = 0.0
    assert_outputs(ours(x), call_keras(theirs, x))
    dx, expected = ours.vjp(x, dy)[0], keras_gradients(theirs, x, dy)[0]
    assert abs(expected[1]).max() > 1e10 and not dx[1].any()
    assert_gradients(dx[[0, 2]], expected[[0, 2]])


# --- the statistics of batch normalization ---


@pytest.mark.parametrize("options, shape", [(o, s) for n, o, s in NORMALIZATIONS if n == "BatchNormalization"], ids=str)
def test_moving_statistics_follow_the_batches_as_in_keras(drawn, rng, dtype, options, shape):
    ours, theirs, x, _ = drawn("BatchNormalization", options, shape)
    for step in range(4):
        batch = (x[: B - step % 2] * (step + 1) + rng.standard_normal(x.shape[1:])).astype(dtype)
        assert_outputs(ours.call(batch, training=True), call_keras(theirs, batch, training=True))
        for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            assert_outputs(mine, other)
    assert_outputs(ours(x), call_keras(theirs, x))


def test_a_frozen_batch_normalization_uses_the_moving_statistics_in_training_and_leaves_them(drawn):
    ours, theirs, x, dy = drawn("BatchNormalization", {}, (None, T, F))
    for layer in (ours, theirs):
        layer.trainable = False
    before = ours.get_weights()
    assert_outputs(ours.call(x, training=True), call_keras(theirs, x, training=True))
    np.testing.assert_array_equal(ours.call(x, training=True), ours(x))
    assert_gradients(ours.vjp(x, dy)[0], keras_gradients(theirs, x, dy)[0])
    for mine, other in zip(ours.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, other)
    ours.trainable = True
    assert not np.allclose(ours.call(x, training=True), ours(x))


@pytest.mark.parametrize("name", ["BatchNormalization", "LayerNormalization"])
def test_rounding_errors_are_no_larger_than_those_of_keras(keras, rng, name):
    """Also where the mean is far from zero, and where sums are long."""
    errors = []
    for shape in [(500, 4), (4, 1000, 8), (32, 100, 8)]:
        for mean in (0, 10, 1000):
            x = (rng.standard_normal(shape) + mean).astype("float32")
            axes = tuple(range(x.ndim - 1)) if name == "BatchNormalization" else -1
            exact = x.astype("float64")
            exact = exact - exact.mean(axes, keepdims=True)
            exact /= np.sqrt(np.square(exact).mean(axes, keepdims=True) + 1e-3)
            found = [getattr(kind, name)()(x, training=True) for kind in (layers, keras.layers)]
            errors.append([np.sqrt(np.square(np.asarray(y) - exact).mean()) for y in found])
    ours, theirs = np.exp(np.log(errors).mean(axis=0))
    assert ours <= theirs


@normalization
def test_what_is_set_is_used_by_the_next_call(drawn, rng, name, options, shape):
    ours, theirs, x, _ = drawn(name, options, shape)
    ours(x)
    values = [abs(w) + 0.5 for w in ours.get_weights()]
    for layer in (ours, theirs):
        layer.set_weights(values)
    assert_outputs(ours(x), call_keras(theirs, x))
