"""`Gated`, the base of LSTM and GRU: recurrent layers with a second activation, that of their gates."""

from __future__ import annotations

from typing import Any

from minirnn import activations
from minirnn.layers.recurrence import Recurrent, activation_of_a_gate


class Gated(Recurrent):
    """A `Recurrent` with `recurrent_activation`.

    `use_cudnn` ("auto", True or False, else ValueError) is accepted and changes nothing: this is the CPU.
    """

    def __init__(self, *, recurrent_activation: Any, use_cudnn: Any, **kwargs: Any) -> None:
        if use_cudnn not in ("auto", True, False):
            raise ValueError(f"use_cudnn must be 'auto', True or False, got {use_cudnn!r}; it changes nothing here")
        super().__init__(**kwargs)
        self.recurrent_activation = activation_of_a_gate(activations.name_of(recurrent_activation))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"recurrent_activation": activations.serialize(self.recurrent_activation)}
