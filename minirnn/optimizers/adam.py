"""Adam."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minirnn.jit import Kernel
from minirnn.kernels.optimizers import adam, amsgrad
from minirnn.optimizers.optimizer import Optimizer, fraction, positive
from minirnn.training.arena import Stretch


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015) with Keras's placement of epsilon; equations in `kernels.optimizers`.

    `amsgrad` keeps the largest second moment (Reddi et al. 2018).
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **arguments: Any,
    ) -> None:
        super().__init__(learning_rate, **arguments)
        self.beta_1, self.beta_2 = fraction(beta_1, "beta_1"), fraction(beta_2, "beta_2")
        self.epsilon, self.amsgrad = positive(epsilon, "epsilon"), bool(amsgrad)

    def slot_groups(self) -> list[tuple[str, ...]]:
        return [("momentum", "velocity"), ("velocity_hat",)] if self.amsgrad else [("momentum", "velocity")]

    def update(self, stretch: Stretch) -> tuple[Kernel, tuple]:
        rate = self._learning_rate * self._bias_correction()
        numbers = (rate, self.beta_1, self.beta_2, self.epsilon)
        arguments = (stretch.parameters, stretch.gradients, *stretch.slots.values(), *numbers)
        return amsgrad if self.amsgrad else adam, arguments

    def _bias_correction(self) -> float:
        """sqrt(1 - beta_2**t) / (1 - beta_1**t); here Keras rounds the betas to float32, whatever the dtype."""
        beta_1, beta_2 = float(np.float32(self.beta_1)), float(np.float32(self.beta_2))
        return math.sqrt(1.0 - beta_2**self.iterations) / (1.0 - beta_1**self.iterations)

    def get_config(self) -> dict[str, Any]:
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon, "amsgrad": self.amsgrad}
        return super().get_config() | own
