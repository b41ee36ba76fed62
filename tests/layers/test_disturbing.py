"""Layers of noise: nothing but in training, then with Keras's mean, variance, shapes; gradients of what was drawn."""

from __future__ import annotations

import json

import numpy as np
import pytest

import minirnn
from minirnn import layers

CASES = [
    ("SpatialDropout1D", {"rate": 0.25}),
    ("GaussianNoise", {"stddev": 0.5}),
    ("GaussianDropout", {"rate": 0.25}),
    ("AlphaDropout", {"rate": 0.25}),
    ("AlphaDropout", {"rate": 0.25, "noise_shape": (None, 1, None)}),
]
every_case = pytest.mark.parametrize("name, options", CASES, ids=str)
X = np.random.default_rng(1).normal(size=(40, 30, 20))


@every_case
def test_outside_of_training_it_passes_its_input_on(name, options):
    np.testing.assert_array_equal(getattr(layers, name)(**options, dtype="float64")(X), X)


@pytest.mark.parametrize("name, options", [(name, {next(iter(o)): 0.0}) for name, o in CASES[:4]], ids=str)
def test_without_noise_training_passes_its_input_on(name, options):
    np.testing.assert_array_equal(getattr(layers, name)(**options, dtype="float64")(X, training=True), X)


@every_case
def test_the_same_seed_gives_the_same_sequence_of_draws(name, options):
    first, second = (getattr(layers, name)(**options, seed=7) for _ in range(2))
    draws = [first(X, training=True) for _ in range(2)]
    assert (draws[0] != draws[1]).any()
    for draw in draws:
        np.testing.assert_array_equal(second(X, training=True), draw)


@every_case
def test_means_and_variances_are_those_of_keras(keras, name, options):
    ours, theirs = (
        np.asarray(getattr(library.layers, name)(**options, seed=3, dtype="float64")(X, training=True))
        for library in (minirnn, keras)
    )
    # 24,000 numbers, but as few as 800 choices where one holds for all steps: five of their standard deviations.
    few = name == "SpatialDropout1D" or "noise_shape" in options
    assert ours.mean() == pytest.approx(theirs.mean(), abs=0.1 if few else 0.05)
    assert ours.var() == pytest.approx(theirs.var(), rel=0.3 if few else 0.06)


def test_gaussian_noise_has_its_standard_deviation():
    noise = layers.GaussianNoise(0.5, seed=1, dtype="float64")(X, training=True) - X
    assert noise.mean() == pytest.approx(0, abs=0.02) and noise.std() == pytest.approx(0.5, rel=0.03)


def test_gaussian_dropout_multiplies_by_numbers_around_one():
    factor = layers.GaussianDropout(0.2, seed=1, dtype="float64")(X, training=True) / X
    assert factor.mean() == pytest.approx(1, abs=0.02) and factor.std() == pytest.approx(0.5, rel=0.03)


def test_spatial_dropout_drops_a_feature_at_all_steps():
    y = layers.SpatialDropout1D(0.25, seed=1)(np.ones_like(X), training=True)
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.75)}
    assert (y == y[:, :1]).all()
    assert abs((y[:, 0] == 0).mean() - 0.25) < 0.08


def test_alpha_dropout_gives_what_keras_gives_for_kept_and_dropped_numbers(keras):
    values = [
        np.unique(np.asarray(library.layers.AlphaDropout(0.25, dtype="float64")(np.ones((50, 50)), training=True)))
        for library in (minirnn, keras)
    ]
    assert len(values[0]) == len(values[1]) == 2
    np.testing.assert_allclose(*values, rtol=1e-6)


@every_case
def test_the_gradient_is_that_of_what_was_drawn(name, options):
    x, rng, step = X[:3, :4, :5], np.random.default_rng(2), 1e-6
    dy, direction = rng.normal(size=x.shape), rng.normal(size=x.shape)
    dx, weights = getattr(layers, name)(**options, seed=5, dtype="float64").vjp(x, dy)
    moved = [
        (getattr(layers, name)(**options, seed=5, dtype="float64")(x + s * direction, training=True) * dy).sum()
        for s in (step, -step)
    ]
    assert weights == []
    assert (dx * direction).sum() == pytest.approx((moved[0] - moved[1]) / (2 * step), rel=1e-7)


@every_case
def test_a_model_draws_anew_in_training_and_not_in_predict(name, options):
    chain = [layers.LSTM(4, return_sequences=True), getattr(layers, name)(**options), layers.GRU(3), layers.Dense(1)]
    model = minirnn.Sequential([minirnn.Input((30, 20)), *chain])
    model.compile("sgd", "mse")
    np.testing.assert_array_equal(model.predict(X, verbose=0), model.predict(X, verbose=0))
    y = np.ones((40, 1))
    gradients = []
    for _ in range(2):
        gradients.append(model.compute_gradients(X, y)[1][0])
        model(X, training=True)  # asking draws nothing for good, training does
    assert (gradients[0] != gradients[1]).any() and np.isfinite(gradients[0]).all()
    assert np.isfinite(model.fit(X, y, epochs=2, verbose=0).history["loss"]).all()


@every_case
def test_the_configuration_is_that_of_keras(keras, name, options):
    options = {**options, "seed": 3, "name": "mine"}
    ours, theirs = (getattr(library.layers, name)(**options).get_config() for library in (minirnn, keras))
    assert ours == theirs
    again = getattr(layers, name).from_config(json.loads(json.dumps(theirs)))
    assert json.loads(json.dumps(again.get_config())) == json.loads(json.dumps(theirs))
    assert getattr(keras.layers, name).from_config(ours).get_config() == theirs


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: layers.SpatialDropout1D(1.0), "rate must be"),
        (lambda: layers.SpatialDropout1D(0.5)(X[:, 0], training=True), "expects 3 dimensions"),
        (lambda: layers.GaussianNoise(1.5), "stddev must lie between 0 and 1"),
        (lambda: layers.GaussianNoise("a"), "stddev"),
        (lambda: layers.GaussianDropout(1.0), "rate must be at least 0 and below 1"),
        (lambda: layers.GaussianDropout(True), "rate"),
        (lambda: layers.AlphaDropout(-0.1), "rate"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(make, message):
    with pytest.raises(ValueError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200
