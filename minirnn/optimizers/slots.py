"""What an optimizer keeps for every weight: its slots, in arenas beside the weights, and as variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.layers.weight import Weight
from minirnn.optimizers.variable import OptimizerVariable
from minirnn.training.arena import Arena, arenas_of


class Slotted:
    """A part of `Optimizer`: slots, made at the first step, and everything that it keeps as variables."""

    name: str
    built: bool
    use_ema: bool
    gradient_accumulation_steps: int | None
    _iterations: int
    _learning_rate: float
    _rate_dtype: str
    _schedule: Callable[..., Any] | None
    _arenas: list[Arena]
    _slot_variables: list[OptimizerVariable]

    def slot_groups(self) -> list[tuple[str, ...]]:
        """Names of the slots it keeps for every weight, in Keras's order: group by group, weight by weight."""
        return []

    def slot_start(self, slot: str) -> float:
        """What the numbers of a slot are at first."""
        return 0.0

    def own_variables(self) -> list[OptimizerVariable]:
        """What it keeps besides slots."""
        return []

    def build(self, weights: list[Weight]) -> None:
        """Make the slots for these weights. They are all it will ever train: a second call does nothing."""
        if self.built:
            return
        options = {"average": self.use_ema, "gradient_accumulator": self.gradient_accumulation_steps is not None}
        groups = [*((slot,) for slot, kept in options.items() if kept), *self.slot_groups()]
        self._arenas = arenas_of(weights, tuple(name for group in groups for name in group))
        for arena in self._arenas:
            for name, slot in arena.slots.items():
                slot[...] = self.slot_start(name)
        place = {weight: arena for arena in self._arenas for weight in arena.places}
        self._slot_variables = [
            self._slot_variable(name, weight, place[weight].slot(name, weight))
            for group in groups
            for weight in weights
            for name in group
        ]
        self.built = True

    def _slot_variable(self, slot: str, weight: Weight, packed: NDArray[Any]) -> OptimizerVariable:
        name = f"{weight.path.replace('/', '_')}_{slot}"

        def read() -> NDArray[Any]:
            weight.settle()
            return weight.layout.unpack(packed, weight.shape)

        def write(value: NDArray[Any]) -> None:
            weight.settle()
            weight.layout.pack(value, packed)

        return OptimizerVariable(self.name, name, weight.shape, weight.dtype, read, write)

    @property
    def variables(self) -> list[OptimizerVariable]:
        """Step count, learning rate (unless it is scheduled) and, once built, the slots of every weight, as Keras."""

        def variable(name: str, attribute: str, dtype: str, kind: type) -> OptimizerVariable:
            def write(value: NDArray[Any]) -> None:
                setattr(self, attribute, kind(value))

            return OptimizerVariable(
                self.name, name, (), dtype, lambda: np.array(getattr(self, attribute), dtype), write
            )

        count = variable("iteration", "_iterations", "int64", int)
        rate = variable("learning_rate", "_learning_rate", self._rate_dtype, float)
        rates = [rate] if self._schedule is None else []
        return [count, *rates, *self._slot_variables, *(self.own_variables() if self.built else [])]

    def _arena_of(self, weight: Weight) -> Arena:
        for arena in self._arenas:
            if weight in arena.places:
                return arena
        raise ValueError(
            f"optimizer {self.name} keeps nothing for {weight.path}, which was not trainable at its first "
            "step: compile with a new optimizer"
        )
