"""Losses: Keras's names, arguments and numbers; value and gradient come from one pass of `minirnn.kernels.losses`.

Anywhere a loss is asked for, its name ("mse", "MeanSquaredError"), a function of this module, a configuration, a class
or an object will do. A loss of your own is a subclass of `Loss`: see there.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, overload

from minirnn.compat.modules import names_of
from minirnn.losses.loss import NO_WEIGHTS, Loss, no_gradient
from minirnn.losses.margins import CategoricalHinge, Hinge, SquaredHinge, categorical_hinge, hinge, squared_hinge
from minirnn.losses.probabilistic import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    kl_divergence,
    poisson,
    sparse_categorical_crossentropy,
)
from minirnn.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from minirnn.losses.robust import CategoricalGeneralizedCrossEntropy, categorical_generalized_cross_entropy
from minirnn.utils import registry

__all__ = [
    "NO_WEIGHTS", "BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy", "CategoricalGeneralizedCrossEntropy", "CategoricalHinge", "CosineSimilarity",
    "Hinge", "Huber", "KLDivergence", "LogCosh", "Loss", "MeanAbsoluteError", "MeanAbsolutePercentageError",
    "MeanSquaredError", "MeanSquaredLogarithmicError", "Poisson", "SparseCategoricalCrossentropy", "SquaredHinge",
    "binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy", "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy", "categorical_hinge", "cosine_similarity", "deserialize", "get", "hinge",
    "huber", "kl_divergence", "log_cosh", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_error",
    "mean_squared_logarithmic_error", "poisson", "serialize", "sparse_categorical_crossentropy", "squared_hinge",
]  # fmt: skip

__getattr__ = names_of(__name__)

_CLASS_OF: dict[Callable[..., Any], type[Loss]] = {
    binary_crossentropy: BinaryCrossentropy,
    binary_focal_crossentropy: BinaryFocalCrossentropy,
    categorical_crossentropy: CategoricalCrossentropy,
    categorical_focal_crossentropy: CategoricalFocalCrossentropy,
    categorical_generalized_cross_entropy: CategoricalGeneralizedCrossEntropy,
    categorical_hinge: CategoricalHinge,
    cosine_similarity: CosineSimilarity,
    hinge: Hinge,
    huber: Huber,
    kl_divergence: KLDivergence,
    log_cosh: LogCosh,
    mean_absolute_error: MeanAbsoluteError,
    mean_absolute_percentage_error: MeanAbsolutePercentageError,
    mean_squared_error: MeanSquaredError,
    mean_squared_logarithmic_error: MeanSquaredLogarithmicError,
    poisson: Poisson,
    sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
    squared_hinge: SquaredHinge,
}
_SHORT = {
    "bce": binary_crossentropy,
    "kld": kl_divergence,
    "mae": mean_absolute_error,
    "mape": mean_absolute_percentage_error,
    "mse": mean_squared_error,
    "msle": mean_squared_logarithmic_error,
}
_KNOWN: dict[str, Any] = {
    **{cls.__name__: cls for cls in _CLASS_OF.values()},
    **{function.__name__: function for function in _CLASS_OF},
    **_SHORT,
    **{name.upper(): function for name, function in _SHORT.items()},
    "cosine_proximity": cosine_similarity,
    "huber_loss": huber,
    "kullback_leibler_divergence": kl_divergence,
    "logcosh": log_cosh,
}


@overload
def get(identifier: None) -> None: ...
@overload
def get(identifier: Any) -> Loss: ...
def get(identifier: Any) -> Loss | None:
    """Return the loss for a name, a function of this module, a configuration, a class or a Loss; None for None.

    Raises ValueError for an unknown name, with the nearest known one, and TypeError for anything else: also for a
    function or a Loss of your own that has no gradient.
    """
    found = identifier
    if isinstance(found, str):
        found = registry.find(found, _KNOWN, "loss")
    elif isinstance(found, Mapping):
        found = deserialize(found)
    if inspect.isfunction(found):
        found = _CLASS_OF.get(found, found)
    if isinstance(found, type) and issubclass(found, Loss):
        found = found()
    if isinstance(found, Loss):
        cls = type(found)
        if cls.gradient is Loss.gradient and cls.compute is Loss.compute:
            raise TypeError(no_gradient(cls.__name__))
    if found is None or isinstance(found, Loss):
        return found
    if callable(found):
        raise TypeError(no_gradient(getattr(found, "__name__", type(found).__name__)))
    raise TypeError(f"loss must be a name, a Loss or a function of minirnn.losses, got {type(identifier).__name__}")


def serialize(loss: Any) -> dict[str, Any]:
    """Return the configuration of a loss; a function is kept by its name."""
    return registry.serialize(loss, _KNOWN, "keras.losses")


def deserialize(name: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the loss or function of a configuration; `custom_objects` maps names to classes of your own."""
    return registry.deserialize(name, _KNOWN, "loss", custom_objects)
