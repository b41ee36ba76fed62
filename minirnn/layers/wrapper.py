"""`Wrapper`, the base of layers that hold another layer and add something to it."""

from __future__ import annotations

from typing import Any

from minirnn.layers.layer import Layer
from minirnn.layers.nesting import deserialize_layer, serialize_layer
from minirnn.layers.symbolic import Shape


class Wrapper(Layer):
    """Base class: holds `layer`, whose weights are its own, builds it and writes it into the configuration.

    It computes nothing itself; `TimeDistributed` is one that does. Raises ValueError for anything but a layer.
    """

    holds_layers = True

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise ValueError(f"{type(self).__name__} takes a layer, got {type(layer).__name__}: {layer!r:.60}")
        super().__init__(**kwargs)
        self.layer = layer

    def sublayers(self) -> list[Layer]:
        return [self.layer]

    def build(self, input_shape: Shape | None = None) -> None:
        """Build the layer for inputs of this batch shape, unless it is."""
        if not self.layer.built:
            self.layer.build(input_shape)  # type: ignore[arg-type]
        self.input_shape = None if input_shape is None else tuple(input_shape)
        self.built = True

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"layer": serialize_layer(self.layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Layer:
        """The wrapper of a configuration, of minirnn or of Keras, around a new layer."""
        return cls(**config | {"layer": deserialize_layer(config["layer"], custom_objects)})
