"""Schedules that fall: exponentially, hyperbolically, along a polynomial, in stairs."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence

from minirnn.optimizers.checks import not_negative, positive
from minirnn.optimizers.schedules.schedule import Decay


class ExponentialDecay(Decay):
    """initial_learning_rate decay_rate**(step / decay_steps); `staircase` takes the whole part of the exponent.

    >>> ExponentialDecay(0.5, decay_steps=10, decay_rate=0.25)(5)
    0.25
    """

    arguments = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        not_negative(initial_learning_rate, "initial_learning_rate")
        positive(decay_steps, "decay_steps")
        not_negative(decay_rate, "decay_rate")
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.decay_rate, self.staircase, self.name = decay_rate, staircase, name

    def at(self, step: float) -> float:
        exponent = _maybe_whole(step / self.decay_steps, self.staircase)
        return float(self.initial_learning_rate * self.decay_rate**exponent)


class InverseTimeDecay(Decay):
    """initial_learning_rate / (1 + decay_rate step / decay_steps); `staircase` takes the whole part of the ratio.

    >>> InverseTimeDecay(0.5, decay_steps=10, decay_rate=2.0)(15)
    0.125
    """

    arguments = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        not_negative(initial_learning_rate, "initial_learning_rate")
        positive(decay_steps, "decay_steps")
        not_negative(decay_rate, "decay_rate")
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.decay_rate, self.staircase, self.name = decay_rate, staircase, name

    def at(self, step: float) -> float:
        ratio = _maybe_whole(step / self.decay_steps, self.staircase)
        return float(self.initial_learning_rate / (1.0 + self.decay_rate * ratio))


class PolynomialDecay(Decay):
    """(initial_learning_rate - end_learning_rate) (1 - step / decay_steps)**power + end_learning_rate.

    After `decay_steps` it stays at the end; with `cycle`, `decay_steps` is stretched instead to its first multiple that
    is not below `step`, so that the rate jumps up and falls again, ever more slowly.

    >>> PolynomialDecay(1.0, decay_steps=10, end_learning_rate=0.5)(5)
    0.75
    """

    arguments = ("initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        not_negative(initial_learning_rate, "initial_learning_rate")
        positive(decay_steps, "decay_steps")
        not_negative(end_learning_rate, "end_learning_rate")
        not_negative(power, "power")
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.end_learning_rate, self.power, self.cycle, self.name = end_learning_rate, power, cycle, name

    def at(self, step: float) -> float:
        span = self.decay_steps
        if self.cycle:
            span *= max(1, math.ceil(step / self.decay_steps))
        left = (1.0 - min(step, span) / span) ** self.power
        return float((self.initial_learning_rate - self.end_learning_rate) * left + self.end_learning_rate)


class PiecewiseConstantDecay(Decay):
    """values[0] up to and with step boundaries[0], then values[1] up to and with boundaries[1], and so on.

    >>> [PiecewiseConstantDecay([10, 20], [0.1, 0.05, 0.01])(step) for step in (10, 11, 21)]
    [0.1, 0.05, 0.01]
    """

    arguments = ("boundaries", "values", "name")

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant") -> None:
        boundaries, values = list(boundaries), list(values)
        if len(values) != len(boundaries) + 1:
            raise ValueError(
                f"values must be one more than boundaries, got {len(values)} values and {len(boundaries)} boundaries"
            )
        for k, boundary in enumerate(boundaries):
            not_negative(boundary, f"boundaries[{k}]")
        for k, value in enumerate(values):
            not_negative(value, f"values[{k}]")
        if boundaries != sorted(boundaries):
            raise ValueError(f"boundaries must rise, got {boundaries}")
        self.boundaries, self.values, self.name = boundaries, values, name

    def at(self, step: float) -> float:
        return float(self.values[bisect.bisect_left(self.boundaries, step)])


def _maybe_whole(ratio: float, staircase: bool) -> float:
    return math.floor(ratio) if staircase else ratio
