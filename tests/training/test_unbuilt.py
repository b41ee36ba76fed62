"""A refused call leaves a model that was not built unbuilt: no weight is drawn, no seed is used up."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import initializers, layers, random

N, T, F = 8, 4, 2
X = np.linspace(-1.0, 1.0, N * T * F).reshape(N, T, F)
Y = np.linspace(0.0, 1.0, N).reshape(N, 1)


def chain(seeds):
    """A model without Input, whose weights are drawn from `seeds` when they are made."""
    first = layers.LSTM(3, kernel_initializer=initializers.GlorotUniform(seed=seeds))
    model = minirnn.Sequential([first, layers.Dropout(0.5), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["accuracy"])
    return model


REFUSED = {
    "y of another width": lambda m: m.fit(X, np.zeros((N, 7)), verbose=0),
    "y of another length": lambda m: m.fit(X, Y[:3], verbose=0),
    "y with NaN": lambda m: m.train_on_batch(X, Y * np.nan),
    "no y": lambda m: m.fit(X, verbose=0),
    "y of another width in evaluate": lambda m: m.evaluate(X, np.zeros((N, 7)), verbose=0),
    "y of another width in test_on_batch": lambda m: m.test_on_batch(X, np.zeros((N, 7))),
    "y of another width in compute_gradients": lambda m: m.compute_gradients(X, np.zeros((N, 7))),
    "negative sample_weight": lambda m: m.fit(X, Y, sample_weight=-np.ones(N), verbose=0),
    "x of rank 2": lambda m: m.fit(X[:, 0], Y, verbose=0),
    "x of rank 2 in predict": lambda m: m.predict(X[:, 0], verbose=0),
    "validation y of another width": lambda m: m.fit(X, Y, validation_data=(X, np.zeros((N, 7))), verbose=0),
    "validation x of other features": lambda m: m.fit(X, Y, validation_data=(X[..., :1], Y), verbose=0),
    "validation_split that leaves nothing": lambda m: m.fit(X, Y, validation_split=0.999, verbose=0),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_call_builds_nothing_and_draws_nothing(case):
    seeds = random.SeedGenerator(3)
    random.set_random_seed(5)
    model = chain(seeds)
    own, shared = seeds._sequence.getstate(), random._global_seeds._sequence.getstate()
    with pytest.raises((TypeError, ValueError)) as caught:
        REFUSED[case](model)
    assert "\n" not in str(caught.value)
    assert not model.built and not model.optimizer.built and model.metrics_names == ["loss"]
    assert not any(layer.built or layer.weights for layer in model.layers)
    assert seeds._sequence.getstate() == own and random._global_seeds._sequence.getstate() == shared


def test_training_after_a_refused_call_is_training_without_it():
    results = []
    for refused in (False, True):
        random.set_random_seed(5)
        model = chain(random.SeedGenerator(3))
        if refused:
            with pytest.raises(ValueError, match="got shape"):
                model.fit(X, np.zeros((N, 7)), verbose=0)
        results.append((model.fit(X, Y, epochs=2, verbose=0).history, model.get_weights()))
    assert results[0][0] == results[1][0]
    for weight, other in zip(results[0][1], results[1][1], strict=True):
        np.testing.assert_array_equal(weight, other)


def test_the_output_shape_of_an_unbuilt_chain_is_told_without_building_it():
    model = minirnn.Sequential([layers.LSTM(3, return_sequences=True), layers.Flatten(), layers.Dense(2)])
    assert model.compute_output_shape((None, T, F)) == (None, 2)
    assert model.compute_output_shape((5, T + 1, F)) == (5, 2)
    assert not model.built and not any(layer.built for layer in model.layers)


BAD_CHAINS = {
    "rank": (lambda: [layers.LSTM(3), layers.LSTM(3)], "3 dimensions"),
    "states": (lambda: [layers.LSTM(3, return_state=True), layers.Dense(1)], "return_state"),
    "size": (lambda: [layers.LSTM(3), layers.Reshape((2, 2))], "cannot turn"),
    "nothing": (lambda: [], "no layers"),
}


@pytest.mark.parametrize("case", BAD_CHAINS)
def test_a_chain_that_does_not_fit_is_refused_before_its_first_layer_is_built(case):
    make, message = BAD_CHAINS[case]
    model = minirnn.Sequential(make())
    for call in (model.build, model.compute_output_shape):
        with pytest.raises(ValueError, match=message):
            call((None, T, F))
    assert not model.built and not any(layer.built for layer in model.layers)


def built(layer, features):
    layer(np.zeros((1, T, features)))
    return layer


@pytest.mark.parametrize("make", [lambda: layers.LSTM(3), lambda: layers.Dense(3)])
def test_a_layer_built_for_other_features_is_refused_wherever_it_is_put(make):
    with pytest.raises(ValueError, match=f"was built for {F} features, got input of shape"):
        minirnn.Sequential([minirnn.Input((T, F + 1)), built(make(), F)])
    model = minirnn.Sequential([minirnn.Input((T, F)), layers.GRU(F + 3, return_sequences=True)])
    with pytest.raises(ValueError, match=f"was built for {F} features, got input of shape"):
        model.add(built(make(), F))
    assert len(model.layers) == 1 and model.built
