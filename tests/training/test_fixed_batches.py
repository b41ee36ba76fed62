"""Models that take batches of one size only: a fixed batch size, or states kept from batch to batch."""

from __future__ import annotations

import numpy as np
import pytest

from minirnn import Sequential, layers

pytestmark = pytest.mark.filterwarnings("ignore:batch_input_shape= is an older spelling:DeprecationWarning")


def data(rows):
    random = np.random.default_rng(rows)
    return random.normal(size=(rows, 3, 2)).astype("float32"), random.normal(size=(rows, 1)).astype("float32")


def a_model(**options):
    model = Sequential([layers.LSTM(3, stateful=True, **options), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def test_a_fixed_batch_size_fits_evaluates_and_predicts_several_batches():
    model, (x, y) = a_model(batch_input_shape=(4, 3, 2)), data(8)
    model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0, validation_data=(x, y))
    model.reset_states()
    whole = model.predict(x, batch_size=4, verbose=0)
    model.reset_states()
    parts = [model.predict_on_batch(x[:4]), model.predict_on_batch(x[4:])]
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    assert model.evaluate(x, y, batch_size=4, verbose=0) > 0


@pytest.mark.parametrize("options", [{}, {"batch_input_shape": (4, 3, 2)}], ids=["stateful", "fixed"])
@pytest.mark.parametrize("call", ["fit", "evaluate", "predict"])
def test_a_rest_is_refused_before_anything_changes(call, options):
    model, (x, y) = a_model(**options), data(10)
    model.predict_on_batch(x[:4])
    model.reset_states()
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"10 rows are no whole number of batches of 4") as caught:
        getattr(model, call)(*((x,) if call == "predict" else (x, y)), batch_size=4, verbose=0)
    assert "\n" not in str(caught.value)
    assert all(not state.any() for state in model.layers[0].states or ())
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_another_size_than_the_fixed_one_is_refused():
    model, (x, y) = a_model(batch_input_shape=(4, 3, 2)), data(8)
    with pytest.raises(ValueError, match=r"got input of shape \(8, 3, 2\), expected \(4, 3, 2\)"):
        model.fit(x, y, batch_size=8, verbose=0)
