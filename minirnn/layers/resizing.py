"""Layers that move, repeat or leave out steps: UpSampling1D, ZeroPadding1D, Cropping1D; and Permute, which moves axes.

All drop the mask, as in Keras.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.boundary import whole
from minirnn.layers.layer import Layer, Tape
from minirnn.layers.windows import channels_last

Array = NDArray[Any]
Shape = tuple[int | None, ...]


def _ends(value: Any, name: str) -> tuple[int, int]:
    """A whole number of at least 0, for both ends, or one for each. TypeError or ValueError for anything else."""
    if not isinstance(value, (tuple, list)):
        return (whole(value, name, 0),) * 2
    if len(value) != 2:
        raise ValueError(f"{name} must be one whole number or two (before, behind), got {value!r:.60}")
    return whole(value[0], name, 0), whole(value[1], name, 0)


class _Resizing(Layer):
    """A layer without weights that knows its input's shape on the way back."""

    supports_masking = False

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        tape = Tape()
        tape.shape, tape.out_shape = shape, self.compute_output_shape(shape)
        return tape


class UpSampling1D(_Resizing):
    """(batch, time, features) to (batch, time * size, features): each step `size` times, one behind the other."""

    input_rank = 3

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = whole(size, "size")

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, time, features = input_shape
        return (batch, None if time is None else time * self.size, features)

    def forward(self, x: Array, mask: Array | None, tape: Tape, training: bool) -> Array:
        return np.repeat(x, self.size, axis=1)

    def backward(self, dy: Array, tape: Tape, need_dx: bool) -> Array | None:
        if not need_dx:
            return None
        batch, time, features = tape.shape
        copies = dy.reshape(batch, time, self.size, features)
        dx = copies[:, :, 0].copy()
        for number in range(1, self.size):
            dx += copies[:, :, number]
        return dx

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"size": self.size}


class ZeroPadding1D(_Resizing):
    """(batch, time, features) with `padding` steps of zeros at each end, or (before, behind) of them."""

    input_rank = 3

    def __init__(self, padding: int | tuple[int, int] = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = channels_last(data_format, type(self).__name__)
        self.padding = _ends(padding, "padding")

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, time, features = input_shape
        return (batch, None if time is None else time + sum(self.padding), features)

    def forward(self, x: Array, mask: Array | None, tape: Tape, training: bool) -> Array:
        return np.pad(x, ((0, 0), self.padding, (0, 0)))

    def backward(self, dy: Array, tape: Tape, need_dx: bool) -> Array | None:
        before = self.padding[0]
        return dy[:, before : before + tape.shape[1]].copy() if need_dx else None

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"padding": self.padding, "data_format": self.data_format}


class Cropping1D(_Resizing):
    """(batch, time, features) without its first and last `cropping` steps, or (first, last) of them.

    Raises ValueError if no step is left.
    """

    input_rank = 3

    def __init__(self, cropping: int | tuple[int, int] = (1, 1), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cropping = _ends(cropping, "cropping")

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, time, features = input_shape
        if time is None:
            return (batch, None, features)
        left = time - sum(self.cropping)
        if left < 1:
            raise ValueError(f"{self.name} crops {self.cropping} steps of {time}, and leaves none; crop less")
        return (batch, left, features)

    def forward(self, x: Array, mask: Array | None, tape: Tape, training: bool) -> Array:
        return x[:, self._kept(tape)].copy()

    def backward(self, dy: Array, tape: Tape, need_dx: bool) -> Array | None:
        if not need_dx:
            return None
        dx = np.zeros(tape.shape, dy.dtype)
        dx[:, self._kept(tape)] = dy
        return dx

    def _kept(self, tape: Tape) -> slice:
        return slice(self.cropping[0], tape.shape[1] - self.cropping[1])

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"cropping": self.cropping}


class Permute(_Resizing):
    """Axes in another order: `dims` names them, counted from 1, the batch (0) left aside; (2, 1) swaps the other two.

    >>> import numpy as np
    >>> Permute((2, 1))(np.zeros((5, 3, 2))).shape
    (5, 2, 3)

    Raises ValueError unless `dims` holds each of 1 .. n once.
    """

    def __init__(self, dims: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(whole(axis, "an axis of dims") for axis in np.atleast_1d(np.asarray(dims, object)))
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(f"dims must hold each of 1 .. {len(self.dims)} once, got {self.dims}")

    def check_rank(self, shape: Shape) -> None:
        if len(shape) != len(self.dims) + 1:
            raise ValueError(f"{self.name} orders {len(self.dims)} axes behind the batch, got shape {tuple(shape)}")

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_rank(input_shape)
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))

    def forward(self, x: Array, mask: Array | None, tape: Tape, training: bool) -> Array:
        return x.transpose(0, *self.dims).copy()

    def backward(self, dy: Array, tape: Tape, need_dx: bool) -> Array | None:
        return dy.transpose(0, *(self.dims.index(axis) + 1 for axis in range(1, dy.ndim))).copy() if need_dx else None

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"dims": self.dims}
