"""Constraints: what a weight is put back to after each step of the optimizer. Keras 3's names, arguments and formulas.

A constraint is called with a weight's array, in Keras's shape, and gives the array to go on with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from minirnn import config
from minirnn.boundary import number
from minirnn.compat import spelling
from minirnn.compat.modules import names_of
from minirnn.utils import registry

__all__ = [
    "Constraint", "MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm", "deserialize", "get", "max_norm", "min_max_norm",
    "non_neg", "serialize", "unit_norm",
]  # fmt: skip

__getattr__ = names_of(__name__)


class Constraint:
    """Base class of constraints, and of your own: define `__call__`.

    >>> class Below(Constraint):
    ...     def __call__(self, w):
    ...         return np.minimum(w, 1.0)  # a new array in the shape of w
    >>> Below()(np.array([0.5, 2.0]))
    array([0.5, 1. ])

    `by_element = True` in a class says that each number is treated by itself, and 0 stays 0: it may be shown them in
    any order and shape, with zeros between. It holds for that class alone, not for its subclasses.
    """

    by_element: ClassVar[bool] = False

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        cls.by_element = vars(cls).get("by_element", False)
        spelling.check_arguments(cls)

    def __call__(self, w: NDArray[Any]) -> NDArray[Any]:
        """The weight to go on with, in the shape of `w`; `w` itself by default."""
        return w

    def get_config(self) -> dict[str, Any]:
        """Its arguments by name, from which `from_config` makes another like it."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constraint:
        return cls(**config)


class NonNeg(Constraint):
    """w = max(w, 0)."""

    by_element = True

    def __call__(self, w: NDArray[Any]) -> NDArray[Any]:
        return np.maximum(w, 0)


class UnitNorm(Constraint):
    """w = w / (epsilon + |w|): every norm becomes 1.

    |w| is the root of the sum of squares along `axis`, a whole number or a list of them (0: over the weights that lead
    to each unit), None for all axes. Raises TypeError for another axis; when called, ValueError for one w has not.
    """

    def __init__(self, axis: int | Sequence[int] | None = 0) -> None:
        self.axis = _axis(axis)

    def __call__(self, w: NDArray[Any]) -> NDArray[Any]:
        return w / (config.epsilon() + _norms(w, self.axis))

    def get_config(self) -> dict[str, Any]:
        return {"axis": self.axis}


class MaxNorm(Constraint):
    """w = w min(|w|, max_value) / (epsilon + |w|): no norm is above `max_value` (Srivastava et al. 2014, 5.1).

    `axis` and errors as in `UnitNorm`; ValueError for a `max_value` below 0.
    """

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] | None = 0) -> None:
        self.max_value = number(max_value, "max_value", 0)
        self.axis = _axis(axis)

    def __call__(self, w: NDArray[Any]) -> NDArray[Any]:
        norms = _norms(w, self.axis)
        return w * (np.minimum(norms, self.max_value) / (config.epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value, "axis": self.axis}


class MinMaxNorm(Constraint):
    """Brings every norm between `min_value` and `max_value`, or by a share `rate` of the way:

        wanted = rate clip(|w|, min_value, max_value) + (1 - rate) |w|
        w      = w wanted / (epsilon + |w|)

    `axis` and errors as in `UnitNorm`; ValueError unless 0 <= min_value <= max_value and 0 <= rate <= 1.
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: int | Sequence[int] | None = 0
    ) -> None:
        self.min_value = number(min_value, "min_value", 0)
        self.max_value = number(max_value, "max_value", self.min_value)
        self.rate = number(rate, "rate", 0, 1)
        self.axis = _axis(axis)

    def __call__(self, w: NDArray[Any]) -> NDArray[Any]:
        norms = _norms(w, self.axis)
        wanted = self.rate * np.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return w * (wanted / (config.epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


def _axis(axis: Any) -> Any:
    """An axis as configurations hold it."""
    several = isinstance(axis, (list, tuple))
    for each in axis if several else [axis]:
        if (each is None and several) or isinstance(each, bool) or not isinstance(each, (int, np.integer, NoneType)):
            raise TypeError(f"axis must be a whole number, a list of them or None, got {axis!r:.60}")
    return list(axis) if several else axis


def _norms(w: NDArray[Any], axis: Any) -> NDArray[Any]:
    """|w| along the axis, which is kept with length 1."""
    return np.sqrt(np.sum(np.square(w), axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=True))


max_norm, non_neg, unit_norm, min_max_norm = MaxNorm, NonNeg, UnitNorm, MinMaxNorm

_CLASSES = (Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm)
_KNOWN: dict[str, type[Constraint]] = {
    **{cls.__name__: cls for cls in _CLASSES},
    **{registry.snake_case(cls.__name__): cls for cls in _CLASSES},
}


def get(identifier: Any) -> Any:
    """The constraint that `identifier` stands for: a name ("max_norm", "MaxNorm"), a configuration, class or callable.

    None stays None. Raises ValueError for an unknown name, TypeError for anything else.
    """
    return registry.get(identifier, _KNOWN, "constraint")


def serialize(constraint: Any) -> dict[str, Any] | None:
    """The configuration of a constraint, in Keras's form; None for None."""
    return None if constraint is None else registry.serialize(constraint, _KNOWN, "keras.constraints")


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The constraint of a configuration; `custom_objects` maps names to classes or functions of your own."""
    return registry.deserialize(config, _KNOWN, "constraint", custom_objects)
