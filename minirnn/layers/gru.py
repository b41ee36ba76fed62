"""GRU: the layer around `minirnn.gates.gru`."""

from __future__ import annotations

from typing import Any

from minirnn.jit import Static
from minirnn.kernels import plans
from minirnn.layers.arguments import passed_on
from minirnn.layers.gated import Gated


class GRU(Gated):
    """Gated recurrent unit (Cho et al. 2014), in both conventions; equations in `minirnn.gates.gru`.

    Input (batch, time, features); output (batch, units) or, with return_sequences, (batch, time, units). Weights:
    kernel (features, 3 units), recurrent_kernel (units, 3 units), gates side by side in the order z r n; bias
    (2, 3 units) with reset_after=True (the input's, then the recurrent one), (3 units,) without.

    `reset_after`: True (the default, as in Keras and CuDNN) resets the recurrent product, False resets h before it. All
    other arguments: see `Recurrent`.

    >>> import numpy as np
    >>> layer = GRU(8)
    >>> layer(np.zeros((2, 3, 1))).shape, layer.count_params()
    ((2, 8), 264)
    """

    gates = 3
    # Columns n z r of the input and z r n of h lie over each other as [ n  z  r  q ].
    input_order = [2, 0, 1]
    recurrent_order = [0, 1, 2]

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
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
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed_on(locals(), "reset_after"))
        self.reset_after = bool(reset_after)
        self.bias_rows, self.first_panel = (2, None) if self.reset_after else (1, 2)

    def cell(self) -> Static:
        plan = plans.gru_cell if self.reset_after else plans.gru_reset_before_cell
        return plan(self.activation, self.recurrent_activation)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"reset_after": self.reset_after}
