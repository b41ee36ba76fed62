"""A `Run` is one model's memory for one batch shape: a tape for each layer. Runs are kept and used again."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.layers.weight import Weight

KEPT_SHAPES = 8  # batch shapes whose memory is kept for the next call


class Run:
    """The tapes of a chain of layers. Use by one thread at a time."""

    def __init__(self, layers: list[Any], shape: tuple[int, ...], training: bool) -> None:
        self.key = (shape, training)
        self.moves = Weight.moves
        self.layers, self.training = layers, training
        self.tapes = []
        for layer in layers:
            self.tapes.append(layer.new_tape(shape, training))
            shape = layer.compute_output_shape(shape)
        dtypes = [np.dtype(layer.dtype) for layer in layers]  # comparing dtypes is cheap, names are not
        self.steps = list(zip(layers, self.tapes, dtypes, strict=True))
        self.dp: Any = None
        self.mask: NDArray[Any] | None = None
        trains = [i for i, layer in enumerate(layers) if layer.trainable_weights]
        self.first = trains[0] if trains else len(layers)

    def forward(self, x: NDArray[Any]) -> NDArray[Any]:
        """Outputs of the chain; they live in the run's memory until its next use."""
        mask, training = None, self.training
        for layer, tape, dtype in self.steps:
            if x.dtype != dtype:
                x = x.astype(dtype)
            y = layer.forward(x, mask, tape, training)
            mask = layer.compute_mask(x, mask)
            x = y
        self.out, self.mask = x, mask
        if training and self.dp is None:
            self.dp = np.empty_like(x)
        return x

    def backward(self, dy: NDArray[Any], to_input: bool) -> None:
        """Gradients of every trainable weight; with `to_input`, `dx` becomes that of the input."""
        last = 0 if to_input else self.first
        for i in range(len(self.steps) - 1, last - 1, -1):
            layer, tape, dtype = self.steps[i]
            if dy.dtype != dtype:
                dy = dy.astype(dtype)
            dy = layer.backward(dy, tape, to_input or i > last)
        self.dx = dy

    @staticmethod
    def rows(array: NDArray[Any]) -> NDArray[Any]:
        """(.., outputs) seen as (rows, outputs)."""
        return array if array.ndim == 2 else array.reshape(-1, array.shape[-1])


class RunPool:
    """Runs that wait for their next use. Threads that ask at once get one each.

    A run holds its weights' memory: one that was made before a weight moved, for this model or for another that shares
    a layer, is not used again.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._waiting: dict[tuple, deque[Run]] = defaultdict(deque)

    def take(self, shape: tuple[int, ...], training: bool) -> Run:
        waiting = self._waiting[shape, training]
        while True:
            try:
                run = waiting.pop()
            except IndexError:
                return Run(self._model.layers, shape, training)
            if run.moves == Weight.moves:
                return run

    def give_back(self, run: Run) -> None:
        if len(self._waiting) > KEPT_SHAPES:
            self._waiting.clear()
        self._waiting[run.key].append(run)

    def clear(self) -> None:
        """Forget all memory: the weights have moved."""
        self._waiting.clear()
