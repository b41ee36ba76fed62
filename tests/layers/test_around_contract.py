"""The layers around recurrent ones: gradients by central differences, any geometry, training, plain errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minirnn
from minirnn import layers
from reference import keras_side
from tests.layers.around_cases import CASES, B, F, T, call_keras, identify, keras_gradients, pair, random_weights

pytestmark = pytest.mark.filterwarnings("ignore:.*rms_scaling:UserWarning")
STEP = 1e-4


def slope(value):
    """Derivative of value(k) at 0, by differences of fourth order."""
    a, b, c, d = (value(k * STEP) for k in (-2, -1, 1, 2))
    return (8 * (c - b) - (d - a)) / (12 * STEP)


def check_gradients(layer, x, dy, rng, mask=None, frozen=False):
    """All gradients of sum(layer(x) * dy) in training, each along a random direction."""

    def value(x):
        return np.sum(layer.call(x, training=True, **({} if mask is None else {"mask": mask})) * dy)

    dx, d_weights = layer.vjp(x, dy, mask)
    direction = rng.standard_normal(x.shape)
    found, expected = [np.sum(dx * direction)], [slope(lambda k: value(x + k * direction))]
    for weight, gradient in [] if frozen else zip(layer.trainable_weights, d_weights, strict=True):
        start, towards = weight.numpy(), rng.standard_normal(weight.shape)

        def moved(k, weight=weight, start=start, towards=towards):
            weight.assign(start + k * towards)
            return value(x)

        found.append(np.sum(gradient * towards))
        expected.append(slope(moved))
        weight.assign(start)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


def built(rng, name, options, shape):
    layer = getattr(layers, name)(**options, dtype="float64")
    layer.build(shape)
    layer.set_weights(random_weights(layer, rng))
    x = rng.standard_normal((B, *shape[1:]))
    return layer, x, rng.standard_normal(layer.compute_output_shape(x.shape))


# No gradient goes through the corrections of renorm, so differences tell another one; Keras's is compared with.
SMOOTH = [case for case in CASES if "renorm" not in case[1]]


@pytest.mark.parametrize("name, options, shape", SMOOTH, ids=map(identify, SMOOTH))
def test_gradients_are_those_of_central_differences(rng, name, options, shape):
    check_gradients(*built(rng, name, options, shape), rng)


@pytest.mark.parametrize("name, options", [
    ("BatchNormalization", {}), ("BatchNormalization", {"axis": 1}), ("GlobalAveragePooling1D", {}),
    ("GlobalAveragePooling1D", {"keepdims": True}),
])  # fmt: skip
def test_gradients_under_a_mask_are_those_of_central_differences(rng, name, options):
    mask = rng.random((B, T)) < 0.6
    check_gradients(*built(rng, name, options, (None, T, F)), rng, mask)


def test_gradients_of_renorm_without_a_correction_are_those_of_central_differences(rng):
    limits = {"rmin": 1.0, "rmax": 1.0, "dmax": 0.0}
    options = {"renorm": True, "renorm_clipping": limits}
    check_gradients(*built(rng, "BatchNormalization", options, (None, T, F)), rng)


def test_the_scale_of_rms_normalization_lies_along_its_axis(rng):
    """Keras stretches it along the last axis, whatever the axis is: an error, or wrong where the sizes agree."""
    layer, x, dy = built(rng, "RMSNormalization", {"axis": 1}, (None, T, F))
    last = layers.RMSNormalization(dtype="float64")
    last.build((None, F, T))
    last.set_weights(layer.get_weights())
    np.testing.assert_allclose(layer(x), last(x.swapaxes(1, 2)).swapaxes(1, 2), rtol=1e-12)
    check_gradients(layer, x, dy, rng)


def test_the_gradient_of_a_frozen_batch_normalization_is_that_of_central_differences(rng):
    layer, x, dy = built(rng, "BatchNormalization", {}, (None, T, F))
    layer.trainable = False
    check_gradients(layer, x, dy, rng, frozen=True)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 3), (2, 1, 1), (1, 5, 1)], ids=str)
@pytest.mark.parametrize("name, options", [
    ("Conv1D", {"filters": 1, "kernel_size": 1}), ("Conv1D", {"filters": 2, "kernel_size": 3, "padding": "same"}),
    ("MaxPooling1D", {"pool_size": 1}), ("AveragePooling1D", {"pool_size": 2, "padding": "same"}),
    ("BatchNormalization", {}), ("LayerNormalization", {}), ("UnitNormalization", {}),
])  # fmt: skip
def test_the_smallest_inputs_have_gradients(rng, name, options, shape):
    layer = getattr(layers, name)(**options, dtype="float64")
    x = rng.standard_normal(shape)
    check_gradients(layer, x, rng.standard_normal(layer(x).shape), rng)


# --- any geometry, beside Keras ---

sizes = st.integers(1, 5)


def compared(keras, name, options, x):
    """Outputs and all gradients beside Keras's; both refuse a sequence without a window."""
    rng = np.random.default_rng(7)
    ours = getattr(layers, name)(**options)
    try:
        shape = ours.compute_output_shape(x.shape)
    except ValueError:
        with pytest.raises(ValueError, match="zero or negative"):
            getattr(keras.layers, name)(**options).compute_output_shape(x.shape)
        return
    ours, theirs = pair(keras, rng, name, options | {"dtype": "float64"}, x.shape)
    assert shape == tuple(theirs.compute_output_shape(x.shape))
    np.testing.assert_allclose(ours(x), call_keras(theirs, x), rtol=0, atol=1e-12)
    dy = rng.standard_normal(shape)
    dx, d_weights = ours.vjp(x, dy)
    expected, d_expected = keras_gradients(theirs, x, dy)
    for found, wanted in zip([dx, *d_weights], [expected, *d_expected], strict=True):
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-10 * max(1, abs(wanted).max()))


@given(
    st.tuples(sizes, st.integers(1, 9), sizes), sizes, sizes, sizes, st.booleans(),
    st.sampled_from(["valid", "same", "causal"]), st.booleans(),
)  # fmt: skip
def test_a_convolution_of_any_geometry_is_that_of_keras(keras, shape, filters, size, steps, dilated, padding, bias):
    x = np.random.default_rng(3).standard_normal(shape)
    apart = {"dilation_rate" if dilated else "strides": steps}
    options = {"filters": filters, "kernel_size": size, "padding": padding, "use_bias": bias, **apart}
    compared(keras, "Conv1D", options, x)


@given(
    st.tuples(sizes, st.integers(1, 9), sizes), sizes, st.one_of(st.none(), sizes), st.sampled_from(["valid", "same"]),
    st.sampled_from(["MaxPooling1D", "AveragePooling1D"]),
)  # fmt: skip
def test_pooling_of_any_geometry_is_that_of_keras(keras, shape, size, strides, padding, name):
    x = np.random.default_rng(4).standard_normal(shape)
    compared(keras, name, {"pool_size": size, "strides": strides, "padding": padding}, x)


def test_a_convolution_does_not_depend_on_the_number_of_threads(rng, thread_count):
    x = rng.standard_normal((32, 100, 32)).astype("float32")
    layer = layers.Conv1D(64, 3, groups=2, activation="tanh")
    dy = rng.standard_normal(layer(x).shape)
    results = []
    for n in (1, 2):
        thread_count(n)
        dx, d_weights = layer.vjp(x, dy)
        results.append([layer(x), dx, *d_weights])
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_grouped_convolution_stays_grouped_when_trained(rng):
    model = minirnn.Sequential([layers.Input((T, F)), layers.Conv1D(4, 2, groups=2), layers.Flatten(), layers.Dense(1)])
    model.compile(minirnn.optimizers.AdamW(0.1, weight_decay=0.1), "mse")
    x = rng.standard_normal((8, T, F))
    model.fit(x, x[:, 0, :1], epochs=5, verbose=0)
    y = model.layers[0](x)
    x[..., 2:] = 0.0  # the second group
    np.testing.assert_array_equal(model.layers[0](x)[..., :2], y[..., :2])


# --- in models ---


def build(library, dtype, masked=False):
    kind = library.layers
    first = [kind.Masking()] if masked else [kind.Conv1D(5, 3, padding="causal", activation="relu")]
    after = [] if masked else [kind.MaxPooling1D(2), kind.ZeroPadding1D((1, 0)), kind.Cropping1D((0, 1))]
    return library.Sequential([
        kind.Input((T, F), dtype=dtype), *first, kind.BatchNormalization(momentum=0.8), *after,
        kind.LSTM(4, return_sequences=True), kind.LayerNormalization(),
        *([kind.GlobalAveragePooling1D()] if masked else [kind.UpSampling1D(2), kind.Permute((2, 1)),
          kind.AveragePooling1D(2), kind.GlobalMaxPooling1D()]),
        kind.UnitNormalization(), kind.Dense(1),
    ])  # fmt: skip


@pytest.mark.parametrize("frozen", [False, True], ids=["trained", "frozen"])
@pytest.mark.parametrize("masked", [False, True], ids=["plain", "masked"])
def test_fit_gives_the_losses_weights_and_statistics_of_keras(keras, rng, dtype, masked, frozen):
    x = rng.normal(1, 2, (10, T, F)).astype(dtype)
    x[3, 4:] = x[7, 2:] = 0.0
    y = x.mean((1, 2))[:, None]
    # The weights are always the same: with some, a maximum or relu near its kink falls to either side in float32.
    minirnn.utils.set_random_seed(3)
    with keras_side.precision(dtype):
        ours, theirs = build(minirnn, dtype, masked), build(keras, dtype, masked)
        theirs.set_weights(ours.get_weights())
        for model, library in ((ours, minirnn), (theirs, keras)):
            model.layers[1 if masked else 1].trainable = not frozen
            model.compile(library.optimizers.SGD(0.05), "mse")
        assert [(w.name, w.shape) for w in ours.weights] == [(w.name, tuple(w.shape)) for w in theirs.weights]
        assert len(ours.non_trainable_weights) == len(theirs.non_trainable_weights) == (4 if frozen else 2)
        run = {"epochs": 4, "batch_size": 4, "shuffle": False, "verbose": 0}
        found, expected = (model.fit(x, y, **run).history["loss"] for model in (ours, theirs))
        np.testing.assert_allclose(found, expected, rtol={"float32": 1e-4, "float64": 1e-9}[dtype])
        tolerance = {"float32": 1e-4, "float64": 1e-9}[dtype]
        for weight, other in zip(ours.weights, theirs.get_weights(), strict=True):
            np.testing.assert_allclose(weight.numpy(), other, rtol=0, atol=tolerance, err_msg=weight.path)
        np.testing.assert_allclose(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), rtol=0, atol=tolerance)


def test_lengths_may_differ_from_batch_to_batch(rng):
    model = minirnn.Sequential([layers.Input((None, 2)), layers.Conv1D(3, 2), layers.MaxPooling1D(), layers.LSTM(2)])
    assert model.layers[1].output_shape == (None, None, 3)
    for length in (3, 8, 5):
        x = rng.standard_normal((2, length, 2))
        expected = x
        for layer in model.layers:
            expected = layer(expected)
        np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=0, atol=1e-6)
    with pytest.raises(ValueError, match="needs at least 2 steps for one window, got 1"):
        model.predict(np.ones((2, 1, 2)), verbose=0)


def test_a_convolution_may_be_the_last_layer_under_a_crossentropy(keras, rng):
    x, y = rng.standard_normal((6, T, F)), rng.integers(0, 3, (6, T))
    losses = []
    with keras_side.precision("float64"):
        weights = None
        for library in (minirnn, keras):
            kind = library.layers
            model = library.Sequential([kind.Input((T, F)), kind.Conv1D(3, 2, padding="same", activation="softmax")])
            if weights is None:
                weights = model.get_weights()
            model.set_weights(weights)
            model.compile(library.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
            losses.append(model.fit(x, y, epochs=3, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-6)


# --- errors ---

SEQUENCES = np.ones((2, 5, 3))


@pytest.mark.parametrize("make, error, words", [
    (lambda: layers.Conv1D(0, 3), ValueError, "filters must be at least 1"),
    (lambda: layers.Conv1D(2.5, 3), TypeError, "filters must be a whole number"),
    (lambda: layers.Conv1D(2, True), TypeError, "kernel_size must be a whole number"),
    (lambda: layers.Conv1D(2, (3, 3)), ValueError, "kernel_size must be one whole number, got 2"),
    (lambda: layers.Conv1D(2, 3, strides=0), ValueError, "strides must be at least 1"),
    (lambda: layers.Conv1D(2, 3, padding="full"), ValueError, "padding must be 'valid', 'same' or 'causal'"),
    (lambda: layers.Conv1D(2, 3, data_format="channels_first"), NotImplementedError, "Permute"),
    (lambda: layers.Conv1D(2, 3, data_format="last"), ValueError, "data_format must be"),
    (lambda: layers.Conv1D(2, 3, strides=2, dilation_rate=2), ValueError, "leave one at 1"),
    (lambda: layers.Conv1D(4, 3, groups=3), ValueError, "4 filters into 3 groups"),
    (lambda: layers.Conv1D(4, 3, groups=2)(SEQUENCES), ValueError, "3 features into 2 groups"),
    (lambda: layers.Conv1D(4, 6)(SEQUENCES), ValueError, "needs at least 6 steps for one window, got 5"),
    (lambda: layers.Conv1D(4, 3)(SEQUENCES[0]), ValueError, "3 dimensions"),
    (lambda: layers.Conv1D(4, 3, lora_rank=2), NotImplementedError, "lora_rank"),
    (lambda: layers.Conv1D(4, 3, activation="tnah"), ValueError, "tnah"),
    (lambda: layers.MaxPooling1D(padding="causal"), ValueError, "padding must be 'valid' or 'same'"),
    (lambda: layers.MaxPooling1D(0), ValueError, "pool_size must be at least 1"),
    (lambda: layers.AveragePooling1D(2, strides=0), ValueError, "strides must be at least 1"),
    (lambda: layers.AveragePooling1D(7)(SEQUENCES), ValueError, "needs at least 7 steps"),
    (lambda: layers.GlobalMaxPooling1D("channels_first"), NotImplementedError, "channels_first"),
    (lambda: layers.GlobalAveragePooling1D().call(SEQUENCES, mask=np.ones((2, 4), bool)), ValueError, "mask of shape"),
    (lambda: layers.UpSampling1D(0), ValueError, "size must be at least 1"),
    (lambda: layers.ZeroPadding1D(-1), ValueError, "padding must be at least 0"),
    (lambda: layers.ZeroPadding1D((1, 2, 3)), ValueError, "one whole number or two"),
    (lambda: layers.ZeroPadding1D(1, "channels_first"), NotImplementedError, "channels_first"),
    (lambda: layers.Cropping1D((2, 3))(SEQUENCES), ValueError, "leaves none"),
    (lambda: layers.Permute((0, 1)), ValueError, "an axis of dims must be at least 1"),
    (lambda: layers.Permute((1, 3)), ValueError, "each of 1 .. 2 once"),
    (lambda: layers.Permute((1, 2, 3))(SEQUENCES), ValueError, "orders 3 axes"),
    (lambda: layers.BatchNormalization(axis=0)(SEQUENCES), ValueError, "behind the batch"),
    (lambda: layers.BatchNormalization(axis=3)(SEQUENCES), ValueError, "no axis 3"),
    (lambda: layers.BatchNormalization(axis=[1, 2]), TypeError, "one whole number"),
    (lambda: layers.BatchNormalization(axis=1.0), TypeError, "whole number"),
    (lambda: layers.BatchNormalization(momentum=1.5), ValueError, "momentum must be from 0 to 1"),
    (lambda: layers.BatchNormalization(epsilon=-1), ValueError, "epsilon must be at least 0"),
    (lambda: layers.BatchNormalization(renorm=True, renorm_clipping={"r": 1}), ValueError, "'rmax', 'rmin', 'dmax'"),
    (lambda: layers.BatchNormalization(renorm=True, renorm_clipping={"rmax": 1, "rmin": 2}), ValueError, "below rmin"),
    (lambda: layers.BatchNormalization(renorm=True, renorm_clipping={"dmax": -1}), ValueError, "dmax"),
    (lambda: layers.BatchNormalization(renorm=True, renorm_momentum=2), ValueError, "renorm_momentum"),
    (lambda: layers.BatchNormalization(gamma_regularizer="l3"), ValueError, "'l3'"),
    (lambda: layers.BatchNormalization().call(SEQUENCES, mask=np.ones(2, bool), training=True), ValueError, "mask"),
    (lambda: layers.LayerNormalization(axis="x"), TypeError, "axis must be a whole number or a list"),
    (lambda: layers.LayerNormalization(axis=[2, -1])(SEQUENCES), ValueError, "twice"),
    (lambda: layers.LayerNormalization(axis=[0, 1])(SEQUENCES), ValueError, "behind the batch"),
    (lambda: layers.LayerNormalization(beta_constraint="odd"), ValueError, "'odd'"),
    (lambda: layers.RMSNormalization(epsilon=-1.0), ValueError, "epsilon"),
    (lambda: layers.RMSNormalization([1, 1]).build((None, 3, 4)), ValueError, "twice"),
    (lambda: layers.GroupNormalization(0), ValueError, "groups"),
    (lambda: layers.GroupNormalization(3).build((None, 4)), ValueError, "cannot part 4 features into 3 groups"),
    (lambda: layers.GroupNormalization(axis=[1, 2]), TypeError, "one whole number"),
    (lambda: layers.UnitNormalization(axis=3)(SEQUENCES), ValueError, "no axis 3"),
    (lambda: layers.UnitNormalization(axis=None), TypeError, "axis must be a whole number"),
])  # fmt: skip
def test_bad_arguments_and_inputs_are_refused_in_one_line(make, error, words):
    with pytest.raises(error, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("layer, fits, does_not", [
    (lambda: layers.Conv1D(2, 2), (3, 9, 3), (2, 5, 4)),
    (lambda: layers.BatchNormalization(), (3, 9, 3), (2, 5, 4)),
    (lambda: layers.BatchNormalization(axis=1), (3, 5, 8), (2, 6, 3)),
    (lambda: layers.BatchNormalization(), (3, 9, 3), (5, 3)),
    (lambda: layers.LayerNormalization(), (7, 3), (2, 5, 4)),
    (lambda: layers.LayerNormalization(axis=1), (3, 5, 8), (2, 6, 3)),
])  # fmt: skip
def test_a_built_layer_takes_what_fits_its_weights_and_nothing_else(layer, fits, does_not):
    layer = layer()
    layer(SEQUENCES)
    layer(np.ones(fits))
    with pytest.raises(ValueError, match="was built for") as caught:
        layer(np.ones(does_not))
    assert "\n" not in str(caught.value)


def test_rms_scaling_warns_at_the_callers_line():
    with pytest.warns(UserWarning, match="rms_scaling=True is an older argument") as caught:
        layers.LayerNormalization(rms_scaling=True)
    assert caught[0].filename == __file__
