"""What a metric of one's own keeps from batch to batch, under Keras's names."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray


class MetricVariable(NDArrayOperatorsMixin):
    """A small array with `assign`, `assign_add`, `assign_sub`, `numpy()`, float() and NumPy's arithmetic.

    `initial` is what it begins with and what `reset` gives back. Raises ValueError for a value of another shape.
    """

    def __init__(self, name: str, initial: NDArray[Any]) -> None:
        self.name, self._initial, self._value = name, initial, initial.copy()
        self.shape, self.dtype = initial.shape, initial.dtype.name

    @property
    def value(self) -> NDArray[Any]:
        """What it holds, a new array."""
        return self._value.copy()

    def numpy(self) -> NDArray[Any]:
        """The same as `value`."""
        return self.value

    def assign(self, value: Any) -> MetricVariable:
        array = np.asarray(value)
        if array.shape != self.shape:
            raise ValueError(f"variable {self.name}: got a value of shape {array.shape}, expected {self.shape}")
        self._value[...] = array
        return self

    def assign_add(self, value: Any) -> MetricVariable:
        return self.assign(self._value + np.asarray(value))

    def assign_sub(self, value: Any) -> MetricVariable:
        return self.assign(self._value - np.asarray(value))

    def reset(self) -> None:
        self._value[...] = self._initial

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self._value.astype(dtype or self._value.dtype)

    def __array_ufunc__(self, function: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if any(isinstance(out, MetricVariable) for out in options.get("out", ())):
            raise TypeError(f"variable {self.name} is not changed in place; call assign, assign_add or assign_sub")
        arrays = [x._value if isinstance(x, MetricVariable) else x for x in inputs]
        return getattr(function, method)(*arrays, **options)

    def __float__(self) -> float:
        return float(self._value)

    def __int__(self) -> int:
        return int(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __len__(self) -> int:
        return len(self._value)

    def __getitem__(self, key: Any) -> Any:
        return self._value[key]

    def __repr__(self) -> str:
        return f"<MetricVariable name={self.name}, shape={self.shape}, dtype={self.dtype}, value={self._value}>"


def settled(result: Any) -> Any:
    """A metric's result as it is reported: a variable or a single number as float, anything else as it is."""
    if isinstance(result, MetricVariable):
        result = result.numpy()
    single = isinstance(result, np.generic) or (isinstance(result, np.ndarray) and result.ndim == 0)
    return float(result) if single else result
