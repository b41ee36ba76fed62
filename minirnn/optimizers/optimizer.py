"""`Optimizer`, the base: learning rate, step count, clipping; subclasses add their update of an arena."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from minirnn import config
from minirnn.jit import Kernel
from minirnn.kernels.optimizers import clip, scale, square_sum
from minirnn.kernels.threads import share
from minirnn.training.arena import Arena
from minirnn.utils.registry import snake_case

GRAIN = 1024  # threads take multiples of this many parameters: whole registers, whole cache lines
COST = 16  # an update of one parameter, in multiply-adds: it waits for memory

# Arguments of Keras that its configurations hold, at the values that switch them off.
_LATER = {
    "weight_decay": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}


def fraction(value: Any, name: str) -> float:
    """`value` as a float with 0 <= value < 1, or one-line ValueError."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= float(value) < 1:
        raise ValueError(f"{name} must be at least 0 and below 1, got {value!r}")
    return float(value)


def positive(value: Any, name: str) -> float:
    """`value` as a finite float above zero, or one-line ValueError."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number above 0, got {value!r}") from None
    if isinstance(value, bool) or not math.isfinite(number) or number <= 0:
        raise ValueError(f"{name} must be a finite number above 0, got {value!r}")
    return number


class Optimizer:
    """Base class. Arguments of all: `learning_rate`, `name`, and at most one of `clipnorm` (of each weight's gradient),
    `global_clipnorm` (of all together) and `clipvalue` (of each number)."""

    def __init__(
        self,
        learning_rate: float,
        name: str | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        lr: float | None = None,
        **unknown: Any,
    ) -> None:
        for key in [key for key in unknown if key in _LATER]:
            if unknown.pop(key) not in (None, False, _LATER[key]):
                raise NotImplementedError(f"{type(self).__name__}: {key} is not supported yet; leave it out")
        if unknown:
            raise TypeError(f"{type(self).__name__} got an unknown argument {next(iter(unknown))!r}")
        limits = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        given = {key: positive(value, key) for key, value in limits.items() if value is not None}
        if len(given) > 1:
            raise ValueError(f"only one of clipnorm, clipvalue and global_clipnorm may be set, got {', '.join(given)}")
        self.clipnorm, self.clipvalue, self.global_clipnorm = (given.get(key) for key in limits)
        self.name = name or snake_case(type(self).__name__)
        self.learning_rate = learning_rate if lr is None else lr
        self.iterations = 0

    @property
    def learning_rate(self) -> float:
        """The learning rate, rounded to `config.floatx()` as Keras keeps it; may be set at any time.

        Setting raises ValueError unless it is finite and above 0.
        """
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._learning_rate = float(np.dtype(config.floatx()).type(positive(value, "learning_rate")))

    lr = learning_rate

    def apply(self, arenas: list[Arena]) -> None:
        """One step: clip the gradients, then update the parameters of every arena."""
        self.iterations += 1
        if self.global_clipnorm is not None:
            norm = math.sqrt(sum(square_sum(a.gradients, 0, a.gradients.size) for a in arenas))
            for arena in arenas:
                _limit_norm(arena, norm, self.global_clipnorm, 0, arena.gradients.size)
        for arena in arenas:
            if self.clipnorm is not None:
                for start, stop in arena.segments:
                    norm = math.sqrt(square_sum(arena.gradients, start, stop))
                    _limit_norm(arena, norm, self.clipnorm, start, stop)
            elif self.clipvalue is not None:
                clip(arena.gradients, self.clipvalue, 0, arena.gradients.size)
            kernel, arguments = self.update(arena)
            if arena.kernel is not kernel:
                arena.kernel, arena.compiled = kernel, kernel.specialise(*arguments, 0, 0)
            size = arena.parameters.size
            share(arena.compiled, arguments, size, size * COST, GRAIN)

    def update(self, arena: Arena) -> tuple[Kernel, tuple]:
        """The kernel that updates this arena, and its arguments but for the range."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "learning_rate": self.learning_rate,
            "clipnorm": self.clipnorm,
            "clipvalue": self.clipvalue,
            "global_clipnorm": self.global_clipnorm,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Optimizer:
        return cls(**config)


def _limit_norm(arena: Arena, norm: float, limit: float, start: int, stop: int) -> None:
    if norm > limit:
        scale(arena.gradients, limit / norm, start, stop)
