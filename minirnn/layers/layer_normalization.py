"""Normalizations of each sample by itself: LayerNormalization (mean 0, variance 1), UnitNormalization (length 1)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.layers.arguments import passed_on
from minirnn.layers.layer import Layer, Tape
from minirnn.layers.scaling import AlongAxes, Scaled, total, whole_axes
from minirnn.layers.symbolic import Shape
from minirnn.layers.weight import zeros
from minirnn.utils.notices import warn_caller

Array = NDArray[Any]


class LayerNormalization(AlongAxes, Scaled):
    """Layer normalization (Ba, Kiros and Hinton 2016, equations 3 and 4):

        z = (x - mean) / sqrt(variance + epsilon)
        y = gamma z + beta

    Any shape in, the same out. Mean and variance are those of the numbers along `axis` (-1: the features; one axis or a
    list) of each place of the others; gamma and beta, of the sizes of these axes, are one for each number along them.

    The older argument `rms_scaling=True` warns: it leaves mean and beta out, z = x / sqrt(variance + epsilon).

    Raises TypeError or ValueError for an axis that is no whole number, not in the input, or the batch, and an epsilon
    below 0.
    """

    def __init__(
        self,
        axis: int | list[int] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        self.rms_scaling = bool(kwargs.pop("rms_scaling", False))
        super().__init__(**passed_on(locals(), "axis"))
        if self.rms_scaling:
            warn_caller(
                "LayerNormalization: rms_scaling=True is an older argument, and scales by the variance, not by the "
                "root mean square"
            )
        self.axis = whole_axes(axis, type(self).__name__)

    def build(self, input_shape: Shape) -> None:
        sizes = self.fix_axes(input_shape)
        self.add_scale(sizes, self.scale or self.rms_scaling, self.center and not self.rms_scaling)
        super().build(input_shape)

    # --- the two passes ---

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        t = Tape()
        t.axes, t.others, along = self.axes_of(shape)
        t.gamma, t.beta = self.scale_views(along)
        t.z, t.y = zeros(shape, self.dtype), zeros(shape, self.dtype)
        t.dx = zeros(shape, self.dtype) if training else None
        return t

    def forward(self, x: Array, mask: Array | None, tape: Tape, training: bool) -> Array:
        t = tape
        np.subtract(x, x.mean(axis=t.axes, keepdims=True), out=t.z)
        variance = np.square(t.z).mean(axis=t.axes, keepdims=True)
        t.rate = 1 / np.sqrt(variance + self.epsilon)
        if self.rms_scaling:
            t.centred = t.z * t.rate
            t.z[...] = x
        np.multiply(t.z, t.rate, out=t.z)
        np.multiply(t.z, t.gamma, out=t.y)
        return np.add(t.y, t.beta, out=t.y)

    def backward(self, dy: Array, tape: Tape, need_dx: bool) -> Array | None:
        t = tape
        self.set_gradients(total(dy * t.z, t.others), total(dy, t.others))  # y = gamma z + beta
        if not need_dx:
            return None
        dz = np.multiply(dy, t.gamma, out=t.dx)
        through_variance = (dz * t.z).mean(axis=t.axes, keepdims=True)
        if self.rms_scaling:
            dz -= t.centred * through_variance
        else:
            through_mean = dz.mean(axis=t.axes, keepdims=True)
            dz -= through_mean + t.z * through_variance
        return np.multiply(dz, t.rate, out=t.dx)  # z = (x - mean) rate

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axis": self.axis, "rms_scaling": self.rms_scaling}


class UnitNormalization(Layer):
    """y = x / |x|, the Euclidean length |x| being that of the numbers along `axis` (one axis or a list).

    Lengths below 1e-12 count as 1e-12, so zeros stay zeros. Better than Keras: their gradient is zero, for zero has no
    direction (Keras: 1e12 times the output's, and the weights are gone).
    """

    shortest = 1e-12

    def __init__(self, axis: int | list[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = whole_axes(axis, type(self).__name__)

    def _axes(self) -> tuple[int, ...]:
        return tuple(self.axis) if isinstance(self.axis, list) else (self.axis,)

    def check_input(self, shape: Shape) -> None:
        self.compute_output_shape(shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        for axis in self._axes():
            if not -len(input_shape) <= axis < len(input_shape):
                raise ValueError(f"{self.name} has no axis {axis} in an input of shape {tuple(input_shape)}")
        return tuple(input_shape)

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        tape = Tape()
        tape.y = zeros(shape, self.dtype)
        return tape

    def forward(self, x: Array, mask: Array | None, tape: Tape, training: bool) -> Array:
        tape.length = np.sqrt(np.square(x).sum(axis=self._axes(), keepdims=True))
        tape.rate = 1 / np.maximum(tape.length, x.dtype.type(self.shortest))
        return np.multiply(x, tape.rate, out=tape.y)

    def backward(self, dy: Array, tape: Tape, need_dx: bool) -> Array | None:
        if not need_dx:
            return None
        along = (dy * tape.y).sum(axis=self._axes(), keepdims=True)
        along[tape.length < self.shortest] = 0.0  # such a length does not depend on x
        return np.where(tape.length > 0, (dy - tape.y * along) * tape.rate, dy.dtype.type(0))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axis": self.axis}
