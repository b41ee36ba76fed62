"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from minirnn.jit import Kernel
from minirnn.kernels.optimizers import sgd, sgd_momentum
from minirnn.optimizers.checks import fraction, in_float32
from minirnn.optimizers.late_rows import faded, way
from minirnn.optimizers.optimizer import Optimizer
from minirnn.training.arena import Stretch


class SGD(Optimizer):
    """p = p - learning_rate g; with `momentum` and `nesterov` as Keras has them (see `kernels.optimizers`)."""

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        *options: Any,
        **arguments: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **arguments)
        self.momentum, self.nesterov = fraction(momentum, "momentum"), bool(nesterov)

    def slot_groups(self) -> list[tuple[str, ...]]:
        return [("momentum",)] if self.momentum != 0.0 else []

    def update(self, stretch: Stretch) -> tuple[Kernel, tuple]:
        p, g = stretch.parameters, stretch.gradients
        if self.momentum == 0.0:
            arguments: tuple = (p, g, self._learning_rate)
            return sgd, arguments
        momentum = in_float32(self.momentum)  # as Keras rounds it, whatever the dtype
        arguments = (p, g, stretch.slots["momentum"], self._learning_rate, momentum, self.nesterov)
        return sgd_momentum, arguments

    def can_wait(self) -> bool:
        return True

    def pass_by(self, p: Any, slots: Any, had: Any, steps: int, rates: Any) -> None:
        """Without a gradient the momentum fades, and moves the parameters as it does."""
        if self.momentum != 0.0:
            m, missed, momentum = slots["momentum"], steps - had, in_float32(self.momentum)
            p += m * way(momentum, missed, p.dtype) * p.dtype.type(momentum if self.nesterov else 1.0)
            m *= faded(momentum, missed, m.dtype)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"momentum": self.momentum, "nesterov": self.nesterov}
