"""Conv1D: the same weights on every window of a sequence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import regularizers
from minirnn.boundary import whole
from minirnn.kernels.threads import share
from minirnn.kernels.vec import lanes
from minirnn.kernels.windows import fold, unfold
from minirnn.layers.arguments import passed_on
from minirnn.layers.dense import Dense
from minirnn.layers.layer import Tape
from minirnn.layers.weight import TileLayout, zeros
from minirnn.layers.windows import Windows, channels_last, padding_mode, single


class KernelLayout(TileLayout):
    """A kernel (size, features, filters), Keras's, as the matrix (size * all features, filters) of a Dense layer.

    With `groups` the kernel holds the features of one group only; the matrix is zero where another group's would stand.
    """

    def __init__(self, groups: int, matrix: TileLayout) -> None:
        super().__init__(matrix.units, matrix.orders, matrix.width // lanes(matrix.dtype), matrix.dtype)
        self.groups = groups

    def packed_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        size, features, filters = shape
        return super().packed_shape((size * self.groups * features, filters))

    def pack(self, value: NDArray[Any], packed: NDArray[Any]) -> None:
        matrix = np.zeros((packed.shape[1], self.units), self.dtype)
        for block, part in zip(self._blocks(matrix, value.shape), self._parts(value), strict=True):
            block[...] = part
        super().pack(matrix, packed)

    def unpack(self, packed: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        matrix, value = super().unpack(packed, (packed.shape[1], self.units)), np.empty(shape, self.dtype)
        for block, part in zip(self._blocks(matrix, shape), self._parts(value), strict=True):
            part[...] = block
        return value

    def _parts(self, value: NDArray[Any]) -> list[NDArray[Any]]:
        """The filters of each group: views (size, features, filters / groups)."""
        return np.split(value, self.groups, axis=2)

    def _blocks(self, matrix: NDArray[Any], shape: tuple[int, ...]) -> list[NDArray[Any]]:
        """Where they stand in the matrix."""
        size, features, _ = shape
        n = self.units // self.groups
        cube = matrix.reshape(size, self.groups * features, self.units)
        return [cube[:, g * features : (g + 1) * features, g * n : (g + 1) * n] for g in range(self.groups)]


class Conv1D(Dense):
    """Convolution along time (LeCun et al. 1989; causal and dilated: van den Oord et al. 2016, WaveNet).

        y[n, :] = activation(sum over taps of x[n * stride + tap * dilation - left, :] W[tap] + b)

    Input (batch, time, features), output (batch, windows, filters). Weights: kernel (kernel_size, features / groups,
    filters), bias (filters,). It is a Dense layer of the windows, which `minirnn.kernels.windows` lays side by side.

    `padding` is "valid", "same" or "causal" (see `Windows`); steps outside of the input are zeros. With `groups` each
    group of filters sees its own share of the features; that takes as long as if it saw all of them.

    >>> import numpy as np
    >>> layer = Conv1D(3, 2, padding="causal")
    >>> layer(np.zeros((2, 5, 4))).shape, layer.count_params()
    ((2, 5, 3), 27)

    Raises TypeError or ValueError for numbers that are not whole or less than 1, an unknown padding, `strides` together
    with `dilation_rate`, filters or features that `groups` do not divide, and sequences shorter than one window;
    NotImplementedError for data_format "channels_first".
    """

    input_rank = 3
    supports_masking = False

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int],
        strides: int | tuple[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int] = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        own = ("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "groups")
        super().__init__(units=whole(filters, "filters"), **passed_on(locals(), "own", *own))
        self.filters, self.groups = self.units, whole(groups, "groups")
        self.kernel_size, self.strides = single(kernel_size, "kernel_size"), single(strides, "strides")
        self.dilation_rate = single(dilation_rate, "dilation_rate")
        self.padding = padding_mode(padding, ("valid", "same", "causal"))
        self.data_format = channels_last(data_format, type(self).__name__)
        self.windows = Windows(self.kernel_size[0], self.strides[0], self.dilation_rate[0], self.padding)
        if self.windows.stride > 1 and self.windows.dilation > 1:
            raise ValueError(f"{self.name} got strides {strides} and dilation_rate {dilation_rate}; leave one at 1")
        if self.filters % self.groups:
            raise ValueError(f"{self.name} cannot part {filters} filters into {groups} groups; take a multiple")

    def check_rank(self, shape: tuple[int | None, ...]) -> None:
        super(Dense, self).check_rank(shape)

    # --- shapes and weights ---

    def kernel_form(self, features: int, layout: TileLayout) -> tuple[tuple[int, ...], TileLayout]:
        if features % self.groups:
            raise ValueError(f"{self.name} cannot part {features} features into {self.groups} groups; take a multiple")
        return (self.windows.size, features // self.groups, self.filters), KernelLayout(self.groups, layout)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.check_rank(input_shape)
        self.compute_output_shape(input_shape)
        super().build(input_shape)
        self._within_groups: NDArray[Any] | None = None  # 1 where the matrix holds a weight, 0 between groups
        if self.groups > 1:
            self._within_groups = zeros(self._kernel.packed.shape, self.dtype)
            self._kernel.layout.pack(np.ones(self._kernel.shape), self._within_groups)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], self.windows.output_length(input_shape[1], self.name), self.filters)

    # --- the two passes ---

    def new_tape(self, shape: tuple[int, ...], training: bool, activation: str | None = None) -> Tape:
        B, T, F = shape
        rows = (B, self.compute_output_shape(shape)[1], self.windows.size * F)
        t = super().new_tape(rows, training, activation)  # type: ignore[arg-type]
        t.windows = zeros(rows, self.dtype)  # type: ignore[arg-type]
        t.d_x = zeros(shape, self.dtype) if training else None
        t.geometry = (self.windows.stride, self.windows.dilation, self.windows.left(T))
        return t

    def forward(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool) -> NDArray[Any]:
        share(unfold, (x, *tape.geometry, tape.windows), len(x), tape.windows.size)
        return super().forward(tape.windows, None, tape, training)

    def backward(self, dy: NDArray[Any], tape: Tape, need_dx: bool) -> NDArray[Any] | None:
        d_windows = super().backward(dy, tape, need_dx)
        if self._within_groups is not None and self.trainable:
            self._kernel.gradient *= self._within_groups
        if d_windows is None:
            return None
        share(fold, (d_windows, *tape.geometry, tape.d_x), len(d_windows), d_windows.size)
        return tape.d_x

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["units"], config["quantization_config"]
        return config | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
        }
