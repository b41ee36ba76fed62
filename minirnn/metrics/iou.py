"""Intersection over union: how far two sets of places, those of a class in truth and as predicted, are the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minirnn import config
from minirnn.boundary import whole
from minirnn.losses.shapes import spread
from minirnn.metrics.metric import Metric

_COUNTING = (None, "int", "int32", "int64")  # dtypes that Keras counts in unless told otherwise


class IoU(Metric):
    """The mean over the classes `target_class_ids` of true positives / (true and false positives, false negatives).

    Classes run from 0 to `num_classes` - 1; a class that neither array holds is left out of the mean, and so are
    entries of other numbers, and those whose truth is `ignore_class`. Truth and predictions are arrays of classes, or
    with `sparse_y_true` or `sparse_y_pred` False have scores of all classes along `axis`, the largest of which counts.
    Weights count as they are (Keras cuts them to whole numbers, unless `dtype` is one of floats).

    Raises ValueError for a target that is no class, and for arrays or weights that do not belong together.

    >>> MeanIoU(2)([0, 0, 1, 1], [0, 1, 0, 1]) < 1 / 3
    True
    """

    direction = "up"

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(None if dtype in _COUNTING else dtype, name)
        if dtype in _COUNTING:
            self.dtype = "int32" if dtype in (None, "int") else dtype
        self.num_classes = whole(num_classes, "num_classes")
        self.target_class_ids = [whole(target, "target_class_ids", 0) for target in target_class_ids]
        wrong = [target for target in self.target_class_ids if target >= self.num_classes]
        if wrong or not self.target_class_ids:
            found = wrong[0] if wrong else "none"
            raise ValueError(f"target_class_ids must be classes from 0 to {self.num_classes - 1}, got {found}")
        self.ignore_class = ignore_class
        self.sparse_y_true, self.sparse_y_pred, self.axis = bool(sparse_y_true), bool(sparse_y_pred), axis
        self.reset_state()

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        y, p = self._classes(y_true, self.sparse_y_true), self._classes(y_pred, self.sparse_y_pred)
        if y.size != p.size:
            raise ValueError(f"{self.name}: y_true gives {y.size} classes, y_pred {p.size}: give as many of both")
        weights = np.ones(p.size) if sample_weight is None else spread(sample_weight, p.shape).reshape(-1)
        y, p, n = y.reshape(-1), p.reshape(-1), self.num_classes
        known = (y >= 0) & (y < n) & (p >= 0) & (p < n)
        if self.ignore_class is not None:
            known &= y != self.ignore_class
        np.add.at(self.total_cm, (y[known], p[known]), weights[known])

    def _classes(self, values: ArrayLike, sparse: bool) -> NDArray[np.int64]:
        array = np.asarray(values)
        return array.astype(np.int64) if sparse else np.argmax(array, axis=self.axis)

    def result(self) -> float:
        cm, targets = self.total_cm, self.target_class_ids
        both = cm.diagonal()
        either = (cm.sum(axis=0) + cm.sum(axis=1) - both)[targets]
        there = either > 1e-9
        shares = both[targets][there] / (either[there] + config.epsilon())
        return float(shares.sum() / (there.sum() + config.epsilon()))

    def reset_state(self) -> None:
        self.total_cm = np.zeros((self.num_classes, self.num_classes))  # of the truth in rows, as predicted in columns

    def get_config(self) -> dict[str, Any]:
        keys = ("num_classes", "target_class_ids", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")
        return super().get_config() | {key: getattr(self, key) for key in keys}


class BinaryIoU(IoU):
    """`IoU` of the classes 0 and 1, where a prediction of at least `threshold` is a 1."""

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        super().update_state(y_true, np.asarray(y_pred, np.float32) >= self.threshold, sample_weight)

    def get_config(self) -> dict[str, Any]:
        return _part(super().get_config(), "target_class_ids") | {"threshold": self.threshold}


class MeanIoU(IoU):
    """`IoU` of all classes."""

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        classes = range(whole(num_classes, "num_classes"))
        super().__init__(num_classes, classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return _part(super().get_config(), "num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")


class OneHotIoU(IoU):
    """`IoU` of one-hot truth, and by default of predictions that are scores of all classes."""

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return _part(super().get_config(), "num_classes", "target_class_ids", "ignore_class", "sparse_y_pred", "axis")


class OneHotMeanIoU(MeanIoU):
    """`MeanIoU` of one-hot truth, and by default of predictions that are scores of all classes."""

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return _part(super().get_config(), "num_classes", "ignore_class", "sparse_y_pred", "axis")


def _part(config: dict[str, Any], *keys: str) -> dict[str, Any]:
    """What every metric's configuration holds, and these of its arguments."""
    return {key: config[key] for key in ("name", "dtype", *keys)}
