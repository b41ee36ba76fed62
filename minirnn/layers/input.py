"""Input: the shape that a model begins with."""

from __future__ import annotations

from typing import Any

from minirnn import config
from minirnn.layers.layer import unique_name


class InputLayer:
    """The shape of a model's input. `shape` leaves the batch out, `batch_shape` has it."""

    def __init__(
        self,
        shape: tuple[int | None, ...] | None = None,
        batch_size: int | None = None,
        dtype: Any = None,
        name: str | None = None,
        batch_shape: tuple[int | None, ...] | None = None,
    ) -> None:
        if (shape is None) == (batch_shape is None):
            raise ValueError("Input takes either shape=(time, features) or batch_shape=(batch, time, features)")
        if isinstance(shape, int):
            raise ValueError(f"Input shape must be a tuple such as ({shape},), got {shape}")
        self.batch_shape = (batch_size, *shape) if shape is not None else tuple(batch_shape or ())
        for size in self.batch_shape:
            if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
                raise ValueError(f"Input shape must hold whole numbers of at least 1 or None, got {self.batch_shape}")
        self.dtype = config.check_dtype(dtype)
        self.name = unique_name("InputLayer") if name is None else name

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The batch shape."""
        return self.batch_shape

    def get_config(self) -> dict[str, Any]:
        return {"batch_shape": self.batch_shape, "dtype": self.dtype, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputLayer:
        known = {k: config[k] for k in ("batch_shape", "dtype", "name") if k in config}
        return cls(**(known | {"batch_shape": tuple(known["batch_shape"])}))


def Input(
    shape: tuple[int | None, ...] | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    name: str | None = None,
    batch_shape: tuple[int | None, ...] | None = None,
) -> InputLayer:
    """The first entry of a Sequential model: the shape of one sample, such as (time, features)."""
    return InputLayer(shape, batch_size, dtype, name, batch_shape)
