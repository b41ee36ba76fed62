"""PeepholeLSTM: the layer around `minirnn.gates.peephole_lstm`."""

from __future__ import annotations

from typing import Any

from minirnn import initializers
from minirnn.jit import Static
from minirnn.kernels import plans
from minirnn.layers.unit_vectors import UnitVectors


class PeepholeLSTM(UnitVectors):
    """An LSTM whose gates see the cell state (Gers & Schmidhuber 2000); equations in `minirnn.gates.peephole_lstm`.

    All arguments of `LSTM`, its shapes, states and weights; behind the bias comes one weight more: peepholes
    (3 units,), side by side in the order i f o, which begin as `peephole_initializer` says: by default at 0, an
    LSTM. Counting steps and timing are what they are for. Keras has no such layer.

    >>> import numpy as np
    >>> layer = PeepholeLSTM(8)
    >>> layer(np.zeros((2, 3, 1))).shape, layer.count_params()
    ((2, 8), 344)
    """

    vector_count = 3

    def __init__(self, units: int, *args: Any, peephole_initializer: Any = "zeros", **kwargs: Any) -> None:
        super().__init__(units, *args, **kwargs)
        self.peephole_initializer = initializers.get(peephole_initializer)

    def cell(self) -> Static:
        return plans.peephole_lstm_cell(self.activation, self.recurrent_activation)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.add_vectors("peepholes", 3, self.peephole_initializer)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"peephole_initializer": initializers.serialize(self.peephole_initializer)}
