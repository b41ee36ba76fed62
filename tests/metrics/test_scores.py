"""F scores and R2: Keras's values over batches, for each average."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import TOLERANCE, assert_twins

from minirnn import metrics


def labelled(weighted, classes=4, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(3):
        y = rng.integers(2, size=(10, classes))
        p = (rng.integers(0, 5, (10, classes)) / 4).astype("float32")  # with ties, and rows of zeros
        p[0] = 0
        yield y, p, rng.uniform(0, 2, 10) if weighted else None


def measured(weighted, outputs=3, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(3):
        y = rng.normal(size=(10, outputs)).astype("float32")
        weights = {False: None, True: rng.uniform(0.1, 2, 10), "entries": rng.uniform(0.1, 2, (10, outputs))}[weighted]
        yield y, (y + rng.normal(scale=0.7, size=y.shape)).astype("float32"), weights


@pytest.mark.parametrize("average", [None, "micro", "macro", "weighted"])
@pytest.mark.parametrize("threshold", [None, 0.5, 0.25, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_f_scores(keras, average, threshold, weighted):
    for name, options in (("F1Score", {}), ("FBetaScore", {"beta": 0.5}), ("FBetaScore", {"beta": 2.0})):
        assert_twins(keras, name, list(labelled(weighted)), average=average, threshold=threshold, **options)


@given(st.integers(1, 6), st.integers(0, 500), st.sampled_from([None, "micro", "macro", "weighted"]))
def test_f_scores_of_any_number_of_classes(keras, classes, seed, average):
    ours, theirs = metrics.F1Score(average), keras.metrics.F1Score(average)
    for batch in labelled(False, classes, seed):
        np.testing.assert_allclose(ours(*batch), np.asarray(theirs(*batch)), **TOLERANCE)


@pytest.mark.parametrize("aggregation", [None, "uniform_average", "variance_weighted_average"])
@pytest.mark.parametrize("num_regressors", [0, 2])
@pytest.mark.parametrize("weighted", [False, True, "entries"])
@pytest.mark.parametrize("outputs", [1, 3])
def test_r2_scores(keras, aggregation, num_regressors, weighted, outputs):
    batches = list(measured(weighted, outputs))
    options = {"class_aggregation": aggregation, "num_regressors": num_regressors}
    ours, theirs = metrics.R2Score(**options), keras.metrics.R2Score(**options)
    for batch in batches:
        mine, other = ours(*batch), np.asarray(theirs(*batch))
        assert np.shape(mine) == other.shape
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)  # Keras takes differences of sums in float32
    copy = metrics.deserialize(metrics.serialize(ours))
    ours.reset_state()
    np.testing.assert_array_equal(copy(*batches[0]), ours(*batches[0]))


@pytest.mark.parametrize("num_regressors", [5, 9])
def test_too_many_regressors_are_said_and_left_out(keras, num_regressors):
    y, p = np.float32([[1], [2], [3], [4], [5], [6]]), np.float32([[1], [2], [4], [4], [5], [5]])
    with pytest.warns(UserWarning, match=f"6 values for {num_regressors} regressors"):
        ours = metrics.R2Score(num_regressors=num_regressors)(y, p)
    with pytest.warns(UserWarning):
        theirs = float(keras.metrics.R2Score(num_regressors=num_regressors)(y, p))
    assert ours == pytest.approx(theirs, rel=1e-6) == metrics.R2Score()(y, p)


def test_an_output_that_never_varies(keras):
    for p, expected in (([[2.0], [2.0]], math.nan), ([[2.0], [3.0]], 0.0)):
        y = np.float32([[2.0], [2.0]])
        for library in (metrics, keras.metrics):
            np.testing.assert_equal(float(library.R2Score()(y, np.float32(p))), expected)


def test_r2_of_rows_that_lie_far_from_zero_keeps_its_digits():
    y = np.random.default_rng(0).normal(size=(50, 1))
    p = y + 0.1
    assert metrics.R2Score()(y + 1e4, p + 1e4) == pytest.approx(metrics.R2Score()(y, p), rel=1e-6)
