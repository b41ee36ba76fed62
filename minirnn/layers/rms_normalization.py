"""RMSNormalization: numbers brought to a root mean square of 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import initializers
from minirnn.boundary import number
from minirnn.layers.layer import Layer, Tape
from minirnn.layers.scaling import seen, sizes_along, total, whole_axes
from minirnn.layers.symbolic import Shape
from minirnn.layers.weight import PlainLayout, zeros

Array = NDArray[Any]


class RMSNormalization(Layer):
    """Root mean square normalization (Zhang and Sennrich 2019, equation 4):

        z = x / sqrt(mean of x**2 + epsilon)
        y = scale z

    Any shape in, the same out. The mean is taken along `axis` (-1: the features; one axis or a list); the weight scale
    Any shape in, the same out. The mean is taken along `axis` (-1: the features; one axis or a list); the weight scale
    is of the sizes of these axes, and lies along them (in Keras along the last ones). The mask is dropped, as in Keras.

    Raises TypeError or ValueError for an axis that is no whole number, not in the input, or the batch, and an epsilon
    below 0.

    >>> layer = RMSNormalization(epsilon=0.0)
    >>> print(layer(np.array([[3.0, -3.0]])))
    [[ 1. -1.]]
    """

    supports_masking = False

    def __init__(self, axis: int | list[int] = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = whole_axes(axis, type(self).__name__)
        self.epsilon = number(epsilon, "epsilon", 0)

    def _axes(self) -> list[int]:
        return sorted(self.axis) if isinstance(self.axis, list) else [self.axis]

    def build(self, input_shape: Shape) -> None:
        self._sizes = sizes_along(input_shape, tuple(self._axes()), self.name)
        if len({axis % len(input_shape) for axis in self._axes()}) < len(self._sizes):
            raise ValueError(f"{self.name}: axis {self.axis} names one axis of shape {tuple(input_shape)} twice")
        self.axis = self._axes()  # which is what Keras lists of a built layer
        self._scale = self.add_weight("scale", self._sizes, initializers.get("ones"), PlainLayout(self.dtype))
        super().build(input_shape)

    def check_input(self, shape: Shape) -> None:
        sizes = sizes_along(shape, tuple(self._axes()), self.name)
        if self.built and sizes != self._sizes:
            raise ValueError(
                f"{self.name} was built for {self._sizes} along axis {self.axis}, got shape {tuple(shape)}"
            )

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        t = Tape()
        t.axes = tuple(sorted(axis % len(shape) for axis in self._axes()))
        t.others = tuple(a for a in range(len(shape)) if a not in t.axes)
        t.scale = seen(self._scale).reshape([n if a in t.axes else 1 for a, n in enumerate(shape)])
        t.z, t.y = zeros(shape, self.dtype), zeros(shape, self.dtype)
        return t

    def forward(self, x: Array, mask: Array | None, tape: Tape, training: bool) -> Array:
        t = tape
        t.rate = 1 / np.sqrt(np.square(x).mean(axis=t.axes, keepdims=True) + self.epsilon)
        np.multiply(x, t.rate, out=t.z)
        return np.multiply(t.z, t.scale, out=t.y)

    def backward(self, dy: Array, tape: Tape, need_dx: bool) -> Array | None:
        t = tape
        if self.trainable:
            seen_gradient = self._scale.layout.view(self._scale.gradient, self._sizes)
            seen_gradient[...] = total(dy * t.z, t.others).reshape(self._sizes)  # y = scale z
        if not need_dx:
            return None
        dz = dy * t.scale
        return (dz - t.z * (dz * t.z).mean(axis=t.axes, keepdims=True)) * t.rate  # z = x rate

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axis": self.axis, "epsilon": self.epsilon}
