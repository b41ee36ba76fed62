"""What an optimizer keeps, shown as Keras shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray


class OptimizerVariable:
    """A number or an array of an optimizer under Keras's name: `name`, `path`, `shape`, `dtype`, `numpy()`.

    `read` gives its value of the moment, as a new array of `shape`.
    """

    trainable = False

    def __init__(
        self, owner: str, name: str, shape: tuple[int, ...], dtype: str, read: Callable[[], NDArray[Any]]
    ) -> None:
        self.name, self.path = name, f"{owner}/{name}"
        self.shape, self.dtype = shape, dtype
        self._read = read

    def numpy(self) -> NDArray[Any]:
        """Its value in Keras's shape, a new array."""
        return self._read()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self.numpy(), dtype)

    def __repr__(self) -> str:
        return f"<OptimizerVariable path={self.path}, shape={self.shape}, dtype={self.dtype}>"
