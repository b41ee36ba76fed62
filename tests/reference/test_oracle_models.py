"""The oracle of a whole Sequential is Keras in float64, and it takes a model for its numbers only."""

from __future__ import annotations

import numpy as np
import pytest

from reference import cases, compare, keras_side, suite
from reference.truth import truth

SMALL = [case for case in cases.MODELS if case.features < 100]
MASKED_SEQUENCE = cases.ModelCase(
    "masked sequences, with a loss over the open steps alone",
    lambda k, d: [k.Masking(dtype=d), k.GRU(7, return_sequences=True, dtype=d), k.Dense(2, activation="tanh", dtype=d)],
    padded=True,
)


@pytest.mark.parametrize("case", [*SMALL, MASKED_SEQUENCE], ids=lambda case: case.name)
def test_outputs_loss_and_gradients_are_those_of_keras(keras, case):
    with keras_side.precision("float64"):
        model = cases.build_model(case, keras, "float64")
        x, y = cases.model_data(case, model.output_shape, "float64")
        model.compile(loss="mse")
        loss, weight_gradients, dx = compare.model_gradients(model, x, y)
        output = model.predict_on_batch(x)
    exact = truth(model, x, y)
    assert exact.loss == pytest.approx(loss, rel=1e-12)
    for ours, expected in zip(
        [exact.output, *exact.weight_gradients, exact.dx], [output, *weight_gradients, dx], strict=True
    ):
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-12)


def test_a_layer_it_does_not_know_is_named(keras):
    model = keras.Sequential([keras.Input((3, 2)), keras.layers.Flatten(name="flat")])
    with pytest.raises(ValueError, match="layer 'flat' is a Flatten; the oracle knows Masking, Dense, SimpleRNN"):
        truth(model, np.zeros((1, 3, 2)), np.zeros((1, 6)))


def test_the_error_of_an_array_is_its_root_mean_square_over_the_draws_by_the_largest_truth():
    truths = [[np.array([1.0, -4.0]), np.array(0.5)], [np.array([1.0, -2.0]), np.array(1.0)]]
    results = [[np.array([1.0, -4.4]), np.array(0.4)], [np.array([1.0, -2.0]), np.array(1.0)]]
    errors = suite.relative_errors(results, truths)
    np.testing.assert_allclose(errors, [np.sqrt(0.4**2 / 4) / 4, np.sqrt(0.1**2 / 2) / 1])


def test_one_inaccurate_model_is_not_hidden_by_accurate_ones():
    rows = [suite.TruthRow(name, ratio, 1.0, 1.1, "") for name, ratio in (("good", 0.5), ("bad", 1.2))]
    assert [row.passed for row in rows] == [True, False]
    total = suite.truth_total(rows)
    assert total.ratio == pytest.approx(np.sqrt(0.5 * 1.2))
    assert total.passed
    assert total.worst == "bad 1.20 times"
