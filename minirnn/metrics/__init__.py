"""Metrics: numbers that are watched while a model trains. Keras 3's names, arguments and values.

A metric object is updated batch by batch and read at the end of an epoch; totals are kept in float64. Anywhere a metric
is asked for, its name ("mse", "accuracy"), a class, an object, or a function `fn(y_true, y_pred)` of arrays will do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from minirnn.compat.modules import names_of
from minirnn.metrics.accuracies import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from minirnn.metrics.auc import AUC
from minirnn.metrics.confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
)
from minirnn.metrics.correlations import (
    ConcordanceCorrelation,
    PearsonCorrelation,
    concordance_correlation,
    pearson_correlation,
)
from minirnn.metrics.f_score import F1Score, FBetaScore
from minirnn.metrics.functions import (
    binary_accuracy,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_accuracy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_accuracy,
    sparse_categorical_crossentropy,
    sparse_top_k_categorical_accuracy,
    squared_hinge,
    top_k_categorical_accuracy,
)
from minirnn.metrics.iou import BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU
from minirnn.metrics.margins import CategoricalHinge, Hinge, SquaredHinge
from minirnn.metrics.metric import Metric
from minirnn.metrics.probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
)
from minirnn.metrics.r2_score import R2Score
from minirnn.metrics.reduction import Mean, MeanMetricWrapper, Sum
from minirnn.metrics.regression import (
    CosineSimilarity,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    RootMeanSquaredError,
)
from minirnn.metrics.trade_off import (
    PrecisionAtRecall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
)
from minirnn.utils import registry

__all__ = [
    "AUC", "Accuracy", "BinaryAccuracy", "BinaryCrossentropy", "BinaryIoU", "CategoricalAccuracy",
    "CategoricalCrossentropy", "CategoricalHinge", "ConcordanceCorrelation", "CosineSimilarity", "F1Score",
    "FBetaScore", "FalseNegatives", "FalsePositives", "Hinge", "IoU", "KLDivergence", "LogCoshError", "Mean",
    "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanIoU", "MeanMetricWrapper", "MeanSquaredError",
    "MeanSquaredLogarithmicError", "Metric", "OneHotIoU", "OneHotMeanIoU", "PearsonCorrelation", "Poisson", "Precision",
    "PrecisionAtRecall", "R2Score", "Recall", "RecallAtPrecision", "RootMeanSquaredError", "SensitivityAtSpecificity",
    "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy",
    "SpecificityAtSensitivity", "SquaredHinge", "Sum", "TopKCategoricalAccuracy", "TrueNegatives", "TruePositives",
    "binary_accuracy", "binary_crossentropy", "binary_focal_crossentropy", "categorical_accuracy",
    "categorical_crossentropy", "categorical_focal_crossentropy", "categorical_hinge", "concordance_correlation",
    "deserialize", "get", "hinge", "huber", "kl_divergence", "log_cosh", "mean_absolute_error",
    "mean_absolute_percentage_error", "mean_squared_error", "mean_squared_logarithmic_error", "pearson_correlation",
    "poisson", "resolve", "resolve_accuracy", "serialize", "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy", "sparse_top_k_categorical_accuracy", "squared_hinge",
    "top_k_categorical_accuracy",
]  # fmt: skip

__getattr__ = names_of(__name__)

_CLASSES = [
    value for value in dict(globals()).values()
    if isinstance(value, type) and issubclass(value, Metric) and value is not Metric
]  # fmt: skip
_ALIASES = {
    "mse": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "msle": MeanSquaredLogarithmicError,
    "bce": BinaryCrossentropy,
    "kld": KLDivergence,
}
_KNOWN: dict[str, Any] = {
    **{cls.__name__: cls for cls in _CLASSES},
    **{registry.snake_case(cls.__name__): cls for cls in _CLASSES},
    **_ALIASES,
    **{name.upper(): cls for name, cls in _ALIASES.items()},
    "acc": Accuracy,
    "fbeta_score": FBetaScore,
    "log_cosh": LogCoshError,
    "logcosh": LogCoshError,
    # Losses that have no class among the metrics.
    "binary_focal_crossentropy": binary_focal_crossentropy,
    "categorical_focal_crossentropy": categorical_focal_crossentropy,
    "huber": huber,
}


def get(identifier: Any) -> Metric | Callable[..., Any] | None:
    """Return the metric that `identifier` stands for: a name, a configuration, a class, an object or a function.

    None stays None. Raises ValueError for an unknown name, with the nearest known one, TypeError for anything else.
    "accuracy" here is `Accuracy`, exact equality; what a model means by it `resolve` finds out.
    """
    return registry.get(identifier, _KNOWN, "metric")


def resolve(identifier: Any, y_true_shape: Sequence[int | None], y_pred_shape: Sequence[int | None]) -> Metric:
    """Return the metric object for a model's output, under the name that its history key shall have.

    A name keeps its spelling ("mse", "acc"), a function gives its own name, a metric object has one already. "accuracy"
    and "acc" are chosen by the shapes, batch axis included (`resolve_accuracy`).
    """
    if isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc"):
        return resolve_accuracy(y_true_shape, y_pred_shape, identifier)
    found = get(identifier)
    if found is None:
        raise TypeError("metric must be a name, a configuration or a callable, got None")
    metric = found if isinstance(found, Metric) else MeanMetricWrapper(found)
    if isinstance(identifier, str):
        metric.name = identifier
    return metric


def resolve_accuracy(
    y_true_shape: Sequence[int | None], y_pred_shape: Sequence[int | None], name: str = "accuracy"
) -> Metric:
    """Return the accuracy that fits the shapes: binary for one output, sparse for class numbers, else categorical."""
    if y_pred_shape[-1] == 1:
        return BinaryAccuracy(name)
    if len(y_true_shape) < len(y_pred_shape) or y_true_shape[-1] == 1:
        return SparseCategoricalAccuracy(name)
    return CategoricalAccuracy(name)


def serialize(metric: Any) -> dict[str, Any]:
    """Return the configuration of a metric; a function is kept by its name."""
    return registry.serialize(metric, _KNOWN, "keras.metrics")


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Build a metric from its configuration; `custom_objects` maps names to classes or functions of your own."""
    return registry.deserialize(config, _KNOWN, "metric", custom_objects)
