"""`LearningRateSchedule`, the base of all schedules, and `Decay`, the base of those that come with minirnn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.compat import spelling


class LearningRateSchedule:
    """A learning rate that depends on the number of steps so far. Give one to an optimizer as its `learning_rate`.

    Subclass it with `__call__(step)`, which gives the learning rate after `step` steps (the first is made at 0), and
    with `get_config` if it is to be saved:

    >>> class Hyperbola(LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.1 / (step + 1)
    >>> Hyperbola()(4)
    0.02
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        spelling.check_arguments(cls)

    def __call__(self, step: Any) -> Any:
        """The learning rate after `step` steps."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__(self, step)")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make another like it."""
        raise NotImplementedError(f"{type(self).__name__} must define get_config(self) to be serialized")

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> LearningRateSchedule:
        """The schedule of a configuration."""
        return cls(**config)


class Decay(LearningRateSchedule):
    """A schedule that is a formula, `at(step)`, computed in float64. `arguments` names what its constructor takes."""

    arguments: tuple[str, ...] = ()

    def at(self, step: float) -> float:
        """The learning rate after `step` steps."""
        raise NotImplementedError

    def __call__(self, step: Any) -> float | NDArray[Any]:
        """The learning rate after `step` steps; for an array of steps (to plot, say) an array of float64."""
        if np.ndim(step) == 0:
            return self.at(float(step))
        steps = np.asarray(step, np.float64)
        return np.array([self.at(each) for each in steps.ravel().tolist()]).reshape(steps.shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make another like it, by Keras's names."""
        return {name: getattr(self, name) for name in self.arguments}
