"""Metrics that are the mean of a loss: Keras's values over batches, with weights of every shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import TOLERANCE, assert_twins

from minirnn import losses, metrics

NAMES = [
    "MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError",
    "LogCoshError", "CosineSimilarity", "KLDivergence", "Poisson", "Hinge", "SquaredHinge", "CategoricalHinge",
    "BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy",
]  # fmt: skip


def batch(name, rng, leading, weights=None, classes=4):
    """Targets and probabilities that suit the metric."""
    p = rng.uniform(0.05, 1, (*leading, classes)).astype("float32")
    labels = rng.integers(classes, size=leading)
    if name.startswith("Sparse"):
        return labels, p, weights
    if "Hinge" in name or "Crossentropy" in name:
        return np.eye(classes, dtype="float32")[labels], p, weights
    return rng.uniform(0.05, 1, p.shape).astype("float32"), p, weights


@pytest.mark.parametrize("leading", [(8,), (8, 5), (1,)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_every_batch_counts_as_in_keras(keras, name, leading, weighted):
    rng = np.random.default_rng(3)
    batches = [batch(name, rng, leading, rng.uniform(0, 2, leading[:1]) if weighted else None) for _ in range(3)]
    assert_twins(keras, name, batches)


@given(st.data())
def test_any_shape_with_any_weights_is_what_keras_makes_of_it(keras, data):
    name = data.draw(st.sampled_from(NAMES))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    leading = tuple(data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    kind = data.draw(st.sampled_from(["none", "samples", "steps", "column"]))
    weights = {"none": None, "samples": rng.random(leading[:1]), "steps": rng.random(leading)}
    weights["column"] = rng.random((leading[0], *[1] * (len(leading) - 1)))
    ours, theirs = getattr(metrics, name)(), getattr(keras.metrics, name)()
    for _ in range(2):
        y, p, w = batch(name, rng, leading, weights[kind])
        ours.update_state(y, p, w)
        theirs.update_state(y, p, w)
    np.testing.assert_allclose(ours.result(), float(theirs.result()), **TOLERANCE)


@pytest.mark.parametrize("weighted", [False, True])
def test_an_ignored_class_counts_as_in_keras(keras, weighted):
    rng = np.random.default_rng(0)
    batches = []
    for _ in range(2):
        y, p, _ = batch("Sparse", rng, (6, 5))
        y[:, ::2] = -1
        batches.append((y, p, rng.random((6, 5)) if weighted else None))
    assert assert_twins(keras, "SparseCategoricalCrossentropy", batches, ignore_class=-1) > 0


@pytest.mark.parametrize("options", [{"axis": 1}, {"axis": 1, "from_logits": True}])
@pytest.mark.parametrize("weighted", [False, True])
def test_classes_may_lie_along_another_axis(keras, options, weighted):
    rng = np.random.default_rng(0)
    batches = []
    for _ in range(2):
        y, p, _ = batch("CategoricalCrossentropy", rng, (6, 5))
        batches.append((np.swapaxes(y, 1, 2), np.swapaxes(p, 1, 2), rng.random(6) if weighted else None))
    assert_twins(keras, "CategoricalCrossentropy", batches, **options)


def test_one_row_without_a_batch_axis_is_one_sample(keras):
    rows = np.random.default_rng(0).random((3, 2, 5)).astype("float32")
    assert_twins(keras, "MeanSquaredError", [tuple(row) for row in rows])


def test_a_metric_agrees_with_its_loss_to_the_last_digits():
    rng = np.random.default_rng(0)
    y, p = rng.random((2, 7, 3))
    for name in ("MeanSquaredError", "Poisson", "KLDivergence", "Hinge"):
        assert getattr(metrics, name)()(y, p) == pytest.approx(getattr(losses, name)()(y, p), rel=1e-14)
    assert metrics.CosineSimilarity()(y, p) == pytest.approx(-losses.CosineSimilarity()(y, p), rel=1e-14)


@pytest.mark.parametrize("name", ["huber", "binary_focal_crossentropy", "categorical_focal_crossentropy"])
def test_losses_without_a_class_are_metrics_as_functions(keras, name):
    rng = np.random.default_rng(0)
    y, p, _ = batch("CategoricalCrossentropy", rng, (8,))
    ours = metrics.resolve(name, y.shape, p.shape)
    theirs = keras.metrics.MeanMetricWrapper(getattr(keras.metrics, name))
    assert ours.name == name and ours.direction == "down"
    np.testing.assert_allclose(ours(y, p), float(theirs(y, p)), **TOLERANCE)
