"""What a picture of a model shows: boxes for layers, frames for models within it, and arrows between boxes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from minirnn.models.model import Model
from minirnn.models.sequential import Sequential
from minirnn.utils.nested import map_leaves


@dataclass
class Shown:
    """Which lines a box has below its title, and whether models within the model are opened."""

    shapes: bool = False
    dtype: bool = False
    layer_names: bool = False
    activations: bool = False
    trainable: bool = False
    nested: bool = False


@dataclass(eq=False)
class Box:
    """A layer: its title and the lines below."""

    title: str
    lines: list[str]
    is_input: bool = False


@dataclass(eq=False)
class Frame:
    """A model: boxes and frames of its layers, in its order."""

    title: str
    members: dict[Any, Any] = field(default_factory=dict)  # Box or Frame by layer
    arrows: list[tuple[Box, Box]] = field(default_factory=list)  # between boxes at any depth of it


def diagram(model: Any, shown: Shown) -> Frame:
    """The picture of a built model, layer by layer: one that is called twice is one box, with arrows to and from both.

    Raises TypeError for anything but a model, ValueError for one that is not built.
    """
    if not isinstance(model, Model):
        raise TypeError(f"a picture needs a model, got {type(model).__name__}")
    if not model.built:
        raise ValueError(f"model {model.name} is not built and has no picture: {model.how_to_build}, first")
    frame = Frame(model.name)
    for layer in model.layers:
        opened = shown.nested and isinstance(layer, Model)
        frame.members[layer] = diagram(layer, shown) if opened else _box(layer, shown)
    within = set(model.graph.nodes)
    arrows: dict[tuple[Box, Box], None] = {}
    for layer in model.layers:
        for node in (node for node in layer.nodes if node in within):
            for place, tensor in enumerate(node.input_tensors):
                source, _, output = tensor._keras_history  # type: ignore[misc]
                if source in frame.members:  # not the input of a Sequential, which is not shown
                    arrows[_source(frame, source, output), _target(frame, layer, place)] = None
    frame.arrows = list(arrows)
    return frame


def _source(frame: Frame, layer: Any, output: int) -> Box:
    """The box that output number `output` of a layer comes from."""
    member = frame.members[layer]
    if isinstance(member, Box):
        return member
    inner, _, place = layer.outputs[output]._keras_history
    return _source(member, inner, place)


def _target(frame: Frame, layer: Any, place: int) -> Box:
    """The box that input number `place` of a layer goes to."""
    member = frame.members[layer]
    if isinstance(member, Box):
        return member
    inner = layer.layers[0] if isinstance(layer, Sequential) else layer.inputs[place]._keras_history.operation
    return _target(member, inner, place)


def _box(layer: Any, shown: Shown) -> Box:
    kind = type(layer).__name__
    is_input = kind == "InputLayer"
    lines = []
    activation = getattr(layer, "activation", None)
    if shown.activations and activation is not None:
        lines.append(f"Activation: {getattr(activation, '__name__', activation)}")
    if shown.shapes and not is_input:
        lines.append(f"Input shape: {map_leaves(lambda t: t.shape, layer.input)}")
    if shown.shapes:
        lines.append(f"Output shape: {map_leaves(lambda t: t.shape, layer.output)}")
    if shown.dtype:
        lines.append(f"Output dtype: {map_leaves(lambda t: t.dtype, layer.output)}")
    if shown.trainable and layer.weights:
        lines.append("Trainable" if layer.trainable else "Non-trainable")
    return Box(f"{layer.name} ({kind})" if shown.layer_names else kind, lines, is_input)
