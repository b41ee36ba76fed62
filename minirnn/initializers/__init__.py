"""Initializers: where the weights of a layer begin. Keras 3's names, arguments and distributions.

An initializer is called with a shape and gives an array: `GlorotUniform(seed=1)((8, 128), "float32")`. Like Keras's,
one object gives the same values each time it is called, whether its seed was given or drawn from minirnn's global
sequence when it was made; with a `minirnn.random.SeedGenerator` as its seed, other values each time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from minirnn.compat.modules import names_of
from minirnn.initializers.base import Initializer, RandomInitializer
from minirnn.initializers.constant import Constant, Identity, Ones, Zeros
from minirnn.initializers.distributions import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    compute_fans,
)
from minirnn.utils import registry

__all__ = [
    "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "Initializer", "LecunNormal",
    "LecunUniform", "Ones", "Orthogonal", "RandomInitializer", "RandomNormal", "RandomUniform", "TruncatedNormal",
    "VarianceScaling", "Zeros", "compute_fans", "deserialize", "get", "serialize",
]  # fmt: skip

__getattr__ = names_of(__name__)


def get(identifier: Any) -> Callable[..., NDArray[Any]] | None:
    """Return the initializer that `identifier` stands for.

    A name ("he_normal", "HeNormal"), a configuration, a class, a callable `(shape, dtype)`, an array (the values
    themselves, for its own shape only), or None, which stays None. ValueError or TypeError for anything else.
    """
    if isinstance(identifier, (np.ndarray, np.generic)):
        return _values(np.asarray(identifier))
    return registry.get(identifier, _KNOWN, "initializer")


def serialize(initializer: Any) -> dict[str, Any]:
    """Return the configuration of an initializer; a function of your own is kept by its name."""
    return registry.serialize(initializer, _KNOWN, "keras.initializers")


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Build an initializer from its configuration; `custom_objects` maps names to classes or functions of your own."""
    return registry.deserialize(config, _KNOWN, "initializer", custom_objects)


def _values(values: NDArray[Any]) -> Callable[..., NDArray[Any]]:
    def given_values(shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[Any]:
        if tuple(shape) != values.shape:
            raise ValueError(f"the array given as initializer has shape {values.shape}, the weight {tuple(shape)}")
        return np.array(values, dtype or np.float32)

    return given_values


constant = Constant
zeros = Zeros
ones = Ones
identity = Identity
random_normal = RandomNormal
truncated_normal = TruncatedNormal
random_uniform = RandomUniform
variance_scaling = VarianceScaling
glorot_uniform = GlorotUniform
glorot_normal = GlorotNormal
he_uniform = HeUniform
he_normal = HeNormal
lecun_uniform = LecunUniform
lecun_normal = LecunNormal
orthogonal = Orthogonal

_CLASSES = (
    Constant, Zeros, Ones, Identity, RandomNormal, TruncatedNormal, RandomUniform, VarianceScaling, GlorotUniform,
    GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal, Orthogonal,
)  # fmt: skip
_KNOWN: dict[str, type[Initializer]] = {
    **{cls.__name__: cls for cls in _CLASSES},
    **{registry.snake_case(cls.__name__): cls for cls in _CLASSES},
    "IdentityInitializer": Identity,
    "OrthogonalInitializer": Orthogonal,
    "normal": RandomNormal,
    "uniform": RandomUniform,
    "one": Ones,
    "zero": Zeros,
}
