"""All weights of one dtype that an optimizer trains in one flat array: an optimizer step is one pass.

Beside the parameters lie their gradients and the optimizer's slots, arrays of the same size and order.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from minirnn.layers.weight import Weight, zeros


class Arena:
    """Common memory for `weights`, with an array of zeros for each of the `slots` named.

    A weight lives in it once it is selected. `places` gives each weight's (start, stop), whole registers.
    """

    def __init__(self, weights: list[Weight], slots: tuple[str, ...] = ()) -> None:
        dtype, size = weights[0].dtype, sum(w.packed.size for w in weights)
        self.parameters, self.gradients = zeros((size,), dtype), zeros((size,), dtype)
        self.slots = {name: zeros((size,), dtype) for name in slots}
        self.places: dict[Weight, tuple[int, int]] = {}
        start = 0
        for weight in weights:
            self.places[weight] = start, start + weight.packed.size
            start += weight.packed.size

    def select(self, chosen: set[Weight], apart: set[Weight] | frozenset[Weight] = frozenset()) -> list[Stretch]:
        """Move the weights chosen for training in, and give the fewest stretches that hold them and no other.

        Those `apart` are moved, too, and left out of the stretches.
        """
        runs: list[list[tuple[int, int]]] = [[]]
        for weight, (start, stop) in self.places.items():
            if weight in chosen:
                weight.move(self.parameters[start:stop], self.gradients[start:stop])
            if weight in chosen and weight not in apart:
                runs[-1].append((start, stop))
            elif runs[-1]:
                runs.append([])
        return [Stretch(self, run) for run in runs if run]

    def slot(self, name: str, weight: Weight) -> NDArray[Any]:
        """The slot of one weight, in the weight's packed shape."""
        start, stop = self.places[weight]
        return self.slots[name][start:stop].reshape(weight.packed.shape)


class Stretch:
    """Neighbours in an arena that are trained together, as views; `segments` are the places of its weights in it."""

    def __init__(self, arena: Arena, places: list[tuple[int, int]]) -> None:
        lo, hi = places[0][0], places[-1][1]
        self.parameters, self.gradients = arena.parameters[lo:hi], arena.gradients[lo:hi]
        self.slots = {name: slot[lo:hi] for name, slot in arena.slots.items()}
        self.segments = [(start - lo, stop - lo) for start, stop in places]
        self.kernel: Any = None  # the optimizer's update, and its machine code for these arrays
        self.compiled: Any = None


def arenas_of(weights: list[Weight], slots: tuple[str, ...] = ()) -> list[Arena]:
    """One arena for each dtype among the weights."""
    dtypes = dict.fromkeys(w.dtype for w in weights)
    return [Arena([w for w in weights if w.dtype == dtype], slots) for dtype in dtypes]
