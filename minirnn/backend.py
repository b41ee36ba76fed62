"""What is left of Keras's backend, `from minirnn import backend as K`: settings, names, and arrays read and set.

Functions of arrays (`K.mean`) are those of `minirnn.ops`, for metrics and callbacks. Keras's own had symbolic
arithmetic, too; minirnn differentiates by hand and has none (`K.gradients` says so when called).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minirnn import ops
from minirnn.compat.modules import names_of
from minirnn.config import epsilon, floatx, set_floatx
from minirnn.layers.naming import reset_names
from minirnn.layers.weight import Weight
from minirnn.optimizers.variable import LearningRate

__all__ = [
    "argmax", "argmin", "backend", "clear_session", "clip", "concatenate", "epsilon", "expand_dims", "flatten",
    "floatx", "get_value", "image_data_format", "int_shape", "ndim", "pow", "reset_uids", "set_epsilon", "set_floatx",
    "set_value",
]  # fmt: skip

# Those whose arguments are the same, but for the names of operands that nobody gives.
_OF_ARRAYS = (
    "abs all any cast cumsum equal exp greater greater_equal less less_equal log max maximum mean min minimum "
    "not_equal ones_like prod reshape round sign sqrt square squeeze stack std sum transpose var zeros_like"
).split()
_absent = names_of(__name__)


def __getattr__(name: str) -> Any:
    return getattr(ops, name) if name in _OF_ARRAYS else _absent(name)


def argmax(x: Any, axis: int = -1) -> Any:
    """The place of the largest number along an axis, by default the last."""
    return ops.argmax(x, axis)


def argmin(x: Any, axis: int = -1) -> Any:
    """The place of the smallest number along an axis, by default the last."""
    return ops.argmin(x, axis)


def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """The numbers of x, those out of the range replaced by its ends."""
    return ops.clip(x, min_value, max_value)


def concatenate(tensors: Any, axis: int = -1) -> Any:
    """Arrays joined along an axis that they have, by default the last."""
    return ops.concatenate(tensors, axis)


def expand_dims(x: Any, axis: int = -1) -> Any:
    """A new axis of length 1, by default the last."""
    return ops.expand_dims(x, axis)


def flatten(x: Any) -> Any:
    """All numbers as an array of one axis."""
    return ops.reshape(x, (-1,))


def pow(x: Any, a: Any) -> Any:
    """x to the power of a, number by number."""
    return ops.power(x, a)


def backend() -> str:
    """'minirnn'."""
    return "minirnn"


def clear_session() -> None:
    """Let the names of layers begin anew, at lstm, dense and so on. There is nothing else to clear."""
    reset_names()


reset_uids = clear_session


def set_epsilon(value: float) -> None:
    """Raises ValueError for another number than 1e-7, which is compiled into the kernels."""
    if value != epsilon():
        raise ValueError(f"epsilon is {epsilon()} and cannot be set, got {value!r}; pass epsilon= to the optimizer")


def image_data_format() -> str:
    """'channels_last': features come last here, too."""
    return "channels_last"


def get_value(x: Any) -> Any:
    """A weight as a new array; numbers and arrays as they are."""
    return x.numpy() if hasattr(x, "numpy") else x


def set_value(x: Any, value: Any) -> None:
    """Set a weight, or an optimizer's `learning_rate`. TypeError for what is neither, such as a plain number."""
    if not isinstance(x, (Weight, LearningRate)):
        raise TypeError(
            f"set_value sets weights, got {type(x).__name__}; a learning rate is set by optimizer.learning_rate = value"
        )
    x.assign(value)


def int_shape(x: Any) -> tuple[int | None, ...]:
    """The shape of a symbolic tensor, a weight or an array, None where any length does."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def ndim(x: Any) -> int:
    """How many axes it has."""
    return len(int_shape(x))
