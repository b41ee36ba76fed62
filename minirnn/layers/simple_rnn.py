"""SimpleRNN: the layer around `minirnn.gates.simple_rnn`."""

from __future__ import annotations

from typing import Any

from minirnn.jit import Static
from minirnn.kernels import plans
from minirnn.layers.arguments import passed_on
from minirnn.layers.recurrence import Recurrent
from minirnn.layers.recurrent_tape import tile_for


class SimpleRNN(Recurrent):
    """Fully connected recurrent layer, h = activation(x W + h_prev U + b) (Elman 1990).

    Input (batch, time, features); output (batch, units) or, with return_sequences, (batch, time, units). Weights:
    kernel (features, units), recurrent_kernel (units, units), bias (units,). The arguments are those of `Recurrent`.

    >>> import numpy as np
    >>> SimpleRNN(4)(np.zeros((2, 3, 1))).shape
    (2, 4)
    """

    gates = 1
    input_order = recurrent_order = [0]

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed_on(locals()))

    @property
    def registers(self) -> int:
        return len(tile_for(self.units, self.dtype))

    def cell(self) -> Static:
        return plans.simple_rnn_cell(self.activation, self.registers)
