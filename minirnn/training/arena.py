"""All trainable weights of one dtype in one flat array, their gradients in another: an optimizer step is one pass."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from minirnn.layers.weight import Weight, zeros


class Arena:
    """Moves `weights` into common memory. `segments` gives each weight's place, whole registers, in their order."""

    def __init__(self, weights: list[Weight]) -> None:
        self.weights = weights
        self.dtype = weights[0].dtype
        size = sum(w.packed.size for w in weights)
        self.parameters, self.gradients = zeros((size,), self.dtype), zeros((size,), self.dtype)
        self.segments: list[tuple[int, int]] = []
        self.slots: dict[str, NDArray[Any]] = {}
        self.kernel: Any = None  # the optimizer's update, and its machine code for this arena
        self.compiled: Any = None
        start = 0
        for weight in weights:
            stop = start + weight.packed.size
            self.segments.append((start, stop))
            weight.move(self.parameters[start:stop], self.gradients[start:stop])
            start = stop

    def slot(self, name: str) -> NDArray[Any]:
        """An optimizer's own array beside the parameters, zeros at first."""
        if name not in self.slots:
            self.slots[name] = zeros(self.parameters.shape, self.dtype)
        return self.slots[name]


def arenas_of(weights: list[Weight]) -> list[Arena]:
    """One arena for each dtype among the weights."""
    dtypes = dict.fromkeys(w.dtype for w in weights)
    return [Arena([w for w in weights if w.dtype == dtype]) for dtype in dtypes]
