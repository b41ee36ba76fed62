"""Symbolic tensors: what a layer gives when it is called before there are numbers, so that models are drawn as graphs.

Calling a layer on a `KerasTensor` builds the layer, records the call as a `Node`, and gives the `KerasTensor` of the
output. A model is made by walking these records back from its outputs to its inputs (`minirnn.models.graph`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minirnn.utils.nested import flatten

Shape = tuple[int | None, ...]


class SymbolicError(TypeError):
    """Something was asked of a symbolic tensor that only numbers can answer."""


_NO_NUMBERS = "is symbolic and holds no numbers: use a layer, or make a Model of it and call predict"


class History(NamedTuple):
    """Where a tensor comes from: output `tensor_index` of call number `node_index` of `operation`."""

    operation: Any
    node_index: int
    tensor_index: int


class KerasTensor:
    """The shape and dtype of an array that is not there yet, and the call that will make it.

    `shape` is a batch shape: None stands for any length. Raises ValueError for one that holds anything but that and
    whole numbers.
    """

    def __init__(self, shape: Shape, dtype: str = "float32", name: str | None = None) -> None:
        if not isinstance(shape, (tuple, list)) or not all(size is None or _is_length(size) for size in shape):
            raise ValueError(f"a shape holds whole numbers of at least 0 or None, got {shape!r}")
        self.shape, self.dtype = tuple(shape), dtype
        self.name = name or "keras_tensor"
        self._keras_history: History | None = None

    @property
    def ndim(self) -> int:
        """How many axes it has, the batch included."""
        return len(self.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise SymbolicError(f"{self!r} {_NO_NUMBERS}")

    def __array_ufunc__(self, function: Any, *_: Any, **__: Any) -> Any:
        raise SymbolicError(f"numpy.{function.__name__} was given {self!r}, which {_NO_NUMBERS}")

    def __array_function__(self, function: Any, *_: Any) -> Any:
        raise SymbolicError(f"numpy.{function.__name__} was given {self!r}, which {_NO_NUMBERS}")

    def _no_arithmetic(self, *_: Any) -> Any:
        raise SymbolicError(f"{self!r} is symbolic and has no arithmetic: use a layer instead, such as Add for +")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _no_arithmetic
    __matmul__ = __rmatmul__ = __pow__ = __rpow__ = __neg__ = __abs__ = __getitem__ = _no_arithmetic

    def __bool__(self) -> bool:
        raise SymbolicError(f"{self!r} is symbolic and holds no numbers: it is neither true nor false")

    def __iter__(self) -> Any:
        raise SymbolicError(f"{self!r} is symbolic and cannot be iterated over")

    def __len__(self) -> int:
        raise SymbolicError(f"{self!r} is symbolic: its length is not known yet")

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


def _is_length(size: Any) -> bool:
    return isinstance(size, (int, np.integer)) and not isinstance(size, bool) and bool(size >= 0)


class Node:
    """One call of a layer: the tensors that went in and came out, and the arguments as they were given."""

    def __init__(
        self, operation: Any, args: tuple, kwargs: dict[str, Any], inputs: list[KerasTensor], outputs: list[KerasTensor]
    ) -> None:
        self.operation, self.args, self.kwargs = operation, args, kwargs
        self.input_tensors, self.outputs = inputs, outputs
        index = len(operation.nodes)
        operation.nodes.append(self)
        for place, tensor in enumerate(outputs):
            tensor._keras_history = History(operation, index, place)

    @property
    def parents(self) -> list[Node]:
        """The calls that made its inputs."""
        return [made_by(tensor) for tensor in self.input_tensors]


def made_by(tensor: KerasTensor) -> Node:
    """The call that made a tensor. Raises ValueError for one that no layer made."""
    if tensor._keras_history is None:
        raise ValueError(f"{tensor!r} comes from no layer: begin with Input(shape)")
    operation, node_index, _ = tensor._keras_history
    return operation.nodes[node_index]


def is_symbolic(value: Any) -> bool:
    """Whether a layer's argument is a symbolic tensor, or a list, tuple or dict that holds one."""
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, KerasTensor) or (isinstance(value, (list, tuple)) and any(map(is_symbolic, value[:8])))


def symbolic_tensors(*structures: Any) -> list[KerasTensor]:
    """All symbolic tensors in nested arguments, in their order."""
    return [leaf for leaf in flatten(structures) if isinstance(leaf, KerasTensor)]
