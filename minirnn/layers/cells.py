"""SimpleRNNCell, LSTMCell, GRUCell: one step of the recurrent layers, as layers of their own."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from minirnn.boundary import as_input
from minirnn.layers.arguments import passed_on
from minirnn.layers.gru import GRU
from minirnn.layers.layer import Layer, Tape
from minirnn.layers.lstm import LSTM
from minirnn.layers.recurrence import Recurrent
from minirnn.layers.simple_rnn import SimpleRNN
from minirnn.layers.symbolic import Shape
from minirnn.layers.unchanged import unchanged
from minirnn.layers.weight import Weight
from minirnn.utils.nested import flatten

Array = NDArray[Any]

_COMMON = ("name", "dtype", "trainable", "activity_regularizer", "autocast")
# What a recurrent layer is told about sequences, and its cell is not.
_OF_SEQUENCES = (
    "return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask",
    "activity_regularizer",
)  # fmt: skip


class Cell(Layer):
    """Base of the cells: `cell(x, states)` is one step, (batch, features) to (output, new states).

    A cell holds the recurrent layer of its kind, of which it is a sequence of length 1: the same weights, equations and
    kernels, forward and backward. `RNN(cell)` runs that layer over whole sequences. Subclasses name it.
    """

    input_rank = 2
    recurrent: ClassVar[type[Recurrent]]

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**{name: arguments.pop(name) for name in _COMMON if name in arguments})
        settings: dict[str, Any] = dict.fromkeys(("return_sequences", "go_backwards", "stateful", "unroll"), False)
        settings |= {"use_cudnn": "auto"} if "recurrent_activation" in arguments else {}
        self.layer = self.recurrent(**arguments, **settings, return_state=True, name=self.name, dtype=self.dtype)

    # --- what RNN asks ---

    @property
    def units(self) -> int:
        return self.layer.units

    @property
    def state_size(self) -> int | list[int]:
        """Units of its state, or a list of those of its states."""
        return self.units if self.layer.state_count == 1 else [self.units] * self.layer.state_count

    @property
    def output_size(self) -> int:
        return self.units

    def get_initial_state(self, batch_size: int | None = None) -> list[Array]:
        """Zeros (batch_size, units), one array for each state."""
        if batch_size is None:
            raise ValueError(f"{self.name}: get_initial_state needs a batch_size, got None")
        return [np.zeros((batch_size, self.units), self.dtype) for _ in range(self.layer.state_count)]

    def over_sequences(self, **settings: Any) -> Recurrent:
        """The recurrent layer of its weights, with other settings: `return_sequences`, `go_backwards` .."""
        layer = copy.copy(self.layer)
        for name, value in settings.items():
            setattr(layer, name, value)
        return layer

    # --- weights ---

    def sublayers(self) -> list[Layer]:
        return [self.layer]

    def build(self, input_shape: Shape) -> None:
        """Make the weights for inputs (batch, features)."""
        self.check_rank(input_shape)
        self.layer.build((input_shape[0], None, input_shape[-1]))
        super().build(input_shape)

    def _named(self, name: str) -> Weight | None:
        found = {weight.name: weight for weight in self.weights}
        return found.get(name)

    kernel = property(lambda self: self._named("kernel"))
    recurrent_kernel = property(lambda self: self._named("recurrent_kernel"))
    bias = property(lambda self: self._named("bias"))

    # --- one step ---

    def call(self, x: Any, states: Any, training: bool = False) -> Any:  # type: ignore[override]
        """One step: (output, new states), arrays (batch, units); states come back as they were given, list or array."""
        x, given = self._checked(x, states)
        y, *new = self.run([x, *given], [], self.run_tape([x.shape], training), training)
        return y, new if isinstance(states, (list, tuple)) else new[0]

    def vjp(self, x: Any, dy: Any = None, states: Any = None, d_states: Any = None) -> tuple:  # type: ignore[override]
        """Gradients of sum(output * dy) + sum(new state * d_state): (dx, of each weight, of each state)."""
        x, given = self._checked(x, states)
        tape = self.run_tape([x.shape], True)
        dys = [dy, *(d_states or [None] * len(given))]
        clean = [None if d is None else as_input(d, "dy", self.dtype) for d in dys]
        with unchanged(self):
            self.run([x, *given], [], tape, True)
        dx, *d_given = self.run_back(clean, tape, [True] * (1 + len(given)))
        return dx, [w.gradient_numpy() for w in self.weights], d_given

    def _checked(self, x: Any, states: Any) -> tuple[Array, list[Array]]:
        x = self.prepare(x)
        given = self.layer.check_states(states, len(x))
        if given is None:
            raise ValueError(f"{self.name} needs states; get_initial_state({len(x)}) makes the first ones")
        return x, given

    def connect(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        y, *new = super().connect(inputs, *args, **kwargs)
        states = args[0] if args else kwargs.get("states")
        return y, new if isinstance(states, (list, tuple)) else new[0]

    def output_shapes(self, shapes: list[Shape]) -> list[Shape]:
        x, *states = shapes
        if not states:
            raise ValueError(f"{self.name} needs states; call it as cell(x, states)")
        self.layer.check_state_shapes(states, x[0])
        return [(x[0], self.units)] * (1 + self.layer.state_count)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """That of the output, (batch, units)."""
        return (input_shape[0], self.units)

    def run_tape(self, shapes: list[tuple[int, ...]], training: bool) -> Tape:
        batch, features = shapes[0]
        return self.layer.run_tape([(batch, 1, features)], training)

    def run(self, xs: list[Array], masks: list[Any], tape: Tape, training: bool) -> list[Array]:
        x, *states = xs
        return self.layer.run([x[:, None, :], *states], [None], tape, training)

    def run_back(self, dys: list[Array | None], tape: Tape, needs: list[bool]) -> list[Array | None]:
        dx, *d_states = self.layer.run_back(dys, tape, needs)
        return [None if dx is None else dx[:, 0], *d_states]

    def run_masks(self, xs: list[Array], masks: list[Any]) -> list[Any]:
        return [None] * (1 + self.layer.state_count)

    def draw_mask(self, xs: list[Any], masks: list[Any], step: Any) -> None:
        """A step has no mask."""

    def get_config(self) -> dict[str, Any]:
        own = super().get_config()
        inner = self.layer.get_config()
        return own | {name: value for name, value in inner.items() if name not in own and name not in _OF_SEQUENCES}


class SimpleRNNCell(Cell):
    """One step of `SimpleRNN`; its arguments are those of the layer.

    >>> cell = SimpleRNNCell(4)
    >>> h, (state,) = cell(np.ones((2, 3)), cell.get_initial_state(2))
    >>> h.shape, bool((h == state).all())
    ((2, 4), True)
    """

    recurrent = SimpleRNN

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed_on(locals()))


class LSTMCell(Cell):
    """One step of `LSTM`, with the states [h, c]; its arguments are those of the layer."""

    recurrent = LSTM

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed_on(locals()))


class GRUCell(Cell):
    """One step of `GRU`, in both conventions; its arguments are those of the layer."""

    recurrent = GRU

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed_on(locals()))


def state_sizes(cell: Any) -> list[int]:
    """The sizes of a cell's states as a flat list, whatever kind of cell."""
    return flatten(list(cell.state_size) if isinstance(cell.state_size, (list, tuple)) else [cell.state_size])


def output_size(cell: Any) -> int:
    """The size of a cell's output: its `output_size`, or that of its first state."""
    size = getattr(cell, "output_size", None)
    return state_sizes(cell)[0] if size is None else size
