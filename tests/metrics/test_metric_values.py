"""Metrics have Keras's values: over several batches, with every shape of sample weights."""

from __future__ import annotations

import numpy as np
import pytest

from minirnn import metrics

# float32 sums in Keras, float64 sums here.
TOLERANCE = {"rtol": 2e-6, "atol": 1e-7}
ERRORS = [
    "MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError",
    "RootMeanSquaredError", "LogCoshError", "CosineSimilarity",
]  # fmt: skip
SHAPES = [(8, 1), (8, 3), (8, 5, 3)]
WEIGHTS = {"none": None, "sample": (), "column": (1,)}


def weights_for(rng, kind, shape):
    return None if kind == "none" else rng.uniform(0, 2, (shape[0], *WEIGHTS[kind])).astype("float32")


def one_hot(rng, shape):
    return np.eye(shape[-1], dtype="float32")[rng.integers(shape[-1], size=shape[:-1])]


def compare(keras, name, batches, **options):
    ours, theirs = getattr(metrics, name)(**options), getattr(keras.metrics, name)(**options)
    assert ours.name == theirs.name
    for batch in batches:
        ours.update_state(*batch)
        theirs.update_state(*batch)
        np.testing.assert_allclose(ours.result(), float(theirs.result()), **TOLERANCE)
    assert isinstance(ours.result(), float)
    before = ours.result()
    ours.reset_state()
    theirs.reset_state()
    assert ours.result() == float(theirs.result()) == 0.0
    assert ours(*batches[0]) == pytest.approx(float(theirs(*batches[0])), rel=2e-6, abs=1e-7)
    return before


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", WEIGHTS)
def test_errors(keras, rng, name, shape, kind):
    batches = [(*rng.uniform(-1, 2, (2, *shape)).astype("float32"), weights_for(rng, kind, shape)) for _ in range(3)]
    compare(keras, name, batches)


@pytest.mark.parametrize("name", ERRORS)
def test_errors_of_vectors(keras, rng, name):
    compare(keras, name, [tuple(rng.uniform(-1, 2, (2, 8)).astype("float32")) for _ in range(3)])


@pytest.mark.parametrize("name", ["MeanSquaredError", "MeanAbsoluteError"])
def test_weights_of_single_steps(keras, rng, name):
    shape = (6, 4, 2)
    batches = [(*rng.normal(size=(2, *shape)), rng.uniform(0, 2, weights)) for weights in ((6, 4), (6, 1), (6,))]
    compare(keras, name, batches)


@pytest.mark.parametrize("name", ["MeanSquaredError", "RootMeanSquaredError", "BinaryAccuracy", "BinaryCrossentropy"])
@pytest.mark.parametrize(
    ("true", "predicted"), [((6,), (6, 1)), ((6, 1), (6,)), ((6, 4), (6, 4, 1)), ((6, 1), (6, 1, 1))]
)
def test_a_last_axis_of_one_may_be_missing(keras, rng, name, true, predicted):
    y, p = rng.integers(2, size=true).astype("float32"), rng.uniform(0.1, 0.9, predicted).astype("float32")
    ours = getattr(metrics, name)()(y, p)
    np.testing.assert_allclose(ours, float(getattr(keras.metrics, name)()(y.reshape(p.shape), p)), **TOLERANCE)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("threshold", [0.5, 0.3])
def test_binary_accuracy(keras, rng, shape, kind, threshold):
    batches = [
        (rng.integers(2, size=shape).astype("float32"), rng.random(shape), weights_for(rng, kind, shape))
        for _ in range(3)
    ]
    value = compare(keras, "BinaryAccuracy", batches, threshold=threshold)
    assert 0 < value < 1


@pytest.mark.parametrize("kind", WEIGHTS)
def test_accuracy(keras, rng, kind):
    batches = [(*rng.integers(3, size=(2, 8, 1)), weights_for(rng, kind, (8,))) for _ in range(3)]
    assert 0 < compare(keras, "Accuracy", batches) < 1


@pytest.mark.parametrize("shape", [(8, 3), (8, 5, 3)])
@pytest.mark.parametrize("kind", ["none", "sample"])
def test_categorical_accuracy(keras, rng, shape, kind):
    batches = [(one_hot(rng, shape), rng.random(shape), weights_for(rng, kind, shape)) for _ in range(3)]
    assert 0 < compare(keras, "CategoricalAccuracy", batches) < 1


@pytest.mark.parametrize("shape", [(8, 3), (8, 5, 3)])
@pytest.mark.parametrize("column", [False, True])
@pytest.mark.parametrize("kind", ["none", "sample"])
def test_sparse_categorical_accuracy(keras, rng, shape, column, kind):
    labels = (*shape[:-1], 1) if column else shape[:-1]
    batches = [
        (rng.integers(3, size=labels), rng.random(shape).astype("float32"), weights_for(rng, kind, shape))
        for _ in range(3)
    ]
    assert 0 < compare(keras, "SparseCategoricalAccuracy", batches) < 1


@pytest.mark.parametrize("shape", [(8, 1), (8, 3), (8, 5, 3)])
@pytest.mark.parametrize("logits", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_binary_crossentropy(keras, rng, shape, logits, smoothing):
    p = rng.normal(scale=4, size=shape) if logits else rng.random(shape)
    batches = [(rng.integers(2, size=shape).astype("float32"), p.astype("float32"), None)]
    compare(keras, "BinaryCrossentropy", batches, from_logits=logits, label_smoothing=smoothing)


@pytest.mark.parametrize("shape", [(8, 3), (8, 5, 3)])
@pytest.mark.parametrize("logits", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_categorical_crossentropy(keras, rng, shape, logits, smoothing):
    p = rng.normal(scale=4, size=shape) if logits else rng.random(shape)
    batches = [(one_hot(rng, shape), p.astype("float32"), None)]
    compare(keras, "CategoricalCrossentropy", batches, from_logits=logits, label_smoothing=smoothing)


@pytest.mark.parametrize("shape", [(8, 3), (8, 5, 3)])
@pytest.mark.parametrize("logits", [False, True])
def test_sparse_categorical_crossentropy(keras, rng, shape, logits):
    p = rng.normal(scale=4, size=shape) if logits else rng.random(shape)
    batches = [(rng.integers(3, size=shape[:-1]), p.astype("float32"), None)]
    compare(keras, "SparseCategoricalCrossentropy", batches, from_logits=logits)


@pytest.mark.parametrize("name", ["BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"])
def test_certainty_in_the_wrong_answer_costs_what_it_costs_in_keras(keras, name):
    p = np.float32([[1.0, 0.0], [0.0, 1.0]])
    y = np.array([1, 0]) if name.startswith("Sparse") else p[::-1].copy()
    value = compare(keras, name, [(y, p, None)])
    assert 15 < value < 17


@pytest.mark.parametrize("name", ["Mean", "Sum"])
def test_mean_and_sum(keras, rng, name):
    batches = [(rng.normal(size=s), w) for s in ((5,), (5, 3)) for w in (None, rng.random(5), rng.random((5, 1)))]
    compare(keras, name, [*batches, (np.float32(3.0),), ([1.0, 3.0, 5.0], [1.0, 1.0, 0.0])])


@pytest.mark.parametrize(
    "name", ["mean_squared_error", "mean_absolute_error", "huber", "mean_absolute_percentage_error"]
)
def test_functions_have_the_values_of_keras(keras, rng, name):
    y, p = rng.normal(scale=2, size=(2, 6, 4, 3)).astype("float32")
    theirs = np.asarray(getattr(keras.losses, name)(y, p))
    ours = getattr(metrics, name)(y, p)
    assert ours.shape == theirs.shape == (6, 4)
    np.testing.assert_allclose(ours, theirs, **TOLERANCE)


def test_a_wrapped_function_is_a_mean(keras, rng):
    def distance(y_true, y_pred):
        return abs(y_true - y_pred).max(-1)

    y, p = rng.normal(size=(2, 6, 3))
    ours = metrics.MeanMetricWrapper(distance)
    ours.update_state(y, p, np.arange(6))
    assert ours.name == "distance" and ours.direction is None
    assert ours.result() == pytest.approx((distance(y, p) * np.arange(6)).sum() / 15)
    assert metrics.MeanMetricWrapper(metrics.huber, delta=0.1)(y, p) == pytest.approx(metrics.huber(y, p, 0.1).mean())


def test_totals_are_kept_in_float64():
    total = metrics.Mean()
    for _ in range(1000):
        total.update_state(np.float32([1e8, 1.0]))
    assert total.result() == (1e8 + 1) / 2


@pytest.mark.parametrize("low", ["float16", "int32", "bool", ">f4"])
def test_predictions_of_any_dtype_are_taken(low):
    p = np.array([[0], [1], [1]]).astype(low)
    assert metrics.MeanSquaredError()([[0], [1], [0]], p) == pytest.approx(1 / 3)


# Refusals


@pytest.mark.parametrize("name", [*ERRORS, "BinaryAccuracy", "Accuracy", "BinaryCrossentropy", "CategoricalAccuracy"])
@pytest.mark.parametrize(("true", "predicted"), [((8, 7), (8, 1)), ((4, 3), (3,)), ((1, 3), (4, 3)), ((8, 1), (7, 1))])
def test_shapes_that_would_be_stretched_are_refused(name, true, predicted):
    metric = getattr(metrics, name)()
    with pytest.raises(ValueError, match="y_true has shape") as caught:
        metric.update_state(np.zeros(true), np.zeros(predicted))
    assert str(tuple(true)) in str(caught.value) and "\n" not in str(caught.value)
    assert metric.result() == 0


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_out_of_range_is_refused(label):
    with pytest.raises(ValueError, match=f"y_true: got the label {label} at index .1, 0., expected .* from 0 to 2"):
        metrics.SparseCategoricalCrossentropy()([0, label], np.full((2, 3), 0.3))
    with pytest.raises(ValueError, match="give one label per prediction"):
        metrics.SparseCategoricalAccuracy()([[0, 1]], np.full((2, 3), 0.3))


def test_weights_that_fit_no_sample_are_refused():
    with pytest.raises(ValueError, match=r"sample_weight has shape \(3,\)"):
        metrics.MeanSquaredError()(np.zeros((4, 1)), np.zeros((4, 1)), np.ones(3))
