"""`UnitVectors`: LSTM cells with weights that are no matrices: vectors, a number for each unit."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from minirnn.layers.layer import Tape
from minirnn.layers.lstm import LSTM
from minirnn.layers.weight import PlainLayout, Weight


class UnitVectors(LSTM):
    """Base of LSTM cells whose gates or sums have vectors of their own, beside the matrices and the bias.

    Such a weight is (n units,): n vectors, side by side. The kernels find all of them behind the slots of c, in the
    order in which `add_vectors` made them, and leave their gradients, for each batch row by itself, behind dc: sums
    over time alone, so that the threads, which share the rows, never meet. Subclasses call `add_vectors` in `build`,
    and say in `vector_count` how many vectors there are.
    """

    vector_count: int

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self._vectors: list[Weight] = []

    def add_vectors(self, name: str, count: int, initializer: Any) -> None:
        """A weight of `count` vectors."""
        weight = self.add_weight(name, (count * self.units,), initializer, PlainLayout(self.dtype))
        self._vectors.append(weight)

    def slots_behind_c(self, slots: int, batch: int, padded: int) -> int:
        return -(-self.vector_count // batch)

    def blocks_of_dc(self) -> int:
        return 1 + self.vector_count

    def new_tape(self, shape: tuple[int, ...], training: bool, dropping: bool | None = None) -> Tape:
        t = super().new_tape(shape, training, dropping)
        padded = t.h.shape[2]
        rows = t.c.reshape(-1)[t.h.size : t.h.size + self.vector_count * padded]
        t.vectors = rows.reshape(self.vector_count, padded)
        return t

    def forward(
        self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool, initial_state: Any = None
    ) -> NDArray[Any]:
        first = 0
        for weight in self._vectors:
            values = weight.layout.view(weight.packed, weight.shape).reshape(-1, self.units)
            tape.vectors[first : first + len(values), : self.units] = values
            first += len(values)
        return super().forward(x, mask, tape, training, initial_state)

    def backward(
        self, dy: NDArray[Any] | None, tape: Tape, need_dx: bool, d_states: Any = None, to_initial: bool = False
    ) -> NDArray[Any] | None:
        sums = tape.dc[len(tape.x) :]
        sums[...] = 0.0
        dx = super().backward(dy, tape, need_dx, d_states, to_initial)
        if self.trainable:
            self.set_vector_gradients(sums.reshape(-1, len(tape.x), sums.shape[1])[:, :, : self.units].sum(axis=1))
        return dx

    def set_vector_gradients(self, sums: NDArray[Any]) -> None:
        """Take the vectors' gradients (vectors, units), of the whole batch."""
        first = 0
        for weight in self._vectors:
            gradient = weight.layout.view(weight.gradient, weight.shape).reshape(-1, self.units)
            gradient[...] = sums[first : first + len(gradient)]
            first += len(gradient)
