"""Training with constraints: weights after each step are Keras's."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import layers

N, T, F = 6, 4, 3

CONSTRAINTS = {
    "max_norm": lambda library: library.constraints.MaxNorm(0.5),
    "max_norm, rows": lambda library: library.constraints.MaxNorm(0.7, axis=-1),
    "non_neg": lambda library: "non_neg",
    "unit_norm": lambda library: "UnitNorm",
    "min_max_norm": lambda library: library.constraints.MinMaxNorm(0.3, 0.6, rate=0.5),
}


def with_constraints(name, constraint):
    def make(library):
        ls, chosen = library.layers, CONSTRAINTS[constraint](library)
        kinds = {f"{kind}_constraint": chosen for kind in ("kernel", "recurrent", "bias")}
        first = getattr(ls, name)(5, bias_initializer="glorot_uniform" if name == "GRU" else "ones", **kinds)
        last = ls.Dense(2, kernel_constraint=chosen, bias_constraint=chosen, bias_initializer="ones")
        return library.Sequential([library.Input((T, F)), first, last])

    return make


@pytest.fixture
def data():
    random = np.random.default_rng(8)
    return random.normal(size=(N, T, F)), random.normal(size=(N, 2))


def assert_equal_runs(both, data, **options):
    for model in both:
        model.fit(*data, batch_size=3, epochs=3, shuffle=False, verbose=0, **options)
    for weight, theirs in zip(both[0].weights, both[1].get_weights(), strict=True):
        np.testing.assert_allclose(weight.numpy(), theirs, rtol=1e-9, atol=1e-11, err_msg=weight.path)


@pytest.mark.parametrize("constraint", CONSTRAINTS)
@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_a_training_run_is_that_of_keras(twins, data, name, constraint):
    both = twins(with_constraints(name, constraint), lambda library: library.optimizers.SGD(0.1), "mse")
    assert_equal_runs(both, data)
    kernel = both[0].weights[0].numpy()
    if constraint == "non_neg":
        assert kernel.min() == 0.0
    elif constraint == "unit_norm":
        np.testing.assert_allclose(np.linalg.norm(kernel, axis=0), 1, rtol=1e-6)


@pytest.mark.parametrize(
    "options",
    [{"use_ema": True, "ema_momentum": 0.5}, {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2},
     {"gradient_accumulation_steps": 2}, {"weight_decay": 0.1, "clipnorm": 0.5}],
    ids=lambda options: list(options)[-1],
)  # fmt: skip
@pytest.mark.parametrize("constraint", ["max_norm", "min_max_norm"])
def test_constraints_come_after_all_that_an_optimizer_does(twins, data, constraint, options):
    both = twins(with_constraints("LSTM", constraint), lambda library: library.optimizers.Adam(0.05, **options), "mse")
    assert_equal_runs(both, data)


def test_a_frozen_weight_is_left_as_it_is(twins, data):
    def make(library):
        model = with_constraints("GRU", "unit_norm")(library)
        model.layers[0].trainable = False
        return model

    both = twins(make, "sgd", "mse")
    before = both[0].get_weights()
    assert_equal_runs(both, data)
    for old, new in zip(before[:3], both[0].get_weights()[:3], strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("constraint", CONSTRAINTS)
@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_padding_stays_zero(data, name, constraint):
    x, y = (a.astype("float32") for a in data)
    model = with_constraints(name, constraint)(minirnn)
    model.compile("adam", "mse")
    model.fit(x, y, epochs=2, verbose=0)
    for weight in model.weights:
        copy = np.zeros_like(weight.packed)
        weight.layout.pack(weight.numpy(), copy)
        np.testing.assert_array_equal(weight.packed, copy, err_msg=weight.path)


def test_initial_and_assigned_weights_are_not_constrained_before_a_step(data):
    x, y = (a.astype("float32") for a in data)
    model = minirnn.Sequential([minirnn.Input((T, F)), layers.LSTM(3), layers.Dense(2, kernel_constraint="non_neg")])
    model.compile("sgd", "mse")
    kernel = model.layers[1].weights[0]
    kernel.assign(np.full((3, 2), -5.0))
    model.test_on_batch(x, y)
    assert kernel.numpy().max() == -5.0
    model.train_on_batch(x, y)
    assert kernel.numpy().min() == 0.0


def test_a_constraint_may_be_set_between_steps(data):
    x, y = (a.astype("float32") for a in data)
    model = minirnn.Sequential([minirnn.Input((T, F)), layers.LSTM(3), layers.Dense(2)])
    model.compile("sgd", "mse")
    model.train_on_batch(x, y)
    kernel = model.layers[0].weights[0]
    kernel.constraint = "unit_norm"
    model.train_on_batch(x, y)
    np.testing.assert_allclose(np.linalg.norm(kernel.numpy(), axis=0), 1, rtol=1e-5)
    kernel.constraint = None
    kernel.assign(np.ones(kernel.shape))
    model.train_on_batch(x, y)
    assert np.linalg.norm(kernel.numpy(), axis=0).min() > 1.5


def test_a_function_constrains_a_weight_in_the_shape_of_keras(data):
    shapes = []

    def symmetric(w):
        shapes.append(w.shape)
        return (w + w.T) / 2

    x, y = (a.astype("float32") for a in data)
    model = minirnn.Sequential(
        [minirnn.Input((T, F)), layers.SimpleRNN(5, recurrent_constraint=symmetric), layers.Dense(2)]
    )
    model.compile("sgd", "mse")
    model.fit(x, y, epochs=2, verbose=0)
    w = model.layers[0].weights[1].numpy()
    np.testing.assert_array_equal(w, w.T)
    assert set(shapes) == {(5, 5)}


def test_a_constraint_that_gives_another_shape_is_named(data):
    x, y = (a.astype("float32") for a in data)
    model = minirnn.Sequential(
        [minirnn.Input((T, F)), layers.LSTM(5, kernel_constraint=lambda w: w[0], name="lstm"), layers.Dense(2)]
    )
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"lstm/kernel: its constraint gave shape \(20,\), expected \(3, 20\)"):
        model.train_on_batch(x, y)
