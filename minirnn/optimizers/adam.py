"""Adam, and AdamW: Adam with weight decay."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minirnn.jit import Kernel
from minirnn.kernels.optimizers import adam, adam_idle, amsgrad
from minirnn.kernels.threads import share
from minirnn.optimizers.checks import fraction, in_float32, positive
from minirnn.optimizers.late_rows import KEPT_STEPS, faded
from minirnn.optimizers.optimizer import Optimizer
from minirnn.training.arena import Stretch

COST_OF_STEP = 16  # of a number, in multiply-adds


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015) with Keras's placement of epsilon; equations in `kernels.optimizers`.

    `amsgrad` keeps the largest second moment (Reddi et al. 2018).
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        *options: Any,
        **arguments: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **arguments)
        self.beta_1, self.beta_2 = fraction(beta_1, "beta_1"), fraction(beta_2, "beta_2")
        self.epsilon, self.amsgrad = positive(epsilon, "epsilon"), bool(amsgrad)

    def slot_groups(self) -> list[tuple[str, ...]]:
        return [("momentum", "velocity"), ("velocity_hat",)] if self.amsgrad else [("momentum", "velocity")]

    def update(self, stretch: Stretch) -> tuple[Kernel, tuple]:
        p, g, slots = stretch.parameters, stretch.gradients, stretch.slots
        m, v = slots["momentum"], slots["velocity"]
        rate = self._learning_rate * self._bias_correction()
        if self.amsgrad:
            return amsgrad, (p, g, m, v, slots["velocity_hat"], rate, self.beta_1, self.beta_2, self.epsilon)
        return adam, (p, g, m, v, rate, self.beta_1, self.beta_2, self.epsilon)

    def can_wait(self) -> bool:
        return not self.amsgrad

    def rate_of_step(self) -> float:
        return self._learning_rate * self._bias_correction()

    def pass_by(self, p: Any, slots: Any, had: Any, steps: int, rates: Any) -> None:
        """Without a gradient the moments fade; step by step as long as the parameters still move by it."""
        m, v = slots["momentum"], slots["velocity"]
        stops = np.minimum(steps, had + self._steps_that_move(p.dtype))
        arguments = (p, m, v, rates, had, stops, self.beta_1, self.beta_2, self.epsilon)
        share(adam_idle, arguments, len(p), COST_OF_STEP * p.shape[1] * int((stops - had).sum()), 8)
        m *= faded(self.beta_1, steps - stops, p.dtype)
        v *= faded(self.beta_2, steps - stops, p.dtype)

    def _steps_that_move(self, dtype: Any) -> int:
        """After so many steps without a gradient a change is below 1/64 of the last digit of the first one."""
        shrinks = self.beta_1 / math.sqrt(self.beta_2)
        if not 0.0 < shrinks < 1.0:
            return 2 if shrinks == 0.0 else KEPT_STEPS
        return 1 + math.ceil(math.log(np.finfo(dtype).eps / 64) / math.log(shrinks))

    def _bias_correction(self) -> float:
        """sqrt(1 - beta_2**t) / (1 - beta_1**t); here Keras rounds the betas to float32, whatever the dtype."""
        t = self.iterations + 1
        return math.sqrt(1.0 - in_float32(self.beta_2) ** t) / (1.0 - in_float32(self.beta_1) ** t)

    def get_config(self) -> dict[str, Any]:
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon, "amsgrad": self.amsgrad}
        return super().get_config() | own


class AdamW(Adam):
    """Adam with weight decay apart from the gradient (Loshchilov & Hutter 2019): before each update,

        p = p - learning_rate weight_decay p

    Every optimizer takes `weight_decay`; here it is on unless told otherwise. None raises ValueError.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        *options: Any,
        **arguments: Any,
    ) -> None:
        if weight_decay is None:
            raise ValueError("AdamW: weight_decay must be a number of at least 0, got None; Adam has none")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, *options, **arguments)
