"""`vjp` and `compute_gradients` ask what training would do, and leave layers and models as they were."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import layers

B, T, F = 4, 3, 2
X = np.random.default_rng(6).normal(size=(B, T, F)).astype("float32")
STATEFUL = {"return_sequences": True, "stateful": True}


class Block(layers.Layer):
    """Made of layers that change in training."""

    def __init__(self):
        super().__init__()
        self.norm, self.drop = layers.BatchNormalization(), layers.Dropout(0.5)

    def call(self, x):
        return self.drop(self.norm(x))


class Counting(layers.Layer):
    """Counts its calls in a weight that is not trained."""

    def build(self, input_shape):
        self.calls = self.add_weight(name="calls", shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.calls.assign(self.calls.numpy() + 1)
        return x + self.calls.numpy()

    def backward(self, dy, x):
        return dy, []


CHANGING = {
    "moving statistics": lambda: layers.BatchNormalization(),
    "dropout": lambda: layers.Dropout(0.5),
    "noise": lambda: layers.GaussianNoise(1.0),
    "dropout of a recurrent layer": lambda: layers.GRU(3, dropout=0.5, recurrent_dropout=0.5),
    "zoneout": lambda: layers.ZoneoutLSTM(3),
    "states": lambda: layers.GRU(3, **STATEFUL),
    "states of cells": lambda: layers.RNN(layers.GRUCell(3), **STATEFUL),
    "states of two directions": lambda: layers.Bidirectional(layers.GRU(3, dropout=0.5, **STATEFUL)),
    "steps": lambda: layers.TimeDistributed(layers.BatchNormalization()),
    "made of layers": Block,
    "weights of its own": Counting,
}
every_one = pytest.mark.parametrize("name", CHANGING)


def trained_once(layer):
    """What the layer gives in training, which changes it."""
    return layer.run([X], [None], layer.run_tape([X.shape], True), True)[0].copy()


@every_one
def test_a_layer_is_as_it_was_after_vjp(name):
    minirnn.utils.set_random_seed(1)
    layer = CHANGING[name]()
    dy = np.ones(np.shape(layer(X)), "float32")
    minirnn.utils.set_random_seed(1)
    twin = CHANGING[name]()
    twin(X)
    before = layer.get_weights()
    first, second = (layer.vjp(X, dy)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    for was, now in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)
    for _ in range(2):
        np.testing.assert_array_equal(trained_once(layer), trained_once(twin))


@every_one
def test_a_model_is_as_it_was_after_compute_gradients(name):
    models = []
    for _ in range(2):
        minirnn.utils.set_random_seed(2)
        last = [layers.Flatten(), layers.Dense(1)]
        models.append(minirnn.Sequential([minirnn.Input((T, F)), layers.Dense(F), CHANGING[name](), *last]))
        models[-1].compile("sgd", "mse")
    asked, trained = models
    y = np.ones((B, 1), "float32")
    for model in models:
        model.train_on_batch(X, y)
    results = [asked.compute_gradients(X, y) for _ in range(3)]
    for other in results[1:]:
        assert other[0] == results[0][0]
        np.testing.assert_array_equal(other[2], results[0][2])
    for was, now in zip(trained.get_weights(), asked.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)
    assert results[0][0] == trained.train_on_batch(X, y) == asked.train_on_batch(X, y)


@every_one
def test_training_itself_does_change_them(name):
    """The tests above would pass if nothing ever changed."""
    layer = CHANGING[name]()
    layer(X)
    before = layer.get_weights()
    first, second = trained_once(layer), trained_once(layer)
    moved = any((was != now).any() for was, now in zip(before, layer.get_weights(), strict=True))
    assert moved or (first != second).any()


def test_asking_within_a_fit_leaves_the_reported_averages_alone():
    class Asking(minirnn.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.compute_gradients(5 * X, [np.ones((B, 1))] * 2)

    histories = []
    for callbacks in ([], [Asking()]):
        minirnn.utils.set_random_seed(3)
        x = minirnn.Input((T, F))
        h = layers.Dropout(0.5)(layers.BatchNormalization()(layers.Flatten()(x)))
        model = minirnn.Model(x, [layers.Dense(1, name="a")(h), layers.Dense(1, name="b")(h)])
        model.compile("sgd", ["mse", "mse"])
        y = [np.ones((B, 1)), np.zeros((B, 1))]
        histories.append(model.fit(X, y, batch_size=2, epochs=2, verbose=0, callbacks=callbacks).history)
    assert histories[0] == histories[1]


def test_moving_statistics_are_put_back_where_the_first_pass_builds_the_layer():
    layer = layers.BatchNormalization()
    layer.vjp(X, X)
    np.testing.assert_array_equal(layer.get_weights()[2], np.zeros(F))
    np.testing.assert_array_equal(layer.get_weights()[3], np.ones(F))
