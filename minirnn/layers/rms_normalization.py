"""RMSNormalization: numbers brought to a root mean square of 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import initializers
from minirnn.boundary import number
from minirnn.layers.layer import Tape
from minirnn.layers.scaling import AlongAxes, seen, total, whole_axes
from minirnn.layers.symbolic import Shape
from minirnn.layers.weight import PlainLayout, zeros

Array = NDArray[Any]


class RMSNormalization(AlongAxes):
    """Root mean square normalization (Zhang and Sennrich 2019, equation 4):

        z = x / sqrt(mean of x**2 + epsilon)
        y = scale z

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

    def build(self, input_shape: Shape) -> None:
        sizes = self.fix_axes(input_shape)
        self._scale = self.add_weight("scale", sizes, initializers.get("ones"), PlainLayout(self.dtype))
        super().build(input_shape)

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        t = Tape()
        t.axes, t.others, along = self.axes_of(shape)
        t.scale = seen(self._scale).reshape(along)
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
