"""Initializers that draw their values.

The fan of a weight of shape `(..., in, out)` is the number of its inputs or outputs, each times the leading axes.

Sources: Glorot & Bengio 2010; He et al. 2015; LeCun et al. 1998; Saxe, McClelland & Ganguli 2014 (orthogonal).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from minirnn import random
from minirnn.choices import one_of
from minirnn.initializers.base import RandomInitializer, number

# The standard deviation of a standard normal distribution cut off at -2 and 2.
TRUNCATED_STDDEV = 0.87962566103423978


class RandomNormal(RandomInitializer):
    """Normal distribution of `mean` and `stddev` >= 0."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: random.Seed = None) -> None:
        self.mean = number(mean, "mean")
        self.stddev = number(stddev, "stddev")
        if self.stddev < 0:
            raise ValueError(f"stddev must not be negative, got {stddev}")
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[Any]:
        return random.normal(shape, self.mean, self.stddev, dtype, self.seed)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class TruncatedNormal(RandomNormal):
    """Normal distribution whose draws beyond two standard deviations are drawn again."""

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[Any]:
        return random.truncated_normal(shape, self.mean, self.stddev, dtype, self.seed)


class RandomUniform(RandomInitializer):
    """Uniform distribution from `minval` to `maxval`, minval <= maxval."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: random.Seed = None) -> None:
        self.minval = number(minval, "minval")
        self.maxval = number(maxval, "maxval")
        if self.minval > self.maxval:
            raise ValueError(f"minval must not exceed maxval, got minval={minval} and maxval={maxval}")
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[Any]:
        return random.uniform(shape, self.minval, self.maxval, dtype, self.seed)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}


class VarianceScaling(RandomInitializer):
    """A distribution of mean 0 and variance `scale / n`, where n is the fan that `mode` names.

    `mode` is "fan_in", "fan_out" or "fan_avg"; `distribution` is "truncated_normal" (also called "normal"),
    "untruncated_normal" or "uniform". `input_axes` and `output_axes`, given together, name the axes of the shape that
    count as inputs and outputs.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: random.Seed = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        self.scale = number(scale, "scale")
        if self.scale <= 0:
            raise ValueError(f"scale must be positive, got {scale}")
        self.mode = one_of(mode, "mode", ("fan_in", "fan_out", "fan_avg"))
        allowed = ("truncated_normal", "untruncated_normal", "uniform")
        distribution = str(distribution).lower()
        self.distribution = one_of(
            "truncated_normal" if distribution == "normal" else distribution, "distribution", allowed
        )
        self.input_axes = input_axes
        self.output_axes = output_axes
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[Any]:
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        stddev = math.sqrt(self.scale / max(1.0, fan))
        if self.distribution == "truncated_normal":
            return random.truncated_normal(shape, 0.0, stddev / TRUNCATED_STDDEV, dtype, self.seed)
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, stddev, dtype, self.seed)
        limit = math.sqrt(3.0) * stddev
        return random.uniform(shape, -limit, limit, dtype, self.seed)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


class _NamedScaling(VarianceScaling):
    """VarianceScaling with scale, mode and distribution settled by the class."""

    settled: ClassVar[dict[str, Any]]

    def __init_subclass__(cls, **settled: Any) -> None:
        if settled:
            cls.settled = settled

    def __init__(
        self,
        seed: random.Seed = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(**self.settled, seed=seed, input_axes=input_axes, output_axes=output_axes)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {name: config[name] for name in ("seed", "input_axes", "output_axes")}


class GlorotUniform(_NamedScaling, scale=1.0, mode="fan_avg", distribution="uniform"):
    """Uniform within sqrt(6 / (fan_in + fan_out)): the default of every kernel."""


class GlorotNormal(_NamedScaling, scale=1.0, mode="fan_avg", distribution="truncated_normal"):
    """Truncated normal of variance 2 / (fan_in + fan_out)."""


class HeUniform(_NamedScaling, scale=2.0, mode="fan_in", distribution="uniform"):
    """Uniform within sqrt(6 / fan_in)."""


class HeNormal(_NamedScaling, scale=2.0, mode="fan_in", distribution="truncated_normal"):
    """Truncated normal of variance 2 / fan_in."""


class LecunUniform(_NamedScaling, scale=1.0, mode="fan_in", distribution="uniform"):
    """Uniform within sqrt(3 / fan_in)."""


class LecunNormal(_NamedScaling, scale=1.0, mode="fan_in", distribution="truncated_normal"):
    """Truncated normal of variance 1 / fan_in."""


class Orthogonal(RandomInitializer):
    """`gain` times a random matrix whose rows or columns, whichever are fewer, are orthonormal.

    A shape of more than two axes is filled through the matrix `(product of the leading axes, last axis)`.
    """

    def __init__(self, gain: float = 1.0, seed: random.Seed = None) -> None:
        self.gain = number(gain, "gain")
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[Any]:
        if len(shape) < 2:
            raise ValueError(f"Orthogonal needs a shape of at least two axes, got {tuple(shape)}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = random.normal((max(rows, columns), min(rows, columns)), dtype=np.float64, seed=self.seed)
        q, r = np.linalg.qr(tall)
        # QR leaves the signs of r's diagonal open; making them positive makes q uniform over the orthogonal matrices.
        q *= np.sign(np.diag(r))
        q = q.T if rows < columns else q
        return np.ascontiguousarray((self.gain * q).reshape(shape), dtype or np.float32)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "gain": self.gain}


def compute_fans(
    shape: Sequence[int], input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None
) -> tuple[int, int]:
    """Return (fan_in, fan_out) of a weight of `shape`."""
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[a] for a in input_axes), math.prod(shape[a] for a in output_axes)
    if len(shape) < 2:
        fan = math.prod(shape)
        return fan, fan
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field
