"""States of recurrent layers: those given, those kept from batch to batch, and those that a pass ends with."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import NDArray

from minirnn.boundary import as_input
from minirnn.layers.layer import Tape
from minirnn.layers.symbolic import Shape
from minirnn.layers.weight import zeros


def another_batch_size(name: str, kept: int, got: int) -> ValueError:
    """What to raise where a layer's kept states are those of another batch size."""
    return ValueError(
        f"stateful {name} keeps states for a batch of {kept}, got {got} rows; "
        "use one batch size, or call reset_state() first"
    )


class RecurrentStates:
    """A part of `Recurrent`: arrays (batch, units), h, and c of an LSTM."""

    name: str
    dtype: Any
    units: int
    state_count: ClassVar[int]
    states: list[NDArray[Any]] | None
    _were_reset: bool

    def check_state_shapes(self, shapes: list[Shape], batch: int | None) -> None:
        """Raise ValueError unless there are as many initial states as the cell has, (batch, units) each, or none."""
        if shapes and len(shapes) != self.state_count:
            raise ValueError(f"{self.name} has {self.state_count} state(s), got {len(shapes)} in initial_state")
        for shape in shapes:
            if len(shape) != 2 or shape[1] != self.units or (batch or shape[0]) != (shape[0] or batch):
                raise ValueError(f"{self.name}: got an initial_state of shape {shape}, expected {(batch, self.units)}")

    def last_states(self, tape: Tape) -> list[NDArray[Any]]:
        """New arrays (batch, units): h, and c of an LSTM."""
        rows = len(tape.y)
        return [slots[tape.last, :rows, : self.units].copy() for slots in (tape.h, tape.c)[: self.state_count]]

    @property
    def state_size(self) -> list[int]:
        """Units of each state."""
        return [self.units] * self.state_count

    def get_initial_state(self, batch_size: int) -> list[NDArray[Any]]:
        """The states that a sequence begins with unless told otherwise: zeros (batch_size, units)."""
        return [zeros((batch_size, size), self.dtype) for size in self.state_size]

    def _check_kept_states(self, batch: int) -> None:
        if self.states is None or len(self.states[0]) == batch:
            return
        if not self._were_reset:
            raise another_batch_size(self.name, len(self.states[0]), batch)
        self.states = self.get_initial_state(batch)

    def reset_state(self) -> None:
        """Set the states of a stateful layer to zero; the next batch may have another size."""
        if self.states is not None:
            self.states, self._were_reset = self.get_initial_state(len(self.states[0])), True

    reset_states = reset_state

    def check_states(self, initial_state: Any, batch: int) -> list[NDArray[Any]] | None:
        """Initial states as arrays (batch, units); ValueError for another number or shape."""
        if initial_state is None:
            return None
        if not isinstance(initial_state, (list, tuple)):
            initial_state = [initial_state]
        states = [as_input(s, f"{self.name} initial_state", self.dtype) for s in initial_state]
        if not states:
            raise ValueError(f"{self.name} has {self.state_count} state(s), got none in initial_state")
        self.check_state_shapes([state.shape for state in states], batch)
        return states
