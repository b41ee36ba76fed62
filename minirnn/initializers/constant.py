"""Initializers without chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from minirnn.initializers.base import Initializer, number


class Constant(Initializer):
    """Every element is `value`, a finite number."""

    def __init__(self, value: float = 0.0) -> None:
        self.value = number(value, "value")

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[Any]:
        return np.full(tuple(shape), self.value, dtype or np.float32)

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value}


class Zeros(Initializer):
    """Every element is 0."""

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[Any]:
        return np.zeros(tuple(shape), dtype or np.float32)


class Ones(Initializer):
    """Every element is 1."""

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[Any]:
        return np.ones(tuple(shape), dtype or np.float32)


class Identity(Initializer):
    """`gain` on the diagonal of a matrix, 0 elsewhere. ValueError for a shape that is not 2-D."""

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = number(gain, "gain")

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[Any]:
        if len(shape) != 2:
            raise ValueError(f"Identity makes matrices only, got the shape {tuple(shape)}")
        return (self.gain * np.eye(shape[0], shape[1])).astype(dtype or np.float32)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain}
