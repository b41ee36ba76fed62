"""Input: the shape that a model begins with."""

from __future__ import annotations

from typing import Any

from minirnn import config
from minirnn.layers.layer import unique_name

# What Keras's configurations hold for kinds of input that are not supported.
_OFF = {"sparse": False, "ragged": False, "optional": False}


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
        return {"batch_shape": self.batch_shape, "dtype": self.dtype, "name": self.name, **_OFF}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputLayer:
        """The input of a configuration, of minirnn or of Keras."""
        for key in _OFF:
            if config.get(key):
                raise NotImplementedError(f"InputLayer: {key} is not supported; inputs are dense arrays")
        known = {key: config[key] for key in ("dtype", "name") if key in config}
        return cls(batch_shape=tuple(config["batch_shape"]), **known)


def Input(
    shape: tuple[int | None, ...] | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    name: str | None = None,
    batch_shape: tuple[int | None, ...] | None = None,
) -> InputLayer:
    """The first entry of a Sequential model: the shape of one sample, such as (time, features)."""
    return InputLayer(shape, batch_size, dtype, name, batch_shape)
