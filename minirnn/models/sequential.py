"""Sequential: a chain of layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray

from minirnn import config
from minirnn.layers.input import InputLayer
from minirnn.layers.layer import Layer, unique_name
from minirnn.layers.weight import Weight, WeightOwner
from minirnn.models.summary import print_summary
from minirnn.training.trainer import Trainer


class Sequential(WeightOwner, Trainer):
    """A model whose layers follow each other.

    >>> import minirnn
    >>> model = Sequential([minirnn.Input((3, 1)), minirnn.layers.LSTM(8), minirnn.layers.Dense(1)])
    >>> model.count_params()
    329
    """

    kind, how_to_build = "model", "give it an Input, or call it"

    def __init__(self, layers: Sequence[Any] | None = None, trainable: bool = True, name: str | None = None) -> None:
        self.name = unique_name("Sequential") if name is None else name
        self.layers: list[Layer] = []
        self.built = False
        self._input_layer: InputLayer | None = None
        self._trainable = trainable
        self._init_training()
        for layer in layers or ():
            self._append(layer)
        self._maybe_build()

    # --- the chain ---

    def add(self, layer: Any) -> None:
        """Append a layer. A refused one (TypeError, ValueError) leaves the model as it was."""
        self._append(layer)
        self._maybe_build()

    def _append(self, layer: Any) -> None:
        if isinstance(layer, InputLayer):
            if self.layers or self._input_layer is not None:
                raise ValueError(f"Input must come first, but {self.name} already has layers")
            self._input_layer = layer
            return
        if not isinstance(layer, Layer):
            raise TypeError(f"Sequential takes layers, got {type(layer).__name__}: {layer!r:.60}")
        if any(layer.name == other.name for other in self.layers):
            raise ValueError(f"{self.name} already has a layer named {layer.name!r}; give each its own name")
        if not self.layers and self._input_layer is None and layer.declared_shape is not None:
            self._input_layer = InputLayer(batch_shape=layer.declared_shape, dtype=layer.dtype)
        if self.built:
            layer.check_input(self.output_shape)
            layer.compute_output_shape(self.output_shape)
        self.layers.append(layer)
        self._changed()

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer away and return it."""
        if not self.layers:
            raise ValueError(f"{self.name} has no layer to pop")
        layer = self.layers.pop()
        self._changed()
        self._maybe_build()
        return layer

    def _changed(self) -> None:
        self.built = False
        self._runs.clear()
        self._output_shapes.clear()

    def _maybe_build(self) -> None:
        if self._input_layer is not None and self.layers:
            self.build(self._input_layer.batch_shape)

    def build(self, input_shape: tuple[int | None, ...] | None = None) -> None:
        """Make the weights for inputs of this batch shape, (None, time, features).

        Raises ValueError, before any weight is drawn, where a layer cannot take what comes to it.
        """
        if input_shape is None:
            raise ValueError("build needs an input shape, such as (None, time, features)")
        self._checked_output_shape(input_shape)
        shape = tuple(input_shape)
        for layer in self.layers:
            if not layer.built:
                layer.build(shape)
            shape = layer.compute_output_shape(shape)
        self.input_shape = tuple(input_shape)
        self.built = True
        self._output_shapes.clear()

    @property
    def dtype(self) -> str:
        return self.layers[0].dtype if self.layers else "float32"

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        return self.compute_output_shape(self.input_shape)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The batch shape of the output for an input's batch shape; the model need not be built, and is not.

        For an unbuilt model, raises ValueError if there is no layer, or one that cannot take what comes to it.
        """
        if not self.built:
            return self._checked_output_shape(input_shape)
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def _checked_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        if not self.layers:
            raise ValueError(f"{self.name} has no layers: add some first")
        for layer in self.layers:
            layer.check_input(shape)
            shape = layer.compute_output_shape(tuple(shape))
            if shape and isinstance(shape[0], tuple):
                raise ValueError(f"{layer.name} returns its states (return_state=True), which a chain cannot pass on")
        return shape

    def check_input(self, shape: tuple[int, ...], expected: tuple[int | None, ...] | None = None) -> None:
        """Raise ValueError if arrays of this shape do not fit the model, or the `expected` batch shape."""
        expected = self.input_shape if expected is None else expected
        fits = len(shape) == len(expected) and all(e in (None, n) for e, n in zip(expected, shape, strict=True))
        if not fits:
            wanted = str(tuple(expected)).replace("None", "any")
            raise ValueError(f"{self.name}: got input of shape {tuple(shape)}, expected {wanted}; reshape the input")

    def __call__(self, x: Any, training: bool = False) -> NDArray[Any]:
        """Compute on an array."""
        x = self._input(x)
        run = self._runs.take(x.shape, training)
        y = run.forward(x).copy()
        self._runs.give_back(run)
        return y

    # --- weights ---

    @property
    def trainable(self) -> bool:
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for layer in self.layers:
            layer.trainable = bool(value)

    @property
    def weights(self) -> list[Weight]:
        return [w for layer in self.layers for w in layer.weights]

    @property
    def trainable_weights(self) -> list[Weight]:
        return [w for layer in self.layers for w in layer.trainable_weights] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Weight]:
        return [w for layer in self.layers for w in layer.non_trainable_weights] if self.trainable else self.weights

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by its name or its place. Raises ValueError if there is none."""
        if (name is None) == (index is None):
            raise ValueError("get_layer needs either a name or an index")
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ValueError(f"{self.name} has {len(self.layers)} layers, got the index {index}")
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(f"{self.name} has no layer {name!r}; it has {', '.join(x.name for x in self.layers)}")

    def reset_states(self) -> None:
        """Forget the states of stateful layers."""
        for layer in self.layers:
            if hasattr(layer, "reset_state"):
                layer.reset_state()

    def summary(
        self, line_length: int | None = None, print_fn: Callable[[str], object] | None = None, **options: Any
    ) -> None:
        """Print the layers with output shapes and parameter counts, as Keras does."""
        print_summary(self, line_length=line_length, print_fn=print_fn, **options)

    # --- configuration ---

    def get_config(self) -> dict[str, Any]:
        """Keras's configuration; `from_config`, here or in Keras, makes an equal model with new weights of it."""
        layers = ([self._input_layer] if self._input_layer else []) + self.layers
        shape = {"build_input_shape": self.input_shape} if self.built else {}
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": config.dtype_policy(config.floatx()),
            **shape,
            "layers": [
                {
                    "module": "keras.layers",
                    "class_name": type(layer).__name__,
                    "config": layer.get_config(),
                    "registered_name": None,
                }
                for layer in layers
            ],
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Sequential:
        """An equal model with new weights, from a configuration of minirnn or of Keras."""
        from minirnn import layers as known

        built = []
        for entry in config["layers"]:
            layer_class = getattr(known, entry["class_name"], None)
            if layer_class is None:
                raise ValueError(f"minirnn has no layer {entry['class_name']!r}")
            built.append(layer_class.from_config(entry["config"]))
        model = cls(built, name=config.get("name"))
        if not model.built and config.get("build_input_shape") is not None:
            model.build(tuple(config["build_input_shape"]))
        return model

    def __repr__(self) -> str:
        return f"<Sequential name={self.name}, built={self.built}>"
