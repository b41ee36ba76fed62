"""Model: a graph of layers between symbolic inputs and outputs. Sequential, a chain, is one of its kinds."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.boundary import missing_axis
from minirnn.choices import closest
from minirnn.compat import spelling
from minirnn.compat.methods import OlderMethods
from minirnn.layers.layer import Layer
from minirnn.layers.own import OwnAttributes
from minirnn.layers.studied import StudiedModel
from minirnn.layers.symbolic import KerasTensor, Shape
from minirnn.models import config
from minirnn.models.files import Files
from minirnn.models.graph import Graph, from_inputs
from minirnn.models.held import Held
from minirnn.models.subclassing import Subclassing, check_rank
from minirnn.models.summary import print_summary
from minirnn.streaming import Streaming
from minirnn.training.run import run_key
from minirnn.training.trainer import Trainer
from minirnn.utils.nested import flatten, map_leaves, pack_like


@config.is_model
class Model(Held, Subclassing, Trainer, Streaming, StudiedModel, Files, OlderMethods, Layer):  # type: ignore[misc]
    """A model of the layers that lead from `inputs` to `outputs`: symbolic tensors, or lists or dicts of them.

    Or the base of a class with layers as attributes and a `call` that calls them; it is run once, on symbolic tensors,
    before the first batch or by `build(input_shape)`, and trains like any other model:

        class Forecast(Model):
            def __init__(self):
                super().__init__()
                self.lstm, self.out = LSTM(8), Dense(1)

            def call(self, x, training=False):
                return self.out(self.lstm(x))

    Raises ValueError if an output does not depend on the inputs alone, or two layers share a name; TypeError, when it
    is run, for a `call` with arithmetic of its own.

    >>> import minirnn
    >>> x = minirnn.Input((3, 1))
    >>> h = minirnn.layers.LSTM(8)(x)
    >>> model = Model(x, [minirnn.layers.Dense(1, name="mean")(h), minirnn.layers.Dense(2, name="range")(h)])
    >>> model.output_names, model.count_params()
    (['mean', 'range'], 347)
    """

    takes_mask = True
    kind, how_to_build = "model", "give it an Input, or call it"
    own_methods = OwnAttributes

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return super().__new__(Functional if cls is Model else cls)

    @spelling.accepts_older(spelling.MODEL)
    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
        *,
        activity_regularizer: Any = None,
    ) -> None:
        if self.own_call:
            if inputs is not None or outputs is not None:
                raise TypeError(f"{type(self).__name__} has a call of its own: it takes no inputs and outputs")
            self._begin(name, trainable, dtype)
            if activity_regularizer is not None:
                self.activity_regularizer = activity_regularizer
            return
        if activity_regularizer is not None:
            raise TypeError("Model(inputs, outputs) takes no activity_regularizer; give it to the last layer")
        if inputs is None or outputs is None:
            raise TypeError(
                "Model takes inputs and outputs, Model(inputs=, outputs=), or a class derived from it needs a call"
            )
        for what, structure in (("inputs", inputs), ("outputs", outputs)):
            if not flatten(structure):
                raise ValueError(f"Model {what} must hold at least one symbolic tensor, got {structure!r}")
            for entry in flatten(structure):
                if not isinstance(entry, KerasTensor):
                    raise ValueError(
                        f"Model {what} must be symbolic tensors from Input() and layers called on them, "
                        f"got {type(entry).__name__}"
                    )
        self._begin(name, trainable)
        new_inputs, new_outputs = from_inputs(flatten(inputs), flatten(outputs))
        self._set_graph(pack_like(inputs, new_inputs), pack_like(outputs, new_outputs))

    def _begin(self, name: str | None, trainable: bool, dtype: Any = None) -> None:
        self._init_training()
        Layer.__init__(self, name=name, trainable=trainable, dtype=dtype)

    def _set_graph(self, inputs: Any, outputs: Any) -> None:
        """Become the model between these tensors."""
        self.graph = Graph(flatten(inputs), flatten(outputs))
        self._input_structure, self._output_structure = inputs, outputs
        self.input_names = [t.name for t in self.graph.inputs]
        self.output_names = [t._keras_history.operation.name for t in self.graph.outputs]
        self.input_shape = _one_or_all([t.shape for t in self.graph.inputs])
        if not self._trainable:
            self.trainable = False
        self._graph_changed()
        self.built = True  # last of all: another thread may be waiting for it

    # --- what it is made of ---

    @property
    def layers(self) -> list[Layer]:
        """The layers, inputs included, in Keras's order; of a class with a `call` those that are its attributes."""
        return list(self._tracked if self.own_call else self.graph.layers)

    def sublayers(self) -> list[Layer]:
        return self.layers

    def _drawn(self) -> Graph:
        if self.graph is None:
            raise AttributeError(f"{self.name} has no inputs and outputs yet: {self.how_to_build}, first")
        return self.graph

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs, a flat list. AttributeError, as in what follows, if the model is not built."""
        return self._drawn().inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs, a flat list."""
        return self._drawn().outputs

    @property
    def input(self) -> Any:
        """The symbolic input, or inputs as they were given."""
        return self._drawn() and self._input_structure

    @property
    def output(self) -> Any:
        """The symbolic output, or outputs as they were given."""
        return self._drawn() and self._output_structure

    @property
    def output_shape(self) -> Any:
        """The batch shape of the output, or a flat list of those of several; `input_shape` likewise."""
        return _one_or_all([t.shape for t in self.outputs])

    @spelling.names_nearest
    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by its name or its place. Raises ValueError if there is none."""
        if (name is None) == (index is None):
            raise ValueError("get_layer needs either a name or an index")
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(f"{self.name} has {len(layers)} layers, got the index {index}")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in layers]
        known = ", ".join(names) or "no layers"
        raise ValueError(f"{self.name} has no layer {name!r}; it has {known}{closest(name, names)}")

    def reset_states(self) -> None:
        """Forget the states of stateful layers."""
        for layer in self.layers:
            for forget in ("reset_states", "reset_state"):
                if hasattr(layer, forget):
                    getattr(layer, forget)()
                    break

    @spelling.names_nearest
    def summary(
        self, line_length: int | None = None, print_fn: Callable[[str], object] | None = None, **options: Any
    ) -> None:
        """Print the layers with output shapes and parameter counts, as Keras does."""
        print_summary(self, line_length=line_length, print_fn=print_fn, **options)

    # --- what training asks ---

    @property
    def result_names(self) -> list[str]:
        """Under which names losses and metrics of the outputs are given and reported: a dict's keys, or layers."""
        if self.built and isinstance(self.output, dict) and len(self.output) == len(self.outputs):
            return sorted(self.output)
        return self.output_names

    @property
    def has_one_input(self) -> bool:
        return self.graph is None or len(self.graph.inputs) == 1

    def input_dtype(self, number: int) -> str:
        """In which dtype an input is taken: integers where nothing but Embeddings reads it."""
        declared = self.graph.inputs[number].dtype
        return "int64" if declared in ("float32", "float64") and self.graph.is_read_as_indices(number) else declared

    @property
    def index_limits(self) -> dict[int, tuple[str, int]]:
        """For each input that Embeddings read: who takes the fewest numbers, and how many (from 0 on)."""
        return {} if self.graph is None else self.graph.index_limits

    def output_dtype(self, number: int) -> str:
        return self.graph.outputs[number].dtype

    def values_in_order(self, values: Any) -> list[Any]:
        """One value for each input: from a dict by their names, else in their order."""
        if isinstance(values, dict):
            names = sorted(self.input) if isinstance(self.input, dict) else self.input_names
            missing = [name for name in names if name not in values]
            if missing:
                known = ", ".join(map(repr, values))
                raise ValueError(f"{self.name} needs the input {missing[0]!r}, got a dict with {known}")
            return [values[name] for name in names]
        return flatten(values)

    @staticmethod
    def only_entry(y: Any, names: list[str]) -> Any:
        """The targets of a single output: `y` itself, or what it holds under the output's name or as its only entry."""
        if isinstance(y, dict):
            if list(y) != names:
                raise ValueError(f"y names the outputs {', '.join(map(repr, y))}, but the only output is {names[0]!r}")
            return y[names[0]]
        alone = isinstance(y, (list, tuple)) and len(y) == 1
        # A list of one row of numbers is a target, a list of one array holds it.
        return y[0] if alone and np.ndim(y[0]) > (0 if hasattr(y[0], "ndim") else 1) else y

    # --- as a layer of another model, or called on arrays ---

    def build(self, input_shape: Any = None) -> None:
        """Run the `call` of an own class for inputs of this batch shape; a functional model is built already."""
        if self.own_call:
            self._record(input_shape)

    def check_input(self, shape: Any, expected: Any = None) -> None:
        """Raise ValueError if arrays of this shape do not fit the model, or the `expected` batch shape."""
        expected = self.input_shape if expected is None else expected
        got, wanted = _shapes(shape), _shapes(expected)
        if len(got) != len(wanted):
            raise ValueError(f"{self.name} has {len(wanted)} inputs ({', '.join(self.input_names)}), got {len(got)}")
        if self.own_call:
            check_rank(self.name, got, wanted)
            return
        for number, (own, other) in enumerate(zip(wanted, got, strict=True)):
            fits = len(own) == len(other) and all(a is None or b in (None, a) for a, b in zip(own, other, strict=True))
            if not fits:
                text = str(tuple(own)).replace("None", "any")
                which = f"input {self.input_names[number]!r}" if len(wanted) > 1 else "input"
                hint = missing_axis(tuple(other), tuple(own)) or "; reshape the input"
                raise ValueError(f"{self.name}: got {which} of shape {tuple(other)}, expected {text}{hint}")

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The batch shape (or nesting of them) of the output for that of the input."""
        return pack_like(self._output_structure, self.output_shapes(_shapes(input_shape)))

    def connect(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if self.own_call and not self.built:
            self.build(map_leaves(lambda tensor: tensor.shape, list(inputs) if type(inputs) is tuple else inputs))
        tensors = self.values_in_order(inputs)
        made = super().connect(tensors if len(tensors) > 1 else tensors[0], *args, **kwargs)
        # The record keeps the inputs as they were given.
        self.nodes[-1].args = (inputs, *args)
        return pack_like(self._output_structure, made if isinstance(made, list) else [made])

    def call(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        """Compute on arrays, one for each input: an array, a list, or a dict by the inputs' names."""
        return self._compute(inputs, mask, training)

    def _compute(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        if mask is not None:
            raise NotImplementedError(f"{self.name}: masks of a model's inputs are not supported; use a Masking layer")
        xs = self._inputs(inputs)
        runs = self._runs.of(run_key(xs, training))
        run = runs.take()
        ys = [y.copy() for y in run.forward(xs)]
        if run.activities is not None:
            run.activities.total(run.values)
        runs.give_back(run)
        return self._packed(ys)

    def _packed(self, outputs: list[NDArray[Any]]) -> Any:
        """Outputs in the nesting that the model was made with."""
        if len(outputs) == 1 and not isinstance(self._output_structure, dict):
            return outputs[0]
        return pack_like(self._output_structure, outputs)

    def record_activity(self, outputs: Any) -> None:
        """Nothing: the run tells of all penalties, the model's own among them."""

    def draw_mask(self, xs: list[Any], masks: list[Any], step: Callable[..., Any]) -> None:
        """None: Keras does not see the masks of a model's outputs before there are numbers."""

    # --- configuration ---

    def get_config(self) -> dict[str, Any]:
        """Keras's configuration; `from_config`, here or in Keras, makes an equal model with new weights of it."""
        return Layer.get_config(self) if self.own_call else config.of_graph(self)

    @classmethod
    def from_config(cls, config_: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """An equal model with new weights, from a configuration of minirnn or of Keras."""
        if cls.own_call:
            return cls(**config_)
        inputs, outputs = config.tensors_of(config_, custom_objects)
        return cls(inputs, outputs, name=config_.get("name"), trainable=config_.get("trainable", True))

    def to_json(self, **options: Any) -> str:
        """The architecture as JSON, in Keras's form: `models.model_from_json`, here or in Keras, reads it."""
        return json.dumps(config.serialize_layer(self), **options)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


@config.is_model
class Functional(Model):
    """What `Model(inputs, outputs)` makes."""


def _one_or_all(shapes: list[Shape]) -> Any:
    return shapes[0] if len(shapes) == 1 else shapes


def _shapes(structure: Any) -> list[Any]:
    """A shape, or a nesting of shapes, as a list of shapes."""
    if isinstance(structure, dict):
        return [shape for key in sorted(structure) for shape in _shapes(structure[key])]
    if structure and isinstance(structure[0], (list, tuple, dict)):
        return [shape for entry in structure for shape in _shapes(entry)]
    return [tuple(structure)]
