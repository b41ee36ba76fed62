"""Truncated back-propagation through time: long series trained a stretch of steps at a time.

Williams & Peng, "An Efficient Gradient-Based Algorithm for On-Line Training of Recurrent Network Trajectories", Neural
Computation 2(4), 1990: BPTT(h; h'), here with h = h' = `truncate`. States go on from stretch to stretch, gradients end
where a stretch begins: memory, and the wait for the next step of the optimizer, no longer grow with the series.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import boundary
from minirnn.layers.recurrence import Recurrent
from minirnn.training.sources import Arrays, Batch, Source

# Layers that treat each step by itself, if no `axis` of theirs is that of time.
STEP_BY_STEP = {
    "Activation", "ActivityRegularization", "Add", "AlphaDropout", "Average", "BatchNormalization", "Concatenate",
    "Dense", "Dropout", "ELU", "Embedding", "GaussianDropout", "GaussianNoise", "Identity", "LayerNormalization",
    "LeakyReLU", "Masking", "Maximum", "Minimum", "Multiply", "Normalization", "ReLU", "Rescaling", "Softmax",
    "SpatialDropout1D", "Subtract", "TimeDistributed", "UnitNormalization",
}  # fmt: skip


class Truncation:
    """Cuts the batches of a built model into chunks of `steps` steps, and carries its layers' states between chunks.

    A recurrent layer begins each batch with zeros. One that is stateful goes on as it always does: nothing here touches
    it. Between two calls of `train` the layers are as they were: what a callback computes in between carries nothing.

    Raises TypeError or ValueError for `steps` that is no whole number of at least 1, ValueError for a layer of which a
    stretch of the input does not give just that stretch of the output, and for a model without a recurrent layer.
    """

    def __init__(self, model: Any, steps: int) -> None:
        self.steps = boundary.whole(steps, "truncate")
        self.carried: list[Any] = []
        shapes = model.graph.value_shapes([tensor.shape for tensor in model.graph.inputs])
        for layer, taken, made in model.graph.steps:
            if _is_recurrent(layer):
                _check_recurrent(layer, taken)
                if layer in self.carried:
                    raise ValueError(f"truncate: {layer.name} is called twice, each call with states; use two layers")
                self.carried.append(layer)
            else:
                _check_other(layer, len(shapes[made[0]]))
        if not self.carried:
            raise ValueError(f"truncate: model {model.name} has no recurrent layer; train without truncate")
        self.carried = [layer for layer in self.carried if not layer.stateful]
        self._states: dict[Any, Any] = {}

    def begin(self) -> None:
        """A new batch of series: no states."""
        self._states = dict.fromkeys(self.carried)

    def train(self, step: Callable[[Batch], Any], batch: Batch) -> None:
        """`step` on one chunk, from the states that the one before it ended with."""
        before = {layer: layer.states for layer in self.carried}
        for layer in self.carried:
            layer.stateful, layer.states = True, self._states[layer]
        try:
            step(batch)
        finally:
            for layer in self.carried:
                self._states[layer] = layer.states
                layer.stateful, layer.states = False, before[layer]


class Chunks(Source):
    """The batches of another source, of which `sample` shows the shapes, cut along time."""

    def __init__(self, source: Source, truncation: Truncation, sample: Batch) -> None:
        stretches = -(-_length(sample) // truncation.steps)
        super().__init__(source.steps * stretches if isinstance(source, Arrays) and source.steps else None, None)
        self.source, self.truncation = source, truncation

    def epoch(self) -> Iterator[Batch]:
        for batch in self.source.epoch():
            self.truncation.begin()
            yield from cut(batch, self.truncation.steps)


def cut(batch: Batch, steps: int) -> Iterator[Batch]:
    """Stretches of `steps` steps of a batch, the last one shorter if need be.

    Raises ValueError unless all inputs and targets have one length in time.
    """
    xs, ys, weights = batch
    length = _length(batch)
    for start in range(0, length, steps):
        part = slice(start, min(start + steps, length))
        yield (
            [_part(x, part) for x in xs],
            [None if y is None else _part(y, part) for y in ys],
            [_part(w, part) if w.ndim > 1 else w for w in weights],
        )


def _part(array: NDArray[Any], part: slice) -> NDArray[Any]:
    """Steps of an array (rows, time, ..), contiguous, as kernels take them."""
    return np.ascontiguousarray(array[:, part])


def _length(batch: Batch) -> int:
    """Steps in time of a batch."""
    arrays = [("input", x) for x in batch[0]] + [("target", y) for y in batch[1] if y is not None]
    length = batch[0][0].shape[1] if batch[0][0].ndim > 1 else 0
    for kind, array in arrays:
        if array.ndim < 2 or array.shape[1] != length or not length:
            raise ValueError(
                f"truncate needs one length in time for all inputs and targets, {length} steps, got an {kind} of shape "
                f"{array.shape}; set return_sequences=True, and give a target for each step"
            )
    return length


def _is_recurrent(layer: Any) -> bool:
    return isinstance(layer, Recurrent) or type(layer).__name__ == "RNN"


def _check_recurrent(layer: Any, taken: tuple[int, ...]) -> None:
    why = ""
    if not layer.return_sequences:
        why = "gives its last output only; set return_sequences=True"
    elif layer.go_backwards:
        why = "goes backwards, from the end of the series; leave go_backwards out"
    elif layer.return_state or len(taken) > 1:
        why = "takes or gives states in the model; leave initial_state and return_state out"
    if why:
        raise ValueError(f"truncate: {layer.name} {why}, or train without truncate")


def _check_other(layer: Any, rank: int) -> None:
    kinds = {cls.__name__ for cls in type(layer).__mro__}
    axis = getattr(layer, "axis", -1)
    axes = axis if isinstance(axis, (list, tuple)) else (axis,)
    along_time = any(isinstance(a, int) and a % rank == 1 for a in axes)
    if not kinds & STEP_BY_STEP or rank < 3 or along_time:
        kind = type(layer).__name__
        raise ValueError(
            f"truncate: {layer.name} ({kind}) does not treat each step by itself; train without truncate"
        )
