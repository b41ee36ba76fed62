"""Weights of a user's own layer: added in Keras's spelling, and good for arithmetic in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

from minirnn import initializers
from minirnn.layers.weight import PlainLayout, Weight


class Parameter(NDArrayOperatorsMixin, Weight):
    """A weight that takes part in arithmetic as the array of its numbers: `x @ w`, `-w`, `w * 2`, `w.T`, `w[0]`.

    Each gives a new array; only `assign` changes the weight. Two weights are equal only if they are the same one.
    """

    __eq__ = object.__eq__
    __ne__ = object.__ne__
    __hash__ = object.__hash__

    @property
    def T(self) -> NDArray[Any]:
        """Its numbers, transposed."""
        return self.numpy().T

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return len(self.shape)

    def __getitem__(self, index: Any) -> Any:
        return self.numpy()[index]

    def __len__(self) -> int:
        return len(self.numpy())


def new_parameter(layer: Any, shape: Any, initializer: Any, dtype: Any, trainable: bool, name: str | None) -> Parameter:
    """A weight for a layer, drawn by the initializer: by default glorot_uniform, zeros where it counts.

    Raises ValueError for a shape that is none, an unknown initializer, and another dtype than the layer's for a weight
    that is trained.
    """
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if not all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) and n >= 0 for n in sizes):
        raise ValueError(f"{layer.name}: add_weight needs a shape of whole numbers, got {shape!r:.60}")
    kind = np.dtype(dtype or layer.dtype)
    if trainable and kind != layer.dtype:
        raise ValueError(f"{layer.name}: a weight of {kind} cannot be trained by a layer of {layer.dtype}")
    name = name or f"weight_{len(layer._own_weights)}"
    weight = Parameter(name, sizes, PlainLayout(kind), layer.name)  # type: ignore[abstract]
    default = "glorot_uniform" if kind.kind == "f" else "zeros"
    initial: Any = initializers.get(default if initializer is None else initializer)
    if not weight.is_planned:
        weight.assign(initial(sizes, dtype=kind.name))
    weight.trainable = trainable
    return weight
