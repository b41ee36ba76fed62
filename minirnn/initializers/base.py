"""What every initializer is, with or without a seed."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import DTypeLike, NDArray

from minirnn import random
from minirnn.compat import spelling
from minirnn.utils import registry


class Initializer:
    """What every initializer is: a callable `(shape, dtype=None) -> ndarray` with a configuration."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        spelling.check_arguments(cls)

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[Any]:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(shape, dtype=None)")

    def get_config(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        return cls(**config)

    def clone(self) -> Initializer:
        """Return a new initializer of the same configuration; without a seed of its own it draws another one."""
        return self.from_config(self.get_config())


class RandomInitializer(Initializer):
    """An initializer with a `seed`: an integer, a SeedGenerator (or its configuration), or None for a drawn one."""

    def __init__(self, seed: int | random.SeedGenerator | Mapping[str, Any] | None = None) -> None:
        if isinstance(seed, Mapping):
            seed = random.SeedGenerator.from_config(dict(seed["config"]))
        self._given_seed = seed
        if seed is None:
            seed = random.next_seed()
        elif not isinstance(seed, random.SeedGenerator):
            seed = self._given_seed = random.check_seed(seed)
        self.seed = seed

    def get_config(self) -> dict[str, Any]:
        seed = self._given_seed
        if isinstance(seed, random.SeedGenerator):
            return {"seed": registry.serialize(seed, {"SeedGenerator": random.SeedGenerator}, "keras.random")}
        return {"seed": seed}


def number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number, got {value!r}")
    return value if isinstance(value, int) else float(value)
