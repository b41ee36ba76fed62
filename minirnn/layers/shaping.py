"""Layers that move numbers without changing them: Flatten, Reshape, RepeatVector; and Masking, which marks steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.boundary import whole
from minirnn.kernels.masking import mark_steps
from minirnn.layers.layer import Layer, Tape
from minirnn.layers.weight import zeros


def _product(shape: tuple[int | None, ...]) -> int | None:
    return None if None in shape else math.prod(n for n in shape if n is not None)


class _View(Layer):
    """A layer whose output is its input, seen in another shape."""

    supports_masking = False

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        tape = Tape()
        tape.shape, tape.out_shape = shape, self.compute_output_shape(shape)
        return tape

    def forward(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool) -> NDArray[Any]:
        return x.reshape(tape.out_shape)

    def backward(self, dy: NDArray[Any], tape: Tape, need_dx: bool) -> NDArray[Any] | None:
        return dy.reshape(tape.shape)


class Flatten(_View):
    """(batch, ..) to (batch, product of the rest), the last axis running fastest ("channels_last")."""

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if data_format not in (None, "channels_last"):
            raise NotImplementedError(f"Flatten: data_format {data_format!r} is not supported; transpose the input")
        self.data_format = "channels_last"

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], _product(input_shape[1:]) if len(input_shape) > 1 else 1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"data_format": self.data_format}


class Reshape(_View):
    """(batch, ..) to (batch, *target_shape); one -1 is worked out from the rest.

    Raises ValueError if the sizes differ.
    """

    def __init__(self, target_shape: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if list(target_shape).count(-1) > 1:
            raise ValueError(f"Reshape takes at most one -1, got target_shape {tuple(target_shape)}")
        self.target_shape = tuple(int(n) for n in target_shape)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        size = _product(input_shape[1:])
        known = int(np.prod([n for n in self.target_shape if n != -1]))
        if size is None:
            return (input_shape[0], *(None if n == -1 else n for n in self.target_shape))
        if (known == 0 or size % known) if -1 in self.target_shape else size != known:
            raise ValueError(f"{self.name} cannot turn shape {tuple(input_shape)} into (batch, {self.target_shape})")
        return (input_shape[0], *(size // known if n == -1 else n for n in self.target_shape))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"target_shape": self.target_shape}


class RepeatVector(Layer):
    """(batch, features) to (batch, n, features), n times the same row: the bridge of an encoder and a decoder."""

    input_rank = 2
    supports_masking = False

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = whole(n, "n")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], self.n, input_shape[1])

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        return Tape()

    def forward(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool) -> NDArray[Any]:
        return np.repeat(x[:, None, :], self.n, axis=1)

    def backward(self, dy: NDArray[Any], tape: Tape, need_dx: bool) -> NDArray[Any] | None:
        return dy.sum(axis=1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"n": self.n}


class Masking(Layer):
    """Marks the steps of (batch, time, features) whose features all equal `mask_value`: recurrent layers skip them."""

    input_rank = 3
    makes_mask = True

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = float(mask_value)

    def compute_mask(self, x: NDArray[Any], mask: NDArray[Any] | None) -> NDArray[Any]:
        x = np.ascontiguousarray(x, self.dtype)
        counts = np.empty(x.shape[:2], bool)
        mark_steps(x, self.mask_value, counts, np.empty((0, 0, 0), x.dtype), 0, len(x))
        return counts

    def mask_made(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape) -> NDArray[Any] | None:
        return tape.counts if type(self).compute_mask is Masking.compute_mask else self.compute_mask(x, mask)

    def draw_mask(self, xs: list[Any], masks: list[Any], step: Callable[..., Any]) -> Any:
        return step(step(xs[0]))  # any of not_equal

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        tape = Tape()
        tape.counts, tape.y = np.empty(shape[:2], bool), zeros(shape, self.dtype)
        return tape

    def forward(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool) -> NDArray[Any]:
        mark_steps(x, self.mask_value, tape.counts, tape.y, 0, len(x))
        return tape.y

    def backward(self, dy: NDArray[Any], tape: Tape, need_dx: bool) -> NDArray[Any] | None:
        return np.ascontiguousarray(np.where(tape.counts[..., None], dy, dy.dtype.type(0)))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"mask_value": self.mask_value}
