"""`Loss`: what every loss is, and how losses of rows become one number."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minirnn import boundary, targets
from minirnn.choices import one_of
from minirnn.compat import spelling
from minirnn.config import check_dtype
from minirnn.losses.shapes import aligned, floating, spread
from minirnn.utils import registry

NO_WEIGHTS = np.zeros(0)
_REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


class Loss:
    """Base class of losses, and of your own: define `call`, and to train with it `gradient`.

    >>> class Quartic(Loss):
    ...     def call(self, y_true, y_pred):
    ...         return ((y_pred - y_true) ** 4).mean(-1)  # the loss of each row: (.., N) -> (..)
    ...     def gradient(self, y_true, y_pred):
    ...         return 4 * (y_pred - y_true) ** 3 / y_pred.shape[-1]  # its slope by y_pred: (.., N) -> (.., N)
    >>> Quartic()([[0.0, 1.0]], [[2.0, 1.0]])
    8.0

    Both see floating arrays of one shape; with `sparse = True` in the class, y_true is int64 labels of shape (.., 1).
    In training the leading axes are one, so a row must not depend on others.

    `reduction` makes one number of the rows: "sum_over_batch_size" or "mean" (their mean), "sum",
    "mean_with_sample_weight" (divided by the sum of weights), or None or "none" (one value for each row).
    `dtype` is that of the computation; None is that of the predictions.
    """

    sparse = False
    one_hot = False  # whether targets are one-hot rows
    axis = -1

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        spelling.check_arguments(cls)

    @spelling.names_nearest
    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        one_of(reduction, "reduction", _REDUCTIONS)
        self.name = name or registry.snake_case(type(self).__name__)
        self.reduction = None if reduction == "none" else reduction
        self._dtype = None if dtype is None else check_dtype(dtype)

    @property
    def dtype(self) -> str:
        """The dtype of the computation, if none was given the default of layers."""
        return check_dtype(self._dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each row: (.., N) -> (..)."""
        raise NotImplementedError(f"{type(self).__name__} must define call(y_true, y_pred), the loss of each row")

    def gradient(self, y_true: Any, y_pred: Any) -> Any:
        """The slope of each row's loss by y_pred: (.., N) -> (.., N)."""
        raise NotImplementedError(no_gradient(type(self).__name__))

    def __call__(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
        mask: ArrayLike | None = None,
    ) -> Any:
        """The loss: a float, or without reduction an array of the shape of y_pred without its axis of outputs.

        `sample_weight` and `mask` (True where a row counts) are given for each sample, or for more of the leading axes.
        Raises ValueError for shapes that do not belong together, and for NaN or infinity in y_true.
        """
        y, p = self._arrays(y_true, y_pred)
        values = self._values(y, p)
        weights = NO_WEIGHTS if sample_weight is None else spread(sample_weight, values.shape)
        counts = None if mask is None else spread(mask, values.shape, "mask") != 0
        counts = self._counted(y, counts)
        weights, scale = self._weighing(values.size, weights, counts)
        values = values * weights if weights.size else values
        if self.reduction is None:
            return values.astype(p.dtype)
        return float(values.sum(dtype=np.float64) * scale)

    def compute(
        self,
        y: NDArray[Any],
        p: NDArray[Any],
        weights: NDArray[Any],
        dp: NDArray[Any],
        mask: NDArray[Any] | None = None,
    ) -> float:
        """The loss of rows, and its gradient into `dp`; what training calls.

        `p`, `dp` and `y` are (R, N), of one dtype, C-contiguous (labels: (R, 1), int64), `weights` (R,) float64 or
        empty, `mask` (R,) boolean: rows where it is False count for nothing, and means are those of the others.
        """
        weights, scale = self._training_weights(y, weights, mask)
        values, slopes = np.asarray(self.call(y, p)), np.asarray(self.gradient(y, p))
        for found, wanted, what in ((values, p.shape[:-1], "call"), (slopes, p.shape, "gradient")):
            if found.shape != wanted:
                raise ValueError(f"{self.name}.{what} gave shape {found.shape}, expected {wanted} for rows {p.shape}")
        factors = weights * scale if weights.size else np.full(len(p), scale)
        dp[...] = slopes * factors[:, None]
        return float(values @ factors)

    def as_target(self, y: Any, shape: tuple[int, ...], dtype: Any = "float32", name: str = "y") -> NDArray[Any]:
        """Return targets for predictions of `shape` as a clean array; raises as `targets.as_target` does."""
        return targets.as_target(y, shape, dtype, self.sparse, name, self.one_hot)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"

    def _arrays(self, y_true: ArrayLike, y_pred: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
        p = self._predictions(y_pred)
        if self.sparse:
            return self.as_target(y_true, p.shape, p.dtype, "y_true"), p
        y, p = aligned(y_true, p)
        boundary.check_finite(y, "y_true")
        return y, p

    def _predictions(self, y_pred: ArrayLike) -> NDArray[Any]:
        return floating(y_pred) if self._dtype is None else np.asarray(y_pred, self._dtype)

    def _values(self, y: NDArray[Any], p: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(self.call(y, p))

    def _counted(self, y: NDArray[Any], mask: NDArray[Any] | None) -> NDArray[Any] | None:
        """The rows that count: those of the mask, less any that the loss itself leaves out."""
        return mask

    def _training_weights(
        self, y: NDArray[Any], weights: NDArray[Any], mask: NDArray[Any] | None
    ) -> tuple[NDArray[Any], float]:
        if self.reduction is None:
            raise ValueError(f"{self.name} has reduction None: training needs one number, use 'sum_over_batch_size'")
        return self._weighing(len(y), weights, self._counted(y, mask))

    def _weighing(self, rows: int, weights: NDArray[Any], mask: NDArray[Any] | None) -> tuple[NDArray[Any], float]:
        """(weights, scale): a row's loss counts weights[row] * scale, just scale where weights are empty."""
        counted = float(rows)
        if mask is not None:
            counted = float(np.count_nonzero(mask))
            weights = weights * mask if weights.size else mask.astype(np.float64)
        if self.reduction is None or self.reduction == "sum":
            return weights, 1.0
        if self.reduction == "mean_with_sample_weight" and weights.size:
            counted = float(weights.sum())
        return weights, 1.0 / counted if counted else 0.0


def no_gradient(name: str) -> str:
    """The one line that says how a loss gets its gradient."""
    return (
        f"loss {name} has no gradient, and there is no automatic one: subclass minirnn.losses.Loss with "
        "call(y_true, y_pred) and gradient(y_true, y_pred)"
    )
