"""Top-k accuracies have Keras's values, ties and impossible labels too."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import assert_twins

from minirnn import metrics


def batches(rng, leading, sparse, weighted):
    for _ in range(3):
        labels = rng.integers(7, size=leading)
        p = rng.integers(5, size=(*leading, 7)).astype("float32")  # with ties
        yield labels if sparse else np.eye(7)[labels], p, rng.random(leading[0]) if weighted else None


@pytest.mark.parametrize("name", ["TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy"])
@pytest.mark.parametrize("leading", [(16,), (6, 3)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("k", [1, 3, 5, 9])
def test_top_k_over_batches(keras, name, leading, weighted, k):
    rng = np.random.default_rng(1)
    assert_twins(keras, name, list(batches(rng, leading, name.startswith("Sparse"), weighted)), k=k)


@given(st.integers(1, 6), st.integers(1, 8), st.integers(0, 500))
def test_top_k_of_any_size(keras, rows, k, seed):
    rng = np.random.default_rng(seed)
    labels, p = rng.integers(7, size=(rows, 1)), rng.integers(4, size=(rows, 7)).astype("float32")
    ours = metrics.sparse_top_k_categorical_accuracy(labels, p, k)
    theirs = np.asarray(keras.metrics.sparse_top_k_categorical_accuracy(labels, p, k))
    np.testing.assert_array_equal(ours, theirs.reshape(-1))
    one_hot = np.eye(7)[labels[:, 0]]
    np.testing.assert_array_equal(
        metrics.top_k_categorical_accuracy(one_hot, p, k),
        np.asarray(keras.metrics.top_k_categorical_accuracy(one_hot, p, k)),
    )


def test_ids_that_are_sorted_already(keras):
    y, p = np.array([2, 0, 4, 1]), np.float32([[2, 1], [1, 0], [0, 4], [3, 3]])
    values = [assert_twins(keras, "SparseTopKCategoricalAccuracy", [(y, p)], k=k, from_sorted_ids=True) for k in (1, 2)]
    assert values == [0.25, 0.75]


def test_what_is_no_class_or_no_number_is_not_among_the_best(keras):
    y, p = np.array([0, 3, -1, 1]), np.float32([[np.nan, 1, 2], [1, 2, 3], [1, 2, 3], [np.inf, 2, 3]])
    ours = metrics.sparse_top_k_categorical_accuracy(y, p, 3)
    np.testing.assert_array_equal(ours, np.asarray(keras.metrics.sparse_top_k_categorical_accuracy(y, p, 3)))
    assert not ours.any()
