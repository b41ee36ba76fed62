"""LSTM: the layer around `minirnn.gates.lstm`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.jit import Static
from minirnn.kernels import plans
from minirnn.layers.arguments import passed_on
from minirnn.layers.gated import Gated


class LSTM(Gated):
    """Long short-term memory (Hochreiter & Schmidhuber 1997; Gers et al. 2000); equations in `minirnn.gates.lstm`.

    Input (batch, time, features); output (batch, units) or, with return_sequences, (batch, time, units). Weights:
    kernel (features, 4 units), recurrent_kernel (units, 4 units), bias (4 units,), gates side by side in the order
    i f g o.

    `unit_forget_bias`: True (the default) lets the bias of the forget gate begin at 1. All other arguments: see
    `Recurrent`.

    >>> import numpy as np
    >>> layer = LSTM(8)
    >>> layer(np.zeros((2, 3, 1))).shape, layer.count_params()
    ((2, 8), 320)
    """

    gates = 4
    state_count = 2
    input_order = recurrent_order = [0, 1, 2, 3]

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed_on(locals(), "unit_forget_bias"))
        self.unit_forget_bias = bool(unit_forget_bias)

    def cell(self) -> Static:
        return plans.lstm_cell(self.activation, self.recurrent_activation)

    def initial_bias(self, shape: tuple[int, ...], dtype: Any = None) -> NDArray[Any]:
        bias = np.array(self.bias_initializer(shape, dtype=dtype))
        if self.unit_forget_bias:
            bias[self.units : 2 * self.units] = 1.0
        return bias

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"unit_forget_bias": self.unit_forget_bias}
