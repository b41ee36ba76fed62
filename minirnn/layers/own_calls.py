"""Calls of layers of the user's own: as steps of a graph, what they give, and how their arguments are read."""

from __future__ import annotations

from typing import Any

import numpy as np

from minirnn.boundary import as_input
from minirnn.layers.calls import BoundCall
from minirnn.layers.input import Input
from minirnn.layers.symbolic import KerasTensor, Shape, symbolic_tensors
from minirnn.layers.tape import Tape
from minirnn.layers.tracing import takes, traced
from minirnn.layers.unchanged import unchanged
from minirnn.utils.nested import flatten, map_leaves, pack_like

_TRIALS = (2, 3)  # lengths that stand for an unknown one


class OwnCall(BoundCall):
    """A call of an own layer: `call` on arrays in place of the tensors of its record, and `backward`."""

    def __init__(self, layer: Any, args: tuple, kwargs: dict[str, Any], outputs: int) -> None:
        super().__init__(layer, {})
        self.args, self.kwargs, self.outputs = args, kwargs, outputs

    def check_input(self, shapes: Any) -> None:
        """Nothing: `call` says what it takes."""

    def output_shapes(self, shapes: list[Shape]) -> list[Shape]:
        """Batch shapes of all outputs for those of all inputs."""
        tensors = iter([KerasTensor(shape, self.layer.dtype) for shape in shapes])
        args, kwargs = self._filled(tensors)
        return [tensor.shape for tensor in flatten(outputs_of(self.layer, args, kwargs))]

    def _filled(self, values: Any) -> tuple[tuple, dict[str, Any]]:
        """The arguments of the call with values in place of its tensors."""
        args, kwargs = map_leaves(
            lambda leaf: next(values) if isinstance(leaf, KerasTensor) else leaf, [list(self.args), self.kwargs]
        )
        return tuple(args), kwargs

    def run_tape(self, shapes: list[tuple[int, ...]], training: bool) -> Tape:
        """A tape: `call` and `backward` may leave and find what they like on it."""
        return Tape()

    def run(self, xs: list[Any], masks: list[Any], tape: Tape, training: bool) -> list[Any]:
        """`call`; its results as arrays of the layer's dtype."""
        layer = self.layer
        args, kwargs = self._filled(iter(xs))
        kwargs["training"] = training
        if any(mask is not None for mask in masks):
            given_masks, _ = self._filled(iter(masks))
            kwargs["mask"] = given_masks[0]
        results = layer.call(*args, **understood(layer, kwargs, tape))
        tape.xs, tape.given, tape.results, tape.training = xs, (args, kwargs), results, training
        tape.ys = [array_of(layer, y) for y in flatten(results)]
        return tape.ys

    def run_back(self, dys: list[Any], tape: Tape, needs: list[bool]) -> list[Any]:
        """`backward`: sets the gradients of the weights; the gradient of each input that `needs` one."""
        layer = self.layer
        if not has_backward(layer):
            raise NotImplementedError(
                f"{layer.name}: to train through it {type(layer).__name__} needs backward(self, dy, x), which returns "
                "dx, or (dx, [gradient of each weight])"
            )
        dys = [np.zeros_like(y) if dy is None else dy for dy, y in zip(dys, tape.ys, strict=True)]
        args, kwargs = tape.given
        if not takes(layer.call, "y"):
            kwargs = {**kwargs, "y": tape.results}
        given = understood(layer, kwargs, tape, layer.backward)
        result = layer.backward(pack_like(tape.results, dys), *args, **given)
        weights = [w for w in layer.weights if w.trainable]
        if weights:
            result = self._with_weights(result, weights)
        dxs = [array_of(layer, dx) for dx in flatten(result)]
        if [dx.shape for dx in dxs] != [x.shape for x in tape.xs]:
            raise ValueError(
                f"{layer.name}: backward gave gradients of shapes {_listed(dxs)} for inputs of {_listed(tape.xs)}"
            )
        return [dx if need else None for dx, need in zip(dxs, needs, strict=True)]

    def _with_weights(self, result: Any, weights: list[Any]) -> Any:
        """dx of (dx, gradients), which are set."""
        name, wanted = self.layer.name, ", ".join(f"d_{w.name}" for w in weights)
        if not isinstance(result, tuple) or len(result) != 2 or not isinstance(result[1], (list, tuple)):
            raise TypeError(f"{name}: backward must return (dx, [{wanted}]), got a {type(result).__name__}")
        dx, gradients = result
        if len(gradients) != len(weights):
            raise ValueError(f"{name}: backward must return (dx, [{wanted}]), got {len(gradients)} gradients")
        for weight, gradient in zip(weights, gradients, strict=True):
            if np.shape(gradient) != weight.shape:
                raise ValueError(
                    f"{name}: backward gave a gradient of shape {np.shape(gradient)} for {weight.name}, "
                    f"expected {weight.shape}"
                )
            weight.layout.pack(np.asarray(gradient), weight.gradient)
        return dx

    def activities(self, tape: Tape) -> tuple[()]:
        """None: what a `call` with a backward of its own does with layers, its backward knows."""
        return ()

    def run_masks(self, xs: list[Any], masks: list[Any]) -> list[Any]:
        """The mask of each output, where `supports_masking` or a `compute_mask` of the layer's own says so."""
        layer, count = self.layer, self.outputs
        if not defines(layer, "compute_mask") and (not layer.supports_masking or all(mask is None for mask in masks)):
            return [None] * count
        inputs, given = self._filled(iter(xs))[0][0], self._filled(iter(masks))[0][0]
        found = flatten(layer.compute_mask(inputs, given))
        return (found + [None] * count)[:count]


def is_minirnn(cls: type) -> bool:
    """Whether a class is not the user's."""
    return cls.__module__.partition(".")[0] == "minirnn" or cls.__module__ == "builtins"


def has_backward(layer: Any) -> bool:
    """Whether the layer's class has a `backward` of the user's."""
    return defines(layer, "backward")


def is_made_of_layers(layer: Any) -> bool:
    """Whether the layers that its `call` calls run in its place."""
    return bool(layer.sublayers()) and not has_backward(layer)


def defines(layer: Any, name: str) -> bool:
    """Whether a class of the user's defines a method of this layer."""
    theirs = [vars(base).get(name) for base in type(layer).__mro__ if not is_minirnn(base)]
    return any(method is not None and not getattr(method, "__module__", "").startswith("minirnn.") for method in theirs)


def outputs_of(layer: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """What a call gives for symbolic tensors, in its nesting; a layer made of layers is recorded."""
    if is_made_of_layers(layer):
        return _traced_once(layer, args, kwargs)
    if len(args) == 1 and isinstance(args[0], KerasTensor) and defines(layer, "compute_output_shape"):
        return tensors_of(layer.compute_output_shape(args[0].shape), layer.dtype)
    return _tried(layer, args, kwargs)


def _traced_once(layer: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """The outputs of a layer made of layers; the record of its first call is what graphs run."""

    def stand_in(leaf: Any) -> Any:
        if not isinstance(leaf, KerasTensor):
            return leaf
        return Input(batch_shape=leaf.shape, dtype=leaf.dtype, name=f"{layer.name}_input")

    inner_args, inner_kwargs = map_leaves(stand_in, [list(args), kwargs])
    outputs = traced(layer, tuple(inner_args), inner_kwargs)
    if layer.traced is None:
        layer.traced = symbolic_tensors(inner_args, inner_kwargs), flatten(outputs)
    return outputs


def _tried(layer: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """The outputs of `call`, known from calls on ones in which two lengths stand for each unknown one."""
    found = []
    for length in _TRIALS:

        def ones(leaf: Any, length: int = length) -> Any:
            if not isinstance(leaf, KerasTensor):
                return leaf
            return np.ones([length if n is None else n for n in leaf.shape], leaf.dtype)

        trial_args, trial_kwargs = map_leaves(ones, [list(args), kwargs])
        with np.errstate(all="ignore"), unchanged(layer):
            found.append(layer.call(*trial_args, **understood(layer, {**trial_kwargs, "training": False})))
        if all(None not in tensor.shape for tensor in symbolic_tensors(args, kwargs)):
            break
    shapes = [[array_of(layer, y).shape for y in flatten(result)] for result in (found[0], found[-1])]
    made = [
        KerasTensor(tuple(m if m == n else None for m, n in zip(*pair, strict=True)), layer.dtype)
        for pair in zip(*shapes, strict=True)
    ]
    return pack_like(found[0], made)


def understood(layer: Any, kwargs: dict[str, Any], tape: Any = None, function: Any = None) -> dict[str, Any]:
    """The arguments that a function of the layer's own has: of training, mask, tape and y those that it names."""
    function = function or layer.call
    offered = {"training", "mask", "y"}
    given = {name: value for name, value in kwargs.items() if name not in offered or takes(function, name)}
    if takes(function, "tape"):
        given["tape"] = Tape() if tape is None else tape
    return given


def array_of(layer: Any, value: Any) -> Any:
    """What the user's code gave as an array of the layer's dtype. TypeError for what holds no numbers."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiub" or array.ndim == 0:
        raise TypeError(f"{layer.name}: call and backward must return arrays, got {type(value).__name__}")
    return np.ascontiguousarray(array, layer.dtype)


def clean(layer: Any, value: Any) -> Any:
    """An argument of a call with its arrays checked; lists of plain numbers are arrays, too."""
    if isinstance(value, (list, tuple)) and not any(hasattr(leaf, "ndim") for leaf in flatten(value)):
        return as_input(value, layer.name, layer.dtype)
    return map_leaves(lambda leaf: as_input(leaf, layer.name, layer.dtype) if hasattr(leaf, "ndim") else leaf, value)


def shapes_of(inputs: Any) -> Any:
    """The batch shapes of arrays or symbolic tensors, of arrays without the batch."""
    return map_leaves(
        lambda leaf: leaf.shape if isinstance(leaf, KerasTensor) else (None, *np.shape(leaf)[1:]),
        list(inputs) if isinstance(inputs, tuple) else inputs,
    )


def tensors_of(shapes: Any, dtype: str) -> Any:
    """Symbolic tensors of a batch shape, or of a nesting of them."""
    if isinstance(shapes, dict):
        return {key: tensors_of(entry, dtype) for key, entry in shapes.items()}
    if shapes and isinstance(shapes[0], (list, tuple, dict)):
        return [tensors_of(entry, dtype) for entry in shapes]
    return KerasTensor(tuple(shapes), dtype)


def as_symbolic(args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
    """The arguments of a call with symbolic tensors in place of arrays."""
    made = map_leaves(
        lambda leaf: KerasTensor(leaf.shape, leaf.dtype.name) if isinstance(leaf, np.ndarray) else leaf,
        [list(args), kwargs],
    )
    return tuple(made[0]), made[1]


def _listed(arrays: list[Any]) -> str:
    return " and ".join(str(array.shape) for array in arrays)
