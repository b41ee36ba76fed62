"""The learning rate of an optimizer: a number, a schedule, or a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minirnn.compat import spelling
from minirnn.optimizers import checks, schedules
from minirnn.optimizers.variable import LearningRate

RATE_IS_SCHEDULED = (
    "the learning rate of optimizer {} comes from a schedule or a function and cannot be set to a number: "
    "make the optimizer with a number, or set another schedule"
)


class Rated:
    """A part of `Optimizer`: what `learning_rate` may be, and what it is at the next step."""

    name: str
    _iterations: int
    _learning_rate: float
    _rate_dtype: str
    _schedule: Callable[..., Any] | None

    @property
    def learning_rate(self) -> LearningRate:
        """The learning rate of the next step: a float, which has `assign` and `numpy`, too.

        A number is rounded to the `config.floatx()` of its making, as in Keras; what a schedule or a function gives is
        rounded to float32, in which Keras computes it.

        It may be set at any time, to a number above 0 (ValueError otherwise), to a schedule or to a function; TypeError
        for a number where a schedule or a function is in charge.
        """
        return LearningRate.of(self, self._learning_rate if self._schedule is None else self._scheduled())

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if isinstance(value, type):
            raise TypeError(f"learning_rate must be a number, a schedule or a function, got the class {value.__name__}")
        if callable(value):
            self._schedule = value
        elif self._schedule is not None:
            raise TypeError(RATE_IS_SCHEDULED.format(self.name))
        else:
            rate = checks.positive(value, "learning_rate")
            self._learning_rate = checks.rounded(rate, self._rate_dtype, "learning_rate")

    lr = spelling.renamed_attribute("lr", "learning_rate")

    def _scheduled(self) -> float:
        """What the schedule or function says now. Schedules are told the steps so far, with accumulation too."""
        schedule: Any = self._schedule
        value = schedule(self._iterations) if isinstance(schedule, schedules.LearningRateSchedule) else schedule()
        name = f"the learning rate at step {self._iterations}"
        return checks.rounded(checks.not_negative(value, name), "float32", name)
