"""`Optimizer`, the base: learning rate, step count, slots, clipping; subclasses name their slots and their update."""

from __future__ import annotations

import functools
import math
import numbers
import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import config
from minirnn.jit import Kernel
from minirnn.kernels.optimizers import clip, scale, square_sum
from minirnn.kernels.threads import share
from minirnn.layers.weight import Weight
from minirnn.optimizers.variable import OptimizerVariable
from minirnn.training.arena import Arena, Stretch, arenas_of
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
        self._rate_dtype = config.floatx()
        self.learning_rate = learning_rate if lr is None else lr
        self.iterations = 0
        self.built = False
        self._arenas: list[Arena] = []
        self._stretches: list[Stretch] = []
        self._chosen: list[Weight] = []
        self._homes: list[NDArray[Any]] = []
        self._slot_variables: list[OptimizerVariable] = []

    @property
    def learning_rate(self) -> float:
        """The learning rate, rounded to the `config.floatx()` of its making as in Keras; may be set at any time.

        Setting raises ValueError unless it is finite and above 0.
        """
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._learning_rate = float(np.dtype(self._rate_dtype).type(positive(value, "learning_rate")))

    lr = learning_rate

    # --- what it keeps ---

    def slot_groups(self) -> list[tuple[str, ...]]:
        """Names of the slots it keeps for every weight, in Keras's order: group by group, weight by weight."""
        return []

    def build(self, weights: list[Weight]) -> None:
        """Make the slots, zeros, for these weights. They are all it will ever train: a second call does nothing."""
        if self.built:
            return
        groups = self.slot_groups()
        self._arenas = arenas_of(weights, tuple(name for group in groups for name in group))
        place = {weight: arena for arena in self._arenas for weight in arena.places}
        self._slot_variables = [
            self._slot_variable(name, weight, place[weight].slot(name, weight))
            for group in groups
            for weight in weights
            for name in group
        ]
        self.built = True

    def _slot_variable(self, slot: str, weight: Weight, packed: NDArray[Any]) -> OptimizerVariable:
        name = f"{weight.path.replace('/', '_')}_{slot}"
        read = functools.partial(weight.layout.unpack, packed, weight.shape)
        return OptimizerVariable(self.name, name, weight.shape, weight.dtype, read)

    @property
    def variables(self) -> list[OptimizerVariable]:
        """Step count, learning rate and, once it is built, the slots of every weight, as Keras lists them."""
        iteration = OptimizerVariable(self.name, "iteration", (), "int64", lambda: np.array(self.iterations, np.int64))
        rate = OptimizerVariable(
            self.name, "learning_rate", (), self._rate_dtype, lambda: np.array(self._learning_rate, self._rate_dtype)
        )
        return [iteration, rate, *self._slot_variables]

    # --- steps ---

    def select(self, weights: list[Weight]) -> None:
        """Let the next steps train these weights; the slots of the others wait as they are.

        Raises ValueError, as Keras does, for a weight that it was not built for.
        """
        known = {weight for arena in self._arenas for weight in arena.places}
        for weight in weights:
            if weight not in known:
                raise ValueError(
                    f"optimizer {self.name} keeps nothing for {weight.path}, which was not trainable at its first "
                    "step: compile with a new optimizer"
                )
        chosen = set(weights)
        self._stretches = [stretch for arena in self._arenas for stretch in arena.select(chosen)]
        self._chosen, self._homes = list(weights), [weight.packed for weight in weights]

    def trains(self, weights: list[Weight]) -> bool:
        """Whether the next step trains these weights, where they now live."""
        return weights == self._chosen and all(map(operator.is_, [w.packed for w in weights], self._homes))

    def apply(self) -> None:
        """One step for the selected weights: clip their gradients, then update them."""
        self.iterations += 1
        self._clip()
        for stretch in self._stretches:
            kernel, arguments = self.update(stretch)
            if stretch.kernel is not kernel:
                stretch.kernel, stretch.compiled = kernel, kernel.specialise(*arguments, 0, 0)
            size = stretch.parameters.size
            share(stretch.compiled, arguments, size, size * COST, GRAIN)

    def _clip(self) -> None:
        if self.global_clipnorm is not None:
            norm = math.sqrt(sum(square_sum(s.gradients, 0, s.gradients.size) for s in self._stretches))
            for stretch in self._stretches:
                _limit_norm(stretch, norm, self.global_clipnorm, 0, stretch.gradients.size)
        elif self.clipnorm is not None:
            for stretch in self._stretches:
                for start, stop in stretch.segments:
                    norm = math.sqrt(square_sum(stretch.gradients, start, stop))
                    _limit_norm(stretch, norm, self.clipnorm, start, stop)
        elif self.clipvalue is not None:
            for stretch in self._stretches:
                clip(stretch.gradients, self.clipvalue, 0, stretch.gradients.size)

    def update(self, stretch: Stretch) -> tuple[Kernel, tuple]:
        """The kernel that updates this stretch, and its arguments but for the range."""
        raise NotImplementedError

    def finalize_variable_values(self, weights: list[Weight]) -> None:
        """What is left to do at the end of training."""

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


def _limit_norm(stretch: Stretch, norm: float, limit: float, start: int, stop: int) -> None:
    if norm > limit:
        scale(stretch.gradients, limit / norm, start, stop)
