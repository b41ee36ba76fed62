"""Which models can run a step at a time: every output of theirs looks at the steps so far, and at no later one.

Each value of a graph is of one of three kinds:

    sequence    (batch, time, ..)  one entry for each step
    latest      (batch, ..)        of all steps so far: what a recurrent layer with return_sequences=False gives, its
                                   last states, and whatever is computed of these
    fixed       (batch, ..)        of inputs without an axis of time

A layer that takes a sequence must give a sequence whose step t depends on step t alone, or carry what it knows of
earlier steps from step to step. Values of the other kinds are rows: any layer may do anything with them.
"""

from __future__ import annotations

import copy
from enum import Enum
from typing import Any, NamedTuple

from minirnn.layers import Bidirectional, Conv1D
from minirnn.layers.recurrence import Recurrent
from minirnn.layers.regularized import with_sublayers
from minirnn.layers.rnn import RNN
from minirnn.streaming.carried import CarriedRecurrent, CarriedWindow
from minirnn.training.truncation import STEP_BY_STEP

Kind = Enum("Kind", "SEQUENCE LATEST FIXED")

_REASONS = {
    "Attention": "looks at all steps at once",
    "Dot": "multiplies all steps with each other",
    "_GlobalPooling": "pools over the whole sequence; take a recurrent layer with return_sequences=False",
    "_Pooling": "makes one step of several",
    "_Resizing": "changes the number or the order of steps",
    "_View": "mixes steps; put it into a TimeDistributed",
    "Lambda": "may look at other steps; put it into a TimeDistributed",
    "OwnCall": "may look at other steps; put it into a TimeDistributed",
}


class Part(NamedTuple):
    """One step of a graph: a layer and the numbers of its values. `carried` keeps states, None if there are none.

    `per_step`: whether it runs on sequences, or else on rows; `final`: a sequence comes in and the latest goes out.
    """

    layer: Any
    carried: Any
    taken: tuple[int, ...]
    made: tuple[int, ...]
    per_step: bool
    final: bool


class Design:
    """How a built model is run step by step.

    `parts` in the order of execution; `kinds` of all values, the inputs first; `one_by_one` says that several steps
    cannot be taken together, as something of each is asked that layers give for the last step only.

    Raises ValueError, in one line that names the layer, for a model that is not causal.
    """

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        shapes = graph.value_shapes([tensor.shape for tensor in graph.inputs])
        self.kinds: list[Any] = [None] * graph.values
        for number in range(len(graph.inputs)):
            indices = graph.is_read_as_indices(number) and len(shapes[number]) == 2
            self.kinds[number] = Kind.SEQUENCE if len(shapes[number]) > 2 or indices else Kind.FIXED
        if Kind.SEQUENCE not in self.kinds:
            raise ValueError("stream: the model has no input with an axis of time, (batch, time, ..)")
        self.one_by_one = False
        self.parts = [self._part(step, shapes) for step in graph.steps]

    def _part(self, step: Any, shapes: list[tuple]) -> Part:
        layer, taken, made = step
        kinds = [self.kinds[i] for i in taken]
        if Kind.SEQUENCE not in kinds:
            for number in made:
                self.kinds[number] = Kind.LATEST if Kind.LATEST in kinds else Kind.FIXED
            if getattr(layer, "stateful", False):
                layer = copy.copy(layer)
                layer.stateful = False
            self.one_by_one |= bool(layer.own_call)
            return Part(layer, None, taken, made, False, False)
        carried = carried_by(layer)
        if carried is None:
            check_step_by_step(layer, kinds, len(shapes[made[0]]))
        elif kinds[0] is not Kind.SEQUENCE or any(kind is not Kind.FIXED for kind in kinds[1:]):
            raise refusal(layer, "begins with a state that depends on a sequence, which is not known before its end")
        final = isinstance(layer, (Recurrent, RNN)) and not layer.return_sequences
        for place, number in enumerate(made):
            self.kinds[number] = Kind.LATEST if carried is not None and (final or place) else Kind.SEQUENCE
        self.one_by_one |= len(made) > 1
        return Part(layer, carried, taken, made, True, final)


def carried_by(layer: Any) -> Any:
    """What runs a layer that knows earlier steps; None for one that knows none. ValueError if it knows later ones."""
    if isinstance(layer, (Recurrent, RNN)):
        if layer.go_backwards:
            raise refusal(layer, "goes backwards, from the end of the sequence; leave go_backwards out")
        cells = layer._cells() if isinstance(layer, RNN) else []
        if any(getattr(cell, "dtype", layer.dtype) != layer.dtype for cell in cells):
            raise refusal(layer, "has cells of another dtype; use one dtype")
        return CarriedRecurrent(layer)
    if isinstance(layer, Bidirectional):
        raise refusal(layer, "reads the sequence from its end, too; use the forward layer alone")
    if isinstance(layer, Conv1D):
        if layer.windows.stride > 1:
            raise refusal(layer, "skips steps; set strides=1")
        if layer.windows.reach == 1:
            return None
        if layer.padding != "causal":
            raise refusal(layer, "looks at windows that end later; set padding='causal'")
        return CarriedWindow(layer)
    return None


def check_step_by_step(layer: Any, kinds: list[Kind], rank: int) -> None:
    """Raise ValueError unless step t of what the layer makes of sequences depends on their steps t alone."""
    if any(kind is not Kind.SEQUENCE for kind in kinds):
        raise refusal(layer, "joins a sequence with a value that has no axis of time")
    names = {cls.__name__ for cls in type(layer).__mro__} | {cls.__name__ for cls in _inner(layer).__mro__}
    axis = getattr(layer, "axis", -1)
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    along_time = any(isinstance(a, int) and a % rank == 1 for a in axes)
    if isinstance(layer, Conv1D) and not along_time:
        return
    reason = next((reason for name, reason in _REASONS.items() if name in names), "")
    if reason or along_time or not names & STEP_BY_STEP or layer.own_call:
        raise refusal(layer, reason or ("works along the axis of time" if along_time else _REASONS["Lambda"]))
    for inner in with_sublayers(layer):
        if inner is not layer and getattr(inner, "stateful", False):
            raise refusal(layer, f"holds the stateful {inner.name}, whose states are not the stream's")


def refusal(layer: Any, reason: str) -> ValueError:
    """The error for a layer that does not go forward in time only."""
    return ValueError(f"stream: {layer.name} ({_inner(layer).__name__}) {reason}")


def _inner(layer: Any) -> type:
    """The class of a layer, or of that which a call with arguments of its own is bound to."""
    return type(getattr(layer, "layer", layer) if type(layer).__name__.endswith("Call") else layer)
