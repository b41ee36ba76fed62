"""`Layer`, the base of all layers: weights, names, configuration, and the two passes.

A layer is called in two ways. `layer(x)` with an array computes; with a `KerasTensor` it is recorded, so that a model
can be made of it. A model calls `forward(x, mask, tape)` and, in reverse order, `backward(dy, tape)`; a *tape* is a
layer's own scratch memory for one batch shape, made by `new_tape` and used again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from minirnn import config, constraints, regularizers
from minirnn.boundary import as_input
from minirnn.compat import spelling
from minirnn.layers.graph_part import GraphPart
from minirnn.layers.naming import one_thread, unique_name
from minirnn.layers.parameter import new_parameter
from minirnn.layers.regularized import Regularized, of_outputs_alone
from minirnn.layers.studied import StudiedLayer
from minirnn.layers.symbolic import Node, Shape, is_symbolic
from minirnn.layers.tape import Tape
from minirnn.layers.unchanged import unchanged
from minirnn.layers.weight import Weight, WeightOwner

NO_MASK = np.zeros((0, 0), bool)
# What older scripts say of the model's input in its first layer.
INPUT_KEYWORDS = ("input_shape", "input_dim", "input_length", "batch_input_shape", "batch_size")


class Layer(GraphPart, Regularized, StudiedLayer, WeightOwner):
    """Base of all layers, and of a user's own.

    Least of all an own layer has a `call`, NumPy arrays in and out. It infers, alone and in models. To train through
    it, it needs `backward(self, dy, x)`: `dy` is the gradient of what `call` returned, then comes what `call` got, and
    it returns dx, or with weights (dx, [gradient of each weight]). Weights come from `add_weight`, in `build` or in
    `__init__`, and take part in arithmetic as arrays.

        class Scale(Layer):
            def build(self, input_shape):
                self.scale = self.add_weight(name="scale", shape=(input_shape[-1],), initializer="ones")

            def call(self, x):
                return x * self.scale

            def backward(self, dy, x):
                return dy * self.scale, [(dy * x).sum(axis=0)]

    `layer.vjp(x, dy)` gives these gradients, to be checked against differences of `layer(x)`.

    `call` may name `training`, `mask` (that of the first input) and `tape`, an empty object for what `backward` needs,
    which may name these, too, and `y`, what `call` returned. Several inputs are a list, or more arguments; several
    outputs a list, tuple or dict; dx and dy are nested alike. The output's shape is found by a trial, unless there is
    `compute_output_shape`. A mask goes on if `supports_masking` is set to True.

    An own layer without `backward` that has layers as attributes (also in lists and dicts) is run through these: its
    `call` may only call layers then, and it trains as it is.

    minirnn's own layers set weights in `build` and implement `new_tape`, `forward` and `backward(dy, tape, need_dx)`.

    Arguments shared by all layers: `name`, `dtype` ('float32' or 'float64'), `trainable`, and of older scripts
    `input_shape=(time, features)`, `input_dim`, `input_length`, `batch_input_shape`, `batch_size`. Raises TypeError for
    an unknown argument, NotImplementedError for `autocast=False`; for `activity_regularizer` as `regularizers.get`.
    """

    supports_masking = True
    input_rank: int | None = None
    makes_mask = False  # whether the output may have a mask where the input has none
    has_scores = False  # whether `new_tape` can leave the activation away, to give what it is applied to
    takes_mask = False  # whether Keras hands the mask to its `call`
    autocast = True  # whether a model casts its inputs to the layer's dtype
    takes_list = False  # whether inputs, masks, shapes and dx are lists, one entry for each input
    only_in_training = False  # whether the output is the input, but in training
    own_call = False  # whether `call` is the user's
    own_methods: ClassVar[type]  # what classes with such a `call` get, by `adopt`
    adopt: ClassVar[Callable[[type], None]]
    traced: Any = None  # (inputs, outputs) of the recorded `call` of an own layer made of layers
    graph: Any = None  # the graph between these

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        unknown = [key for key in kwargs if key not in INPUT_KEYWORDS]
        if unknown:
            known = spelling.arguments_of(type(self)).union(INPUT_KEYWORDS)
            raise spelling.unknown_argument(type(self).__name__, unknown[0], known)
        if not autocast:
            raise NotImplementedError(f"{type(self).__name__}: inputs take the layer's dtype; leave autocast=False out")
        self.name = unique_name(type(self).__name__) if name is None else str(name)
        self.dtype = config.check_dtype(dtype)
        self.built = False
        self.nodes: list[Node] = []
        self._own_weights: list[Weight] = []
        self._trainable = bool(trainable)
        if activity_regularizer is not None:
            self.activity_regularizer = activity_regularizer
        self.input_shape: Any = None
        self.declared_shape = self._declared(**kwargs)
        self._tracked: list[Layer] = []  # last of all: attributes that are set from here on may be layers

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        spelling.accept_in_layer(cls)
        if hasattr(Layer, "adopt"):
            Layer.adopt(cls)

    def _declared(
        self, input_shape=None, input_dim=None, input_length=None, batch_input_shape=None, batch_size=None
    ) -> Shape | None:
        """The batch shape that a layer names for the model's input, or None."""
        if batch_input_shape is not None:
            return tuple(batch_input_shape)
        if input_shape is None and input_dim is not None:
            input_shape = (input_length, input_dim) if self.input_rank == 3 else (input_dim,)
        return None if input_shape is None else (batch_size, *input_shape)

    # --- weights ---

    def add_weight(self, *given: Any, trainable: bool = True, **options: Any) -> Any:
        """A new weight; one that is not `trainable` never is.

        In a layer of the user's own as in Keras: `add_weight(shape=(), initializer=None, dtype=None, trainable=True,
        name=None)`, by default glorot_uniform of the layer's dtype. minirnn's own layers say `add_weight(name, shape,
        initial, layout)`, where `initial(shape, dtype)` gives the numbers. Raises TypeError for an unknown argument,
        ValueError for a shape or initializer that is none.
        """
        if len(given) < 4 or not hasattr(given[3], "packed_shape"):
            return self._add_parameter(*given, trainable=trainable, **options)
        name, shape, initial, layout = given
        regularizer, constraint = options.pop("regularizer", None), options.pop("constraint", None)
        weight = Weight(name, shape, layout, self.name)
        if not weight.is_planned:
            weight.assign(initial(shape, dtype=self.dtype))
        weight.trainable, weight.regularizer, weight.constraint = trainable, regularizer, constraint
        self._own_weights.append(weight)
        return weight

    def _add_parameter(
        self,
        shape: Any = (),
        initializer: Any = None,
        dtype: Any = None,
        *,
        trainable: bool = True,
        name: str | None = None,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
    ) -> Weight:
        """`add_weight` of an own layer."""
        weight = new_parameter(self, shape, initializer, dtype, trainable, name)
        weight.regularizer, weight.constraint = regularizers.get(regularizer), constraints.get(constraint)
        # As in Keras, those that are never trained come last.
        fixed = [place for place, own in enumerate(self._own_weights) if not own.trainable]
        place = fixed[0] if trainable and fixed else len(self._own_weights)
        self._own_weights.insert(place, weight)
        return weight

    def sublayers(self) -> list[Layer]:
        """The layers that this one is made of."""
        return []

    @property
    def weights(self) -> list[Weight]:
        """Its weights and those of its sublayers, each once, in Keras's order."""
        inner = self.sublayers()
        if not inner:
            return self._own_weights
        return list(dict.fromkeys([*self._own_weights, *(w for layer in inner for w in layer.weights)]))

    @property
    def trainable(self) -> bool:
        """Whether training changes its weights. Setting it sets that of all sublayers, too."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        Weight.changes += 1
        for layer in self.sublayers():
            layer.trainable = value

    @property
    def trainable_weights(self) -> list[Weight]:
        if not self._trainable:
            return []
        own = [w for w in self._own_weights if w.trainable]
        inner = self.sublayers()
        return list(dict.fromkeys([*own, *(w for layer in inner for w in layer.trainable_weights)])) if inner else own

    @property
    def non_trainable_weights(self) -> list[Weight]:
        trained = set(self.trainable_weights)
        return [w for w in self.weights if w not in trained]

    # --- shapes ---

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights for inputs of this batch shape; called once, before the first use."""
        self.check_rank(input_shape)
        self.input_shape = tuple(input_shape)
        self.built = True

    def _finish_build(self, input_shape: Any) -> None:
        """After a `build` of the user's."""
        self.input_shape, self.built = input_shape, True

    def check_rank(self, shape: tuple[int | None, ...]) -> None:
        if self.input_rank is not None and len(shape) != self.input_rank:
            axes = {2: "(batch, features)", 3: "(batch, time, features)"}[self.input_rank]
            hint = "reshape the input"
            if (len(shape), self.input_rank) == (2, 3):
                hint += "; if it follows a recurrent layer, give that one return_sequences=True"
            raise ValueError(
                f"{self.name} expects {self.input_rank} dimensions {axes}, got shape {tuple(shape)}; {hint}"
            )

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The batch shape of the output for an input's batch shape."""
        return tuple(input_shape)

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        if self.input_shape is None:
            raise AttributeError(f"layer {self.name} has no output shape yet: it was not built")
        return self.compute_output_shape(self.input_shape)

    def compute_mask(self, x: NDArray[Any], mask: NDArray[Any] | None) -> NDArray[Any] | None:
        """The mask of the output."""
        return mask if self.supports_masking else None

    def mask_made(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape) -> NDArray[Any] | None:
        """The mask of the output after `forward` on the same, which may have left it in the tape."""
        return self.compute_mask(x, mask)

    def draw_mask(self, xs: list[Any], masks: list[Any], step: Callable[..., Any]) -> Any:
        """How Keras draws the computation of the (first) output's mask, of which `minirnn.models.mask_order` tells.

        `xs` and `masks` stand for the inputs and their masks, None where there is none; `step(a, b)` is an operation on
        two of them. Gives what stands for the mask, None if there is none.
        """
        return masks[0] if self.supports_masking else None

    # --- the two passes ---

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        """Memory for inputs of this shape; `training` keeps what the backward pass needs."""
        raise NotImplementedError(
            f"{type(self).__name__} must define new_tape, forward and backward: minirnn has no automatic gradient, by "
            "which a layer with a call of its own could be trained"
        )

    def forward(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool) -> NDArray[Any]:
        raise NotImplementedError(f"{type(self).__name__} must define forward(x, mask, tape, training)")

    def backward(self, dy: NDArray[Any], tape: Tape, need_dx: bool) -> NDArray[Any] | None:
        """Set the weights' gradients and give the input's, if asked."""
        raise NotImplementedError(f"{type(self).__name__} must define backward(dy, tape, need_dx)")

    # --- calls ---

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Compute on arrays (`call`), or take a place in a model when called on symbolic tensors."""
        if is_symbolic(inputs) or is_symbolic(args) or (kwargs and is_symbolic(kwargs)):
            return self.connect(inputs, *args, **kwargs)
        outputs = self.call(inputs, *args, **kwargs)
        if self.activity_regularizer is not None:
            self.record_activity(outputs)
        return outputs

    def call(self, x: Any, *, mask: Any = None, training: bool = False) -> Any:
        """Compute on an array: (batch, ..) in, new array out."""
        x = self.prepare(x)
        return self.forward(x, mask, self.new_tape(x.shape, training), training)

    def prepare(self, x: Any) -> NDArray[Any]:
        """Check an input array, and build for its shape on first use."""
        x = as_input(x, self.name, self.dtype)
        if not self.built:
            with one_thread():
                if not self.built:
                    self.build((None, *x.shape[1:]))
        self.check_input(x.shape)
        return x

    def check_input(self, shape: tuple[int | None, ...]) -> None:
        """Raise ValueError if arrays of this shape do not fit the weights."""
        self.check_rank(shape)
        if self.weights and shape[-1] != self.input_shape[-1]:
            raise ValueError(
                f"{self.name} was built for {self.input_shape[-1]} features, got input of shape {tuple(shape)}"
            )

    def generators(self) -> list[Any]:
        """What its own passes draw from in training, each with a `state` that can be kept and set again."""
        return []

    def vjp(self, x: Any, dy: Any, mask: Any = None) -> tuple:
        """Gradients of sum(layer(x) * dy) in training: (dx, [gradient of each weight that training may change]).

        The layer stays as it is, its moving statistics, states and draws included.
        """
        x = self.prepare(x)
        tape = self.new_tape(x.shape, True)
        with unchanged(self):
            self.forward(x, mask, tape, True)
        with of_outputs_alone():
            dx = self.backward(as_input(dy, "dy", self.dtype), tape, True)
        return dx, [w.gradient_numpy() for w in self.weights if w.trainable]

    # --- configuration ---

    def get_config(self) -> dict[str, Any]:
        """Keras's configuration; `from_config`, here or in Keras, makes an equal, unbuilt layer of it."""
        return self.common_config()

    def common_config(self) -> dict[str, Any]:
        """The part of the configuration that all layers have."""
        base = {"name": self.name, "trainable": self.trainable, "dtype": config.dtype_policy(self.dtype)}
        if self.activity_regularizer is None:
            return base
        return base | {"activity_regularizer": regularizers.serialize(self.activity_regularizer)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """The layer of a configuration, of minirnn or of Keras."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"
