"""Models that share a layer: what one trains, the others use at once."""

from __future__ import annotations

import numpy as np

from minirnn import Input, Sequential, layers


def test_a_model_predicts_and_differentiates_with_weights_that_another_model_trained():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(4, 3, 2)).astype("float32"), random.normal(size=(4, 1)).astype("float32")
    shared = layers.LSTM(3)
    a, b = (Sequential([Input((3, 2)), shared, layers.Dense(1)]) for _ in range(2))
    for model in (a, b):
        model.compile("sgd", "mse")
    a.predict(x, verbose=0), a.compute_gradients(x, y)
    b.fit(x, y, epochs=3, verbose=0)
    fresh = Sequential([Input((3, 2)), layers.LSTM(3), layers.Dense(1)])
    fresh.compile("sgd", "mse")
    fresh.set_weights(a.get_weights())
    np.testing.assert_array_equal(a.predict(x, verbose=0), fresh.predict(x, verbose=0))
    for found, expected in zip(a.compute_gradients(x, y)[1], fresh.compute_gradients(x, y)[1], strict=True):
        np.testing.assert_array_equal(found, expected)
