"""SimpleRNN: the layer around `minirnn.gates.simple_rnn`."""

from __future__ import annotations

from minirnn.jit import Static
from minirnn.kernels import plans
from minirnn.layers.recurrence import Recurrent, tile_for


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

    @property
    def registers(self) -> int:
        return len(tile_for(self.units, self.dtype))

    def cell(self) -> Static:
        return plans.simple_rnn_cell(self.activation, self.registers)
