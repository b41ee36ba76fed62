"""Intersection over union, and correlations: Keras's values over batches."""

from __future__ import annotations

import numpy as np
import pytest
from metric_cases import assert_twins

from minirnn import metrics

CLASSES = 4


def classes(weighted, shape=(10,), one_hot=(False, False)):
    """Three batches of classes, one of which no array holds; whole weights, as Keras cuts others."""
    rng = np.random.default_rng(0)
    for _ in range(3):
        y, p = rng.integers(0, CLASSES - 1, shape), rng.integers(0, CLASSES - 1, shape)
        weights = rng.integers(0, 4, shape) if weighted else None
        of_class = np.eye(CLASSES, dtype="float32") * 0.7 + 0.1
        scores = [of_class[a] if hot else a for a, hot in zip((y, p), one_hot, strict=True)]
        yield *scores, weights


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(10,), (10, 1), (4, 5)], ids=str)
@pytest.mark.parametrize("ignored", [None, 1])
def test_intersections_of_classes(keras, weighted, shape, ignored):
    batches = list(classes(weighted, shape))
    assert_twins(keras, "IoU", batches, num_classes=CLASSES, target_class_ids=[2, 0], ignore_class=ignored)
    assert_twins(keras, "MeanIoU", batches, num_classes=CLASSES, ignore_class=ignored)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("sparse", [False, True])
def test_intersections_of_scores(keras, weighted, sparse):
    options = {"num_classes": CLASSES, "sparse_y_pred": sparse}
    batches = list(classes(weighted, one_hot=(True, not sparse)))
    assert_twins(keras, "OneHotIoU", batches, target_class_ids=[1], **options)
    assert_twins(keras, "OneHotMeanIoU", batches, **options)
    assert_twins(keras, "MeanIoU", batches, sparse_y_true=False, **options)


@pytest.mark.parametrize("targets", [(0, 1), (1,)], ids=str)
def test_intersections_of_two_classes(keras, targets):
    rng = np.random.default_rng(1)
    batches = [(rng.integers(0, 2, (8, 1)), rng.random((8, 1)).astype("float32")) for _ in range(3)]
    assert_twins(keras, "BinaryIoU", batches, target_class_ids=targets, threshold=0.3)


def test_entries_of_unknown_classes_do_not_count(keras):
    batch = np.array([0, 1, 7, -1, 2, 2]), np.array([0, 1, 1, 1, 9, 2])
    assert_twins(keras, "MeanIoU", [batch], num_classes=3)
    assert metrics.MeanIoU(3)(*batch) == pytest.approx(1.0)


def test_fractions_of_weights_count(keras):
    batch = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([0.5, 0.25, 0.25, 1.5])
    theirs = float(keras.metrics.MeanIoU(2, dtype="float32")(*batch))
    assert metrics.MeanIoU(2)(*batch) == pytest.approx(theirs, rel=1e-6)
    assert metrics.MeanIoU(2)(*batch) == pytest.approx((0.5 / 1 + 1.5 / 2) / 2, rel=1e-6)


@pytest.mark.parametrize("axis", [-1, 1, 0])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["PearsonCorrelation", "ConcordanceCorrelation"])
def test_correlations(keras, name, weighted, axis):
    rng = np.random.default_rng(2)
    batches = []
    for _ in range(3):
        y = rng.normal(size=(6, 5)).astype("float32")
        weights = rng.uniform(0.1, 2, 5 if axis == 0 else 6).astype("float32") if weighted else None
        batches.append((y, (y + rng.normal(size=y.shape)).astype("float32"), weights))
    assert 0 < assert_twins(keras, name, batches, axis=axis) < 1


def test_what_does_not_vary_has_no_pearson_correlation(keras):
    batch = np.float32([[1, 1, 1], [1, 2, 3]]), np.float32([[1, 2, 3], [1, 2, 3]])
    for library in (metrics, keras.metrics):
        found = np.asarray(library.pearson_correlation(*batch))
        assert np.isnan(found[0]) and found[1] == pytest.approx(1.0)
        assert np.asarray(library.concordance_correlation(*batch))[0] == 0


def test_they_are_watched_in_training(keras):
    from minirnn import Input, Sequential, layers

    model = Sequential([Input((3,)), layers.Dense(2, activation="softmax")])
    watched = [metrics.MeanIoU(2, sparse_y_pred=False, name="iou")]
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=watched)
    x, y = np.random.default_rng(0).normal(size=(12, 3)), np.arange(12) % 2
    found = model.fit(x, y, epochs=2, verbose=0).history["iou"]
    assert len(found) == 2 and all(0 <= value <= 1 for value in found)
    expected = metrics.MeanIoU(2, sparse_y_pred=False)(y, model.predict(x, verbose=0))
    assert model.evaluate(x, y, verbose=0)[1] == pytest.approx(expected)
