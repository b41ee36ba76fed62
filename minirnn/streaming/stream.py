"""`Stream`: a model that is given one step of time after the other and answers at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import boundary
from minirnn.compat import spelling
from minirnn.layers.weight import Weight
from minirnn.streaming.block import Block
from minirnn.streaming.causality import Design, Kind
from minirnn.streaming.fast_step import fast_step
from minirnn.streaming.state import State
from minirnn.utils.nested import flatten

Array = NDArray[Any]
ROWS_AT_ONCE = 1024  # rows (batch x steps) that `run` takes together
KEPT_BLOCKS = 4


class Stream:
    """Steps of a model, made by `model.stream(batch_size)`.

    >>> import minirnn
    >>> model = minirnn.Sequential([minirnn.Input((None, 2)), minirnn.layers.LSTM(4), minirnn.layers.Dense(1)])
    >>> stream, x = model.stream(), np.ones((1, 5, 2), "float32")
    >>> steps = [stream.step(x[:, t]) for t in range(5)]
    >>> bool((steps[-1] == model.predict(x, verbose=0)).all())
    True

    After any steps the outputs are those of `predict` on the whole sequence so far, bit for bit: the same kernels run,
    and no sum in them depends on how many steps or rows are computed together. Where the model gives a sequence, a step
    gives its newest entry; where it gives one output a sequence (return_sequences=False), that of the sequence so far.

    States are the stream's: several streams of one model do not meet, in one thread or in many (one stream is for one
    thread at a time). Weights are the model's, as they are at the moment: a stream sees training between two steps, and
    keeps its states over it. What stateful layers keep for `predict` is neither read nor changed. Layers that are added
    to a Sequential afterwards are not part of it.

    A model of any inputs and outputs will do whose layers are causal; dropout and noise do nothing. Raises ValueError,
    in one line that names the layer, for one that is not: Bidirectional, go_backwards, attention, pooling over time,
    Conv1D without padding="causal"; for a model that is not built, and for a fixed batch size other than `batch_size`;
    TypeError or ValueError for a `batch_size` that is no whole number of at least 1.
    """

    def __init__(self, model: Any, batch_size: int = 1) -> None:
        self.batch_size = boundary.whole(batch_size, "batch_size")
        if model.graph is None:
            raise ValueError(f"stream: model {model.name} is not built: {model.how_to_build}, first")
        self._model, self._design = model, Design(model.graph)
        for tensor, kind in zip(model.graph.inputs, self._design.kinds, strict=False):
            if tensor.shape[0] not in (None, self.batch_size):
                raise ValueError(f"stream: {tensor.name} has a batch of {tensor.shape[0]}, got batch_size={batch_size}")
            if None in tensor.shape[2 if kind is Kind.SEQUENCE else 1 :]:
                raise ValueError(f"stream: input {tensor.name} of shape {tensor.shape} must be known but for its time")
        self._states: list[list[Array]] = []
        self._arrange()
        self.reset()

    def _arrange(self) -> None:
        """Make the memory that steps work in, around the weights' memory as it is now."""
        self._moves = Weight.moves
        before = self._states
        self._blocks: dict[int, Block] = {}
        one = self._block(1)
        self._rests = [one.shapes[i][2 if self._is_sequence(i) else 1 :] for i in self._design.graph.output_numbers]
        self._fast = fast_step(self._design, self.batch_size)
        if self._fast is not None:
            self._dtype, self._x_shape = self._fast.x.dtype, self._fast.x.shape
            self._shape = (self.batch_size, *self._rests[0])
            self._states = self._fast.states
        else:
            carried = [part.carried for part in self._design.parts if part.carried is not None]
            self._states = [entry.initial(self.batch_size) for entry in carried]
        for own, old in zip(_flat(self._states), _flat(before), strict=False):
            own[...] = old

    # --- steps ---

    def step(self, x: Any, out: Any = None) -> Any:
        """Take one step of time; returns its output, or outputs in the model's nesting.

        `x` is the model's input without its axis of time, (batch, features), for Embeddings (batch,); with a batch of 1
        (features,) and a number will do. Several inputs are a list or a dict by their names; one that has no axis of
        time is given with every step. Outputs are new arrays (batch, ..), or `out`: C-contiguous arrays of their shapes
        and dtypes, in their nesting, which are filled and returned.

        Raises ValueError, and leaves all states as they were, for another shape, NaN and infinity, indices that an
        Embedding does not know, and an `out` that does not fit; TypeError for what holds no numbers.
        """
        fast = self._fast
        if fast is None or self._moves != Weight.moves:
            return self._any_step(x, out)
        dtype = self._dtype
        if not (type(x) is np.ndarray and x.shape == self._x_shape and x.dtype is dtype and x.flags.carray):
            x = self._inputs(x, False)[0]
        if out is None:
            out = np.empty(self._shape, dtype)
        elif not (type(out) is np.ndarray and out.shape == self._shape and out.dtype is dtype and out.flags.carray):
            _check_out(out, self._shape, dtype)
        if not fast.run(x, out, fast.words):
            boundary.check_finite(x, "x")
        self._steps += 1
        return out

    def _any_step(self, x: Any, out: Any) -> Any:
        """`step` for models that have no fast way, and for the first step after the weights have moved."""
        if self._moves != Weight.moves:
            self._arrange()
            return self.step(x, out)
        xs = self._inputs(x, False)
        outs = self._outs(out, ())
        self._take(xs, 1, [own[:, None] for own in outs])
        return self._model._packed(outs) if out is None else out

    def run(self, x: Any, out: Any = None) -> Any:
        """Take many steps; returns the outputs of every one of them.

        `x` is (batch, steps, features), with a batch of 1 also (steps, features); for Embeddings (batch, steps). An
        input that has no axis of time is given once. Outputs are new arrays (batch, steps, ..), or `out`. They equal
        those of `step` bit for bit, and take as long as `predict` does. Raises as `step` does.
        """
        if self._moves != Weight.moves:
            self._arrange()
        xs = self._inputs(x, True)
        steps = next(len(x[0]) for number, x in enumerate(xs) if self._is_sequence(number))
        outs = self._outs(out, (steps,))
        at_once = 1 if self._design.one_by_one else max(1, ROWS_AT_ONCE // self.batch_size)
        for start in range(0, steps, at_once):
            stop = min(start + at_once, steps)
            part = [x[:, start:stop] if self._is_sequence(number) else x for number, x in enumerate(xs)]
            self._take(part, stop - start, [own[:, start:stop] for own in outs])
        return self._model._packed(outs) if out is None else out

    def _take(self, xs: list[Array], steps: int, outs: list[Array]) -> None:
        """Take some steps through a `Block`; `outs` (batch, steps, ..) are filled."""
        block = self._block(steps)
        given = []
        for number, x in enumerate(xs):
            if self._is_sequence(number):
                given.append(np.ascontiguousarray(x).reshape(block.shapes[number]))
            else:
                given.append(np.repeat(x, steps, axis=0))
        ys, new = block.run(given, self._states, first=self._steps == 0)
        for y, own in zip(ys, outs, strict=True):
            own[...] = y.reshape(own.shape)
        for state, after in zip(_flat(self._states), _flat(new), strict=True):
            state[...] = after
        self._steps += steps

    def _block(self, steps: int) -> Block:
        found = self._blocks.get(steps)
        if found is None:
            if len(self._blocks) >= KEPT_BLOCKS:
                self._blocks.clear()
            found = self._blocks[steps] = Block(self._design, self.batch_size, steps)
        return found

    # --- what comes in and goes out ---

    def _is_sequence(self, number: int) -> bool:
        return self._design.kinds[number] is Kind.SEQUENCE

    def _inputs(self, x: Any, many: bool) -> list[Array]:
        """Clean inputs: one step of each sequence, or `many`, which are equally many in all of them."""
        model, graph = self._model, self._design.graph
        single = len(graph.inputs) == 1
        given = [x] if single and not isinstance(x, dict) else model.values_in_order(x)
        if len(given) != len(graph.inputs):
            names = ", ".join(model.input_names)
            raise ValueError(f"stream: {model.name} has {len(graph.inputs)} inputs ({names}), got {len(given)} arrays")
        arrays: list[Array] = []
        steps: int | None = None
        for number, (tensor, value) in enumerate(zip(graph.inputs, given, strict=True)):
            name = "x" if single else f"x[{tensor.name!r}]"
            sequence = self._is_sequence(number)
            rest = tensor.shape[2:] if sequence else tensor.shape[1:]
            shape = (self.batch_size, *((steps,) if many and sequence else ()), *rest)
            if self.batch_size == 1 and np.ndim(value) == len(shape) - 1:
                value = np.asarray(value)[None]
            array = boundary.as_input(value, name, model.input_dtype(number), shape)
            limit = model.index_limits.get(number)
            if limit is not None:
                boundary.check_indices(array, limit[1], f"{name}, read by {limit[0]}")
            steps = array.shape[1] if many and sequence else steps
            arrays.append(array)
        return arrays

    def _outs(self, out: Any, lead: tuple[int, ...]) -> list[Array]:
        """Arrays (batch, *lead, ..) for the outputs: new ones, or those of `out`, if they fit."""
        dtypes = [np.dtype(tensor.dtype) for tensor in self._design.graph.outputs]
        shapes = [(self.batch_size, *lead, *rest) for rest in self._rests]
        if out is None:
            return [np.empty(shape, dtype) for shape, dtype in zip(shapes, dtypes, strict=True)]
        given = flatten(out) if len(shapes) > 1 or isinstance(out, dict) else [out]
        if len(given) != len(shapes):
            raise ValueError(f"stream: got {len(given)} arrays in out, expected {len(shapes)}, one for each output")
        for array, shape, dtype in zip(given, shapes, dtypes, strict=True):
            _check_out(array, shape, dtype)
        return given

    # --- states ---

    @property
    def steps(self) -> int:
        """How many steps were taken since the stream was made or reset."""
        return self._steps

    def reset(self) -> None:
        """Forget all steps: the next one begins a sequence."""
        carried = [part.carried for part in self._design.parts if part.carried is not None]
        for own, first in zip(self._states, [entry.initial(self.batch_size) for entry in carried], strict=True):
            for array, value in zip(own, first, strict=True):
                array[...] = value
        self._steps = 0

    @property
    def state(self) -> State:
        """A snapshot; set to one, the stream goes on from there. It belongs to any stream of the same layers.

        Setting raises TypeError for what is no `State`, ValueError for one of another number, shape or dtype of arrays,
        or with NaN or infinity; the stream is unchanged then.
        """
        return State(self._steps, [array.copy() for array in _flat(self._states)])

    @state.setter
    def state(self, state: State) -> None:
        if not isinstance(state, State):
            raise TypeError(f"stream.state: got {type(state).__name__}, expected the State that stream.state gives")
        own = _flat(self._states)
        if len(state.arrays) != len(own):
            raise ValueError(f"stream.state: got {len(state.arrays)} arrays, expected {len(own)}, one for each state")
        arrays = [np.asarray(array) for array in state.arrays]
        for place, (array, mine) in enumerate(zip(arrays, own, strict=True)):
            if array.shape != mine.shape or array.dtype != mine.dtype:
                raise ValueError(
                    f"stream.state: array {place} is of shape {array.shape} and {array.dtype}, expected "
                    f"{mine.shape} and {mine.dtype}; take a snapshot of a stream of this model and batch size"
                )
            boundary.check_finite(array, f"stream.state, array {place}")
        self._steps = boundary.whole(state.steps, "stream.state steps", 0)
        for array, mine in zip(arrays, own, strict=True):
            mine[...] = array


class Streaming:
    """`Model` inherits this."""

    @spelling.names_nearest
    def stream(self, batch_size: int = 1) -> Stream:
        """This model, one step of time at a time: a `Stream`, which begins with no step seen. Raises as `Stream`."""
        return Stream(self, batch_size)


def _flat(states: list[list[Array]]) -> list[Array]:
    return [array for own in states for array in own]


def _check_out(array: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Raise ValueError unless an array can be filled with an output."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"out: got {type(array).__name__}, expected an array of shape {shape} and {dtype}")
    if array.shape != shape or array.dtype != dtype or not array.flags.carray:
        form = "" if array.flags.carray else ", not C-contiguous and writable"
        raise ValueError(f"out: got shape {array.shape} and {array.dtype}{form}, expected {shape} and {dtype}, C order")
