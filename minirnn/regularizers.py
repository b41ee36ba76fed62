"""Regularizers: penalties on weights, or on what a layer gives, added to the loss. Keras 3's names and formulas.

A regularizer is called with an array and gives a number, R(x); beside it stands its slope, `gradient(x)` = dR/dx.
Factors are rounded to float32 before they are used, whatever the dtype of x, as Keras does on TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from minirnn import config
from minirnn.boundary import number
from minirnn.choices import one_of
from minirnn.compat import spelling
from minirnn.compat.modules import names_of
from minirnn.utils import registry

__all__ = [
    "L1", "L1L2", "L2", "OrthogonalRegularizer", "Regularizer", "deserialize", "get", "l1", "l1_l2", "l2",
    "orthogonal_regularizer", "serialize",
]  # fmt: skip

__getattr__ = names_of(__name__)


class Regularizer:
    """Base class of regularizers, and of your own: define `__call__`, and to train with it `gradient`.

    >>> class Quartic(Regularizer):
    ...     def __call__(self, x):
    ...         return (x**4).sum()  # the penalty: one number for an array of any shape
    ...     def gradient(self, x):
    ...         return 4 * x**3  # its slope by each number, in the shape of x
    >>> float(Quartic()(np.array([1.0, 2.0])))
    17.0

    `by_element = True` in a class says that R(x) is a sum over the numbers of x, and R(0) = 0 with slope 0: it may be
    shown them in any order and shape, with zeros between. It holds for that class alone, not for its subclasses.
    """

    by_element: ClassVar[bool] = False

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        cls.by_element = vars(cls).get("by_element", False)
        spelling.check_arguments(cls)

    def __call__(self, x: NDArray[Any]) -> Any:
        """The penalty, one number; none by default."""
        return 0.0

    def gradient(self, x: NDArray[Any]) -> NDArray[Any]:
        """The slope of the penalty by each number of `x`, in its shape and dtype."""
        raise NotImplementedError(no_gradient(type(self).__name__))

    def get_config(self) -> dict[str, Any]:
        """Its arguments by name, from which `from_config` makes another like it."""
        raise NotImplementedError(f"regularizer {type(self).__name__} must define get_config() for a configuration")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        return cls(**config)


class L1L2(Regularizer):
    """R(x) = l1 sum |x| + l2 sum x^2, with the slope l1 sign(x) + 2 l2 x.

    Both factors are 0 unless given; by the name "l1_l2", too. Raises TypeError or ValueError for a factor that is no
    finite number of at least 0.
    """

    by_element = True

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1, self.l2 = _factor(l1, "l1", 0.0), _factor(l2, "l2", 0.0)

    def __call__(self, x: NDArray[Any]) -> Any:
        return _in_float32(self.l1) * np.sum(np.abs(x)) + _in_float32(self.l2) * np.sum(np.square(x))

    def gradient(self, x: NDArray[Any]) -> NDArray[Any]:
        return _in_float32(self.l1) * np.sign(x) + 2.0 * _in_float32(self.l2) * x

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}


class L1(Regularizer):
    """R(x) = l1 sum |x|, with the slope l1 sign(x): it draws small numbers to 0 (Tibshirani 1996).

    The configuration, too, holds the factor as rounded, like Keras's. Raises as `L1L2` does.
    """

    by_element = True

    def __init__(self, l1: float | None = 0.01) -> None:
        self.l1 = _in_float32(_factor(l1, "l1", 0.01))

    def __call__(self, x: NDArray[Any]) -> Any:
        return self.l1 * np.sum(np.abs(x))

    def gradient(self, x: NDArray[Any]) -> NDArray[Any]:
        return self.l1 * np.sign(x)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1}


class L2(Regularizer):
    """R(x) = l2 sum x^2, with the slope 2 l2 x: it draws all numbers towards 0 (Hoerl & Kennard 1970).

    Raises as `L1L2` does.
    """

    by_element = True

    def __init__(self, l2: float | None = 0.01) -> None:
        self.l2 = _factor(l2, "l2", 0.01)

    def __call__(self, x: NDArray[Any]) -> Any:
        return _in_float32(self.l2) * np.sum(np.square(x))

    def gradient(self, x: NDArray[Any]) -> NDArray[Any]:
        return 2.0 * _in_float32(self.l2) * x

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """Draws the rows of a matrix (`mode="rows"`), or its columns (`mode="columns"`), towards right angles.

        n_i = x_i / max(|x_i|, epsilon)      each of the N rows, or columns, at length 1
        c_ij = n_i . n_j                     the cosine of each pair
        R(x) = factor * mean of |c_ij| over the N (N - 1) / 2 pairs i < j

        dn_i = factor / pairs * sum over j != i of sign(c_ij) n_j
        dx_i = (dn_i - n_i (n_i . dn_i)) / |x_i|

    The configuration, too, holds the factor as rounded, like Keras's. Raises TypeError or ValueError for a factor that
    is no finite number of at least 0 and for another mode; when called, ValueError for anything but a matrix of at
    least two rows, or columns.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = _in_float32(number(factor, "factor", 0))
        self.mode = one_of(mode, "mode", ("rows", "columns"))

    def __call__(self, x: NDArray[Any]) -> Any:
        _, _, c = self._cosines(x)
        return self._share(c) * np.sum(np.abs(np.triu(c, 1)))

    def gradient(self, x: NDArray[Any]) -> NDArray[Any]:
        n, length, c = self._cosines(x)
        sign = np.sign(c)
        np.fill_diagonal(sign, 0.0)
        dn = self._share(c) * (sign @ n)
        dx = (dn - n * np.sum(n * dn, axis=1, keepdims=True)) / length
        return dx if self.mode == "rows" else dx.T

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "mode": self.mode}

    def _cosines(self, x: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Rows (or columns, as rows) of length 1 (N, K), their lengths before (N, 1), and their cosines (N, N)."""
        if x.ndim != 2 or x.shape[self.mode == "columns"] < 2:
            raise ValueError(f"OrthogonalRegularizer takes a matrix of at least 2 {self.mode}, got shape {x.shape}")
        rows = x if self.mode == "rows" else x.T
        length = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), config.epsilon())
        n = rows / length
        return n, length, n @ n.T

    def _share(self, c: NDArray[Any]) -> float:
        """The factor's share of each pair."""
        return self.factor / (len(c) * (len(c) - 1) / 2)


def _factor(value: Any, name: str, default: float) -> float:
    return default if value is None else float(number(value, name, 0))


def _in_float32(value: float) -> float:
    return float(np.float32(value))


# --- a regularizer by name, and applied ---

l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

_KNOWN: dict[str, type[Regularizer]] = {
    **{cls.__name__: cls for cls in (L1, L2, L1L2, OrthogonalRegularizer)},
    "l1": L1, "l2": L2, "l1l2": L1L2, "l1_l2": L1L2, "orthogonal_regularizer": OrthogonalRegularizer,
}  # fmt: skip


def get(identifier: Any) -> Any:
    """The regularizer that `identifier` stands for: a name ("l2", "L2"), a configuration, a class or a callable.

    None stays None. Raises ValueError for an unknown name, TypeError for anything else. A plain function computes its
    penalty; to train with it, make it a `Regularizer` with a `gradient`.
    """
    return registry.get(identifier, _KNOWN, "regularizer")


def serialize(regularizer: Any) -> dict[str, Any] | None:
    """The configuration of a regularizer, in Keras's form; None for None."""
    return None if regularizer is None else registry.serialize(regularizer, _KNOWN, "keras.regularizers")


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The regularizer of a configuration; `custom_objects` maps names to classes or functions of your own."""
    return registry.deserialize(config, _KNOWN, "regularizer", custom_objects)


def penalty_of(regularizer: Any, x: NDArray[Any]) -> float:
    """R(x) as a float. ValueError if the regularizer gives anything but one number."""
    value = np.asarray(regularizer(x))
    if value.ndim:
        raise ValueError(f"regularizer {_name(regularizer)} gave shape {value.shape}, expected one number")
    return float(value)


def gradient_of(regularizer: Any, x: NDArray[Any]) -> NDArray[Any]:
    """dR/dx in the shape of `x`. NotImplementedError if the regularizer has none, ValueError for another shape."""
    if not hasattr(regularizer, "gradient"):
        raise NotImplementedError(no_gradient(_name(regularizer)))
    slope = np.asarray(regularizer.gradient(x))
    if slope.shape != x.shape:
        raise ValueError(f"regularizer {_name(regularizer)}: gradient gave shape {slope.shape}, expected {x.shape}")
    return slope


def no_gradient(name: str) -> str:
    """The one line that says how a regularizer gets its gradient."""
    return (
        f"regularizer {name} has no gradient, and there is no automatic one: subclass "
        "minirnn.regularizers.Regularizer with __call__(x) and gradient(x)"
    )


def _name(regularizer: Any) -> str:
    return getattr(regularizer, "__name__", type(regularizer).__name__)
