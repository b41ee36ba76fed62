"""Layers that disturb their input in training and pass it on otherwise: against overfitting.

Each draws anew at every call. A `seed` repeats the whole sequence of draws; without one it comes from minirnn's global
sequence, which `utils.set_random_seed` restarts. The draws are not those of Keras, whose generators are others.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import random
from minirnn.layers.elementwise import Dropout
from minirnn.layers.layer import Layer, Tape

# Of the self-normalizing network (Klambauer et al. 2017, eq. 2): selu(x) = scale * alpha * (e**x - 1) for x < 0.
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


def share(value: Any, owner: str, name: str = "rate") -> float:
    """`value` as a float. Raises ValueError unless 0 <= value < 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 <= value < 1:
        raise ValueError(f"{owner} {name} must be at least 0 and below 1, got {value!r:.60}")
    return float(value)


class SpatialDropout1D(Dropout):
    """Dropout of whole features: one choice for all steps of a sample (Tompson et al. 2014, arXiv:1411.4280).

    Input and output (batch, time, features). Raises ValueError unless 0 <= rate < 1.
    """

    input_rank = 3

    def __init__(self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(rate, (None, 1, None), seed, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate, "seed": self.seed, "name": self.name, "dtype": self.dtype}


class Noise(Layer):
    """Base: in training y = x * scale + shift, which `draw` gives for an input; otherwise y = x.

    So dx = dy * scale.
    """

    only_in_training = True

    def __init__(self, *, seed: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self._random = random.generator(seed)

    @property
    def is_off(self) -> bool:
        """Whether it passes everything on, in training too."""
        raise NotImplementedError

    def draw(self, x: NDArray[Any]) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
        """(scale, shift), None for 1 and 0."""
        raise NotImplementedError

    def generators(self) -> list[Any]:
        return [self._random.bit_generator]

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        return Tape(scale=None)

    def forward(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool) -> NDArray[Any]:
        tape.scale = None
        if not training or self.is_off:
            return x
        tape.scale, shift = self.draw(x)
        y = x if tape.scale is None else x * tape.scale
        return y if shift is None else y + shift

    def backward(self, dy: NDArray[Any], tape: Tape, need_dx: bool) -> NDArray[Any] | None:
        return dy if tape.scale is None else dy * tape.scale

    def normal(self, x: NDArray[Any], mean: float, stddev: float) -> NDArray[Any]:
        """Normal numbers of the shape and dtype of x."""
        return (mean + stddev * self._random.standard_normal(x.shape)).astype(x.dtype)


class GaussianNoise(Noise):
    """In training y = x + e, e normal with mean 0 and standard deviation `stddev`.

    Raises ValueError unless 0 <= stddev <= 1.
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed=seed, **kwargs)
        if isinstance(stddev, bool) or not isinstance(stddev, (int, float, np.number)) or not 0 <= stddev <= 1:
            raise ValueError(f"GaussianNoise stddev must lie between 0 and 1, got {stddev!r:.60}")
        self.stddev = float(stddev)

    @property
    def is_off(self) -> bool:
        return self.stddev == 0.0

    def draw(self, x: NDArray[Any]) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
        return None, self.normal(x, 0.0, self.stddev)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"stddev": self.stddev, "seed": self.seed}


class GaussianDropout(Noise):
    """In training y = x * e, e normal with mean 1 and standard deviation sqrt(rate / (1 - rate)) (Srivastava 2014, 10).

    Raises ValueError unless 0 <= rate < 1.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed=seed, **kwargs)
        self.rate = share(rate, "GaussianDropout")

    @property
    def is_off(self) -> bool:
        return self.rate == 0.0

    def draw(self, x: NDArray[Any]) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
        return self.normal(x, 1.0, (self.rate / (1.0 - self.rate)) ** 0.5), None

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"rate": self.rate, "seed": self.seed}


class AlphaDropout(Noise):
    """Dropout for `selu`: what is dropped becomes selu's lowest value, and mean and variance stay.

    Klambauer et al. 2017, section 3: with s = -alpha * scale of selu, q = 1 - rate and kept k in {0, 1},

        y = a (x k + s (1 - k)) + b,   a = (q (1 + rate s**2)) ** -0.5,   b = -a rate s

    `noise_shape` names axes (size 1) along which one choice holds. Raises ValueError unless 0 <= rate < 1.
    """

    def __init__(
        self, rate: float, noise_shape: tuple[int | None, ...] | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        self.rate, self.noise_shape = share(rate, "AlphaDropout"), noise_shape

    @property
    def is_off(self) -> bool:
        return self.rate == 0.0

    def draw(self, x: NDArray[Any]) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
        shape = [n or m for n, m in zip(self.noise_shape or x.shape, x.shape, strict=True)]
        kept = (self._random.random(shape) >= self.rate).astype(x.dtype)
        s = -SELU_ALPHA * SELU_SCALE
        a = ((1 - self.rate) * (1 + self.rate * s**2)) ** -0.5
        b = -a * s * self.rate
        dtype = x.dtype.type
        return dtype(a) * kept, dtype(a * s) * (1 - kept) + dtype(b)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"rate": self.rate, "noise_shape": self.noise_shape, "seed": self.seed}
