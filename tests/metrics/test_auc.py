"""Areas under curves: Keras's values over batches, for each curve and way of joining its points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import TOLERANCE, assert_twins

from minirnn import metrics


def batches(shape, weights=None, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(3):
        y = rng.integers(2, size=shape)
        p = np.clip(0.3 * y + rng.uniform(-0.1, 0.8, shape), 0, 1).astype("float32")
        # Weights of eighths: Keras's float32 sums of them are exact.
        yield y, p, None if weights is None else rng.integers(1, 17, weights) / 8


@pytest.mark.parametrize("curve", ["ROC", "PR", "PRGAIN", "roc"])
@pytest.mark.parametrize("method", ["interpolation", "majoring", "minoring"])
@pytest.mark.parametrize(("shape", "weights"), [((30,), None), ((30,), (30,)), ((30, 2), (30,))])
@pytest.mark.parametrize("options", [{}, {"num_thresholds": 3}, {"thresholds": [0.2, 0.9, 0.4]}], ids=str)
def test_every_curve(keras, curve, method, shape, weights, options):
    area = assert_twins(keras, "AUC", list(batches(shape, weights)), curve=curve, summation_method=method, **options)
    assert 0 < area <= 1


@pytest.mark.parametrize("curve", ["ROC", "PR"])
@pytest.mark.parametrize("label_weights", [None, [0.2, 0.5, 2.0]])
@pytest.mark.parametrize("num_labels", [None, 3])
@pytest.mark.parametrize(
    ("weights", "thresholds"),
    [(None, None), ((20,), None), ((20, 3), None), (None, [0.2, 0.7])],  # weights at thresholds: Keras's shapes misfit
)
def test_several_labels(keras, curve, label_weights, num_labels, weights, thresholds):
    options = {"curve": curve, "label_weights": label_weights, "num_labels": num_labels, "thresholds": thresholds}
    ours = metrics.AUC(multi_label=True, **options)
    theirs = keras.metrics.AUC(multi_label=True, **options)
    for batch in batches((20, 3), weights):
        ours.update_state(*batch)
        theirs.update_state(*batch)
        np.testing.assert_allclose(ours.result(), float(theirs.result()), **TOLERANCE)
    config = ours.get_config()
    ours.reset_state()
    copy, batch = metrics.AUC.from_config(config), next(batches((20, 3)))
    assert copy(*batch) == ours(*batch) and copy.get_config() == config


def test_weights_of_labels_without_areas_of_their_own(keras):
    ours = metrics.AUC(label_weights=[0.1, 1.0, 3.0])
    theirs = keras.metrics.AUC(label_weights=[0.1, 1.0, 3.0])
    for batch in batches((20, 3), (20,)):
        np.testing.assert_allclose(ours(*batch), float(theirs(*batch)), **TOLERANCE)


def test_logits(keras):
    logits = [(y, np.log(p + 0.01) - np.log(1.01 - p)) for y, p, _ in batches((40,))]
    assert_twins(keras, "AUC", logits, from_logits=True, thresholds=[0.1, 0.4, 0.5])


@pytest.mark.parametrize("y", [[0, 0, 0], [1, 1, 1]])
@pytest.mark.parametrize("curve", ["ROC", "PR", "PRGAIN"])
def test_one_class_alone(keras, y, curve):
    assert_twins(keras, "AUC", [(np.array(y), np.float32([0.1, 0.5, 0.9]))], curve=curve)


def test_a_perfect_order_has_area_one_and_the_reverse_none():
    y, p = [0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]
    assert metrics.AUC()(y, p) == 1.0 and metrics.AUC()(y[::-1], p) == 0.0


@given(st.integers(1, 30), st.integers(2, 40), st.integers(0, 500), st.sampled_from(["ROC", "PR", "PRGAIN"]))
def test_any_size_and_number_of_thresholds(keras, samples, num_thresholds, seed, curve):
    ours = metrics.AUC(num_thresholds, curve)
    theirs = keras.metrics.AUC(num_thresholds, curve)
    for batch in batches((samples,), (samples,), seed):
        np.testing.assert_allclose(ours(*batch), float(theirs(*batch)), rtol=2e-5, atol=1e-5)


def test_the_thresholds_reach_beyond_both_ends():
    auc = metrics.AUC(thresholds=[0.7, 0.2])
    assert auc.thresholds == [-1e-7, 0.2, 0.7, 1 + 1e-7] and auc.num_thresholds == 4


def test_weights_of_several_labels_at_thresholds_of_one_s_own():
    y, p, w = next(batches((20, 3), (20, 3)))
    together = metrics.AUC(multi_label=True, thresholds=[0.2, 0.7])(y, p, w)
    alone = [metrics.AUC(thresholds=[0.2, 0.7])(y[:, k], p[:, k], w[:, k]) for k in range(3)]
    assert together == pytest.approx(np.mean(alone), rel=1e-14)
