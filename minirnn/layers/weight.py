"""A layer's weight: Keras's shape outside, the kernels' packed tiles inside."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from minirnn import constraints, regularizers
from minirnn.kernels.vec import lanes
from minirnn.layers.planning import claim

CACHE_LINE = 128


def zeros(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """Zeros that begin where a cache line does: threads that write neighbouring rows then share no line."""
    dtype = np.dtype(dtype)
    size = int(np.prod(shape)) * dtype.itemsize
    raw = np.zeros(size + CACHE_LINE, np.uint8)
    start = -raw.ctypes.data % CACHE_LINE
    return raw[start : start + size].view(dtype).reshape(shape)


class TileLayout:
    """How `gates` matrices side by side, Keras's (K, gates * units), lie in unit tiles (NT, K, columns * lanes).

    `order` names the gate of each column; a tile holds `registers` registers of units. Biases are rows of their own:
    (n, gates * units) becomes (n, NT, columns * lanes), and each may have another order.

    Columns that products use by themselves are a panel of their own: within each tile a matrix has all K rows of its
    first `first_panel` columns, then all rows of the others.
    """

    def __init__(
        self, units: int, orders: list[list[int]], registers: int, dtype: Any, first_panel: int | None = None
    ) -> None:
        self.units, self.orders = units, orders
        self.first_panel = len(orders[0]) if first_panel is None else first_panel
        self.width = registers * lanes(dtype)
        self.tiles = -(-units // self.width)
        self.padded = self.tiles * self.width
        self.dtype = np.dtype(dtype)

    def packed_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the packed array for a weight (K, gates * units), or a bias (.., gates * units)."""
        rows = len(self.orders[0]) * self.width
        return (self.tiles, shape[0], rows) if self._is_matrix(shape) else (len(self.orders), self.tiles, rows)

    def _is_matrix(self, shape: tuple[int, ...]) -> bool:
        return len(shape) == 2 and len(self.orders) == 1

    def pack(self, value: NDArray[Any], packed: NDArray[Any]) -> None:
        """Write a weight in Keras's shape into its packed array; padding stays zero."""
        for source, target, order in self._views(value, packed):
            padded = np.zeros((source.shape[0], len(order), self.padded), self.dtype)
            padded[:, :, : self.units] = source[:, order]
            target[...] = padded.reshape(len(source), len(order), self.tiles, self.width).transpose(2, 0, 1, 3)

    def unpack(self, packed: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        """The weight in Keras's shape, a new array."""
        value = np.empty(shape, self.dtype)
        for target, source, order in self._views(value, packed):
            rows = source.transpose(1, 2, 0, 3).reshape(len(target), len(order), self.padded)
            target[:, order] = rows[:, :, : self.units]
        return value

    def _views(self, value, packed):
        """Pairs (Keras's rows (K, gates, units), packed (NT, K, columns, width)) with their order."""
        gates = len(self.orders[0])
        if self._is_matrix(value.shape):
            rows = value.reshape(-1, gates, self.units)
            tiles = packed.reshape(self.tiles, -1)
            split = len(rows) * self.first_panel * self.width
            for panel, order in (
                (tiles[:, :split], self.orders[0][: self.first_panel]),
                (tiles[:, split:], self.orders[0][self.first_panel :]),
            ):
                if order:
                    yield rows, panel.reshape(self.tiles, len(rows), len(order), self.width), order
        else:
            rows = value.reshape(len(self.orders), 1, gates, self.units)
            for row, place, order in zip(rows, packed, self.orders, strict=True):
                yield row, place.reshape(self.tiles, 1, gates, self.width), order


class PlainLayout:
    """A weight of any shape and dtype, as it is: flat and in C order, with zeros up to whole registers behind it.

    Those let it lie in an arena between weights in tiles. `view` shows the packed array in Keras's shape, uncopied.
    """

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)

    def packed_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the packed array for a weight of this shape: (registers * lanes,)."""
        width = lanes(self.dtype)
        return (-(-math.prod(shape) // width) * width,)

    def view(self, packed: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        """The packed array in Keras's shape: the same memory, for kernels to read and write."""
        return packed[: math.prod(shape)].reshape(shape)

    def pack(self, value: NDArray[Any], packed: NDArray[Any]) -> None:
        """Write a weight in Keras's shape into its packed array; padding stays zero."""
        self.view(packed, value.shape)[...] = value

    def unpack(self, packed: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        """The weight in Keras's shape, a new array."""
        return self.view(packed, shape).copy()


class RowLayout:
    """A table (rows, columns) whose rows are padded with zeros to whole registers: each can be updated by itself."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)

    def width(self, columns: int) -> int:
        """Elements of a padded row."""
        return -(-columns // lanes(self.dtype)) * lanes(self.dtype)

    def packed_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the packed array for a table of this shape: (rows, padded columns)."""
        return shape[0], self.width(shape[1])

    def pack(self, value: NDArray[Any], packed: NDArray[Any]) -> None:
        """Write a table into its packed array; padding stays zero."""
        packed[:, : value.shape[1]] = value

    def unpack(self, packed: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        """The table without padding, a new array."""
        return packed[:, : shape[1]].copy()


Layout = TileLayout | PlainLayout | RowLayout


class Weight:
    """One weight of a layer, by Keras's name and shape: `numpy()`, `assign(value)`, `shape`, `dtype`, `trainable`.

    No value below `least` is taken.
    """

    moves: ClassVar[int] = 0  # how often any weight has moved: what was made before may hold memory that is left
    changes: ClassVar[int] = 0  # how often it may have changed which weights are trained, and how
    least = -math.inf
    touched: Any = None  # of a table: which rows have a gradient (`minirnn.layers.touched`)

    def __init__(self, name: str, shape: tuple[int, ...], layout: Layout, layer_name: str) -> None:
        self.name, self.shape = name, tuple(shape)
        self.layout: Any = layout  # of the kind that its layer gave it and knows
        self.path = f"{layer_name}/{name}"
        self.dtype = layout.dtype.name
        self._trainable = True
        self._regularizer: Any = None
        self._constraint: Any = None
        self.is_planned = claim(self.path, self.shape)
        if self.is_planned:  # arrays that take no memory
            self.packed = self.gradient = np.broadcast_to(layout.dtype.type(0), layout.packed_shape(self.shape))
        else:
            self._make()

    def _make(self) -> None:
        shape = self.layout.packed_shape(self.shape)
        self.packed, self.gradient = zeros(shape, self.layout.dtype), zeros(shape, self.layout.dtype)

    def allocate(self) -> None:
        """Make the arrays of a weight that was planned only (`minirnn.layers.planning`), of zeros."""
        if self.is_planned:
            self._make()
            self.is_planned = False

    @property
    def trainable(self) -> bool:
        """Whether training changes it (if it changes the layer, too)."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        Weight.changes += 1

    @property
    def regularizer(self) -> Any:
        """What penalises it in the loss: a regularizer of `minirnn.regularizers`, or None."""
        return self._regularizer

    @regularizer.setter
    def regularizer(self, regularizer: Any) -> None:
        self._regularizer = regularizers.get(regularizer)
        Weight.changes += 1

    @property
    def constraint(self) -> Any:
        """What it is put back to after each step of training: a constraint of `minirnn.constraints`, or None."""
        return self._constraint

    @constraint.setter
    def constraint(self, constraint: Any) -> None:
        self._constraint = constraints.get(constraint)
        Weight.changes += 1

    @property
    def size(self) -> int:
        """Numbers in it, as Keras counts them."""
        return int(np.prod(self.shape))

    @property
    def by_rows(self) -> bool:
        """Whether a step may be made row by row: of a table that no regularizer or constraint sees as a whole."""
        return self.touched is not None and self.regularizer is None and self.constraint is None

    def settle(self) -> None:
        """Bring all of it up to date, if rows of a table wait for their updates."""
        if self.touched is not None and self.touched.late is not None:
            self.touched.late.settle()

    def numpy(self) -> NDArray[Any]:
        """The weight in Keras's shape, a new array."""
        self.settle()
        return self.layout.unpack(self.packed, self.shape)

    def gradient_numpy(self) -> NDArray[Any]:
        """The last computed gradient in Keras's shape, a new array."""
        return self.layout.unpack(self.gradient, self.shape)

    def assign(self, value: Any) -> None:
        """Set it from an array of Keras's shape.

        Raises TypeError for what holds no real numbers, ValueError for another shape, a number below `least`, and one
        that its dtype cannot hold: NaN, infinity, a fraction where it counts.
        """
        self.put(self.checked(value))

    def put(self, value: NDArray[Any]) -> None:
        """Let it have the bits of an array of its shape and dtype, NaN and infinity too."""
        self.settle()
        self.layout.pack(value, self.packed)

    def checked(self, value: Any) -> NDArray[Any]:
        """`value` as an array that `assign` takes."""
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"{self.path}: got values of dtype {array.dtype}, expected real numbers")
        if array.shape != self.shape:
            raise ValueError(f"{self.path}: got shape {array.shape}, expected {self.shape}")
        with np.errstate(over="ignore", invalid="ignore"):
            held = array.astype(self.layout.dtype)
        counts = held.dtype.kind in "iu"
        right = held == array if counts else np.isfinite(held)
        if not right.all():
            where = _first(~right)
            expected = "whole" if counts else "finite"
            found = array[where] if counts else held[where]
            raise ValueError(f"{self.path}: got {found} at {where}, expected {expected} numbers")
        if (held < self.least).any():
            where = _first(held < self.least)
            raise ValueError(f"{self.path}: got {held[where]} at {where}, expected at least {self.least:g}")
        return held

    def move(self, packed: NDArray[Any], gradient: NDArray[Any]) -> None:
        """Live in other memory from now on (the model's arena)."""
        self.settle()
        packed = packed.reshape(self.packed.shape)
        packed[...] = self.packed
        if self.touched is not None:
            gradient[...] = 0.0  # rows that no account names may hold something
        self.packed, self.gradient = packed, gradient.reshape(self.packed.shape)
        Weight.moves += 1

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def __repr__(self) -> str:
        return f"<Weight path={self.path}, shape={self.shape}, dtype={self.dtype}>"


def _first(wrong: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(wrong)[0])


class WeightOwner:
    """What layers and models both offer on top of their `weights`, `trainable_weights` and `non_trainable_weights`."""

    kind, how_to_build = "layer", "call it, or give it an input shape"
    name: str
    built: bool

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    variables = property(lambda self: self.weights)
    trainable_variables = property(lambda self: self.trainable_weights)
    non_trainable_variables = property(lambda self: self.non_trainable_weights)

    def get_weights(self) -> list[NDArray[Any]]:
        """All weights in Keras's order and shapes, new arrays."""
        return [w.numpy() for w in self.weights]

    def set_weights(self, weights: list[Any]) -> None:
        """Set all weights; a wrong one raises ValueError and changes none."""
        assign_all(self.weights, weights, f"{self.kind} {self.name}")

    def count_params(self) -> int:
        """How many numbers the weights hold."""
        if not self.built:
            raise ValueError(f"{self.kind} {self.name} has no weights yet: {self.how_to_build}, first")
        return sum(w.size for w in self.weights)


def assign_all(weights: list[Weight], values: list[Any], owner: str) -> None:
    """Set weights from arrays, all or none."""
    if len(values) != len(weights):
        raise ValueError(f"{owner} has {len(weights)} weights, got {len(values)} arrays")
    for weight, value in zip(weights, [w.checked(v) for w, v in zip(weights, values, strict=True)], strict=True):
        weight.assign(value)
