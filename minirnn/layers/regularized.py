"""What regularizers and constraints do to weights and to what layers give; `Regularized`, what a layer shows of it.

    loss += R(w)                 for every weight that is trained, once
    dw   += R'(w)
    loss += R(y) / B             for every output y of every call of a layer with an activity regularizer; B rows
    dy   += R'(y) / B
    w     = constraint(w)        after every step of the optimizer
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import regularizers
from minirnn.layers.weight import Weight
from minirnn.regularizers import gradient_of, penalty_of
from minirnn.utils.nested import flatten


def weight_penalty(weight: Weight) -> float:
    """R(w) of a weight that has a regularizer."""
    return penalty_of(weight.regularizer, _shown(weight, weight.regularizer))


def add_weight_gradient(weight: Weight) -> None:
    """dw += R'(w) for a weight that has a regularizer."""
    slope = gradient_of(weight.regularizer, _shown(weight, weight.regularizer))
    if not _by_element(weight.regularizer):
        packed = np.zeros_like(weight.packed)
        weight.layout.pack(slope, packed)
        slope = packed
    weight.gradient += slope


def constrain(weight: Weight) -> None:
    """w = constraint(w) for a weight that has one. ValueError if that is of another shape."""
    if _by_element(weight.constraint):
        weight.packed[...] = weight.constraint(weight.packed)
        return
    value = np.asarray(weight.constraint(weight.numpy()), weight.dtype)
    if value.shape != weight.shape:
        raise ValueError(f"{weight.path}: its constraint gave shape {value.shape}, expected {weight.shape}")
    weight.layout.pack(value, weight.packed)


def activity_penalty(layer: Any, y: NDArray[Any]) -> Any:
    """R(y) / B for what a layer with an activity regularizer gave, a number of y's dtype."""
    return y.dtype.type(penalty_of(layer.activity_regularizer, y) / len(y))


def activity_gradient(layer: Any, y: NDArray[Any]) -> NDArray[Any]:
    """R'(y) / B."""
    return gradient_of(layer.activity_regularizer, y) / y.dtype.type(len(y))


def record_penalties(wrapper: Any, tape: Any) -> None:
    """Let the layers inside of a wrapper remember the penalties on what they gave in a pass."""
    for layer in wrapper.penalised_within():
        layer.activity_losses = [loss for penalised, loss in wrapper.penalties(tape) if penalised is layer]


def _by_element(rule: Any) -> bool:
    return getattr(rule, "by_element", False)


def _shown(weight: Weight, rule: Any) -> NDArray[Any]:
    """The weight as a rule wants it: its packed array, or in Keras's shape."""
    return weight.packed if _by_element(rule) else weight.numpy()


class Regularized:
    """Mixed into layers: `activity_regularizer`, and the `losses` of all that is regularized in it."""

    _activity_regularizer: Any = None
    activity_losses: Sequence[Any] = ()  # of the last call

    @property
    def activity_regularizer(self) -> Any:
        """What penalises the layer's outputs. It may be set, by name or object, at any time."""
        return self._activity_regularizer

    @activity_regularizer.setter
    def activity_regularizer(self, regularizer: Any) -> None:
        self._activity_regularizer = regularizers.get(regularizer)
        Weight.moves += 1  # what runs of models know of it is out of date

    @property
    def losses(self: Any) -> list[Any]:
        """The penalties of regularizers, numbers, in Keras's order.

        First those of activities in the last call, layer by layer and divided by the rows of the batch, then those of
        the trainable weights as they are now.
        """
        activities = [loss for layer in _with_sublayers(self) for loss in layer.activity_losses]
        regularized = [w for w in self.trainable_weights if w.regularizer is not None]
        return activities + [np.dtype(w.dtype).type(weight_penalty(w)) for w in regularized]

    def penalised_within(self) -> list[Any]:
        """Layers that run inside of this one's passes and whose outputs are penalised; `penalties` tells how much."""
        return []

    def record_activity(self, outputs: Any) -> None:
        """Remember the penalties on what a call has just given."""
        self.activity_losses = [activity_penalty(self, y) for y in flatten(outputs)]


def _with_sublayers(layer: Any) -> Iterator[Any]:
    """A layer and all within it, each once; those within a sublayer last one first, as in Keras."""
    yield layer
    seen = {layer}
    waiting = deque(layer.sublayers())
    while waiting:
        inner = waiting.popleft()
        if inner not in seen:
            seen.add(inner)
            yield inner
            waiting.extendleft(inner.sublayers())
