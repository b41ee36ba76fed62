"""LayerNormLSTM: the layer around `minirnn.gates.layer_norm_lstm`."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import NDArray

from minirnn import initializers
from minirnn.jit import Static
from minirnn.kernels import plans
from minirnn.kernels.layer_norm import BIAS, GRADIENTS, SHARE, STATISTICS, VECTORS
from minirnn.kernels.vec import lanes
from minirnn.layers.layer import Tape
from minirnn.layers.unit_vectors import UnitVectors


class LayerNormLSTM(UnitVectors):
    """An LSTM whose sums and cell state are normalised at each step (Ba et al. 2016); `minirnn.gates.layer_norm_lstm`.

    All arguments of `LSTM`, its shapes, states and weights. Behind the bias come kernel_gain and recurrent_gain
    (4 units,), the gains of the normalised x W and h_prev U, gates in the order i f g o; state_gain and state_shift
    (units,), of the cell state as it is shown. Gains begin as `gain_initializer` says, shifts at 0. `epsilon` keeps a
    row of equal numbers from being divided by zero. Keras has no such layer.

    Raises ValueError unless `epsilon` is a number above 0.

    >>> import numpy as np
    >>> layer = LayerNormLSTM(8)
    >>> layer(np.zeros((2, 3, 1))).shape, layer.count_params()
    ((2, 8), 400)
    """

    vector_count = VECTORS

    def __init__(
        self, units: int, *args: Any, gain_initializer: Any = "ones", epsilon: float = 1e-5, **kwargs: Any
    ) -> None:
        super().__init__(units, *args, **kwargs)
        if isinstance(epsilon, bool) or not isinstance(epsilon, (int, float)) or not 0 < epsilon < math.inf:
            raise ValueError(f"{self.name}: epsilon must be a number above 0, got {epsilon!r}")
        self.gain_initializer, self.epsilon = initializers.get(gain_initializer), float(epsilon)

    def cell(self) -> Static:
        return plans.layer_norm_lstm_cell(self.activation, self.recurrent_activation, self.epsilon)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.add_vectors("kernel_gain", 4, self.gain_initializer)
        self.add_vectors("recurrent_gain", 4, self.gain_initializer)
        self.add_vectors("state_gain", 1, self.gain_initializer)
        self.add_vectors("state_shift", 1, initializers.get("zeros"))

    def slots_behind_c(self, slots: int, batch: int, padded: int) -> int:
        numbers = VECTORS * padded + slots * batch * STATISTICS * lanes(self.dtype)
        return -(-numbers // (batch * padded))

    def blocks_of_dc(self) -> int:
        return 1 + GRADIENTS

    def new_tape(self, shape: tuple[int, ...], training: bool, dropping: bool | None = None) -> Tape:
        t = super().new_tape(shape, training, dropping)
        t.vectors[SHARE, : self.units] = 1.0 / self.units
        return t

    def set_vector_gradients(self, sums: NDArray[Any]) -> None:
        super().set_vector_gradients(sums)
        if self._bias:  # the kernel for plain sums left there what would be its gradient, were nothing normalised
            self._bias.layout.pack(sums[BIAS : BIAS + 4].reshape(-1), self._bias.gradient)

    def get_config(self) -> dict[str, Any]:
        gain = initializers.serialize(self.gain_initializer)
        return super().get_config() | {"gain_initializer": gain, "epsilon": self.epsilon}
