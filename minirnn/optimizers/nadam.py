"""Nadam."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import config
from minirnn.jit import Kernel
from minirnn.kernels.optimizers import nadam
from minirnn.layers.weight import Weight
from minirnn.optimizers.checks import fraction, in_float32, positive
from minirnn.optimizers.optimizer import Optimizer
from minirnn.optimizers.variable import OptimizerVariable
from minirnn.training.arena import Stretch

DECAY = 0.96  # how fast the momentum grows from beta_1 / 2 to beta_1


class Nadam(Optimizer):
    """Adam that looks one step of momentum ahead, as Nesterov does (Dozat 2016); equations in `kernels.optimizers`."""

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
        self._product, self._product_dtype = 1.0, config.floatx()

    def slot_groups(self) -> list[tuple[str, ...]]:
        return [("momentum", "velocity")]

    def own_variables(self) -> list[OptimizerVariable]:
        """The product of all momenta so far, in the dtype of the first weight."""
        dtype = self._product_dtype

        def write(value: NDArray[Any]) -> None:
            self._product = float(value)

        return [OptimizerVariable(self.name, "u_product", (), dtype, lambda: np.array(self._product, dtype), write)]

    def build(self, weights: list[Weight]) -> None:
        if not self.built and weights:
            self._product_dtype = weights[0].dtype
        super().build(weights)

    def _update(self) -> None:
        self._product *= self.beta_1 * (1.0 - 0.5 * DECAY ** (self.iterations + 1))
        super()._update()

    def update(self, stretch: Stretch) -> tuple[Kernel, tuple]:
        t = self.iterations + 1
        # Here, Keras rounds these numbers to float32, whatever the dtype; in the product of momenta it does not.
        beta_1, beta_2, base = in_float32(self.beta_1), in_float32(self.beta_2), in_float32(DECAY)
        now, ahead = (beta_1 * (1.0 - 0.5 * base**step) for step in (t, t + 1))
        rate_m = self._learning_rate * ahead / (1.0 - self._product * ahead)
        rate_g = self._learning_rate * (1.0 - now) / (1.0 - self._product)
        numbers = (rate_m, rate_g, 1.0 / (1.0 - beta_2**t), beta_1, beta_2, self.epsilon)
        m, v = stretch.slots["momentum"], stretch.slots["velocity"]
        return nadam, (stretch.parameters, stretch.gradients, m, v, *numbers)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
