"""`Graph`: the calls of layers that lead from a model's inputs to its outputs, in the order of their execution.

The graph is drawn by walking the records of calls (`Node`) back from the outputs. Values have numbers: each step takes
some and makes others. Models inside of models are replaced by their own steps, so that a graph runs layers only.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from minirnn.layers.input import Input, InputLayer
from minirnn.layers.symbolic import KerasTensor, Node, made_by
from minirnn.models.mask_order import MaskStep, MaskSteps
from minirnn.utils.nested import map_leaves


class Step(NamedTuple):
    """One call: the numbers of the values that go in and come out."""

    layer: Any
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class Graph:
    """What lies between `inputs` and `outputs`.

    `nodes` and `layers` are in Keras's order: by their distance from the outputs, then as a walk back from the outputs
    meets them first. `values` is how many numbers the steps use; the inputs have the first. `is_chain` says whether the
    calls follow each other one by one: no branches, no layer called twice. `groups` are the calls of models and of
    layers made of layers, whose own steps are among the `steps`.

    Raises ValueError if an output does not depend on the inputs alone, if calls form a cycle, and if two layers share a
    name.
    """

    def __init__(self, inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor]) -> None:
        self.inputs, self.outputs = list(inputs), list(outputs)
        self.nodes, self.layers, distances = _in_order(self.inputs, self.outputs)
        self.is_chain = (
            len(set(distances.values())) == len(self.nodes) == len(self.layers)
            and max(len(node.input_tensors) for node in self.nodes) <= 1
        )
        _check_names(self.layers)
        self._number()

    def _number(self) -> None:
        numbers = {id(tensor): number for number, tensor in enumerate(self.inputs)}
        self.values = len(self.inputs)
        self.steps: list[Step] = []
        self.groups: list[Step] = []
        for node in self.nodes:
            if not node.input_tensors:
                continue
            taken = tuple(numbers[id(tensor)] for tensor in node.input_tensors)
            inner = inner_graph(node.operation)
            if inner is None:
                made = tuple(range(self.values, self.values + len(node.outputs)))
                self.values += len(made)
                self.steps.append(Step(node.operation.bound(node), taken, made))
            else:
                made = self._insert(inner, taken)
                self.groups.append(Step(node.operation, taken, made))
            numbers.update((id(tensor), number) for tensor, number in zip(node.outputs, made, strict=True))
        self.output_numbers = [numbers[id(tensor)] for tensor in self.outputs]

    def _insert(self, inner: Graph, taken: tuple[int, ...]) -> tuple[int, ...]:
        """The steps of a model inside of this one; the numbers of its outputs."""
        numbers = [*taken, *range(self.values, self.values + inner.values - len(taken))]
        self.values += inner.values - len(taken)
        for found, of_inner in ((self.steps, inner.steps), (self.groups, inner.groups)):
            for layer, inputs, outputs in of_inner:
                found.append(Step(layer, tuple(numbers[i] for i in inputs), tuple(numbers[i] for i in outputs)))
        return tuple(numbers[i] for i in inner.output_numbers)

    @functools.cached_property
    def index_limits(self) -> dict[int, tuple[str, int]]:
        """For each input that Embeddings read: who takes the fewest numbers, and how many (from 0 on)."""
        limits: dict[int, tuple[str, int]] = {}
        for layer, taken, _ in self.steps:
            for number in taken if hasattr(layer, "index_limit") else ():
                if number < len(self.inputs) and layer.index_limit < limits.get(number, ("", math.inf))[1]:
                    limits[number] = layer.name, layer.index_limit
        return limits

    def is_read_as_indices(self, number: int) -> bool:
        """Whether nothing but Embeddings reads an input."""
        readers = [layer for layer, taken, _ in self.steps if number in taken]
        known = [hasattr(layer, "index_limit") for layer in readers]
        return bool(known) and all(known) and number not in self.output_numbers

    def last_layers(self) -> list[Any]:
        """For each output the layer that makes it, None if another step, or another output, reads it, too."""
        read = [number for step in self.steps for number in step.inputs] + self.output_numbers
        makers = {number: step.layer for step in self.steps for number in step.outputs}
        return [makers.get(number) if read.count(number) == 1 else None for number in self.output_numbers]

    def value_shapes(self, shapes: Sequence[tuple]) -> list[tuple]:
        """The shape of every value for those of the inputs. Raises ValueError where a layer cannot take its input."""
        known: list[Any] = [*shapes, *[None] * (self.values - len(shapes))]
        for layer, inputs, outputs in self.steps:
            taken = [known[i] for i in inputs]
            layer.check_input(taken if layer.takes_list else taken[0])
            for number, shape in zip(outputs, layer.output_shapes(taken), strict=True):
                known[number] = tuple(shape)
        return known

    def output_shapes(self, shapes: Sequence[tuple]) -> list[tuple]:
        """The shapes of the outputs for those of the inputs."""
        known = self.value_shapes(shapes)
        return [known[number] for number in self.output_numbers]


def inner_graph(operation: Any) -> Graph | None:
    """The graph of a model within a model, or of a layer that is made of layers."""
    if operation.graph is None and operation.traced is not None:
        operation.graph = Graph(*operation.traced)
    return operation.graph


def from_inputs(inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor]) -> tuple[list, list]:
    """The same tensors if all inputs are Inputs; else new Inputs, and the outputs of the calls repeated on them."""
    if all(isinstance(made_by(tensor).operation, InputLayer) for tensor in inputs):
        return list(inputs), list(outputs)
    stands_for = {id(t): Input(batch_shape=t.shape, dtype=t.dtype, name=f"{t.name}_input") for t in inputs}
    new = [stands_for[id(t)] for t in inputs]

    def replaced(leaf: Any) -> Any:
        return stands_for.get(id(leaf), leaf)

    for node in _in_order(list(inputs), list(outputs))[0]:
        if node.input_tensors:
            args, kwargs = map_leaves(replaced, [list(node.args), node.kwargs])
            node.operation(*args, **kwargs)
            made = node.operation.nodes[-1].outputs
            stands_for.update((id(old), tensor) for old, tensor in zip(node.outputs, made, strict=True))
    return new, [stands_for[id(t)] for t in outputs]


def _walk_back(inputs: list[KerasTensor], outputs: list[KerasTensor]) -> tuple[list[Node], dict[Any, int]]:
    """The calls that the outputs depend on, each after those that it depends on; and when each layer was first met."""
    given = {id(tensor) for tensor in inputs}
    finished: dict[Node, None] = {}
    under_way: set[Node] = set()
    met: dict[Any, int] = {}
    pending = [(made_by(tensor), tensor, False) for tensor in reversed(outputs)]
    while pending:
        node, tensor, leaving = pending.pop()
        if leaving:
            under_way.discard(node)
            finished[node] = None
        elif node in under_way:
            raise ValueError(f"layer {node.operation.name} depends on its own output: a model cannot hold a cycle")
        elif node in finished or (id(tensor) in given and node.input_tensors):
            continue
        elif not node.input_tensors and id(tensor) not in given:
            raise ValueError(
                f"the outputs depend on the input {node.operation.name!r}, which is not among the model's inputs "
                f"({', '.join(t.name for t in inputs)}); add it to inputs"
            )
        else:
            under_way.add(node)
            met.setdefault(node.operation, len(met))
            pending.append((node, tensor, True))
            pending += [(made_by(t), t, False) for t in reversed(node.input_tensors)]
    return list(finished), met


def _in_order(inputs: list[KerasTensor], outputs: list[KerasTensor]) -> tuple[list[Node], list[Any], dict[Node, int]]:
    """Nodes and layers by their distance from the outputs, far ones first, as Keras lists them; and these distances."""
    nodes, met = _walk_back(inputs, outputs)
    within = set(nodes)
    drawn = MaskSteps(nodes)
    depth: dict[Any, int] = dict.fromkeys(nodes, 0)
    layer_depth = dict.fromkeys(met, 0)
    for entry in reversed(drawn.order):
        if entry not in depth:
            continue  # a mask that no layer takes
        if isinstance(entry, Node):
            # A layer that is called twice stands where its farthest call stands.
            depth[entry] = layer_depth[entry.operation] = max(depth[entry], layer_depth[entry.operation])
        for parent in drawn.before[entry]:
            if parent in within or isinstance(parent, MaskStep):
                depth[parent] = max(depth.get(parent, 0), depth[entry] + 1)
    for unused in (made_by(tensor) for tensor in inputs):
        if unused not in within and not unused.input_tensors:
            nodes.append(unused)
            depth[unused], layer_depth[unused.operation], met[unused.operation] = 0, 0, -1
    layers = sorted(met, key=lambda layer: (-layer_depth[layer], met[layer]))
    return sorted(nodes, key=lambda node: -depth[node]), layers, depth


def _check_names(layers: list[Any]) -> None:
    names: set[str] = set()
    for layer in layers:
        if layer.name in names:
            raise ValueError(f"two layers of the model are named {layer.name!r}; give each its own name")
        names.add(layer.name)
