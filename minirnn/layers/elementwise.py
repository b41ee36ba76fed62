"""Layers that treat every number alike: Activation and Dropout."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import activations, random
from minirnn.kernels.dense import activation_backward, activation_forward, softmax_backward, softmax_forward
from minirnn.layers.dense import activation_static
from minirnn.layers.layer import Layer, Tape
from minirnn.layers.weight import zeros


def activate(activation: str, x: NDArray[Any], y: NDArray[Any]) -> None:
    """y = activation(x), arrays of one shape and dtype; softmax over the last axis."""
    if activation == "softmax":
        softmax_forward(x.reshape(-1, x.shape[-1]), y.reshape(-1, x.shape[-1]))
    else:
        activation_forward(activation_static(activation), x.reshape(-1), y.reshape(-1), y.reshape(-1))


def activate_backward(activation: str, dy: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """dx of `activate` for a softmax or sigmoid, whose slope is known from what it gave; a new array."""
    dx = np.empty_like(y)
    if activation == "softmax":
        n = y.shape[-1]
        softmax_backward(dy.reshape(-1, n), y.reshape(-1, n), dx.reshape(-1, n))
    else:
        activation_backward(activation_static(activation), dy.reshape(-1), y.reshape(-1), dx.reshape(-1))
    return dx


class Activation(Layer):
    """Any function of `minirnn.activations`, by name or as that function; softmax runs over the last axis."""

    has_scores = True

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.name_of(activation)

    def new_tape(self, shape: tuple[int, ...], training: bool, activation: str | None = None) -> Tape:
        tape = Tape()
        activation = activation or self.activation
        tape.y, tape.s, tape.dx = (zeros(shape, self.dtype) for _ in range(3))
        tape.static, tape.softmax = activation_static(activation), activation == "softmax"
        return tape

    def forward(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool) -> NDArray[Any]:
        if tape.softmax:
            softmax_forward(x.reshape(-1, x.shape[-1]), tape.y.reshape(-1, x.shape[-1]))
        else:
            activation_forward(tape.static, x.reshape(-1), tape.s.reshape(-1), tape.y.reshape(-1))
        return tape.y

    def backward(self, dy: NDArray[Any], tape: Tape, need_dx: bool) -> NDArray[Any] | None:
        if tape.softmax:
            n = dy.shape[-1]
            softmax_backward(dy.reshape(-1, n), tape.y.reshape(-1, n), tape.dx.reshape(-1, n))
        else:
            activation_backward(tape.static, dy.reshape(-1), tape.s.reshape(-1), tape.dx.reshape(-1))
        return tape.dx

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"activation": activations.serialize(self.activation)}


class Dropout(Layer):
    """In training, sets a share `rate` of the inputs to zero and scales the rest by 1 / (1 - rate) (Srivastava 2014).

    `noise_shape` names axes (size 1) along which one choice holds. Raises ValueError unless 0 <= rate < 1.
    """

    only_in_training = True

    def __init__(
        self, rate: float, noise_shape: tuple[int | None, ...] | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate < 1:
            raise ValueError(f"Dropout rate must be at least 0 and below 1, got {rate!r}")
        self.rate, self.noise_shape, self.seed = float(rate), noise_shape, seed
        self._random = np.random.default_rng(random.next_seed() if seed is None else seed)

    def generators(self) -> list[Any]:
        return [self._random.bit_generator]

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        return Tape()

    def forward(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool) -> NDArray[Any]:
        tape.scale = None
        if not training or self.rate == 0.0:
            return x
        shape = [n or m for n, m in zip(self.noise_shape or x.shape, x.shape, strict=True)]
        kept = self._random.random(shape) >= self.rate
        tape.scale = kept.astype(x.dtype) / x.dtype.type(1.0 - self.rate)
        return x * tape.scale

    def backward(self, dy: NDArray[Any], tape: Tape, need_dx: bool) -> NDArray[Any] | None:
        return dy if tape.scale is None else dy * tape.scale

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"rate": self.rate, "noise_shape": self.noise_shape, "seed": self.seed}
