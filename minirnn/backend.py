"""What is left of Keras's backend, `from minirnn import backend as K`: settings, names, and arrays read and set.

Keras's own had symbolic arithmetic, too; minirnn differentiates by hand and has none (`K.mean` says so when called).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minirnn.compat.modules import names_of
from minirnn.config import epsilon, floatx, set_floatx
from minirnn.layers.layer import reset_names
from minirnn.layers.weight import Weight
from minirnn.optimizers.variable import LearningRate

__all__ = [
    "backend", "clear_session", "epsilon", "floatx", "get_value", "image_data_format", "int_shape", "ndim",
    "reset_uids", "set_epsilon", "set_floatx", "set_value",
]  # fmt: skip

__getattr__ = names_of(__name__)


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
