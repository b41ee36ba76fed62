"""Where each recurrent layer of a model stands: what it reads, and who reads what it gives."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from minirnn.layers import RNN
from minirnn.layers.calls import BoundCall
from minirnn.training.run import Run

INPUT, OUTPUT = "input", "output"
# Whose features are those that they read.
_KEEP_FEATURES = ("Masking", "Dropout", "SpatialDropout1D", "GaussianNoise", "GaussianDropout", "Normalization",
                  "Rescaling", "Identity")  # fmt: skip


class Neighbour(NamedTuple):
    """A layer beside another, by its name and class; or an end of the model, whose kind is `INPUT` or `OUTPUT`."""

    name: str
    kind: str


class Whereabouts(NamedTuple):
    """`holder`, if the layer stands within another, such as a Bidirectional.

    `reads_input` says that the features it reads are those of an input of the model.
    """

    before: list[Neighbour]
    after: list[Neighbour]
    holder: Neighbour | None
    reads_input: bool


def whereabouts(model: Any, run: Run, names: list[str]) -> dict[str, Whereabouts]:
    """Those of the traced layers `names`, in the order and under the names of `study.model_trace`."""
    steps = _named(run)
    makers = {number: [Neighbour(t.name, INPUT)] for number, t in zip(run.inputs, model.graph.inputs, strict=True)}
    readers: dict[int, list[Neighbour]] = {}
    of_input = set(run.inputs)
    for name, layer, taken, made in steps:
        me = Neighbour(name, type(layer).__name__)
        makers.update(dict.fromkeys(made, [me]))
        if me.kind in _KEEP_FEATURES and of_input.issuperset(taken):
            of_input.update(made)
        for number in taken:
            readers.setdefault(number, []).append(me)
    for number, name in zip(run.output_numbers, model.output_names, strict=True):
        readers.setdefault(number, []).append(Neighbour(name, OUTPUT))
    of_step = {
        name: (
            layer,
            _each_once([other for number in taken for other in makers[number]]),
            _each_once([other for number in made for other in readers.get(number, [])]),
            taken[0] in of_input,
        )
        for name, layer, taken, made in steps
    }
    found = {}
    for name in names:
        # A layer's own name may hold a "/" itself.
        step = max((step for step in of_step if name == step or name.startswith((f"{step}/", f"{step}["))), key=len)
        found[name] = _within(name, name == step, names, *of_step[step])
    return found


def _named(run: Run) -> list[tuple[str, Any, tuple[int, ...], tuple[int, ...]]]:
    """(name, layer, numbers taken, numbers made) of each step; the second call of a layer is `name:2`."""
    seen: Counter[str] = Counter()
    found = []
    for step in run.steps:
        layer = step[0].layer if isinstance(step[0], BoundCall) else step[0]
        seen[layer.name] += 1
        name = layer.name if seen[layer.name] == 1 else f"{layer.name}:{seen[layer.name]}"
        taken, made = ((end,) if isinstance(end, int) else tuple(end) for end in step[4:6])
        found.append((name, layer, taken, made))
    return found


def _within(
    name: str, itself: bool, names: list[str], layer: Any, before: list[Neighbour], after: list[Neighbour],
    reads_input: bool,
) -> Whereabouts:  # fmt: skip
    """The whereabouts of a traced layer, which is the step's `layer` `itself` or stands within it."""
    if itself:
        return Whereabouts(before, after, None, reads_input)
    if isinstance(layer, RNN):  # its cells hand their states up
        stack = [other for other in names if other.rpartition("/")[0] == name.rpartition("/")[0]]
        place = stack.index(name)
        reads_input = reads_input and place == 0
        before = before if place == 0 else [Neighbour(stack[place - 1], "")]
        after = after if place == len(stack) - 1 else [Neighbour(stack[place + 1], "")]
    return Whereabouts(before, after, Neighbour(layer.name, type(layer).__name__), reads_input)


def _each_once(neighbours: list[Neighbour]) -> list[Neighbour]:
    return list(dict.fromkeys(neighbours))
