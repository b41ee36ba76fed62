"""Pooling along time: the largest or the mean of each window (MaxPooling1D, AveragePooling1D) or of all steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.boundary import as_mask
from minirnn.kernels.threads import share
from minirnn.kernels.windows import largest, to_largest
from minirnn.layers.layer import Layer, Tape
from minirnn.layers.weight import zeros
from minirnn.layers.windows import Windows, channels_last, padding_mode, single

Array = NDArray[Any]


class _Pooling(Layer):
    """(batch, time, features) to (batch, windows, features); the mask is dropped, as in Keras.

    Raises TypeError or ValueError for numbers that are not whole or less than 1, an unknown padding, and sequences
    shorter than one window; NotImplementedError for data_format "channels_first".
    """

    input_rank = 3
    supports_masking = False

    def __init__(
        self,
        pool_size: int | tuple[int] = 2,
        strides: int | tuple[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.pool_size = single(pool_size, "pool_size")
        self.strides = self.pool_size if strides is None else single(strides, "strides")
        self.padding = padding_mode(padding, ("valid", "same"))
        self.data_format = channels_last(data_format, type(self).__name__)
        self.windows = Windows(self.pool_size[0], self.strides[0], padding=self.padding)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], self.windows.output_length(input_shape[1], self.name), input_shape[2])

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        t = Tape()
        t.y = zeros(self.compute_output_shape(shape), self.dtype)  # type: ignore[arg-type]
        t.dx = zeros(shape, self.dtype) if training else None
        return t

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "pool_size": self.pool_size,
            "padding": self.padding,
            "strides": self.strides,
            "data_format": self.data_format,
        }


class MaxPooling1D(_Pooling):
    """y[n] = the largest of the steps in window n, feature by feature; padding "same" adds no steps to choose from.

    All of the gradient goes to the step that was largest, the first of equal ones (the rule of TensorFlow).

    >>> import numpy as np
    >>> print(MaxPooling1D()(np.array([[[1.0], [5.0], [3.0], [2.0]]])).ravel())
    [5. 3.]
    """

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        t = super().new_tape(shape, training)
        t.winner = np.zeros(t.y.shape, np.int64)
        return t

    def forward(self, x: Array, mask: Array | None, tape: Tape, training: bool) -> Array:
        place = (self.windows.size, self.windows.stride, self.windows.left(x.shape[1]))
        share(largest, (x, *place, tape.y, tape.winner), len(x), x.size)
        return tape.y

    def backward(self, dy: Array, tape: Tape, need_dx: bool) -> Array | None:
        if not need_dx:
            return None
        share(to_largest, (dy, tape.winner, tape.dx), len(dy), tape.dx.size)
        return tape.dx


class AveragePooling1D(_Pooling):
    """y[n] = the mean of the steps in window n; with padding "same", of those that there are.

    >>> import numpy as np
    >>> print(AveragePooling1D(2)(np.array([[[1.0], [5.0], [3.0], [2.0]]])).ravel())
    [3.  2.5]
    """

    def __init__(
        self,
        pool_size: int | tuple[int],
        strides: int | tuple[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        t = super().new_tape(shape, training)
        t.taps = self._taps(shape[1])
        t.counts = np.zeros((t.y.shape[1], 1), self.dtype)
        for windows, _ in t.taps:
            t.counts[windows] += 1
        return t

    def _taps(self, length: int) -> list[tuple[slice, slice]]:
        """For each place in a window: the windows that have a step there, and those steps."""
        stride, left, count = self.windows.stride, self.windows.left(length), self.windows.count(length)
        taps = []
        for tap in range(self.windows.size):
            first = max(0, -(-(left - tap) // stride))
            last = min(count - 1, (length - 1 + left - tap) // stride)
            if first <= last:
                start = first * stride + tap - left
                taps.append((slice(first, last + 1), slice(start, start + (last - first) * stride + 1, stride)))
        return taps

    def forward(self, x: Array, mask: Array | None, tape: Tape, training: bool) -> Array:
        tape.y[...] = 0.0
        for windows, steps in tape.taps:
            tape.y[:, windows] += x[:, steps]
        tape.y /= tape.counts
        return tape.y

    def backward(self, dy: Array, tape: Tape, need_dx: bool) -> Array | None:
        if not need_dx:
            return None
        each = dy / tape.counts
        tape.dx[...] = 0.0
        for windows, steps in tape.taps:
            tape.dx[:, steps] += each[:, windows]
        return tape.dx


class _GlobalPooling(Layer):
    """(batch, time, features) to (batch, features), or with `keepdims` (batch, 1, features); the output has no mask.

    NotImplementedError for data_format "channels_first".
    """

    input_rank = 3
    supports_masking = False

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = channels_last(data_format, type(self).__name__)
        self.keepdims = bool(keepdims)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, _, features = input_shape
        return (batch, 1, features) if self.keepdims else (batch, features)

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        tape = Tape()
        tape.y = zeros((shape[0], 1, shape[2]), self.dtype)
        tape.out = tape.y if self.keepdims else tape.y[:, 0]
        tape.dx = zeros(shape, self.dtype) if training else None
        return tape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"data_format": self.data_format, "keepdims": self.keepdims}


class GlobalMaxPooling1D(_GlobalPooling):
    """y = the largest of all steps, feature by feature. Masked steps count, as in Keras: it does not ask for the mask.

    Steps that are equally large share the gradient (the rule of TensorFlow for this layer).
    """

    def forward(self, x: Array, mask: Array | None, tape: Tape, training: bool) -> Array:
        tape.x = x
        np.max(x, axis=1, keepdims=True, out=tape.y)
        return tape.out

    def backward(self, dy: Array, tape: Tape, need_dx: bool) -> Array | None:
        if not need_dx:
            return None
        largest = tape.x == tape.y
        each = dy.reshape(tape.y.shape) / largest.sum(axis=1, keepdims=True, dtype=dy.dtype)
        return np.multiply(largest, each, out=tape.dx)


class GlobalAveragePooling1D(_GlobalPooling):
    """y = the mean of the steps that the mask does not leave out: sum over t of m[t] x[t] / sum over t of m[t].

    Better than Keras: a sample whose steps are all masked gives zeros (Keras: NaN, 0 / 0), and takes no gradient.
    """

    supports_masking = takes_mask = True

    def compute_mask(self, x: Array, mask: Array | None) -> None:
        return None

    def draw_mask(self, xs: list[Any], masks: list[Any], step: Any) -> None:
        return None

    def forward(self, x: Array, mask: Array | None, tape: Tape, training: bool) -> Array:
        if mask is None:
            tape.share = np.full((1, 1, 1), 1 / x.shape[1], x.dtype)
            np.mean(x, axis=1, keepdims=True, out=tape.y)
            return tape.out
        counts = as_mask(mask, x.shape[:2])[..., None]  # type: ignore[arg-type]
        known = np.maximum(counts.sum(axis=1, keepdims=True, dtype=x.dtype), 1)
        np.sum(np.where(counts, x, x.dtype.type(0)), axis=1, keepdims=True, out=tape.y)
        tape.y /= known
        tape.share = counts / known
        return tape.out

    def backward(self, dy: Array, tape: Tape, need_dx: bool) -> Array | None:
        if not need_dx:
            return None
        return np.multiply(dy.reshape(tape.y.shape), tape.share, out=tape.dx)
