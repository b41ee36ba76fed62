"""Tables whose rows are updated once they are used: the numbers of a pass over the whole table, and of Keras."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import minirnn
from minirnn import layers, optimizers
from minirnn.optimizers import late_rows, optimizer

V, D, T = 300, 5, 4
MAKES = {
    "sgd": lambda o: o.SGD(0.1),
    "momentum": lambda o: o.SGD(0.1, momentum=0.9),
    "nesterov": lambda o: o.SGD(0.1, momentum=0.9, nesterov=True),
    "adam": lambda o: o.Adam(0.01),
    "adam without momentum": lambda o: o.Adam(0.01, beta_1=0.0),
    "adam, scheduled and clipped": lambda o: o.Adam(o.schedules.ExponentialDecay(0.1, 10, 0.5), clipnorm=0.1),
    "adam, clipped together": lambda o: o.Adam(0.01, global_clipnorm=0.1),
    "rmsprop": lambda o: o.RMSprop(0.01, clipvalue=0.01),
    "rmsprop, centered": lambda o: o.RMSprop(0.01, centered=True, momentum=0.5),
    "adagrad": lambda o: o.Adagrad(0.1),
    "adadelta": lambda o: o.Adadelta(1.0),
}
AT_ONCE = {
    "lion": lambda o: o.Lion(0.01),
    "adamw": lambda o: o.AdamW(0.01),
    "nadam": lambda o: o.Nadam(0.01),
    "adamax": lambda o: o.Adamax(0.01),
    "amsgrad": lambda o: o.Adam(0.01, amsgrad=True),
    "averaged": lambda o: o.SGD(0.1, use_ema=True),
    "accumulated": lambda o: o.SGD(0.1, gradient_accumulation_steps=2),
}


@pytest.fixture(autouse=True)
def floatx():
    before = minirnn.config.floatx()
    yield minirnn.config.set_floatx
    minirnn.config.set_floatx(before)


def trained(make, worth, monkeypatch, steps=60):
    """Losses, weights and slots after steps with rare and frequent rows, a freeze, and weights set in between."""
    monkeypatch.setattr(optimizer, "WORTH_WAITING", worth)
    minirnn.utils.set_random_seed(0)
    model = minirnn.Sequential([layers.Embedding(V, D), layers.GRU(3), layers.Dense(1)])
    model.build((None, T))
    model.compile(make(optimizers), "mse")
    random, losses = np.random.default_rng(1), []
    for step in range(steps):
        x = (V * random.random((3, T)) ** 3).astype(int)
        losses.append(model.train_on_batch(x, np.ones((3, 1))))
        if step == 30:
            losses += model.predict_on_batch(np.arange(V).reshape(-1, T)).ravel().tolist()
        if step == 40:
            model.layers[0].set_weights([1.01 * model.layers[0].get_weights()[0]])
        if step in (45, 50):
            model.layers[0].trainable = step == 50
    late = bool(model.optimizer._late)
    return [np.array(losses), *model.get_weights(), *(v.numpy() for v in model.optimizer.variables)], late


@pytest.mark.parametrize("kept", [1024, 17], ids=["all steps kept", "accounts closed in between"])
@pytest.mark.parametrize("name", [*MAKES, *AT_ONCE])
def test_waiting_gives_the_numbers_of_a_pass_over_all_rows(name, kept, floatx, monkeypatch):
    monkeypatch.setattr(late_rows, "KEPT_STEPS", kept)
    floatx("float64")
    make = (MAKES | AT_ONCE)[name]
    (found, late), (expected, at_once) = trained(make, 0, monkeypatch), trained(make, 10**9, monkeypatch)
    assert late == (name in MAKES) and not at_once
    for mine, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("name", [name for name in MAKES if "scheduled" not in name])  # Keras's rates are of float32
def test_each_row_once_a_batch_gives_the_numbers_of_keras(keras, name, floatx, monkeypatch):
    """Where a row comes twice, Keras on TensorFlow squares the parts of its gradient, and not their sum."""
    from reference import keras_side

    monkeypatch.setattr(optimizer, "WORTH_WAITING", 0)
    with keras_side.precision("float64"):
        models = []
        for library in (minirnn, keras):
            chain = [library.layers.Embedding(V, D), library.layers.GRU(3), library.layers.Dense(1)]
            models.append(library.Sequential([library.Input((T,)), *chain]))
            models[-1].compile(MAKES[name](library.optimizers), "mse")
        models[1].set_weights(models[0].get_weights())
        random = np.random.default_rng(1)
        for _ in range(15):
            x = random.choice(40, (3, T), replace=False)
            losses = [float(model.train_on_batch(x, np.ones((3, 1)))) for model in models]
            assert abs(losses[0] - losses[1]) <= 1e-9  # they begin near 1
        for mine, other in zip(*(model.get_weights() for model in models), strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-8, atol=1e-9)


def test_a_layer_that_is_called_twice_adds_its_gradients(floatx, monkeypatch):
    floatx("float64")
    results = []
    for worth in (0, 10**9):
        monkeypatch.setattr(optimizer, "WORTH_WAITING", worth)
        minirnn.utils.set_random_seed(0)
        a, b = minirnn.Input((T,)), minirnn.Input((T,))
        table = layers.Embedding(V, D)
        flat = layers.Flatten()
        model = minirnn.Model([a, b], layers.Dense(1)(layers.Concatenate()([flat(table(a)), flat(table(b))])))
        model.compile(optimizers.Adam(0.05), "mse")
        random = np.random.default_rng(2)
        for _ in range(20):
            model.train_on_batch([random.integers(0, V, (3, T)) for _ in "ab"], np.ones((3, 1)))
        results.append(model.get_weights())
    for mine, other in zip(*results, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-10, atol=1e-13)


def test_another_optimizer_goes_on_from_rows_that_are_up_to_date(floatx, monkeypatch):
    floatx("float64")
    results = []
    for worth in (0, 10**9):
        monkeypatch.setattr(optimizer, "WORTH_WAITING", worth)
        minirnn.utils.set_random_seed(0)
        model = minirnn.Sequential([minirnn.Input((T,)), layers.Embedding(V, D), layers.Flatten(), layers.Dense(1)])
        random = np.random.default_rng(2)
        for name in ("adam", "momentum"):
            model.compile(MAKES[name](optimizers), "mse")
            for _ in range(10):
                model.train_on_batch(random.integers(0, V, (3, T)), np.ones((3, 1)))
        results.append(model.get_weights())
    for mine, other in zip(*results, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-10, atol=1e-13)


def test_threads_that_predict_at_once_see_the_same_rows(monkeypatch):
    monkeypatch.setattr(optimizer, "WORTH_WAITING", 0)
    model = minirnn.Sequential([minirnn.Input((T,)), layers.Embedding(V, D), layers.Flatten()])
    model.compile(optimizers.Adam(0.1), "mse")
    random = np.random.default_rng(2)
    for _ in range(20):
        model.train_on_batch(random.integers(0, V, (3, T)), np.ones((3, T * D)))
    x, found = np.arange(V).reshape(-1, T), []
    threads = [threading.Thread(target=lambda: found.append(model.predict_on_batch(x))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = model.get_weights()[0].reshape(found[0].shape)
    for y in found:
        np.testing.assert_array_equal(y, expected)
