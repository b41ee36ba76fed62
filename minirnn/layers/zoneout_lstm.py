"""ZoneoutLSTM: the layer around `minirnn.gates.zoneout` and `minirnn.gates.lstm`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import random
from minirnn.jit import Static
from minirnn.kernels import plans
from minirnn.layers.layer import Tape
from minirnn.layers.lstm import LSTM


class ZoneoutLSTM(LSTM):
    """An LSTM whose units keep their states by chance while it trains (Krueger et al. 2017); `minirnn.gates.zoneout`.

    All arguments of `LSTM`, its shapes, states and weights. `zoneout` is (rate of c, rate of h), probabilities with
    which a unit keeps its cell state, and its hidden state, of the step before, drawn anew for each unit, sample and
    step; (0.5, 0.05) is what the paper trains character models with. Outside training nothing is drawn: new and old
    state are mixed in the proportion of the rates. `seed` repeats the draws. Keras has no such layer.

    Raises ValueError unless there are two rates, each at least 0 and below 1.

    >>> import numpy as np
    >>> layer = ZoneoutLSTM(8, zoneout=(0.5, 0.05))
    >>> layer(np.zeros((2, 3, 1))).shape, layer.count_params()
    ((2, 8), 320)
    """

    def __init__(self, units: int, *args: Any, zoneout: Sequence[float] = (0.5, 0.05), **kwargs: Any) -> None:
        super().__init__(units, *args, **kwargs)
        self.zoneout = _rates(zoneout, self.name)
        self._chance = np.random.default_rng(random.next_seed() if self.seed is None else self.seed)

    def generators(self) -> list[Any]:
        return [*super().generators(), self._chance.bit_generator]

    def cell(self) -> Static:
        return plans.zoneout_lstm_cell(self.activation, self.recurrent_activation)

    def slots_behind_c(self, slots: int, batch: int, padded: int) -> int:
        return 3 * slots  # what is kept of c, of h, and c before that

    def new_tape(self, shape: tuple[int, ...], training: bool, dropping: bool | None = None) -> Tape:
        # A call in training has room for all steps, too, since each has draws of its own.
        t = super().new_tape(shape, training or bool(dropping), dropping)
        t.kept = t.c.reshape(4, *t.h.shape)[1:3]
        return t

    def forward(
        self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool, initial_state: Any = None
    ) -> NDArray[Any]:
        for kept, rate in zip(tape.kept, self.zoneout, strict=True):
            kept = kept[:, :, : self.units]
            # A draw has 24 bits, as many as a float32 has.
            kept[...] = self._chance.random(kept.shape, np.float32) < rate if training and rate else rate
        return super().forward(x, mask, tape, training, initial_state)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"zoneout": list(self.zoneout)}


def _rates(zoneout: Any, name: str) -> tuple[float, float]:
    """Two rates as floats, or ValueError."""
    rates = tuple(zoneout) if isinstance(zoneout, Sequence) and not isinstance(zoneout, str) else (zoneout,)
    numbers = [r for r in rates if isinstance(r, (int, float)) and not isinstance(r, bool) and 0 <= r < 1]
    if len(rates) != 2 or len(numbers) != 2:
        raise ValueError(f"{name}: zoneout must be two rates (c, h), each at least 0 and below 1, got {zoneout!r}")
    return float(numbers[0]), float(numbers[1])
