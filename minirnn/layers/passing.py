"""Layers that pass their input on, as it is or scaled: Identity, ActivityRegularization, Rescaling."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.boundary import as_input
from minirnn.layers.layer import Layer, Tape


class Identity(Layer):
    """y = x, for inputs of any shape: a place that holds nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        return Tape()

    def call(self, x: Any, *, mask: Any = None, training: bool = False) -> Any:
        """A new array with the numbers of x."""
        return self.prepare(x).copy()

    def forward(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool) -> NDArray[Any]:
        return x

    def backward(self, dy: NDArray[Any], tape: Tape, need_dx: bool) -> NDArray[Any] | None:
        return dy


class ActivityRegularization(Identity):
    """y = x, and the loss grows by l1 sum |x| + l2 sum x**2, divided by the batch size.

    It is `Identity` with the `activity_regularizer` `L1L2(l1, l2)`. With both 0 it has no effect.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        penalty = {"class_name": "L1L2", "config": {"l1": l1, "l2": l2}}
        super().__init__(activity_regularizer=penalty if l1 or l2 else None, **kwargs)
        self.l1, self.l2 = l1, l2

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("activity_regularizer", None)
        return config | {"l1": self.l1, "l2": self.l2}


class Rescaling(Layer):
    """y = x * scale + offset, numbers or arrays that stretch to the input: dx = dy * scale.

    `Rescaling(1 / 255)` takes 0 .. 255 to 0 .. 1. Raises TypeError or ValueError for what holds no finite numbers, and
    ValueError for arrays that do not stretch to the input, or would stretch it.
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale, self.offset = _number_or_array(scale, "scale"), _number_or_array(offset, "offset")

    def check_rank(self, shape: tuple[int | None, ...]) -> None:
        for name, value in (("scale", self.scale), ("offset", self.offset)):
            own = np.shape(value)
            last = shape[len(shape) - len(own) :]
            if len(own) > len(shape) or any(m not in (1, n) and n is not None for m, n in zip(own, last, strict=True)):
                raise ValueError(f"{self.name}: {name} of shape {own} does not stretch to an input of {tuple(shape)}")

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        return Tape(scale=np.asarray(self.scale, self.dtype), offset=np.asarray(self.offset, self.dtype))

    def forward(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool) -> NDArray[Any]:
        return x * tape.scale + tape.offset

    def backward(self, dy: NDArray[Any], tape: Tape, need_dx: bool) -> NDArray[Any] | None:
        return dy * tape.scale

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"scale": _configured(self.scale), "offset": _configured(self.offset)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """The layer of a configuration, of minirnn or of Keras."""
        values: dict[str, Any] = {name: _revived(config[name]) for name in ("scale", "offset") if name in config}
        return cls(**{**config, **values})


def _number_or_array(value: Any, name: str) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        as_input([value], name, "float64")
        return value
    array = np.asarray(value)
    as_input(array.reshape(-1), name, "float64")
    return array.item() if array.ndim == 0 else array


def _configured(value: Any) -> Any:
    """Keras's form of a number or an array."""
    if not isinstance(value, np.ndarray):
        return value
    return {"class_name": "__numpy__", "config": {"value": value.tolist(), "dtype": value.dtype.name}}


def _revived(value: Any) -> Any:
    if isinstance(value, dict) and value.get("class_name") in ("__numpy__", "__tensor__"):
        return np.array(value["config"]["value"], value["config"]["dtype"])
    return value
