"""`Scaled`, the base of normalizations that end in gamma and beta, y = gamma z + beta; and what such layers share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import constraints, initializers, regularizers
from minirnn.layers.layer import Layer
from minirnn.layers.symbolic import Shape
from minirnn.layers.weight import PlainLayout, Weight

Array = NDArray[Any]

PART = 128  # numbers that are added one after the other; the sums of such parts are added then


def total(x: Array, axes: tuple[int, ...]) -> Array:
    """The sum over `axes`, which stay with length 1; in parts, so that rounding errors do not pile up."""
    for axis in axes:
        if x.shape[axis] > PART:
            x = np.add.reduceat(x, range(0, x.shape[axis], PART), axis=axis)
        x = x.sum(axis=axis, keepdims=True)
    return x


def sizes_along(shape: Shape, axes: tuple[int, ...], owner: str) -> tuple[int, ...]:
    """The sizes of these axes of a batch shape. ValueError for an axis that is not there, the batch, or unknown."""
    sizes = []
    for axis in axes:
        if not -len(shape) <= axis < len(shape):
            raise ValueError(f"{owner} has no axis {axis} in an input of shape {tuple(shape)}; choose another axis")
        size = shape[axis]
        if axis % len(shape) == 0 or size is None:
            found = f"axis {axis} of shape {tuple(shape)}"
            raise ValueError(f"{owner} needs an axis of known size behind the batch, got {found}")
        sizes.append(size)
    return tuple(sizes)


def whole_axes(axis: Any, owner: str) -> int | list[int]:
    """A whole number, or a list of them. TypeError for anything else."""
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    if any(isinstance(a, (bool, np.bool_)) or not isinstance(a, (int, np.integer)) for a in axes):
        raise TypeError(f"{owner}: axis must be a whole number or a list of them, got {axis!r:.60}")
    return [int(a) for a in axis] if isinstance(axis, (list, tuple)) else int(axis)


class Scaled(Layer):
    """A normalization with the weights gamma (unless `scale` is False) and beta (unless `center` is False).

    Raises ValueError for an epsilon below 0, and an unknown initializer, regularizer or constraint.
    """

    def __init__(
        self,
        *,
        epsilon: float,
        center: bool,
        scale: bool,
        beta_initializer: Any,
        gamma_initializer: Any,
        beta_regularizer: Any,
        gamma_regularizer: Any,
        beta_constraint: Any,
        gamma_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.epsilon = float(epsilon)
        if not 0 <= self.epsilon < np.inf:
            raise ValueError(f"{type(self).__name__}: epsilon must be at least 0 and finite, got {epsilon!r}")
        self.center, self.scale = bool(center), bool(scale)
        self.beta_initializer: Any = initializers.get(beta_initializer)
        self.gamma_initializer: Any = initializers.get(gamma_initializer)
        self.beta_regularizer: Any = regularizers.get(beta_regularizer)
        self.gamma_regularizer: Any = regularizers.get(gamma_regularizer)
        self.beta_constraint: Any = constraints.get(beta_constraint)
        self.gamma_constraint: Any = constraints.get(gamma_constraint)
        self._gamma: Weight | None = None
        self._beta: Weight | None = None

    def add_scale(self, sizes: tuple[int, ...], scale: bool, center: bool) -> None:
        """Make gamma if there is to be a `scale`, beta if a `center`."""
        layout = PlainLayout(self.dtype)
        if scale:
            rules = {"regularizer": self.gamma_regularizer, "constraint": self.gamma_constraint}
            self._gamma = self.add_weight("gamma", sizes, self.gamma_initializer, layout, **rules)
        if center:
            rules = {"regularizer": self.beta_regularizer, "constraint": self.beta_constraint}
            self._beta = self.add_weight("beta", sizes, self.beta_initializer, layout, **rules)

    def scale_views(self, shape: tuple[int, ...]) -> tuple[Array, Array]:
        """gamma and beta in a shape that stretches to the input's: the weights' own memory, or 1 and 0."""
        ones, none = np.ones((1,) * len(shape), self.dtype), np.zeros((1,) * len(shape), self.dtype)
        return (
            ones if self._gamma is None else seen(self._gamma).reshape(shape),
            none if self._beta is None else seen(self._beta).reshape(shape),
        )

    def set_gradients(self, d_gamma: Array, d_beta: Array) -> None:
        """Set the gradients of gamma and beta, as far as the layer has them and is trained."""
        if self.trainable:
            for weight, gradient in ((self._gamma, d_gamma), (self._beta, d_beta)):
                if weight is not None:
                    weight.layout.view(weight.gradient, weight.shape)[...] = gradient.reshape(weight.shape)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }


def seen(weight: Weight) -> Array:
    """A weight's own memory in Keras's shape."""
    return weight.layout.view(weight.packed, weight.shape)
