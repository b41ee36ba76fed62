"""Adamax."""

from __future__ import annotations

from typing import Any

from minirnn.jit import Kernel
from minirnn.kernels.optimizers import adamax
from minirnn.optimizers.checks import fraction, in_float32, positive
from minirnn.optimizers.optimizer import Optimizer
from minirnn.training.arena import Stretch


class Adamax(Optimizer):
    """Adam with the largest recent gradient in place of the second moment (Kingma & Ba 2015, section 7.1).

    Equations in `kernels.optimizers`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        *options: Any,
        **arguments: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **arguments)
        self.beta_1, self.beta_2 = fraction(beta_1, "beta_1"), fraction(beta_2, "beta_2")
        self.epsilon = positive(epsilon, "epsilon")

    def slot_groups(self) -> list[tuple[str, ...]]:
        return [("momentum", "norm")]

    def update(self, stretch: Stretch) -> tuple[Kernel, tuple]:
        m, u = stretch.slots["momentum"], stretch.slots["norm"]
        # In the power, Keras rounds beta_1 to float32, whatever the dtype.
        rate = self._learning_rate / (1.0 - in_float32(self.beta_1) ** (self.iterations + 1))
        return adamax, (stretch.parameters, stretch.gradients, m, u, rate, self.beta_1, self.beta_2, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
