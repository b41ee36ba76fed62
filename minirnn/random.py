"""The one source of chance: seeds for initializers, dropout and shuffling, and the distributions drawn from them.

Everything random in minirnn begins with a seed, a plain integer. A caller who gives none is given the next one of a
global sequence, which `set_random_seed` restarts: after it, a whole run is repeated bit for bit.

The distributions are drawn in float64 and rounded, so that a float32 and a float64 model of one seed begin with the
same weights up to rounding.
"""

from __future__ import annotations

import operator
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from minirnn.compat import spelling
from minirnn.compat.modules import names_of

if not TYPE_CHECKING:  # for which every name would be there
    __getattr__ = names_of(__name__)


class SeedGenerator:
    """An endless sequence of seeds, each of 63 bits; safe to draw from in several threads.

    Pass one as `seed` wherever a different draw is wanted at each call; an integer gives the same draw every time.
    Without `seed` the sequence starts from the operating system's entropy. `name` is kept for the configuration only.

    Raises TypeError if `seed` is not an integer.
    """

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        self.seed = None if seed is None else check_seed(seed)
        self.name = name
        self._sequence = random.Random(self.seed)

    def next(self) -> int:
        """Return the next seed, 0 <= seed < 2**63."""
        return self._sequence.getrandbits(63)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        return cls(**config)


Seed = int | SeedGenerator | None

_global_seeds = SeedGenerator()


@spelling.names_nearest
def set_random_seed(seed: int) -> None:
    """Restart Python's `random`, NumPy's global generator and minirnn's own sequence of seeds.

    Raises TypeError if `seed` is not an integer, ValueError outside 0 .. 2**32 - 1, the range that NumPy takes.
    """
    seed = check_seed(seed)
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed must lie between 0 and 2**32 - 1, got {seed}")
    random.seed(seed)
    np.random.seed(seed)
    restart(seed)


def restart(seed: int) -> None:
    """Restart minirnn's own sequence of seeds alone. Raises TypeError if `seed` is not an integer."""
    global _global_seeds
    _global_seeds = SeedGenerator(seed)


def state() -> Any:
    """Where minirnn's own sequence of seeds stands, to be taken up by `set_state`."""
    return _global_seeds._sequence.getstate()


def set_state(state: Any) -> None:
    """Let minirnn's own sequence of seeds go on from where `state` was asked for."""
    _global_seeds._sequence.setstate(state)


def next_seed() -> int:
    """Draw the next seed of the global sequence."""
    return _global_seeds.next()


def generator(seed: Seed = None) -> np.random.Generator:
    """Return a fresh NumPy generator: of an integer, of the next seed of a SeedGenerator, or of the global sequence.

    Raises TypeError for any other seed.
    """
    if seed is None:
        seed = next_seed()
    elif isinstance(seed, SeedGenerator):
        seed = seed.next()
    # NumPy refuses negative seeds, which Keras's scripts may contain.
    return np.random.Generator(np.random.PCG64(check_seed(seed) % 2**64))


def check_seed(seed: Any) -> int:
    """Return `seed` as an int; TypeError if it is not an integer."""
    if isinstance(seed, (bool, np.bool_)):
        raise TypeError(f"seed must be an integer, got the boolean {seed}")
    try:
        return operator.index(seed)
    except TypeError:
        raise TypeError(f"seed must be an integer, got {type(seed).__name__}; e.g. seed=42") from None


@spelling.names_nearest
def normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: DTypeLike | None = None, seed: Seed = None
) -> NDArray[Any]:
    """Draw an array of `shape` from the normal distribution; dtype float32 unless given."""
    draws = generator(seed).standard_normal(tuple(shape))
    return (mean + stddev * draws).astype(dtype or np.float32)


@spelling.names_nearest
def truncated_normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: DTypeLike | None = None, seed: Seed = None
) -> NDArray[Any]:
    """Draw from the normal distribution cut off at two standard deviations: draws outside are drawn again."""
    rng = generator(seed)
    draws = rng.standard_normal(tuple(shape))
    while (outside := np.abs(draws) > 2.0).any():
        draws[outside] = rng.standard_normal(np.count_nonzero(outside))
    return (mean + stddev * draws).astype(dtype or np.float32)


@spelling.names_nearest
def uniform(
    shape: Sequence[int], minval: float = 0.0, maxval: float = 1.0, dtype: DTypeLike | None = None, seed: Seed = None
) -> NDArray[Any]:
    """Draw an array of `shape` from the uniform distribution over [minval, maxval]; dtype float32 unless given."""
    return generator(seed).uniform(minval, maxval, tuple(shape)).astype(dtype or np.float32)
