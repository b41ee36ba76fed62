"""GroupNormalization: groups of features brought to mean 0 and variance 1 in each sample."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.boundary import whole
from minirnn.layers.arguments import passed_on
from minirnn.layers.layer import Tape
from minirnn.layers.scaling import AlongOneAxis, Scaled, sizes_along, total, whole_axes
from minirnn.layers.symbolic import Shape
from minirnn.layers.weight import zeros

Array = NDArray[Any]


class GroupNormalization(AlongOneAxis, Scaled):
    """Group normalization (Wu and He 2018, equations 1, 2 and 7):

        z = (x - mean) / sqrt(variance + epsilon)
        y = gamma z + beta

    Any shape in, the same out. The features, along `axis`, are parted into `groups` neighbours each (-1: one for each
    feature, which is instance normalization); mean and variance are those of a group in one sample, over all its steps.
    gamma and beta are one for each feature. Padding of a mask counts, as in Keras.

    Raises TypeError or ValueError for an axis that is no whole number, not in the input, or the batch, and for groups
    that are not whole or do not divide the features.
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
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
        super().__init__(**passed_on(locals(), "groups", "axis"))
        self.groups = -1 if groups == -1 else whole(groups, "groups")
        if isinstance(axis, (list, tuple)):
            raise TypeError(f"GroupNormalization: axis must be one whole number, got {axis!r:.60}")
        self.axis: Any = whole_axes(axis, type(self).__name__)

    def build(self, input_shape: Shape) -> None:
        sizes = sizes_along(input_shape, (self.axis,), self.name)
        groups = sizes[0] if self.groups == -1 else self.groups
        if sizes[0] % groups:
            raise ValueError(f"{self.name} cannot part {sizes[0]} features into {groups} groups; take a divisor")
        self.groups = groups
        self.add_scale(sizes, self.scale, self.center)
        super().build(input_shape)

    # --- the two passes: the axis of features is seen as two, (groups, features of a group) ---

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        t, axis = Tape(), self.axis % len(shape)
        t.grouped = (*shape[:axis], self.groups, shape[axis] // self.groups, *shape[axis + 1 :])
        t.within = tuple(a for a in range(1, len(t.grouped)) if a != axis)
        t.others = tuple(a for a in range(len(t.grouped)) if a not in (axis, axis + 1))
        t.gamma, t.beta = self.scale_views(tuple(1 if a in t.others else n for a, n in enumerate(t.grouped)))
        t.z, t.y = zeros(t.grouped, self.dtype), zeros(shape, self.dtype)
        return t

    def forward(self, x: Array, mask: Array | None, tape: Tape, training: bool) -> Array:
        t, x = tape, x.reshape(tape.grouped)
        np.subtract(x, x.mean(axis=t.within, keepdims=True), out=t.z)
        t.rate = 1 / np.sqrt(np.square(t.z).mean(axis=t.within, keepdims=True) + self.epsilon)
        np.multiply(t.z, t.rate, out=t.z)
        t.y[...] = (t.z * t.gamma + t.beta).reshape(t.y.shape)
        return t.y

    def backward(self, dy: Array, tape: Tape, need_dx: bool) -> Array | None:
        t, d = tape, dy.reshape(tape.grouped)
        self.set_gradients(total(d * t.z, t.others), total(d, t.others))  # y = gamma z + beta
        if not need_dx:
            return None
        dz = d * t.gamma
        through_mean = dz.mean(axis=t.within, keepdims=True)
        through_variance = (dz * t.z).mean(axis=t.within, keepdims=True)
        return ((dz - through_mean - t.z * through_variance) * t.rate).reshape(dy.shape)  # z = (x - mean) rate

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"groups": self.groups, "axis": self.axis}
