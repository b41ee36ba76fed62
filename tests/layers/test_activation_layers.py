"""ReLU, LeakyReLU, PReLU, ELU, Softmax, Identity, Rescaling: values, gradients, configurations of Keras's layers."""

from __future__ import annotations

import json

import numpy as np
import pytest

import minirnn
from minirnn import layers

SHAPE = (3, 4, 2)
CASES = [
    ("ReLU", {}),
    ("ReLU", {"max_value": 1.0}),
    ("ReLU", {"max_value": 6}),
    ("ReLU", {"negative_slope": 0.25}),
    ("ReLU", {"threshold": 0.5}),
    ("ReLU", {"max_value": 1, "negative_slope": 0.25}),
    ("ReLU", {"max_value": 1.5, "negative_slope": 0.25, "threshold": 0.5}),
    ("ReLU", {"max_value": 0.25, "threshold": 0.5}),
    ("LeakyReLU", {"negative_slope": 0.25}),  # not the 0.3 of the default, which TensorFlow rounds to float32
    ("LeakyReLU", {"negative_slope": 0.0}),
    ("ELU", {}),
    ("ELU", {"alpha": 0.5}),
    ("PReLU", {}),
    ("PReLU", {"shared_axes": [1]}),
    ("PReLU", {"alpha_regularizer": "l2", "alpha_constraint": "non_neg"}),
    ("PReLU", {"shared_axes": 2}),
    ("PReLU", {"shared_axes": (1, 2), "alpha_initializer": "ones"}),
    ("Softmax", {}),
    ("Softmax", {"axis": 1}),
    ("Softmax", {"axis": [1, 2]}),
    ("Softmax", {"axis": [-1]}),
    ("Identity", {}),
    ("Rescaling", {"scale": 0.5}),
    ("Rescaling", {"scale": 2, "offset": -1.0}),
    ("Rescaling", {"scale": [2.0, 3.0], "offset": [[1.0], [2.0], [3.0], [4.0]]}),
    ("ActivityRegularization", {}),
]
every_case = pytest.mark.parametrize("name, options", CASES, ids=str)


def numbers(edges=True):
    """Numbers around all edges; without `edges` none within a step of a difference to one."""
    x = np.round(np.random.default_rng(4).normal(size=SHAPE) * 4) / 4 + (0 if edges else 0.1)
    if edges:
        x[0, 0], x[0, 1], x[0, 2], x[0, 3] = 0.0, 0.5, 6.0, 1.0
    return x


def both(keras, name, options, dtype="float64"):
    pair = [getattr(library.layers, name)(**options, dtype=dtype) for library in (minirnn, keras)]
    for layer in pair:
        layer.build((None, *SHAPE[1:]))
    rng = np.random.default_rng(2)
    values = [rng.uniform(0.1, 0.9, w.shape) for w in pair[1].weights]
    for layer in pair:
        layer.set_weights(values)
    return pair


@every_case
def test_values_and_gradients_are_those_of_keras_also_at_the_edges(keras, name, options):
    import tensorflow as tf

    ours, theirs = both(keras, name, options)
    x, dy = numbers(), np.random.default_rng(3).normal(size=SHAPE)
    tensor = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        expected = theirs(tensor)
    y = ours(x)
    assert y.dtype == "float64"
    np.testing.assert_allclose(y, expected.numpy(), rtol=0, atol=1e-12)
    weights = [w.value for w in theirs.trainable_weights]
    gradients = tape.gradient(expected, [tensor, *weights], output_gradients=tf.constant(dy))
    dx, d_weights = ours.vjp(x, dy)
    for found, other in zip([dx, *d_weights], gradients, strict=True):
        np.testing.assert_allclose(found, other.numpy(), rtol=1e-10, atol=1e-12)


@every_case
def test_gradients_are_those_of_central_differences(keras, name, options):
    layer, _ = both(keras, name, options)
    rng, x, step = np.random.default_rng(5), numbers(edges=False), 1e-6
    dy, direction = rng.normal(size=SHAPE), rng.normal(size=SHAPE)
    dx, d_weights = layer.vjp(x, dy)
    rise = ((layer(x + step * direction) - layer(x - step * direction)) * dy).sum() / (2 * step)
    assert (dx * direction).sum() == pytest.approx(rise, rel=1e-7)
    for gradient, before in zip(d_weights, layer.get_weights(), strict=True):
        direction, ends = rng.normal(size=before.shape), []
        for sign in (step, -step):
            layer.set_weights([before + sign * direction])
            ends.append((layer(x) * dy).sum())
        assert (gradient * direction).sum() == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-7)


@every_case
def test_float32_in_and_out(name, options):
    layer, x = getattr(layers, name)(**options), numbers().astype("float32")
    y, before = layer(x), x.copy()
    assert y.dtype == "float32" and not np.shares_memory(y, x)
    np.testing.assert_array_equal(x, before)
    dx, gradients = layer.vjp(x, np.ones_like(y))
    assert dx.dtype == "float32" and all(g.dtype == "float32" for g in gradients)


@pytest.mark.parametrize("common", [{}, {"dtype": "float64"}, {"trainable": False}], ids=str)
@every_case
def test_the_configuration_is_that_of_keras_and_is_read_here_and_there(keras, name, options, common):
    ours, theirs = (getattr(library.layers, name)(**options, **common, name="mine") for library in (minirnn, keras))
    found, expected = (json.loads(json.dumps(plain(layer.get_config()))) for layer in (ours, theirs))
    assert found == expected
    again = getattr(layers, name).from_config(theirs.get_config())
    assert plain(again.get_config()) == plain(ours.get_config())
    assert plain(getattr(keras.layers, name).from_config(ours.get_config()).get_config()) == plain(theirs.get_config())


def plain(config):
    """A configuration with arrays as lists, to be compared."""
    values = {key: value for key, value in config.items()}
    for key in ("scale", "offset"):
        value = values.get(key)
        if isinstance(value, dict):
            values[key] = np.asarray(value["config"]["value"]).tolist()
    return values


def test_a_mask_of_numbers_leaves_out_what_does_not_count(keras):
    import tensorflow as tf

    x, dy = numbers(), np.random.default_rng(3).normal(size=SHAPE)
    mask = np.random.default_rng(6).random(SHAPE) > 0.4
    mask[1] = False
    for axis, given in ((-1, mask), (1, mask), ([1, 2], mask), (-1, mask[:, :1]), (1, mask[..., :1].astype(float))):
        ours, theirs = (library.layers.Softmax(axis, dtype="float64") for library in (minirnn, keras))
        tensor = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(tensor)
            expected = theirs(tensor, mask=tf.constant(given))
        np.testing.assert_allclose(ours(x, given), expected.numpy(), rtol=0, atol=1e-12)
        flags = given if given.dtype == bool else given > 0.5
        dx, _ = ours.vjp(x, dy, mask=flags)
        wanted = tape.gradient(expected, tensor, output_gradients=tf.constant(dy)).numpy()
        np.testing.assert_allclose(dx, wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["ReLU", "LeakyReLU", "ELU", "PReLU", "Identity", "Rescaling", "GaussianNoise"])
def test_a_mask_of_steps_goes_on(name):
    mask = np.ones((3, 4), bool)
    options = {"Rescaling": {"scale": 2.0}, "GaussianNoise": {"stddev": 0.1}}.get(name, {})
    assert getattr(layers, name)(**options).compute_mask(numbers(), mask) is mask


def test_a_model_with_these_layers_trains_as_in_keras(keras):
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(16, 5, 2)), rng.uniform(size=(16, 3))
    models = []
    for library in (minirnn, keras):
        k, make = library.layers, {"dtype": "float64"}
        model = library.Sequential([
            library.Input((5, 2), **make), k.Rescaling(0.5, 0.1, **make), k.LSTM(4, return_sequences=True, **make),
            k.PReLU(shared_axes=[1], alpha_initializer="ones", **make), k.LeakyReLU(0.1, **make), k.GRU(4, **make),
            k.ELU(**make), k.Dense(3, **make), k.ReLU(negative_slope=0.1, max_value=2.0, **make), k.Softmax(**make),
        ])  # fmt: skip
        model.compile("adam", "mse")
        models.append(model)
    models[1].set_weights(models[0].get_weights())
    losses = [m.fit(x, y, epochs=5, batch_size=4, shuffle=False, verbose=0).history["loss"] for m in models]
    np.testing.assert_allclose(*losses, rtol=1e-6)
    for ours, theirs in zip(models[0].get_weights(), models[1].get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-8)


@pytest.mark.filterwarnings("ignore:.*is an older spelling")
def test_the_slope_of_a_leaky_unit_may_be_called_alpha():
    assert layers.LeakyReLU(alpha=0.2).negative_slope == 0.2


def test_penalties_on_activities_and_slopes_train_as_in_keras(keras):
    minirnn.utils.set_random_seed(9)
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(16, 5, 2)), rng.normal(size=(16, 1))
    models = []
    for library in (minirnn, keras):
        k, make = library.layers, {"dtype": "float32"}  # Keras cannot add penalties of float64 to its losses
        slopes = {"alpha_initializer": "ones", "alpha_regularizer": "l1", "alpha_constraint": "non_neg"}
        model = library.Sequential([
            library.Input((5, 2), **make), k.LSTM(4, **make), k.ActivityRegularization(l1=0.25, l2=0.5, **make),
            k.Dense(4, **make), k.PReLU(**slopes, **make), k.Dense(1, **make),
        ])  # fmt: skip
        model.compile("adam", "mse")
        models.append(model)
    models[1].set_weights(models[0].get_weights())
    losses = [m.fit(x, y, epochs=5, batch_size=4, shuffle=False, verbose=0).history["loss"] for m in models]
    np.testing.assert_allclose(*losses, rtol=1e-4)
    for ours, theirs in zip(*(m.get_weights() for m in models), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: layers.ReLU(max_value=-1.0), ValueError, "max_value must be a number of at least 0"),
        (lambda: layers.ReLU(negative_slope=None), ValueError, "negative_slope"),
        (lambda: layers.ReLU(threshold=-0.5), ValueError, "threshold"),
        (lambda: layers.LeakyReLU(-0.1), ValueError, "negative_slope"),
        (lambda: layers.LeakyReLU("0.1"), ValueError, "negative_slope"),
        (lambda: layers.ELU(np.nan), ValueError, "alpha must be a finite number"),
        (lambda: layers.ELU("a"), ValueError, "alpha"),
        (lambda: layers.PReLU(shared_axes=[3]).build((None, 4, 2)), ValueError, "cannot share axis 3"),
        (lambda: layers.PReLU(shared_axes=[-1]).build((None, 4, 2)), ValueError, "cannot share axis -1"),
        (lambda: layers.PReLU(shared_axes=[0]).build((None, 4, 2)), ValueError, "cannot share axis 0"),
        (lambda: layers.PReLU().build((None, None, 2)), ValueError, "known size of each axis"),
        (lambda: layers.PReLU(alpha_initializer="zeroes"), ValueError, "unknown initializer"),
        (lambda: layers.PReLU(alpha_regularizer="l3"), ValueError, "unknown regularizer"),
        (lambda: built(layers.PReLU())(np.ones((3, 5, 2))), ValueError, "was built for alpha of shape"),
        (lambda: layers.Softmax(axis=3)(np.ones(SHAPE)), ValueError, "has no axis 3"),
        (lambda: layers.Softmax(axis="last"), TypeError, "axis must be a whole number"),
        (lambda: layers.Softmax()(np.ones(SHAPE), np.ones((3, 5), bool)), ValueError, "does not stretch"),
        (lambda: layers.Rescaling("2"), TypeError, "scale"),
        (lambda: layers.Rescaling(np.inf), ValueError, "scale"),
        (lambda: layers.Rescaling([1.0, 2.0, 3.0])(np.ones(SHAPE)), ValueError, "scale of shape"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(make, error, message):
    with pytest.raises(error, match=message) as caught:
        make()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


def built(layer):
    layer.build((None, *SHAPE[1:]))
    return layer
