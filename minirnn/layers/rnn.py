"""RNN: any cell, or several upon each other, over sequences."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.boundary import as_input, as_mask
from minirnn.layers.cell_loop import CellLoop
from minirnn.layers.cells import Cell, output_size, state_sizes
from minirnn.layers.layer import Layer, Tape
from minirnn.layers.nesting import deserialize_layer, serialize_layer
from minirnn.layers.recurrent_states import another_batch_size
from minirnn.layers.regularized import Penalty, regularized_within
from minirnn.layers.stacked_cells import StackedRNNCells, build_cell, check_cell, initial_state
from minirnn.layers.symbolic import Shape
from minirnn.layers.unchanged import unchanged
from minirnn.utils.nested import flatten, pack_like

Array = NDArray[Any]


class RNN(Layer):
    """A recurrent layer of a cell, a list of cells, or a `StackedRNNCells`.

    Each of minirnn's cells runs on the compiled kernels, as the layer of its kind does: `RNN(LSTMCell(8))` is
    `LSTM(8)`. Cells upon each other are run one after the other over the whole sequence, which gives the same numbers.

    A cell of your own is any object with `call(x, states) -> (output, new states)`, on arrays (batch, ..) and a list of
    them, and `state_size`, a number or a list; `output_size`, `get_initial_state(batch_size)` and `build(shape)` if it
    has them. It runs in a Python loop. To be trained it needs a backward pass, written by hand (`CellLoop`):

        backward(x, states, d_output, d_states) -> (dx, d_states, [gradient of each weight])

    The other arguments are those of `LSTM`; `unroll` changes nothing. States, in `initial_state` and in what a call
    returns, are nested as those of the cell are.

    >>> from minirnn.layers import GRUCell, LSTMCell
    >>> layer = RNN([LSTMCell(4), GRUCell(3)], return_sequences=True)
    >>> layer(np.zeros((2, 5, 1))).shape, layer.count_params()
    ((2, 5, 3), 177)
    """

    takes_mask = True
    holds_layers = True

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        check_cell(cell, "RNN")
        if not all(isinstance(size, (int, np.integer)) for size in state_sizes(cell)):
            raise ValueError(f"RNN: state_size must be whole numbers, one for each state, got {cell.state_size!r:.60}")
        super().__init__(**kwargs)
        self.cell = cell
        self.return_sequences, self.return_state = bool(return_sequences), bool(return_state)
        self.go_backwards, self.stateful, self.unroll = bool(go_backwards), bool(stateful), bool(unroll)
        self.zero_output_for_mask = bool(zero_output_for_mask)
        self.state_size = list(cell.state_size) if isinstance(cell.state_size, (list, tuple)) else [cell.state_size]
        self.states: list[Array] | None = None

    # --- cells ---

    def _cells(self) -> list[Any]:
        """The cells, lowest first."""
        pending, found = [self.cell], []
        while pending:
            cell = pending.pop(0)
            if isinstance(cell, StackedRNNCells):
                pending = [*cell.cells, *pending]
            else:
                found.append(cell)
        return found

    def _stages(self) -> list[Any]:
        """What runs each cell over a sequence: the first reads x, in its direction, and the last gives the output."""
        cells = self._cells()
        stages: list[Any] = []
        for place, cell in enumerate(cells):
            last = place == len(cells) - 1
            settings = {
                "return_sequences": self.return_sequences or not last,
                "go_backwards": self.go_backwards and place == 0,
                "zero_output_for_mask": self.zero_output_for_mask and last,
            }
            if isinstance(cell, Cell):
                stages.append(cell.over_sequences(**settings))
            else:
                stages.append(CellLoop(cell, getattr(cell, "dtype", self.dtype), **settings))
        return stages

    def sublayers(self) -> list[Layer]:
        return [self.cell] if isinstance(self.cell, Layer) else []

    # --- weights, shapes, masks ---

    def build(self, input_shape: Shape) -> None:
        """Build the cells for a step of inputs of this batch shape."""
        self.check_rank(input_shape)
        shape = (input_shape[0], *input_shape[2:])
        if isinstance(self._cells()[0], Cell) and shape[-1] is None:
            raise ValueError(f"{self.name} needs a known number of features, got shape {tuple(input_shape)}")
        build_cell(self.cell, shape)
        self.input_shape, self.built = tuple(input_shape), True

    def check_rank(self, shape: Shape) -> None:
        ours = isinstance(self._cells()[0], Cell)
        if len(shape) != 3 if ours else len(shape) < 3:
            raise ValueError(
                f"{self.name} expects 3 dimensions (batch, time, features), got shape {tuple(shape)}; reshape the input"
            )

    def check_input(self, shape: Shape) -> None:
        """ValueError for what does not fit the first cell, which may be built already, for another layer."""
        self.check_rank(shape)
        first = self._cells()[0]
        if isinstance(first, Layer) and first.input_shape is not None:
            first.check_input((shape[0], *shape[2:]))

    def compute_output_shape(self, input_shape: Shape) -> Any:
        batch, time = input_shape[:2]
        size = output_size(self.cell)
        output = (batch, time, size) if self.return_sequences else (batch, size)
        return (output, *self._nested([(batch, n) for n in state_sizes(self.cell)])) if self.return_state else output

    def _nested(self, flat: list[Any]) -> list[Any]:
        """A flat list of states in the nesting of the cell's `state_size`."""
        return pack_like(self.state_size, flat)

    def compute_mask(self, x: Array, mask: Array | None) -> Array | None:
        return mask if self.return_sequences else None

    def draw_mask(self, xs: list[Any], masks: list[Any], step: Callable[..., Any]) -> Any:
        return masks[0] if self.return_sequences else None

    # --- as a step of a graph ---

    def output_shapes(self, shapes: list[Shape]) -> list[Shape]:
        (batch, time, *_), *states = shapes
        self._check_state_shapes(states, batch)
        size = output_size(self.cell)
        output = (batch, time, size) if self.return_sequences else (batch, size)
        return [output, *((batch, n) for n in state_sizes(self.cell) if self.return_state)]

    def _check_state_shapes(self, shapes: list[Shape], batch: int | None) -> None:
        sizes = state_sizes(self.cell)
        if shapes and len(shapes) != len(sizes):
            raise ValueError(f"{self.name} has {len(sizes)} state(s), got {len(shapes)} in initial_state")
        for shape, size in zip(shapes, sizes, strict=False):
            if len(shape) != 2 or shape[1] != size or (batch or shape[0]) != (shape[0] or batch):
                raise ValueError(f"{self.name}: got an initial_state of shape {shape}, expected {(batch, size)}")

    def connect(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        made = super().connect(inputs, *args, **kwargs)
        return [made[0], *self._nested(made[1:])] if self.return_state else made

    def run_tape(self, shapes: list[tuple[int, ...]], training: bool) -> Tape:
        t = Tape()
        t.stages, t.tapes, shape = self._stages(), [], shapes[0]
        for stage, cell in zip(t.stages, self._cells(), strict=True):
            t.tapes.append(stage.run_tape([shape], training))
            shape = (*shape[:2], output_size(cell))
        return t

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        return self.run_tape([shape], training)

    def run(self, xs: list[Array], masks: list[Any], tape: Tape, training: bool) -> list[Array]:
        x, *initial = xs
        if self.stateful and not initial:
            initial = self._kept_states(len(x))
        mask, last = masks[0], []
        for place, (stage, inner) in enumerate(zip(tape.stages, tape.tapes, strict=True)):
            states, initial = initial[: stage.state_count], initial[stage.state_count :]
            given = [a.astype(stage.dtype, copy=False) for a in (x, *states)]
            x, *new = stage.run(given, [mask], inner, training)
            last += new
            if place == 0 and self.go_backwards and mask is not None:
                mask = np.ascontiguousarray(mask[:, ::-1])
        if self.stateful:
            self.states = last
        results = [x, *last] if self.return_state else [x]
        return [a.astype(self.dtype, copy=False) for a in results]

    def forward(self, x: Array, mask: Array | None, tape: Tape, training: bool) -> Array:
        return self.run([x], [mask], tape, training)[0]

    def run_back(self, dys: list[Array | None], tape: Tape, needs: list[bool]) -> list[Array | None]:
        dy, *d_last = dys
        d_last = d_last or [None] * len(state_sizes(self.cell))
        d_initial: list[Any] = []
        cells = self._cells()
        for place in reversed(range(len(cells))):
            stage, cell, inner = tape.stages[place], cells[place], tape.tapes[place]
            d_last, d_new = d_last[: -stage.state_count], d_last[-stage.state_count :]
            if isinstance(cell, Cell):
                stage._trainable = cell.trainable
            below = place > 0
            given = [None if d is None else np.ascontiguousarray(d, stage.dtype) for d in (dy, *d_new)]
            wanted = [below or needs[0], *[any(needs[1:])] * stage.state_count]
            dy, *d_states = stage.run_back(given, inner, wanted)
            d_initial = [*d_states, *d_initial]
        found = [dy if needs[0] else None, *d_initial[: len(needs) - 1]]
        return [None if d is None else d.astype(self.dtype, copy=False) for d in found]

    def backward(self, dy: Array, tape: Tape, need_dx: bool) -> Array | None:
        return self.run_back([dy], tape, [need_dx])[0]

    def activities(self, tape: Tape) -> Iterable[Penalty]:
        """Raises NotImplementedError: within it are cells, of which there are no single steps to penalise."""
        if cells := regularized_within(self):
            raise NotImplementedError(
                f"{self.name}: the activity_regularizer of {cells[0].name} cannot count step by step; "
                "give it to the RNN"
            )
        return ()

    def run_masks(self, xs: list[Array], masks: list[Any]) -> list[Any]:
        states = len(state_sizes(self.cell)) if self.return_state else 0
        return [self.compute_mask(xs[0], masks[0]), *[None] * states]

    # --- calls on arrays ---

    def call(self, x: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        """Compute on an array (batch, time, features): the output, with return_state a list of it and the last states.

        `mask` is boolean (batch, time); `initial_state` is nested as the cell's states, (batch, size) each.
        """
        x, mask, states = self._checked(x, mask, initial_state)
        y, *last = self.run([x, *states], [mask], self.run_tape([x.shape], training), training)
        return [y, *self._nested(last)] if self.return_state else y

    def vjp(self, x: Any, dy: Any = None, mask: Any = None, initial_state: Any = None, d_states: Any = None) -> tuple:
        """Gradients of sum(output * dy) + sum(last state * d_state): (dx, of each weight, of each initial state)."""
        x, mask, states = self._checked(x, mask, initial_state)
        tape = self.run_tape([x.shape], True)
        with unchanged(self):
            self.run([x, *states], [mask], tape, True)
        dys = [dy, *flatten(d_states if d_states is not None else [None] * len(state_sizes(self.cell)))]
        clean = [None if d is None else as_input(d, "dy", self.dtype) for d in dys]
        dx, *d_initial = self.run_back(clean, tape, [True] * (1 + len(states)))
        return dx, [w.gradient_numpy() for w in self.weights], d_initial

    def _checked(self, x: Any, mask: Any, initial_state: Any) -> tuple[Array, Array | None, list[Array]]:
        x = self.prepare(x)
        mask = None if mask is None else as_mask(mask, x.shape[:2], self.name)
        given = [] if initial_state is None else flatten(initial_state)
        states = [as_input(s, f"{self.name} initial_state", self.dtype) for s in given]
        self._check_state_shapes([state.shape for state in states], len(x))
        return x, mask, states

    # --- states ---

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """What a sequence begins with: the cell's own initial states, or zeros."""
        found = initial_state(self.cell, batch_size, self.dtype)
        return list(found) if isinstance(found, (list, tuple)) else [found]

    def _kept_states(self, batch: int) -> list[Array]:
        if self.states is not None and len(self.states[0]) != batch:
            raise another_batch_size(self.name, len(self.states[0]), batch)
        return self.states or []

    def reset_state(self) -> None:
        """Forget the states of a stateful layer."""
        self.states = None

    reset_states = reset_state

    # --- configuration ---

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "unroll": self.unroll,
            "zero_output_for_mask": self.zero_output_for_mask,
            "cell": serialize_layer(self.cell),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Layer:
        """The layer of a configuration, of minirnn or of Keras, with new weights."""
        return cls(**config | {"cell": deserialize_layer(config["cell"], custom_objects)})
