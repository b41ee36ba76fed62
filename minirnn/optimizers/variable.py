"""What an optimizer keeps, shown as Keras shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray


class OptimizerVariable:
    """A number or an array of an optimizer under Keras's name: `name`, `path`, `shape`, `dtype`, `numpy()`, `assign`.

    `read` gives its value of the moment, as a new array of `shape`; `write` takes an array of it.
    """

    trainable = False

    def __init__(
        self,
        owner: str,
        name: str,
        shape: tuple[int, ...],
        dtype: str,
        read: Callable[[], NDArray[Any]],
        write: Callable[[NDArray[Any]], None],
    ) -> None:
        self.name, self.path = name, f"{owner}/{name}"
        self.shape, self.dtype = shape, dtype
        self._read, self._write = read, write

    def numpy(self) -> NDArray[Any]:
        """Its value in Keras's shape, a new array."""
        return self._read()

    def assign(self, value: Any) -> None:
        """Set it from an array of its shape. Raises ValueError for another shape, and for NaN and infinity."""
        array = np.asarray(value)
        if array.shape != self.shape or not np.isfinite(array).all():
            finite = "" if array.shape != self.shape else " with NaN or infinity"
            raise ValueError(f"{self.path}: got shape {array.shape}{finite}, expected finite numbers of {self.shape}")
        self.put(array.astype(self.dtype))

    def put(self, value: NDArray[Any]) -> None:
        """Let it have the bits of an array of its shape and dtype, NaN and infinity too."""
        self._write(value)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self.numpy(), dtype)

    def __repr__(self) -> str:
        return f"<OptimizerVariable path={self.path}, shape={self.shape}, dtype={self.dtype}>"


class LearningRate(float):
    """The learning rate of the moment: a float that, like Keras's variable, may also be given another value.

    >>> import minirnn
    >>> sgd = minirnn.optimizers.SGD(0.5)
    >>> sgd.learning_rate.assign(0.25)
    >>> sgd.learning_rate * 2
    0.5
    """

    _optimizer: Any

    @classmethod
    def of(cls, optimizer: Any, value: float) -> LearningRate:
        """The number `value`, read from `optimizer`."""
        rate = cls(value)
        rate._optimizer = optimizer
        return rate

    def assign(self, value: Any) -> None:
        """Let the optimizer go on with `value`. Raises as setting `optimizer.learning_rate` does."""
        self._optimizer.learning_rate = value

    def numpy(self) -> NDArray[Any]:
        """An array without axes, of the dtype that the optimizer rounds it to."""
        return np.asarray(float(self), self._optimizer._rate_dtype)

    def __reduce__(self) -> tuple[Any, ...]:
        return float, (float(self),)  # a copy is a number, and no way to the optimizer
