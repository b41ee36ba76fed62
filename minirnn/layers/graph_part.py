"""`GraphPart`: a layer as a part of graphs, in which its calls on symbolic tensors are recorded, and then run."""

from __future__ import annotations

import inspect
from types import NoneType
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from minirnn.layers.symbolic import KerasTensor, Node, Shape, symbolic_tensors
from minirnn.layers.tape import Tape
from minirnn.utils.nested import flatten, map_leaves


class GraphPart:
    """Mixed into layers. Layers of several inputs or outputs, and those that hold layers, have `run`s of their own."""

    nodes: list[Node]

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    # --- recorded ---

    def connect(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Record a call on symbolic tensors, building the layer if need be; the symbolic output (or list of them).

        `training` is recorded and changes nothing: whether a model trains is said by fit, evaluate and predict, in
        Keras, too. Raises ValueError if the layer cannot take tensors of these shapes, TypeError for arrays among the
        tensors and for arguments that `call` does not have; nothing is built then.
        """
        self._check_arguments(inputs, args, kwargs)
        tensors = symbolic_tensors(inputs, args, kwargs)
        shape = map_leaves(lambda tensor: tensor.shape, list(inputs) if self.takes_list else inputs)
        self.check_input(shape)
        outputs = self.output_shapes([tensor.shape for tensor in tensors])
        if not self.built:
            self.build(shape)
        made = [KerasTensor(shape, self.dtype, self.name) for shape in outputs]
        Node(self, (inputs, *args), kwargs, tensors, made)
        return made[0] if len(made) == 1 else made

    def _check_arguments(self, inputs: Any, args: tuple, kwargs: dict[str, Any]) -> None:
        try:
            given = inspect.signature(self.call).bind(inputs, *args, **kwargs).arguments
        except TypeError as error:
            raise TypeError(f"{self.name} {error}") from None
        if given.pop("mask", None) is not None:
            raise NotImplementedError(f"{self.name}: a mask cannot be a symbolic argument; put a Masking layer before")
        given.pop("training", None)
        first, *others = given.values()
        wrong = [leaf for leaf in flatten(first) if not isinstance(leaf, KerasTensor)]
        wrong += [leaf for leaf in flatten(others) if not isinstance(leaf, (KerasTensor, bool, str, NoneType))]
        if wrong:
            kind = type(wrong[0]).__name__
            raise TypeError(f"{self.name} got {kind} among symbolic tensors; let it come in through an Input")
        if isinstance(inputs, (list, tuple, dict)) and not self.takes_list and self.kind == "layer":
            raise ValueError(f"{self.name} takes one input, got {len(inputs)} tensors; call it on each, or join them")

    @property
    def output(self) -> Any:
        """The symbolic output of its first call (a list, if there are several). AttributeError if it has none."""
        if not self.nodes:
            raise AttributeError(f"layer {self.name} has no output yet: it was never called on a symbolic tensor")
        outputs = self.nodes[0].outputs
        return outputs[0] if len(outputs) == 1 else outputs

    @property
    def input(self) -> Any:
        """The symbolic input of its first call (a list, if there are several), of an Input its own tensor.

        AttributeError if it was not called.
        """
        if not self.nodes:
            raise AttributeError(f"layer {self.name} has no input yet: it was never called on a symbolic tensor")
        inputs = self.nodes[0].input_tensors or self.nodes[0].outputs
        return inputs[0] if len(inputs) == 1 else inputs

    # --- as one of the steps of a graph: lists in, lists out ---

    def bound(self, node: Node) -> Any:
        """What a graph runs for a recorded call: the layer itself, unless the call has arguments that matter."""
        return self

    def output_shapes(self, shapes: list[Shape]) -> list[Shape]:
        """Batch shapes of all outputs for those of all inputs."""
        return [self.compute_output_shape(shapes if self.takes_list else shapes[0])]

    def run_tape(self, shapes: list[tuple[int, ...]], training: bool) -> Tape:
        """A tape for inputs of these shapes."""
        return self.new_tape(shapes if self.takes_list else shapes[0], training)

    def run(self, xs: list[NDArray[Any]], masks: list[Any], tape: Tape, training: bool) -> list[NDArray[Any]]:
        """`forward` of all inputs."""
        one = not self.takes_list
        return [self.forward(xs[0] if one else xs, masks[0] if one else masks, tape, training)]

    def run_back(self, dys: list[NDArray[Any] | None], tape: Tape, needs: list[bool]) -> list[NDArray[Any] | None]:
        """`backward`: the gradient of each input that `needs` one; a dy is None where nothing depends on the output."""
        dx: Any = self.backward(dys[0], tape, any(needs))
        return dx if self.takes_list else [dx]

    def run_masks(self, xs: list[NDArray[Any]], masks: list[Any]) -> list[Any]:
        """The mask of each output."""
        one = not self.takes_list
        return [self.compute_mask(xs[0] if one else xs, masks[0] if one else masks)]
