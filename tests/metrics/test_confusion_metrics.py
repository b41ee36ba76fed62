"""Counts at thresholds, precision, recall and their trade-offs: Keras's values over batches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import TOLERANCE, assert_twins

from minirnn import metrics

COUNTS = ["TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"]
TRADE_OFFS = {
    "SensitivityAtSpecificity": "specificity",
    "SpecificityAtSensitivity": "sensitivity",
    "PrecisionAtRecall": "recall",
    "RecallAtPrecision": "precision",
}
THRESHOLDS = [None, 0.3, [0.5], [0.8, 0.2, 0.5], [0.0, 0.5, 1.0], list(np.linspace(0, 1, 11))]


def batches(shape, weights=None, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(3):
        y = rng.integers(2, size=shape)
        # Many predictions lie on thresholds, among them 0 and 1.
        p = np.where(rng.random(shape) < 0.5, rng.integers(0, 11, shape) / 10, rng.random(shape)).astype("float32")
        # Weights of eighths: Keras's float32 sums and differences of them are exact.
        yield y, p, None if weights is None else rng.integers(0, 17, weights) / 8


@pytest.mark.parametrize("thresholds", THRESHOLDS, ids=str)
@pytest.mark.parametrize(
    ("shape", "weights"),
    [((9,), None), ((9,), (9,)), ((9, 1), (9,)), ((9, 4), (9,)), ((9, 4), (9, 4)), ((9, 4), (9, 1))],
)
@pytest.mark.parametrize("name", [*COUNTS, "Precision", "Recall"])
def test_counts_at_thresholds(keras, name, thresholds, shape, weights):
    assert_twins(keras, name, list(batches(shape, weights)), thresholds=thresholds)


@pytest.mark.parametrize("name", ["Precision", "Recall"])
@pytest.mark.parametrize("options", [{"top_k": 1}, {"top_k": 3}, {"class_id": 2}, {"top_k": 2, "class_id": 1}])
@pytest.mark.parametrize("thresholds", THRESHOLDS[:4], ids=str)
@pytest.mark.parametrize("weights", [None, (12,)])
def test_the_best_k_and_single_classes(keras, name, options, thresholds, weights):
    assert_twins(keras, name, list(batches((12, 4), weights)), thresholds=thresholds, **options)


@pytest.mark.parametrize("name", TRADE_OFFS)
@pytest.mark.parametrize("least", [0.0, 0.3, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("num_thresholds", [1, 2, 7, 200])
@pytest.mark.parametrize("weights", [None, (20,)])
def test_trade_offs(keras, name, least, num_thresholds, weights):
    options = {TRADE_OFFS[name]: least, "num_thresholds": num_thresholds}
    assert_twins(keras, name, list(batches((20,), weights)), **options)


@pytest.mark.parametrize("name", TRADE_OFFS)
def test_the_trade_off_of_one_class(keras, name):
    assert_twins(keras, name, list(batches((20, 3))), class_id=1, **{TRADE_OFFS[name]: 0.5})


@given(st.data())
def test_any_shape_and_any_thresholds(keras, data):
    name = data.draw(st.sampled_from([*COUNTS, "Precision", "Recall"]))
    shape = tuple(data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)))
    thresholds = data.draw(st.lists(st.floats(0, 1, width=16), min_size=1, max_size=5))
    ours, theirs = getattr(metrics, name)(thresholds), getattr(keras.metrics, name)(thresholds)
    weighted = data.draw(st.booleans())
    for y, p, w in batches(shape, shape if weighted else None, data.draw(st.integers(0, 99))):
        ours.update_state(y, p, w)
        theirs.update_state(y, p, w)
    np.testing.assert_allclose(ours.result(), np.asarray(theirs.result()), **TOLERANCE)


def test_ranks_may_differ_by_a_last_axis_of_one(keras):
    y, p, w = next(batches((9,), (9,)))
    for true, predicted in ((y[:, None], p), (y, p[:, None])):
        assert_twins(keras, "Precision", [(true, predicted), (true, predicted, w)])


def test_counts_of_a_weight_for_each_sample_of_a_sequence():
    y, p, _ = next(batches((5, 3, 2)))
    w = np.arange(5.0)
    counts = {name: getattr(metrics, name)() for name in COUNTS}
    for count in counts.values():
        count.update_state(y, p, w)
    assert counts["TruePositives"].result() == ((y == 1) & (p > 0.5)).sum((1, 2)) @ w
    assert sum(count.result() for count in counts.values()) == w.sum() * 6


@pytest.mark.parametrize("thresholds", [0.5, list(np.linspace(0, 1, 5))])
def test_a_prediction_that_is_no_number_exceeds_no_threshold(thresholds):
    negatives = metrics.FalseNegatives(thresholds)
    negatives.update_state([1, 1], np.float32([np.nan, 1.0]))
    assert np.max(negatives.result()) == (1 if thresholds == 0.5 else 2)
    assert np.min(negatives.result()) == 1


def test_results_are_not_the_counters_themselves():
    count = metrics.TruePositives([0.2, 0.6])
    result = count([1, 1], [0.5, 0.7])
    result[:] = 9
    np.testing.assert_array_equal(count.result(), [2.0, 1.0])
