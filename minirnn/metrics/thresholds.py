"""Confusion at thresholds: how many (by weight) of the true and the false lie above each, and how many do not.

Each prediction passes the thresholds below it. One histogram of how many it passes, for the true and one for the false,
holds the counts at all thresholds; cumulative sums read them off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minirnn.kernels.losses import EPSILON

BELOW_ALL = -1e10  # Keras's: a prediction that is not among the k largest, and the threshold that it does not pass


class Confusion(NamedTuple):
    """Counts at each threshold: (thresholds,) or (thresholds, labels)."""

    true_positives: NDArray[np.float64]
    false_positives: NDArray[np.float64]
    true_negatives: NDArray[np.float64]
    false_negatives: NDArray[np.float64]


class Thresholds:
    """Thresholds in the order given. An even grid from 0 to 1 is counted as Keras counts it, by ceil(p (n - 1))."""

    def __init__(self, values: Sequence[float], even: bool | None = None) -> None:
        self.values = np.array(values, np.float64)
        self._even = is_even(self.values) if even is None else even
        self._order = np.argsort(self.values, kind="stable")

    def __len__(self) -> int:
        return len(self.values)

    def confusion(self, y: NDArray[Any], p: NDArray[Any], weights: NDArray[Any], by_label: bool = False) -> Confusion:
        """Count arrays of one shape; `by_label`: (samples, labels), each label for itself. y is true where not 0."""
        n, labels = len(self), p.shape[-1] if by_label else 1
        passed = self._passed(p).reshape(-1, labels) + (n + 1) * np.arange(labels)
        true = (y != 0).reshape(-1, labels)
        weights = weights.reshape(-1, labels)
        above, below = [], []
        for share in (np.where(true, weights, 0.0), np.where(true, 0.0, weights)):
            counts = np.bincount(passed.ravel(), share.ravel(), labels * (n + 1)).reshape(labels, n + 1)
            above.append(self._unsorted(np.cumsum(counts[:, :0:-1], axis=1)[:, ::-1], by_label))
            below.append(self._unsorted(np.cumsum(counts[:, :-1], axis=1), by_label))
        return Confusion(above[0], above[1], below[1], below[0])

    def _passed(self, p: NDArray[Any]) -> NDArray[np.int64]:
        """How many thresholds each prediction exceeds; NaN exceeds none."""
        p = np.fmax(p, p.dtype.type(-np.inf))
        if not self._even:
            return np.searchsorted(self.values[self._order].astype(p.dtype), p, side="left")
        passed = np.ceil(np.clip(p, 0, 1) * p.dtype.type(len(self) - 1)).astype(np.int64)
        return np.maximum(passed, 1) if self.values[0] < 0 else passed

    def _unsorted(self, counts: NDArray[Any], by_label: bool) -> NDArray[np.float64]:
        result = np.empty_like(counts)
        result[:, self._order] = counts
        return result.T.copy() if by_label else result[0]


def is_even(values: NDArray[np.float64]) -> bool:
    """Whether thresholds are at least three, evenly spaced from 0 to 1."""
    n = len(values)
    return n >= 3 and np.allclose(values, np.arange(n, dtype=np.float32) / (n - 1), atol=EPSILON)


def grid(n: int) -> list[float]:
    """n thresholds evenly from 0 to 1; one alone is 0.5."""
    return [0.5] if n == 1 else [0.0, *((i + 1) / (n - 1) for i in range(n - 2)), 1.0]


def checked(thresholds: Any, default: float) -> list[float]:
    """A number or several as a list. ValueError unless all lie between 0 and 1."""
    if thresholds is None:
        return [default]
    values = list(thresholds) if np.ndim(thresholds) else [thresholds]
    for value in values:
        if value is None or not 0 <= value <= 1:
            raise ValueError(f"thresholds must lie between 0 and 1, got {value!r}")
    if not values:
        raise ValueError("thresholds must be a number or several, got none")
    return [float(value) for value in values]


def keep_top(p: NDArray[Any], k: int) -> NDArray[Any]:
    """The k largest of each row as they are, all others below all thresholds; of equals the first is the larger."""
    if k > p.shape[-1]:
        raise ValueError(f"top_k is {k}, but y_pred has shape {p.shape}: there are only {p.shape[-1]} classes")
    best = np.argsort(-p, axis=-1, kind="stable")[..., :k]
    kept = np.full_like(p, BELOW_ALL)
    np.put_along_axis(kept, best, np.take_along_axis(p, best, -1), -1)
    return kept


def ratio(a: ArrayLike, b: ArrayLike) -> NDArray[Any]:
    """a / b, 0 where b is 0."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(a.shape, b.shape)), where=b != 0)
