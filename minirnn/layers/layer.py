"""`Layer`, the base of all layers: weights, names, configuration, and the two passes.

A layer computes in two forms. `layer(x)` takes and gives arrays. A model calls `forward(x, mask, tape)` and, in reverse
order, `backward(dy, tape)`; a *tape* is a layer's own scratch memory for one batch shape, made by `new_tape` and used
again and again.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import config
from minirnn.boundary import as_input
from minirnn.layers.weight import TileLayout, Weight, WeightOwner

NO_MASK = np.zeros((0, 0), bool)
# What older scripts say of the model's input in its first layer.
INPUT_KEYWORDS = ("input_shape", "input_dim", "input_length", "batch_input_shape", "batch_size")
_counts: dict[str, int] = defaultdict(int)
_counts_lock = threading.Lock()


def unique_name(class_name: str) -> str:
    """lstm, lstm_1, lstm_2 .. in the order of creation."""
    base = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", class_name)).lower()
    with _counts_lock:
        number = _counts[base]
        _counts[base] += 1
    return f"{base}_{number}" if number else base


def reset_names() -> None:
    """Begin again at lstm, dense .. (Keras's clear_session)."""
    _counts.clear()


class Tape(SimpleNamespace):
    """What one layer leaves for its backward pass, and the memory both passes work in: arrays by name."""


class Layer(WeightOwner):
    """Base class. Subclasses set weights in `build` and implement `new_tape`, `forward` and `backward`.

    Arguments shared by all layers: `name`, `dtype` ('float32' or 'float64'), `trainable`, and of older scripts
    `input_shape=(time, features)`, `input_dim`, `input_length`, `batch_input_shape`, `batch_size`. Raises TypeError for
    an unknown argument, NotImplementedError for `activity_regularizer` and `autocast=False`.
    """

    supports_masking = True
    input_rank: int | None = None

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        unknown = [key for key in kwargs if key not in INPUT_KEYWORDS]
        if unknown:
            raise TypeError(f"{type(self).__name__} got an unknown argument {unknown[0]!r}")
        if activity_regularizer is not None:
            raise NotImplementedError(f"{type(self).__name__}: activity_regularizer is not supported yet; leave it out")
        if not autocast:
            raise NotImplementedError(f"{type(self).__name__}: inputs take the layer's dtype; leave autocast=False out")
        self.name = unique_name(type(self).__name__) if name is None else str(name)
        self.dtype = config.check_dtype(dtype)
        self.trainable = trainable
        self.built = False
        self.weights: list[Weight] = []
        self.input_shape: Any = None
        self.declared_shape = self._declared(**kwargs)

    def _declared(
        self, input_shape=None, input_dim=None, input_length=None, batch_input_shape=None, batch_size=None
    ) -> tuple[int | None, ...] | None:
        """The batch shape that a layer names for the model's input, or None."""
        if batch_input_shape is not None:
            return tuple(batch_input_shape)
        if input_shape is None and input_dim is not None:
            input_shape = (input_length, input_dim) if self.input_rank == 3 else (input_dim,)
        return None if input_shape is None else (batch_size, *input_shape)

    # --- weights ---

    def add_weight(self, name: str, shape: tuple[int, ...], initial: Any, layout: TileLayout) -> Weight:
        weight = Weight(name, shape, layout, self.name)
        weight.assign(initial(shape, dtype=self.dtype))
        self.weights.append(weight)
        return weight

    @property
    def trainable_weights(self) -> list[Weight]:
        return self.weights if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Weight]:
        return [] if self.trainable else self.weights

    # --- shapes ---

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights for inputs of this batch shape; called once, before the first use."""
        self.check_rank(input_shape)
        self.input_shape = tuple(input_shape)
        self.built = True

    def check_rank(self, shape: tuple[int | None, ...]) -> None:
        if self.input_rank is not None and len(shape) != self.input_rank:
            axes = {2: "(batch, features)", 3: "(batch, time, features)"}[self.input_rank]
            raise ValueError(
                f"{self.name} expects {self.input_rank} dimensions {axes}, got shape {tuple(shape)}; reshape the input"
            )

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The batch shape of the output for an input's batch shape."""
        return tuple(input_shape)

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        if self.input_shape is None:
            raise AttributeError(f"layer {self.name} has no output shape yet: it was not built")
        return self.compute_output_shape(self.input_shape)

    def compute_mask(self, x: NDArray[Any], mask: NDArray[Any] | None) -> NDArray[Any] | None:
        """The mask of the output."""
        return mask if self.supports_masking else None

    # --- the two passes ---

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        """Memory for inputs of this shape; `training` keeps what the backward pass needs."""
        raise NotImplementedError

    def forward(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool) -> NDArray[Any]:
        raise NotImplementedError

    def backward(self, dy: NDArray[Any], tape: Tape, need_dx: bool) -> NDArray[Any] | None:
        """Set the weights' gradients and give the input's, if asked."""
        raise NotImplementedError

    def __call__(self, x: Any, *, mask: Any = None, training: bool = False) -> Any:
        """Compute on an array: (batch, ..) in, new array out."""
        x = self.prepare(x)
        return self.forward(x, mask, self.new_tape(x.shape, training), training)

    def prepare(self, x: Any) -> NDArray[Any]:
        """Check an input array, and build for its shape on first use."""
        x = as_input(x, self.name, self.dtype)
        if not self.built:
            self.build((None, *x.shape[1:]))
        self.check_input(x.shape)
        return x

    def check_input(self, shape: tuple[int | None, ...]) -> None:
        """Raise ValueError if arrays of this shape do not fit the weights."""
        self.check_rank(shape)
        if self.weights and shape[-1] != self.input_shape[-1]:
            raise ValueError(
                f"{self.name} was built for {self.input_shape[-1]} features, got input of shape {tuple(shape)}"
            )

    def vjp(self, x: Any, dy: Any, mask: Any = None) -> tuple:
        """Gradients of sum(layer(x) * dy): (dx, [gradient of each weight])."""
        x = self.prepare(x)
        tape = self.new_tape(x.shape, True)
        self.forward(x, mask, tape, True)
        dx = self.backward(as_input(dy, "dy", self.dtype), tape, True)
        return dx, [w.gradient_numpy() for w in self.weights]

    # --- configuration ---

    def get_config(self) -> dict[str, Any]:
        """Keras's configuration; `from_config`, here or in Keras, makes an equal, unbuilt layer of it."""
        return {"name": self.name, "trainable": self.trainable, "dtype": config.dtype_policy(self.dtype)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """The layer of a configuration, of minirnn or of Keras."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"
