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


class AlongAxes(Layer):
    """A layer that works along `axis`, one axis or a list, of sizes that are fixed when it is built."""

    axis: Any

    def _axes(self) -> tuple[int, ...]:
        return tuple(sorted(self.axis)) if isinstance(self.axis, list) else (self.axis,)

    def fix_axes(self, input_shape: Shape) -> tuple[int, ...]:
        """The sizes along the axes, from now on; `build` asks. ValueError for an axis named twice."""
        sizes = sizes_along(input_shape, self._axes(), self.name)
        if len({axis % len(input_shape) for axis in self._axes()}) < len(sizes):
            raise ValueError(f"{self.name}: axis {self.axis} names one axis of shape {tuple(input_shape)} twice")
        self.axis = list(self._axes())  # which is what Keras lists of a built layer
        self._sizes = sizes
        return sizes

    def check_input(self, shape: Shape) -> None:
        sizes = sizes_along(shape, self._axes(), self.name)
        if self.built and sizes != self._sizes:
            raise ValueError(
                f"{self.name} was built for {self._sizes} along axis {self.axis}, got shape {tuple(shape)}"
            )

    def axes_of(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """Of an input: the axes, the others, and the shape in which a weight along the axes stretches to it."""
        axes = tuple(sorted(axis % len(shape) for axis in self._axes()))
        others = tuple(a for a in range(len(shape)) if a not in axes)
        return axes, others, tuple(n if a in axes else 1 for a, n in enumerate(shape))


class AlongOneAxis(Layer):
    """A layer that works along one `axis`, and takes inputs of as many axes as it was built for."""

    axis: Any

    def check_input(self, shape: Shape) -> None:
        if not self.built:
            sizes_along(shape, (self.axis,), self.name)
        elif len(shape) != len(self.input_shape) or shape[self.axis] != self.input_shape[self.axis]:
            raise ValueError(
                f"{self.name} was built for inputs of shape {self.input_shape}, got {tuple(shape)}; "
                f"the number of axes and the size of axis {self.axis} must agree"
            )


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
