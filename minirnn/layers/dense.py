"""Dense: y = activation(x W + b)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.jit import Static
from minirnn.kernels.activations import activation_members
from minirnn.kernels.dense import (
    dense_backward,
    dense_forward,
    dense_gradients,
    softmax_backward,
    softmax_forward,
)
from minirnn.kernels.threads import repeat
from minirnn.kernels.transposed import transpose
from minirnn.layers.affine import Affine
from minirnn.layers.arguments import passed_on
from minirnn.layers.layer import Tape
from minirnn.layers.recurrent_tape import tile_for, transposed_shape
from minirnn.layers.tape import lasting
from minirnn.layers.weight import TileLayout, Weight, zeros
from minirnn.utils.notices import warn_caller


def activation_static(name: str) -> Static:
    """The kernels' form of an activation; softmax is a pass of its own after the linear one."""
    name = "linear" if name == "softmax" else name
    return Static(("activation", name), **activation_members(name))


class Dense(Affine):
    """Fully connected layer over the last axis, y = activation(x W + b).

    Input (batch, .., features), output (batch, .., units). Weights: kernel (features, units), bias (units,). Any
    activation of `minirnn.activations`, softmax included.

    >>> import numpy as np
    >>> layer = Dense(3, activation="softmax")
    >>> layer(np.zeros((2, 4))).shape, layer.count_params()
    ((2, 3), 15)
    """

    later = Affine.later | {"quantization_config": None, "lora_rank": None, "lora_alpha": None}

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed_on(locals()))

    has_scores = True

    def check_rank(self, shape: tuple[int | None, ...]) -> None:
        if len(shape) < 2:
            raise ValueError(f"{self.name} expects (batch, .., features), got shape {tuple(shape)}")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.check_rank(input_shape)
        features = input_shape[-1]
        if features is None:
            raise ValueError(f"{self.name} needs a known number of features, got shape {tuple(input_shape)}")
        if self.units == 1 and self.activation == "softmax":
            warn_caller(f"{self.name}: softmax of one unit is always 1; use activation='sigmoid'")
        super().build(input_shape)
        layout = TileLayout(self.units, [[0]], len(tile_for(self.units, self.dtype)), self.dtype)
        shape, tiles = self.kernel_form(features, layout)
        rules = {"regularizer": self.kernel_regularizer, "constraint": self.kernel_constraint}
        self._kernel = self.add_weight("kernel", shape, self.kernel_initializer, tiles, **rules)
        if self.use_bias:
            rules = {"regularizer": self.bias_regularizer, "constraint": self.bias_constraint}
            self._bias: Weight | None = self.add_weight("bias", (self.units,), self.bias_initializer, layout, **rules)
        else:
            self._bias = None
            self._no_bias = zeros(layout.packed_shape((self.units,)), self.dtype)

    def kernel_form(self, features: int, layout: TileLayout) -> tuple[tuple[int, ...], TileLayout]:
        """The kernel's shape, and how it lies in memory, given the layout of a matrix with `units` columns."""
        return (features, self.units), layout

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*input_shape[:-1], self.units)

    def new_tape(self, shape: tuple[int, ...], training: bool, activation: str | None = None) -> Tape:
        t, dtype, K = Tape(), self.dtype, shape[-1]
        activation = activation or self.activation
        w = self._kernel.packed
        t.shape, t.rows = shape, int(np.prod(shape[:-1]))
        NT, _, L = w.shape
        act = activation_static(activation)
        tile = tile_for(self.units, dtype)
        t.s = zeros((1, NT, t.rows, L), dtype)
        t.y = zeros((t.rows, self.units), dtype)
        t.out = t.y.reshape(*shape[:-1], self.units)
        b = self._bias.packed if self._bias else self._no_bias
        t.forward_arguments = (act, tile, w, b, t.s, t.y)
        t.forward = dense_forward.specialise(t.y, *t.forward_arguments, 0, 0)
        t.given = None  # the input of `forward_call`
        t.work = t.rows * K * self.units
        t.softmax = softmax_forward.specialise(t.y, t.y) if activation == "softmax" else None
        if training:
            x_tile = tile_for(K, dtype)
            t.wt = zeros(transposed_shape(w.shape, x_tile, dtype), dtype)
            t.dx = zeros((t.rows, K), dtype)
            t.no_dx = zeros((0, 0), dtype)
            t.da = zeros(t.y.shape, dtype) if t.softmax else None
            t.dx_out = t.dx.reshape(shape)
            t.transpose_w = (w, t.wt, w.shape[2], 0, len(t.wt))
            t.transpose = transpose.specialise(*t.transpose_w)
            t.backward_arguments = (act, x_tile, t.s, t.wt)
            t.backward = dense_backward.specialise(t.y, *t.backward_arguments, t.dx, 0, 0)
            db = self._bias.gradient if self._bias else zeros(self._no_bias.shape, dtype)
            t.gradient_arguments = (tile, t.s, self._kernel.gradient, db)
            t.gradients = dense_gradients.specialise(t.dx, *t.gradient_arguments, 0, 0)
            t.dy, t.needs, t.gradient_call = None, None, (None,)
        return t

    def forward(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool) -> NDArray[Any]:
        if x is not tape.given:
            tape.given, tape.x = lasting(x), x if x.ndim == 2 else x.reshape(tape.rows, -1)
            tape.forward_call = (tape.x, *tape.forward_arguments, 0, tape.rows)
        repeat(tape.forward, tape.forward_call, tape.work)
        if tape.softmax:
            tape.softmax(tape.y, tape.y)
        return tape.out

    def backward(self, dy: NDArray[Any], tape: Tape, need_dx: bool) -> NDArray[Any] | None:
        t = tape
        if t.softmax:
            softmax_backward(dy.reshape(t.y.shape), t.y, t.da)
            dy = t.da
        if need_dx:
            repeat(t.transpose, t.transpose_w, t.wt.size)
        if dy is not t.dy or need_dx is not t.needs:
            t.dy, t.needs = lasting(dy), need_dx
            dx = t.dx if need_dx else t.no_dx
            t.backward_call = (dy.reshape(t.y.shape), *t.backward_arguments, dx, 0, t.rows)
        repeat(t.backward, t.backward_call, t.work)
        if self.trainable:
            if t.x is not t.gradient_call[0]:
                t.gradient_call = (t.x, *t.gradient_arguments, 0, t.s.shape[1])
            repeat(t.gradients, t.gradient_call, t.work)
        return t.dx_out if need_dx else None

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["lora_rank"], config["lora_alpha"]  # which Keras lists only where they are in use
        return config
