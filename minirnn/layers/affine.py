"""`Affine`, the base of layers that compute activation(.. x W .. + b): units, activation, and where W and b begin."""

from __future__ import annotations

from typing import Any, ClassVar

from minirnn import activations, constraints, initializers, regularizers
from minirnn.boundary import whole
from minirnn.layers.layer import Layer


class Affine(Layer):
    """What Dense and the recurrent layers share of Keras's arguments; the signatures of those layers hold the defaults.

    Raises TypeError or ValueError unless `units` is a whole number of at least 1, ValueError for an unknown activation,
    initializer, regularizer or constraint, NotImplementedError for an argument of Keras that is not supported yet and
    not off.
    """

    # Arguments of Keras that are not supported yet, at the values that switch them off and stand in configurations.
    later: ClassVar[dict[str, Any]] = {}

    def __init__(
        self,
        *,
        units: int,
        activation: Any,
        use_bias: bool,
        kernel_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        for name in self.later:
            value = kwargs.pop(name, None)
            if value is not None and value != 0:
                raise NotImplementedError(f"{type(self).__name__}: {name} is not supported yet; leave it out")
        super().__init__(**kwargs)
        self.units = whole(units, "units")
        self.activation = activations.name_of(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer: Any = initializers.get(kernel_initializer)
        self.bias_initializer: Any = initializers.get(bias_initializer)
        self.kernel_regularizer: Any = regularizers.get(kernel_regularizer)
        self.bias_regularizer: Any = regularizers.get(bias_regularizer)
        self.kernel_constraint: Any = constraints.get(kernel_constraint)
        self.bias_constraint: Any = constraints.get(bias_constraint)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            **self.later,
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }
