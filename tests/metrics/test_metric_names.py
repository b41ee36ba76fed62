"""Metrics are found by Keras's names, and accuracy is chosen by shape."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import minirnn
from minirnn import metrics

CLASSES = [name for name in metrics.__all__ if isinstance(getattr(metrics, name), type) and name != "Metric"]
NEEDED = {
    "SensitivityAtSpecificity": {"specificity": 0.7},
    "SpecificityAtSensitivity": {"sensitivity": 0.7},
    "PrecisionAtRecall": {"recall": 0.7},
    "RecallAtPrecision": {"precision": 0.7},
    "IoU": {"num_classes": 3, "target_class_ids": [0, 2]},
    "MeanIoU": {"num_classes": 3},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": [1]},
    "OneHotMeanIoU": {"num_classes": 3},
}
BUILT = [name for name in CLASSES if name != "MeanMetricWrapper"]
BY_NAME = [name for name in BUILT if name not in NEEDED]


@pytest.mark.parametrize("name", BY_NAME)
def test_names_are_those_of_keras(keras, name):
    for library in (minirnn, keras):
        library.backend.clear_session()  # names are counted
    snake = keras.src.utils.naming.to_snake_case(name)
    for spelling in (name, snake):
        ours, theirs = metrics.get(spelling), keras.metrics.get(spelling)
        assert type(ours).__name__ == type(theirs).__name__ == name
        assert ours.name == theirs.name


def test_every_name_that_keras_knows_is_known(keras):
    missing = set(keras.src.metrics.ALL_OBJECTS_DICT) - set(metrics._KNOWN)
    assert missing == {"Metric", "metric"}


@pytest.mark.parametrize("name", CLASSES)
def test_constructors_have_keras_s_arguments(keras, name):
    ours, theirs = (inspect.signature(getattr(m, name).__init__).parameters for m in (metrics, keras.metrics))
    assert {k: p.default for k, p in ours.items()} == {k: p.default for k, p in theirs.items()}
    assert list(ours) == list(theirs)


@pytest.mark.parametrize("name", [name for name in metrics.__all__ if name in vars(metrics.functions)])
def test_functions_have_keras_s_arguments(keras, name):
    ours, theirs = (inspect.signature(getattr(m, name)).parameters for m in (metrics, keras.metrics))
    assert {k: p.default for k, p in ours.items()} == {k: p.default for k, p in theirs.items()}
    assert list(ours) == list(theirs) and metrics.get(name) is not None


@pytest.mark.parametrize(
    "alias", ["mse", "MSE", "mae", "MAE", "mape", "MAPE", "msle", "MSLE", "bce", "BCE", "accuracy", "auc"]
)
def test_short_names_are_those_of_keras(keras, alias):
    assert type(metrics.get(alias)).__name__ == type(keras.metrics.get(alias)).__name__


@pytest.mark.parametrize("name", BUILT)
def test_the_direction_of_an_improvement_is_that_of_keras(keras, name):
    ours, theirs = (getattr(library, name)(**NEEDED.get(name, {})) for library in (metrics, keras.metrics))
    assert ours.direction == getattr(theirs, "_direction", None)


@pytest.mark.parametrize("name", BUILT)
def test_configurations_pass_between_keras_and_minirnn(keras, name):
    original = getattr(metrics, name)(**NEEDED.get(name, {}), name="mine")
    read = keras.metrics.deserialize(metrics.serialize(original))
    assert type(read).__name__ == name and read.name == "mine"
    back = metrics.deserialize(keras.metrics.serialize(read))
    assert type(back) is type(original) and back.get_config() == original.get_config()


def test_options_survive_the_configuration():
    for original in (
        metrics.BinaryAccuracy(threshold=0.3),
        metrics.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),
        metrics.MeanMetricWrapper(metrics.huber, delta=0.2),
        metrics.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1, axis=0),
        metrics.CosineSimilarity(axis=0),
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
        (lambda: metrics.CategoricalCrossentropy(axis=1.5), TypeError, "axis must be a whole number"),
        (lambda: metrics.BinaryCrossentropy(label_smoothing=2), ValueError, "label_smoothing must lie between 0 and 1"),
        (lambda: metrics.Mean(dtype="int32"), ValueError, "dtype must be 'float32' or 'float64'"),
        (lambda: metrics.TopKCategoricalAccuracy(k=0), ValueError, "k must be at least 1, got 0"),
        (lambda: metrics.Precision(thresholds=1.5), ValueError, "thresholds must lie between 0 and 1, got 1.5"),
        (lambda: metrics.Precision(thresholds=[0.5, None]), ValueError, "between 0 and 1, got None"),
        (lambda: metrics.TruePositives(thresholds=[]), ValueError, "got none"),
        (lambda: metrics.Recall(top_k=0), ValueError, "top_k must be at least 1"),
        (lambda: metrics.Recall(top_k=4)([[0, 1]], [[0.5, 0.5]]), ValueError, "there are only 2 classes"),
        (lambda: metrics.Recall(class_id=-1), ValueError, "class_id must be at least 0"),
        (lambda: metrics.Recall(class_id=2)([[0, 1]], [[0.5, 0.5]]), ValueError, "class_id is 2, but the predictions"),
        (lambda: metrics.Recall(class_id=0)([0, 1], [0.5, 0.5]), ValueError, "class_id is 0, but the predictions"),
        (lambda: metrics.Recall()([0, 1], [0.5, 0.5, 1.0]), ValueError, "y_true has shape"),
        (lambda: metrics.Recall()([0, 1], [0.5, 0.5], [1.0, 2.0, 3.0]), ValueError, "sample_weight has shape"),
        (lambda: metrics.F1Score(average="mean"), ValueError, "average must be None, 'micro'"),
        (lambda: metrics.FBetaScore(beta=0.0), ValueError, "beta must be above 0"),
        (lambda: metrics.F1Score(threshold=0.0), ValueError, "threshold must lie above 0"),
        (lambda: metrics.F1Score()([1, 0], [0.5, 0.5]), ValueError, "needs y_true and y_pred of shape"),
        (lambda: metrics.R2Score(class_aggregation="mean"), ValueError, "class_aggregation must be None, "),
        (lambda: metrics.R2Score(num_regressors=-1), ValueError, "num_regressors must be at least 0"),
        (lambda: metrics.R2Score()([1.0, 0.0], [0.5, 0.5]), ValueError, "needs y_true and y_pred of shape"),
        (lambda: metrics.IoU(2, [2]), ValueError, "target_class_ids must be classes from 0 to 1, got 2"),
        (lambda: metrics.IoU(2, []), ValueError, "got none"),
        (lambda: metrics.MeanIoU(0), ValueError, "num_classes must be at least 1"),
        (lambda: metrics.MeanIoU(2)([0, 1], [1]), ValueError, "y_true gives 2 classes, y_pred 1"),
        (lambda: metrics.MeanIoU(2)([0, 1], [1, 1], [1, 2, 3]), ValueError, "sample_weight has shape"),
        (lambda: metrics.AUC(curve="ROK"), ValueError, "curve must be 'ROC', 'PR' or 'PRGAIN', got 'ROK'"),
        (lambda: metrics.AUC(summation_method="x"), ValueError, "summation_method must be 'interpolation'"),
        (lambda: metrics.AUC(num_thresholds=1), ValueError, "num_thresholds must be at least 2"),
        (lambda: metrics.AUC(num_labels=2), ValueError, "num_labels=2 is for multi_label=True only"),
        (lambda: metrics.AUC(thresholds=[-1.0]), ValueError, "thresholds must lie between 0 and 1"),
        (lambda: metrics.AUC(multi_label=True)([0, 1], [0.1, 0.2]), ValueError, "of several labels needs"),
        (lambda: metrics.AUC(multi_label=True, num_labels=3)([[0, 1]], [[0, 1]]), ValueError, "needs .samples, 3."),
        (lambda: metrics.AUC(label_weights=[1.0])([[0, 1]], [[0, 1]]), ValueError, "label_weights have shape"),
        (lambda: metrics.SensitivityAtSpecificity(1.5), ValueError, "specificity must lie between 0 and 1"),
        (lambda: metrics.PrecisionAtRecall(0.5, num_thresholds=0), ValueError, "num_thresholds must be at least 1"),
    ],
)
def test_what_is_unknown_is_refused_in_one_line(make, error, words):
    with pytest.raises(error, match=words) as caught:
        make()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


def test_metrics_without_a_name_are_counted_as_in_keras(keras):
    for library in (minirnn, keras):
        library.backend.clear_session()
    names = [[library.metrics.AUC().name, library.metrics.AUC().name, library.metrics.Precision().name,
              library.metrics.AUC(name="mine").name, library.metrics.MeanSquaredError().name,
              library.metrics.MeanSquaredError().name] for library in (minirnn, keras)]  # fmt: skip
    assert names[0] == names[1] == ["auc", "auc_1", "precision", "mine", "mean_squared_error", "mean_squared_error"]
