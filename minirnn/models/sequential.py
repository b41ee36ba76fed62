"""Sequential: a chain of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minirnn import config
from minirnn.layers.input import InputLayer
from minirnn.layers.layer import Layer
from minirnn.layers.symbolic import KerasTensor, Shape, made_by
from minirnn.models.config import deserialize_layer, is_model, serialize_layer
from minirnn.models.model import Model


@is_model
class Sequential(Model):
    """A model whose layers follow each other.

    >>> import minirnn
    >>> model = Sequential([minirnn.Input((3, 1)), minirnn.layers.LSTM(8), minirnn.layers.Dense(1)])
    >>> model.count_params()
    329
    """

    def __init__(self, layers: Sequence[Any] | None = None, trainable: bool = True, name: str | None = None) -> None:
        if self.own_call:
            raise TypeError(f"{type(self).__name__} is a chain, whose call is given: derive it from Model instead")
        self._begin(name, trainable)
        self._chain: list[Layer] = []
        self._input_layer: InputLayer | None = None
        for layer in layers or ():
            self._append(layer)
        self._maybe_build()

    # --- the chain ---

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the input."""
        return list(self._chain)

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Append a layer. A refused one (TypeError, ValueError) leaves the model as it was."""
        self._append(layer)
        if rebuild:
            self._maybe_build()

    def _append(self, layer: Any) -> None:
        if isinstance(layer, KerasTensor) and isinstance(made_by(layer).operation, InputLayer):
            layer = made_by(layer).operation
        if isinstance(layer, InputLayer):
            if self._chain or self._input_layer is not None:
                raise ValueError(f"Input must come first, but {self.name} already has layers")
            self._input_layer = layer
            return
        if not isinstance(layer, Layer):
            raise TypeError(f"Sequential takes layers, got {type(layer).__name__}: {layer!r:.60}")
        if any(layer.name == other.name for other in self._chain):
            raise ValueError(f"{self.name} already has a layer named {layer.name!r}; give each its own name")
        if not self._chain and self._input_layer is None and _declared(layer) is not None:
            self._input_layer = InputLayer(batch_shape=_declared(layer), dtype=layer.dtype)
        if self.built:
            layer.check_input(self.output_shape)
            layer.compute_output_shape(self.output_shape)
        self._chain.append(layer)
        self._changed()

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer away and return it."""
        if not self._chain:
            raise ValueError(f"{self.name} has no layer to pop")
        layer = self._chain.pop()
        self._changed()
        if rebuild:
            self._maybe_build()
        return layer

    def _changed(self) -> None:
        self.built, self.graph = False, None
        self._graph_changed()

    def _maybe_build(self) -> None:
        if self._input_layer is not None and self._chain:
            self.build(self._input_layer.batch_shape)

    def build(self, input_shape: Shape | None = None) -> None:
        """Make the weights for inputs of this batch shape, (None, time, features).

        Raises ValueError, before any weight is drawn, where a layer cannot take what comes to it.
        """
        if input_shape is None:
            raise ValueError("build needs an input shape, such as (None, time, features)")
        self._checked_output_shape(input_shape)
        if self._input_layer is None or self._input_layer.batch_shape != tuple(input_shape):
            self._input_layer = InputLayer(batch_shape=tuple(input_shape), dtype=self._chain[0].dtype)
        x = y = self._input_layer.output
        for layer in self._chain:
            y = layer(y)
        self._set_graph(x, y)

    @property
    def dtype(self) -> str:
        """That of the first layer."""
        return self._chain[0].dtype if self._chain else config.floatx()

    @dtype.setter
    def dtype(self, value: str) -> None:
        """A chain has the dtypes of its layers."""

    @property
    def result_names(self) -> list[str]:
        return self.output_names if self.built else [self._chain[-1].name if self._chain else self.name]

    def input_dtype(self, number: int) -> str:
        if self._chain and hasattr(self._chain[0], "index_limit"):
            return "int64"
        declared = self._input_layer.dtype if self._input_layer is not None else self.dtype
        return declared if declared.startswith("int") else self.dtype

    @property
    def index_limits(self) -> dict[int, tuple[str, int]]:
        for first in self._chain[:1]:
            if hasattr(first, "index_limit"):
                return {0: (first.name, first.index_limit)}
        return super().index_limits

    def output_dtype(self, number: int) -> str:
        return self._chain[-1].dtype

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The batch shape of the output for an input's batch shape; the model need not be built, and is not.

        Raises ValueError if there is no layer, or one that cannot take what comes to it.
        """
        return self._checked_output_shape(input_shape)

    def output_shapes(self, shapes: list[Shape]) -> list[Shape]:
        return [self._checked_output_shape(shapes[0])]

    def _checked_output_shape(self, shape: Any) -> Any:
        if not self._chain:
            raise ValueError(f"{self.name} has no layers: add some first")
        for layer in self._chain:
            layer.check_input(shape)
            shape = layer.compute_output_shape(tuple(shape))
            if shape and isinstance(shape[0], (tuple, list)):
                raise ValueError(f"{layer.name} has several outputs (return_state=True?), which a chain cannot pass on")
        return shape

    def check_input(self, shape: Any, expected: Any = None) -> None:
        if self.built or expected is not None:
            super().check_input(shape, expected)
        else:
            self._checked_output_shape(shape)

    def connect(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.built and isinstance(inputs, KerasTensor):
            self.build(inputs.shape)
        return super().connect(inputs, *args, **kwargs)

    # --- configuration ---

    def get_config(self) -> dict[str, Any]:
        """Keras's configuration; `from_config`, here or in Keras, makes an equal model with new weights of it."""
        layers = ([self._input_layer] if self._input_layer else []) + self._chain
        shape = {"build_input_shape": self.input_shape} if self.built else {}
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": config.dtype_policy(config.floatx()),
            **shape,
            "layers": [serialize_layer(layer) for layer in layers],
        }

    @classmethod
    def from_config(cls, config_: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Sequential:
        """An equal model with new weights, from a configuration of minirnn or of Keras."""
        layers = [deserialize_layer(entry, custom_objects) for entry in config_["layers"]]
        model = cls(layers, name=config_.get("name"), trainable=config_.get("trainable", True))
        if not model.built and config_.get("build_input_shape") is not None:
            model.build(tuple(config_["build_input_shape"]))
        return model


def _declared(layer: Layer) -> Shape | None:
    """The batch shape that the first layer of a chain brings along: its own `input_shape`, or that of a model."""
    if isinstance(layer, Model) and layer.built and isinstance(layer.input, KerasTensor):
        return layer.input.shape
    return layer.declared_shape
