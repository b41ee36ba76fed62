"""RMSprop."""

from __future__ import annotations

from typing import Any

from minirnn.jit import Kernel
from minirnn.kernels.optimizers import rmsprop
from minirnn.optimizers.checks import fraction, positive
from minirnn.optimizers.late_rows import faded, way
from minirnn.optimizers.optimizer import Optimizer
from minirnn.training.arena import Stretch


class RMSprop(Optimizer):
    """Divides by a running root mean square of the gradient (Tieleman & Hinton 2012), see `kernels.optimizers`."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        *options: Any,
        **arguments: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **arguments)
        self.rho, self.momentum = fraction(rho, "rho"), fraction(momentum, "momentum")
        self.epsilon, self.centered = positive(epsilon, "epsilon"), bool(centered)

    def slot_groups(self) -> list[tuple[str, ...]]:
        wanted = {"velocity": True, "momentum": self.momentum > 0, "average_gradient": self.centered}
        return [(name,) for name, kept in wanted.items() if kept]

    def update(self, stretch: Stretch) -> tuple[Kernel, tuple]:
        v = stretch.slots["velocity"]
        mean = stretch.slots["average_gradient"] if self.centered else v
        m = stretch.slots["momentum"] if self.momentum > 0 else v
        numbers = (self._learning_rate, self.rho, self.momentum, self.epsilon, self.centered)
        arguments = (stretch.parameters, stretch.gradients, v, mean, m, *numbers)
        return rmsprop, arguments

    def can_wait(self) -> bool:
        return True

    def pass_by(self, p: Any, slots: Any, had: Any, steps: int, rates: Any) -> None:
        """Without a gradient the averages fade, and so does the momentum, which moves the parameters."""
        missed = steps - had
        for name in ("velocity", "average_gradient"):
            if name in slots:
                slots[name] *= faded(self.rho, missed, p.dtype)
        if self.momentum > 0:
            p -= slots["momentum"] * way(self.momentum, missed, p.dtype)
            slots["momentum"] *= faded(self.momentum, missed, p.dtype)

    def get_config(self) -> dict[str, Any]:
        own = {"rho": self.rho, "momentum": self.momentum, "epsilon": self.epsilon, "centered": self.centered}
        return super().get_config() | own
