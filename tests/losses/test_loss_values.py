"""Losses: values and gradients against Keras (tf.GradientTape) and against each other, in every form."""

from __future__ import annotations

import numpy as np
import pytest
from loss_cases import ATOL, CASES, IDS, RTOL, N, R, example, keras_value_and_gradient, twins, value_and_gradient

from minirnn import losses

every_loss = pytest.mark.parametrize("name, options", CASES, ids=IDS)
WEIGHTS = np.array([1.0, 0.0, 2.0, 0.5, 0.25, 3.0])
MASK = np.array([True, False, True, True, False, True])


def assert_twin(ours, theirs, y, p, weights=None, mask=None, dtype="float64"):
    value, dp = value_and_gradient(ours, y, p, weights, mask)
    expected, expected_dp = keras_value_and_gradient(theirs, y, p, weights, mask)
    np.testing.assert_allclose(value, expected, rtol=RTOL[dtype])
    np.testing.assert_allclose(dp, expected_dp, rtol=RTOL[dtype], atol=ATOL[dtype])
    np.testing.assert_allclose(ours(y, p, sample_weight=weights, mask=mask), expected, rtol=RTOL[dtype])
    assert dp.dtype == dtype


@every_loss
def test_value_and_gradient_are_those_of_keras(keras, rng, dtype, name, options):
    assert_twin(*twins(keras, name, options, dtype), *example(name, options, dtype, rng), dtype=dtype)


@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size", "mean", "mean_with_sample_weight"])
@pytest.mark.parametrize("mask", [None, MASK], ids=["", "masked"])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
@every_loss
def test_weights_and_masks_in_every_reduction_agree_with_keras(keras, rng, name, options, weights, mask, reduction):
    pair = twins(keras, name, options, "float64", reduction=reduction)
    assert_twin(*pair, *example(name, options, "float64", rng), weights, mask)


@pytest.mark.parametrize("reduction", [None, "none"])
@every_loss
def test_without_reduction_a_loss_gives_one_value_a_row_as_keras_does(keras, rng, name, options, reduction):
    ours, theirs = twins(keras, name, options, "float64", reduction=reduction)
    y, p = example(name, options, "float64", rng)
    np.testing.assert_allclose(ours(y, p), np.asarray(theirs(y, p)), rtol=1e-12)
    weighted = np.asarray(theirs(y, p, sample_weight=WEIGHTS))
    np.testing.assert_allclose(ours(y, p, sample_weight=WEIGHTS), weighted, rtol=1e-12)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", None])
@every_loss
def test_sequences_agree_with_keras(keras, rng, name, options, reduction):
    ours, theirs = twins(keras, name, options, "float64", reduction=reduction)
    y, p = example(name, options, "float64", rng, (2, 3, N))
    for weights in (None, rng.random((2, 3)), rng.random((2, 1))):
        mine, other = ours(y, p, weights), np.asarray(theirs(y, p, weights))
        assert np.shape(mine) == other.shape
        np.testing.assert_allclose(mine, other, rtol=1e-12)


@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size", "mean_with_sample_weight"])
@every_loss
def test_where_nothing_counts_the_loss_and_its_gradient_are_zero(rng, name, options, reduction):
    loss = getattr(losses, name)(**options, reduction=reduction)
    y, p = example(name, options, "float64", rng)
    for weights, mask in ((np.zeros(R), None), (None, np.zeros(R, bool))):
        value, dp = value_and_gradient(loss, y, p, weights, mask)
        assert value == 0 and not dp.any()
        assert loss(y, p, weights, mask) == 0


@every_loss
def test_gradients_are_the_slope_of_the_value(rng, name, options):
    loss = getattr(losses, name)(**options)
    y, p = example(name, options, "float64", rng)
    weights = rng.uniform(0.5, 2, R)
    _, dp = value_and_gradient(loss, y, p, weights)
    direction, step = rng.standard_normal(p.shape), 1e-6
    ahead, behind = (value_and_gradient(loss, y, p + sign * step * direction, weights)[0] for sign in (1, -1))
    np.testing.assert_allclose((dp * direction).sum(), (ahead - behind) / (2 * step), rtol=1e-6)


@every_loss
def test_gradient_of_rows_is_that_of_their_sum(rng, name, options):
    loss = getattr(losses, name)(**options, reduction="sum")
    y, p = example(name, options, "float64", rng)
    np.testing.assert_array_equal(loss.gradient(y, p), value_and_gradient(loss, y, p)[1])
    np.testing.assert_allclose(loss.call(y, p).sum(), value_and_gradient(loss, y, p)[0], rtol=1e-12)


@pytest.mark.parametrize("axis", [1, -2])
@pytest.mark.parametrize(
    "name", ["CosineSimilarity", "BinaryCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy"]
)
def test_outputs_may_lie_along_any_axis(keras, rng, name, axis):
    ours, theirs = twins(keras, name, {"axis": axis}, "float64", reduction=None)
    y, p = (np.swapaxes(a, 1, 2) for a in example(name, {}, "float64", rng, (2, 5, N)))
    np.testing.assert_allclose(ours(y, p), np.asarray(theirs(y, p)), rtol=1e-12)
    assert ours.gradient(y, p).shape == p.shape
    np.testing.assert_array_equal(np.swapaxes(ours.gradient(y, p), 1, 2), rebuilt(ours).gradient(*swapped(y, p)))


def rebuilt(loss):
    return type(loss).from_config(loss.get_config() | {"axis": -1})


def swapped(*arrays):
    return (np.swapaxes(a, 1, 2) for a in arrays)


def test_the_classes_of_labels_may_lie_along_any_axis(rng):
    y, p = example("SparseCategoricalCrossentropy", {}, "float64", rng, (2, 5, N))
    expected = losses.sparse_categorical_crossentropy(y, p)
    np.testing.assert_array_equal(losses.sparse_categorical_crossentropy(y, np.swapaxes(p, 1, 2), axis=1), expected)


def test_the_dtype_of_the_computation_may_be_chosen():
    y, p = np.zeros((1, 1)), np.full((1, 1), 1 / 3)
    assert losses.MeanSquaredError()(y, p) == (1 / 3) ** 2
    assert losses.MeanSquaredError(dtype="float32")(y, p) == float(np.float32(1 / 3)) ** 2
    assert losses.MeanSquaredError(reduction=None, dtype="float32")(y, p).dtype == np.float32
    assert losses.MeanSquaredError().dtype == "float32" and losses.MeanSquaredError(dtype="float64").dtype == "float64"
