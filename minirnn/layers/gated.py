"""`Gated`, the base of LSTM and GRU: recurrent layers with a second activation, that of their gates."""

from __future__ import annotations

from typing import Any

from minirnn import activations
from minirnn.layers.recurrence import Recurrent, activation_of_a_gate


class Gated(Recurrent):
    """A `Recurrent` with `recurrent_activation`, in Keras's order of arguments."""

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        **arguments: Any,
    ) -> None:
        super().__init__(
            units, activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer, **arguments
        )
        self.recurrent_activation = activation_of_a_gate(activations.name_of(recurrent_activation))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"recurrent_activation": activations.serialize(self.recurrent_activation)}
