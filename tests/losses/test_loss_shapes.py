"""Losses of every shape: ranks that differ by one, lists, layouts, weights, masks; what does not fit is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from loss_cases import CASES, IDS, N, example

from minirnn import losses

# But for the one that needs a number of its own, q.
FUNCTIONS = sorted({f.__name__ for f in losses._CLASS_OF} - {"categorical_generalized_cross_entropy"})
CLASS_OF = {f.__name__: cls.__name__ for f, cls in losses._CLASS_OF.items()}
SQUEEZING = [
    "mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_logarithmic_error",
    "huber", "log_cosh", "cosine_similarity",
]  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("shape", [(6, N), (2, 3, N), (1, N), (2, 1, 2, N)])
def test_functions_give_one_value_a_row_as_in_keras(keras, rng, dtype, name, shape):
    y, p = example(CLASS_OF[name], {}, dtype, rng, shape) if shape[0] > 1 else example("LogCosh", {}, dtype, rng, shape)
    if name.startswith("sparse") and shape[0] == 1:
        y, p = np.array([2]), np.array([[0.1, 0.2, 0.3, 0.4]], dtype)
    if shape[0] == 1 and not name.startswith("sparse"):
        y, p = np.abs(y) / 9 + 0.1, np.abs(p) / 9 + 0.1
    ours, theirs = getattr(losses, name)(y, p), np.asarray(getattr(keras.losses, name)(y, p))
    assert ours.shape == theirs.shape == shape[:-1] and ours.dtype == theirs.dtype == dtype
    np.testing.assert_allclose(ours, theirs, rtol=1e-12 if dtype == "float64" else 2e-5, atol=1e-6)


@pytest.mark.parametrize("name", SQUEEZING)
@pytest.mark.parametrize(
    ("true", "predicted"),
    [((6,), (6, 1)), ((6, 1), (6,)), ((6, 4), (6, 4, 1)), ((6, 4, 1), (6, 4)), ((6,), (6,)), ((2, 3, 4, 1), (2, 3, 4))],
)
def test_a_last_axis_of_one_is_added_or_dropped_as_in_keras(keras, rng, name, true, predicted):
    y, p = rng.uniform(0.1, 1, true), rng.uniform(0.1, 1, predicted)
    theirs = np.asarray(getattr(keras.losses, name)(y, p))
    ours = getattr(losses, name)(y, p)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name, options", [case for case in CASES if "Categorical" not in case[0]])
@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size", None])
@pytest.mark.parametrize(("true", "predicted"), [((6,), (6, 1)), ((6, 1), (6,)), ((6, 4), (6, 4, 1))])
def test_objects_align_ranks_as_keras_s_do(keras, rng, name, options, reduction, true, predicted):
    ours = getattr(losses, name)(**options, reduction=reduction)
    theirs = getattr(keras.losses, name)(**options, reduction=reduction, dtype="float64")
    y, p = rng.integers(0, 2, true).astype("float64"), rng.uniform(0.1, 0.9, predicted)
    mine, other = ours(y, p), np.asarray(theirs(y, p))
    assert np.shape(mine) == other.shape
    np.testing.assert_allclose(mine, other, rtol=1e-12)


@given(st.data())
def test_any_shape_with_any_weights_is_what_keras_makes_of_it(keras, data):
    name, options = data.draw(st.sampled_from(CASES))
    leading = tuple(data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    if np.prod(leading) < 2:
        leading = (2, *leading)
    reduction = data.draw(st.sampled_from(["sum", "sum_over_batch_size", "mean_with_sample_weight", None]))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    ours = getattr(losses, name)(**options, reduction=reduction)
    theirs = getattr(keras.losses, name)(**options, reduction=reduction, dtype="float64")
    y, p = example(name, options, "float64", rng, (*leading, N))
    weights = data.draw(st.sampled_from([None, rng.random(leading), rng.random((*leading, 1))]))
    mine, other = ours(y, p, weights), np.asarray(theirs(y, p, weights))
    # A column of weights makes a column of Keras's values, where these are one for each sample; here they stay that.
    np.testing.assert_allclose(mine, other.reshape(np.shape(mine)), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("name, options", CASES, ids=IDS)
def test_layout_and_byte_order_do_not_matter(rng, name, options):
    y, p = example(name, options, "float32", rng)
    loss = getattr(losses, name)(**options)
    expected = loss(y, p)
    assert loss(y, np.asfortranarray(p)) == loss(y, p.astype(">f4")) == loss(y.tolist(), p.tolist()) == expected
    assert loss(np.repeat(y, 2, 0)[::2], np.repeat(p, 2, 0)[::2]) == expected
    shifted = np.frombuffer(b"x" + p.tobytes(), np.uint8)[1:].view(np.float32).reshape(p.shape)
    assert not shifted.flags.aligned and loss(y, shifted) == expected


def test_a_weight_for_each_sample_counts_for_all_its_steps(rng):
    y, p = rng.standard_normal((2, 4, 3, N))
    weights, loss = rng.random(4), losses.MeanSquaredError()
    values = losses.mean_squared_error(y, p)
    assert loss(y, p, weights) == pytest.approx((values * weights[:, None]).mean())
    assert loss(y, p, mask=weights > 0.5) == pytest.approx(values[weights > 0.5].mean())
    assert loss(y, p, 2.0) == pytest.approx(2 * values.mean())


def test_predictions_of_whole_numbers_are_taken_as_float32():
    assert losses.mean_squared_error([[0, 2]], [[1, 0]]).dtype == np.float32
    assert losses.MeanSquaredError()([[0, 2]], np.array([[1, 0]])) == 2.5


def test_labels_that_are_ignored_need_not_be_classes():
    loss = losses.SparseCategoricalCrossentropy(ignore_class=255, reduction=None)
    p = np.full((1, 3, 2), 0.5)
    for labels in ([[0, 255, 1]], [[[0], [255], [1]]]):
        np.testing.assert_allclose(loss(labels, p), [[np.log(2), 0, np.log(2)]])
        np.testing.assert_array_equal(loss.as_target(labels, p.shape)[0, :, 0], [0, 255, 1])
    with pytest.raises(ValueError, match="y: got the label 254"):
        loss.as_target([[0, 254, 1]], p.shape)


def test_targets_are_left_alone(rng):
    for name, options in CASES:
        y, p = example(name, options, "float64", rng)
        before = y.copy(), p.copy()
        getattr(losses, name)(**options)(y, p)
        np.testing.assert_array_equal(y, before[0])
        np.testing.assert_array_equal(p, before[1])
