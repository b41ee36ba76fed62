"""Input: the shape that a model begins with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.compat import spelling
from minirnn.layers.layer import Layer, Tape
from minirnn.layers.symbolic import KerasTensor, Node, Shape

# What Keras's configurations hold for kinds of input that are not supported.
_OFF = {"sparse": False, "ragged": False, "optional": False}


class InputLayer(Layer):
    """The shape of a model's input. `shape` leaves the batch out, `batch_shape` has it; `output` is its tensor.

    `input_shape` and `batch_input_shape` are the names of the two in older scripts. Raises ValueError unless one of
    them is given, of whole numbers of at least 1 and None, and for a dtype other than 'float32', 'float64', 'int32' and
    'int64' (integers reach an Embedding exactly, and other layers in the layer's dtype); TypeError for an unknown
    argument; NotImplementedError for sparse, ragged and optional inputs and for a tensor.
    """

    def __init__(
        self,
        shape: Shape | None = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Shape | None = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        off = {"sparse": sparse, "ragged": ragged, "optional": optional, "input_tensor": input_tensor is not None}
        for kind, wanted in off.items():
            if wanted:
                raise NotImplementedError(f"InputLayer: {kind} is not supported; inputs are dense arrays")
        if kwargs:
            raise spelling.unknown_argument("InputLayer", next(iter(kwargs)), spelling.arguments_of(InputLayer))
        if isinstance(shape, (int, np.integer)):
            sizes = tuple(int(size) for size in (shape, batch_size, dtype) if isinstance(size, (int, np.integer)))
            raise ValueError(f"Input takes its shape as one tuple, got the number {shape}: write Input({sizes})")
        checked = _checked(shape, batch_size, batch_shape)
        integers = getattr(dtype, "__name__", str(dtype)) in ("int32", "int64")
        super().__init__(name=name, dtype=None if integers else dtype)
        if integers:
            self.dtype = np.dtype(dtype).name
        self.batch_shape = checked
        self.build(checked)
        Node(self, (), {}, [], [KerasTensor(checked, self.dtype, self.name)])

    @property
    def shape(self) -> Shape:
        """The batch shape."""
        return self.batch_shape

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        return Tape()

    def forward(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool) -> NDArray[Any]:
        return x

    def backward(self, dy: NDArray[Any], tape: Tape, need_dx: bool) -> NDArray[Any] | None:
        return dy

    def get_config(self) -> dict[str, Any]:
        return {"batch_shape": self.batch_shape, "dtype": self.dtype, "name": self.name, **_OFF}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputLayer:
        """The input of a configuration, of minirnn or of Keras."""
        return cls(**config)


def _checked(shape: Shape | None, batch_size: int | None, batch_shape: Shape | None) -> Shape:
    """The batch shape that the two or the third name."""
    if (shape is None) == (batch_shape is None):
        raise ValueError("Input takes either shape=(time, features) or batch_shape=(batch, time, features)")
    if batch_size is not None and batch_shape is not None:
        raise ValueError(f"Input takes either batch_size or batch_shape, got {batch_size} and {tuple(batch_shape)}")
    sizes = (batch_size, *shape) if shape is not None else tuple(batch_shape or ())
    for size in sizes:
        if size is not None and (isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1):
            raise ValueError(f"Input shape must hold whole numbers of at least 1 or None, got {sizes}")
    return tuple(None if size is None else int(size) for size in sizes)


@spelling.names_nearest
def Input(
    shape: Shape | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Shape | None = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> KerasTensor:
    """The symbolic tensor that a model begins with: the shape of one sample, such as (time, features).

    It is the first entry of a Sequential model, or what the first layers of a functional one are called on.
    """
    return InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name).output
