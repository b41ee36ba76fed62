"""Adadelta."""

from __future__ import annotations

from typing import Any

from minirnn.jit import Kernel
from minirnn.kernels.optimizers import adadelta
from minirnn.optimizers.checks import fraction, positive
from minirnn.optimizers.late_rows import faded
from minirnn.optimizers.optimizer import Optimizer
from minirnn.training.arena import Stretch


class Adadelta(Optimizer):
    """Steps of the size of recent steps (Zeiler 2012, where the learning rate is 1); see `kernels.optimizers`."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        *options: Any,
        **arguments: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **arguments)
        self.rho, self.epsilon = fraction(rho, "rho"), positive(epsilon, "epsilon")

    def slot_groups(self) -> list[tuple[str, ...]]:
        return [("accumulated_grad", "accumulated_delta_var")]

    def update(self, stretch: Stretch) -> tuple[Kernel, tuple]:
        a, x = stretch.slots["accumulated_grad"], stretch.slots["accumulated_delta_var"]
        numbers = (self._learning_rate, self.rho, self.epsilon)
        return adadelta, (stretch.parameters, stretch.gradients, a, x, *numbers)

    def can_wait(self) -> bool:
        return True

    def pass_by(self, p: Any, slots: Any, had: Any, steps: int, rates: Any) -> None:
        """Without a gradient the averages fade."""
        for slot in slots.values():
            slot *= faded(self.rho, steps - had, p.dtype)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"rho": self.rho, "epsilon": self.epsilon}
