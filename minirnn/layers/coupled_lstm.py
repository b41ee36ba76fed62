"""CoupledLSTM: the layer around `minirnn.gates.coupled_lstm`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.jit import Static
from minirnn.kernels import plans
from minirnn.layers.lstm import LSTM


class CoupledLSTM(LSTM):
    """An LSTM that forgets what it overwrites, f = 1 - i (CIFG, Greff et al. 2017); `minirnn.gates.coupled_lstm`.

    All arguments of `LSTM`, its shapes and states, and a quarter of its weights less: kernel (features, 3 units),
    recurrent_kernel (units, 3 units), bias (3 units,), gates side by side in the order i g o. With `unit_forget_bias`
    the bias of the input gate begins at -1, which lets it begin as open as that of an LSTM's forget gate. Keras has no
    such layer.

    >>> import numpy as np
    >>> layer = CoupledLSTM(8)
    >>> layer(np.zeros((2, 3, 1))).shape, layer.count_params()
    ((2, 8), 240)
    """

    gates = 3
    input_order = recurrent_order = [0, 1, 2]

    def cell(self) -> Static:
        return plans.coupled_lstm_cell(self.activation, self.recurrent_activation)

    def initial_bias(self, shape: tuple[int, ...], dtype: Any = None) -> NDArray[Any]:
        bias = np.array(self.bias_initializer(shape, dtype=dtype))
        if self.unit_forget_bias:
            bias[: self.units] = -1.0
        return bias
