"""Adagrad."""

from __future__ import annotations

from typing import Any

from minirnn.jit import Kernel
from minirnn.kernels.optimizers import adagrad
from minirnn.optimizers.checks import in_float32, not_negative, positive
from minirnn.optimizers.optimizer import Optimizer
from minirnn.training.arena import Stretch


class Adagrad(Optimizer):
    """Divides by the root of all squared gradients so far (Duchi et al. 2011); equations in `kernels.optimizers`."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        *options: Any,
        **arguments: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **arguments)
        self.initial_accumulator_value = not_negative(initial_accumulator_value, "initial_accumulator_value")
        self.epsilon = positive(epsilon, "epsilon")

    def slot_groups(self) -> list[tuple[str, ...]]:
        return [("accumulator",)]

    def slot_start(self, slot: str) -> float:
        # Keras rounds it to float32, whatever the dtype.
        return in_float32(self.initial_accumulator_value) if slot == "accumulator" else super().slot_start(slot)

    def update(self, stretch: Stretch) -> tuple[Kernel, tuple]:
        a = stretch.slots["accumulator"]
        return adagrad, (stretch.parameters, stretch.gradients, a, self._learning_rate, self.epsilon)

    def can_wait(self) -> bool:
        return True

    def pass_by(self, p: Any, slots: Any, had: Any, steps: int, rates: Any) -> None:
        """Without a gradient nothing changes."""

    def get_config(self) -> dict[str, Any]:
        own = {"initial_accumulator_value": self.initial_accumulator_value, "epsilon": self.epsilon}
        return super().get_config() | own
