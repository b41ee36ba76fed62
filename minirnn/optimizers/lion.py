"""Lion."""

from __future__ import annotations

from typing import Any

from minirnn.jit import Kernel
from minirnn.kernels.optimizers import lion
from minirnn.optimizers.checks import fraction, in_float32
from minirnn.optimizers.optimizer import Optimizer
from minirnn.training.arena import Stretch


class Lion(Optimizer):
    """Steps of one size, in the direction that momentum and gradient agree on (Chen et al. 2023).

    Equations in `kernels.optimizers`. It wants a learning rate 3 to 10 times smaller than Adam's. ValueError for a
    `beta_1` of 0, which would leave the momentum out.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        *options: Any,
        **arguments: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **arguments)
        self.beta_1, self.beta_2 = fraction(beta_1, "beta_1"), fraction(beta_2, "beta_2")
        if self.beta_1 == 0.0:
            raise ValueError(f"beta_1 of Lion must be above 0 and below 1, got {beta_1!r}")

    def slot_groups(self) -> list[tuple[str, ...]]:
        return [("momentum",)]

    def update(self, stretch: Stretch) -> tuple[Kernel, tuple]:
        # Keras rounds the betas to float32, whatever the dtype.
        numbers = (self._learning_rate, in_float32(self.beta_1), in_float32(self.beta_2))
        return lion, (stretch.parameters, stretch.gradients, stretch.slots["momentum"], *numbers)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"beta_1": self.beta_1, "beta_2": self.beta_2}
