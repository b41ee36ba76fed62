"""A crossentropy that wrong labels harm less."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minirnn import boundary, config
from minirnn.losses.loss import Loss
from minirnn.losses.shapes import floating


class CategoricalGeneralizedCrossEntropy(Loss):
    """(1 - p^q) / q for the probability p of the true class (Zhang and Sabuncu 2018, equation 6).

    With q near 0 it is crossentropy, with q near 1 the mean absolute error, whose gradient does not grow for a label
    that the model finds unlikely, as wrong ones are. Labels are class numbers, predictions probabilities.

        slope by p = -p^(q - 1), where a p below 1e-7 counts as 1e-7

    Raises ValueError unless 0 < q < 1.
    """

    sparse = True

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.q = boundary.number(q, "q", 0, 1)
        if q in (0, 1):
            raise ValueError(f"q must lie between 0 and 1, got {q}; those are crossentropy and the mean absolute error")

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
        p = floating(y_pred)
        return (1 - np.take_along_axis(p, self._labels(y_true, p), -1)[..., 0] ** self.q) / self.q

    def gradient(self, y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
        p = floating(y_pred)
        labels, slopes = self._labels(y_true, p), np.zeros_like(p)
        chosen = np.maximum(np.take_along_axis(p, labels, -1), p.dtype.type(config.epsilon()))
        np.put_along_axis(slopes, labels, -(chosen ** (self.q - 1)), -1)
        return slopes

    def _labels(self, y_true: ArrayLike, p: NDArray[Any]) -> NDArray[np.int64]:
        """Class numbers (.., 1). ValueError for what is none."""
        return self.as_target(y_true, p.shape, p.dtype, "y_true")

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"q": self.q}


def categorical_generalized_cross_entropy(y_true: ArrayLike, y_pred: ArrayLike, q: float) -> NDArray[Any]:
    """(1 - p^q) / q, p the probability of the true class: labels (..) or (.., 1), (.., N) -> (..)"""
    return CategoricalGeneralizedCrossEntropy(q).call(y_true, y_pred)
