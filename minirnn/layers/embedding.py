"""Embedding: a trained vector for each of a vocabulary's numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import constraints, initializers, regularizers
from minirnn.boundary import as_input, as_numbers, check_indices, whole
from minirnn.kernels.embedding import clear_rows, gather, scatter_add
from minirnn.kernels.threads import share
from minirnn.kernels.vec import lanes
from minirnn.layers.layer import Layer, Tape
from minirnn.layers.symbolic import Shape
from minirnn.layers.touched import TouchedRows
from minirnn.layers.weight import RowLayout, Weight, zeros

COPY_COST = 4  # moving a number costs as much as so many multiply-adds


class Embedding(Layer):
    """Row `i` of a table for each number `i`: (batch, ..) to (batch, .., output_dim).

    Numbers are whole, from 0 to `input_dim` - 1: integers, or floats that hold such; a call raises ValueError for any
    other. One weight, embeddings (input_dim, output_dim), which `weights` may give. With `mask_zero` 0 is padding: a
    mask marks the steps that are not. The gradient costs what the rows in use cost, whatever the vocabulary's size;
    with a regularizer or a constraint a step costs what the whole table costs, since these concern every row.

    `input_length` of older scripts declares the input's shape, (batch, input_length).

    >>> layer = Embedding(10, 3)
    >>> layer([[1, 2], [2, 9]]).shape, layer.count_params()
    ((2, 2, 3), 30)
    """

    supports_masking = False
    autocast = False  # a model hands its integers on as they are
    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        refused = {
            "lora_rank": lora_rank,
            "lora_alpha": lora_alpha,
            "quantization_config": quantization_config,
        }
        for name, value in refused.items():
            if value is not None:
                raise NotImplementedError(f"Embedding: {name} is not supported yet; leave it out")
        self.input_dim, self.output_dim = whole(input_dim, "input_dim"), whole(output_dim, "output_dim")
        super().__init__(**kwargs)
        self.embeddings_initializer: Any = initializers.get(embeddings_initializer)
        self.embeddings_regularizer: Any = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint: Any = constraints.get(embeddings_constraint)
        self.mask_zero = self.makes_mask = bool(mask_zero)
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 else [weights])

    def _declared(self, input_shape=None, input_length=None, batch_input_shape=None, batch_size=None) -> Shape | None:  # type: ignore[override]
        if input_shape is None and input_length is not None:
            input_shape = tuple(input_length) if np.ndim(input_length) else (input_length,)
        return super()._declared(input_shape=input_shape, batch_input_shape=batch_input_shape, batch_size=batch_size)

    @property
    def index_limit(self) -> int:
        """How many numbers it knows, from 0 on; models check their input against it before anything changes."""
        return self.input_dim

    # --- weights and shapes ---

    def build(self, input_shape: Shape | None = None) -> None:
        """Make the table; the input's shape does not matter."""
        if not self.built:
            shape = (self.input_dim, self.output_dim)
            layout = RowLayout(self.dtype)
            rules = {"regularizer": self.embeddings_regularizer, "constraint": self.embeddings_constraint}
            self._table = self.add_weight("embeddings", shape, self.embeddings_initializer, layout, **rules)
            self._table.touched = TouchedRows()
            self.built = True
        if input_shape is not None:
            self.input_shape = tuple(input_shape)

    @property
    def embeddings(self) -> Weight:
        """The table, (input_dim, output_dim). AttributeError before the layer is built."""
        if not self.built:
            raise AttributeError(f"{self.name} has no embeddings yet: build it, or call it, first")
        return self._table

    def check_input(self, shape: Shape) -> None:
        """Any shape fits."""

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape, self.output_dim)

    def compute_mask(self, x: NDArray[Any], mask: NDArray[Any] | None = None) -> NDArray[Any] | None:
        return np.not_equal(x, 0) if self.mask_zero else None

    def draw_mask(self, xs: list[Any], masks: list[Any], step: Callable[..., Any]) -> Any:
        return step(xs[0]) if self.mask_zero else None  # not_equal

    # --- the two passes ---

    def prepare(self, x: Any) -> NDArray[Any]:
        """The numbers as an array of their own kind, checked to be rows of the table."""
        array = as_numbers(x, self.name)
        if array.size == 0:
            raise ValueError(f"{self.name}: got an empty array of shape {array.shape}, expected at least one number")
        check_indices(array, self.input_dim, self.name)
        self.build((None, *array.shape[1:]))
        return array

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        t, table = Tape(), self._table
        t.y = zeros((int(np.prod(shape)), self.output_dim), self.dtype)
        t.out = t.y.reshape(*shape, self.output_dim)
        t.ids = np.zeros(len(t.y), np.int64)
        t.work = COPY_COST * t.y.size
        t.gather = gather.specialise(table.packed, t.ids, t.y, 0, 0)
        if training:
            t.scatter_add = scatter_add.specialise(t.y, t.ids, table.gradient, 0, 0)
        return t

    def forward(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool) -> NDArray[Any]:
        t = tape
        check_indices(x, self.input_dim, self.name)
        t.ids[...] = x.reshape(-1)
        self._table.touched.bring_up_to_date(t.ids)
        share(t.gather, (self._table.packed, t.ids, t.y), len(t.y), t.work, 64)
        return t.out

    def backward(self, dy: NDArray[Any], tape: Tape, need_dx: bool) -> None:
        """The gradient of the rows in use; what an earlier batch left in other rows goes. Numbers have no gradient."""
        t, weight = tape, self._table
        if not self.trainable:
            return
        old = weight.touched.begin(t.ids)
        share(clear_rows, (weight.gradient, old), len(old), COPY_COST * len(old) * self.output_dim, 64)
        registers = weight.packed.shape[1] // lanes(self.dtype)
        share(t.scatter_add, (dy.reshape(t.y.shape), t.ids, weight.gradient), registers, t.work)

    def vjp(self, x: Any, dy: Any, mask: Any = None) -> tuple:
        """Gradients of sum(layer(x) * dy): (zeros of x's shape, [that of the table])."""
        x = self.prepare(x)
        tape = self.new_tape(x.shape, True)
        self.forward(x, mask, tape, True)
        self.backward(as_input(dy, "dy", self.dtype, tape.out.shape), tape, True)
        return np.zeros(x.shape, self.dtype), [self._table.gradient_numpy()]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": initializers.serialize(self.embeddings_initializer),
            "embeddings_regularizer": regularizers.serialize(self.embeddings_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "embeddings_constraint": constraints.serialize(self.embeddings_constraint),
            "mask_zero": self.mask_zero,
            "quantization_config": None,
        }
