"""Metrics are found by Keras's names, and accuracy is chosen by shape."""

from __future__ import annotations

import numpy as np
import pytest

from minirnn import metrics

CLASSES = [name for name in metrics.__all__ if isinstance(getattr(metrics, name), type) and name != "Metric"]
BUILT = [name for name in CLASSES if name != "MeanMetricWrapper"]


@pytest.mark.parametrize("name", BUILT)
def test_names_are_those_of_keras(keras, name):
    snake = keras.src.utils.naming.to_snake_case(name)
    for spelling in (name, snake):
        ours, theirs = metrics.get(spelling), keras.metrics.get(spelling)
        assert type(ours).__name__ == type(theirs).__name__ == name
        assert ours.name == theirs.name


@pytest.mark.parametrize(
    "alias", ["mse", "MSE", "mae", "MAE", "mape", "MAPE", "msle", "MSLE", "bce", "BCE", "accuracy"]
)
def test_short_names_are_those_of_keras(keras, alias):
    assert type(metrics.get(alias)).__name__ == type(keras.metrics.get(alias)).__name__


@pytest.mark.parametrize("name", BUILT)
def test_the_direction_of_an_improvement_is_that_of_keras(keras, name):
    assert getattr(metrics, name)().direction == getattr(getattr(keras.metrics, name)(), "_direction", None)


@pytest.mark.parametrize("name", BUILT)
def test_configurations_pass_between_keras_and_minirnn(keras, name):
    original = getattr(metrics, name)(name="mine")
    read = keras.metrics.deserialize(metrics.serialize(original))
    assert type(read).__name__ == name and read.name == "mine"
    back = metrics.deserialize(keras.metrics.serialize(read))
    assert type(back) is type(original) and back.get_config() == original.get_config()


def test_options_survive_the_configuration():
    for original in (
        metrics.BinaryAccuracy(threshold=0.3),
        metrics.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),
        metrics.MeanMetricWrapper(metrics.huber, delta=0.2),
    ):
        copy = metrics.deserialize(metrics.serialize(original))
        assert copy.get_config() == original.get_config()
        y, p = np.float32([[0], [1], [1]]), np.float32([[0.2], [0.4], [3.0]])
        assert copy(y, p) == original(y, p)


def keras_choice(keras, spelling, y_shape, p_shape):
    compiled = keras.src.trainers.compile_utils.CompileMetrics([spelling], None)
    compiled.build(keras.KerasTensor(y_shape), keras.KerasTensor(p_shape))
    return compiled.metrics[0]


@pytest.mark.parametrize(
    "spelling", ["accuracy", "acc", "Accuracy", "mse", "mean_squared_error", "MAE", "BinaryAccuracy"]
)
@pytest.mark.parametrize(
    ("y_shape", "p_shape"),
    [((4, 1), (4, 1)), ((4,), (4, 1)), ((4,), (4, 3)), ((4, 1), (4, 3)), ((4, 3), (4, 3)), ((4, 5), (4, 5, 3)),
     ((4, 5, 1), (4, 5, 3)), ((4, 5, 3), (4, 5, 3)), ((None, 5, 1), (None, 5, 1))],
)  # fmt: skip
def test_a_model_s_metric_and_its_history_key_are_those_of_keras(keras, spelling, y_shape, p_shape):
    ours, theirs = metrics.resolve(spelling, y_shape, p_shape), keras_choice(keras, spelling, y_shape, p_shape)
    assert type(ours).__name__ == type(theirs).__name__
    assert ours.name == theirs.name == spelling


def test_objects_functions_classes_and_configurations_are_resolved():
    def spread(y_true, y_pred):
        return np.ptp(y_pred, axis=-1)

    shapes = (4, 1), (4, 1)
    made = metrics.MeanSquaredError(name="mine")
    assert metrics.resolve(made, *shapes) is made
    assert metrics.resolve(metrics.MeanSquaredError, *shapes).name == "mean_squared_error"
    assert metrics.resolve(spread, *shapes).name == "spread"
    assert metrics.resolve("huber", *shapes).name == "huber"
    assert metrics.resolve(metrics.serialize(made), *shapes).name == "mine"
    assert metrics.get(None) is None and metrics.get(spread) is spread


def test_a_metric_of_one_s_own_needs_three_methods():
    bare = metrics.Metric()
    for call in (bare.update_state, bare.result, bare.reset_state):
        with pytest.raises(NotImplementedError, match="Metric must define"):
            call()
    assert repr(metrics.Mean(name="m")) == "<Mean name=m>"


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: metrics.get("mean_square_error"), ValueError, "did you mean 'mean_squared_error'"),
        (lambda: metrics.get("accurracy"), ValueError, "did you mean 'accuracy'"),
        (lambda: metrics.get("zzz"), ValueError, "unknown metric 'zzz'; known are acc, accuracy"),
        (lambda: metrics.get(3), TypeError, "metric must be a name, a configuration or a callable, got int"),
        (lambda: metrics.resolve(None, (4, 1), (4, 1)), TypeError, "got None"),
        (lambda: metrics.CategoricalCrossentropy(axis=1), ValueError, "axis must be -1"),
        (lambda: metrics.SparseCategoricalCrossentropy(ignore_class=0), ValueError, "sample_weight of 0"),
    ],
)
def test_what_is_unknown_is_refused_in_one_line(make, error, words):
    with pytest.raises(error, match=words) as caught:
        make()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200
