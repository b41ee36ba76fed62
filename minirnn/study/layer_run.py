"""`LayerRun`: what a recurrent layer computed in one call, step by step: what its equations are studied from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.kernels.activations import ACTIVATIONS
from minirnn.layers.recurrence import Recurrent

Array = NDArray[Any]


@dataclass
class LayerRun:
    """One call of a layer: rows B, steps T, features F, units U, gates G. Step 0 is the one that was computed first.

    x     (B, T, F)       what W multiplies: the input, after dropout in training
    h     (B, T + 1, U)   the state before step t at t, as the kernels computed it, and so for c
    c     (B, T + 1, U)   None for a cell that has none
    keep  (B, T)          True where a step counts; None without a mask
    drop  (B, U)          the mask of recurrent dropout; None without
    kept  (2, B, T, U)    of zoneout: what chance keeps of c, and of h; None for other cells
    dy    (B, T or 1, U)  gradient of the output at each step, or of the last, after a backward pass; else None
    d_last                gradients of the last h and c, (B, U) each, or None
    weights               every weight by its name, in Keras's shape, copies
    """

    layer: Recurrent
    x: Array
    h: Array
    c: Array | None
    keep: Array | None
    drop: Array | None
    kept: Array | None
    dy: Array | None
    d_last: list[Array | None]
    weights: dict[str, Array]

    @classmethod
    def of(
        cls, layer: Recurrent, tape: Any, rows: Any = slice(None), weights: dict[str, Array] | None = None
    ) -> LayerRun:
        """The last call that a tape was used for, one that keeps all steps; `rows` of it, copies."""
        steps, units = tape.x.shape[1], layer.units

        def states(slots: Array) -> Array:
            return slots[: steps + 1, rows, :units].swapaxes(0, 1).copy()

        backwards = slice(None, None, -1 if layer.go_backwards else 1)
        kept = getattr(tape, "kept", None)
        return cls(
            layer,
            x=tape.x[rows, backwards].copy(),
            h=states(tape.h),
            c=states(tape.c) if layer.state_count == 2 else None,
            keep=tape.mask[rows, backwards].copy() if tape.mask.size else None,
            drop=tape.drop[1][rows, :units].copy() if tape.drop else None,
            kept=None if kept is None else np.stack([states(slots)[:, :-1] for slots in kept]),
            dy=_copied(getattr(tape, "backward_call", (None, None))[1], rows),
            d_last=[
                None if d is None else d[rows].copy() for d in [*(getattr(tape, "d_last", None) or ()), None, None]
            ][:2],
            weights={weight.name: weight.numpy() for weight in layer.weights} if weights is None else weights,
        )

    # --- as `replay.Replay`, whose blocks are runs: all steps are one block ---

    def blocks(self) -> Iterator[tuple[int, LayerRun]]:
        """(its first step, what was computed) of each block, the first one first."""
        yield 0, self

    blocks_back = blocks

    # --- shapes ---

    @property
    def rows(self) -> int:
        return self.x.shape[0]

    @property
    def steps(self) -> int:
        return self.x.shape[1]

    @property
    def units(self) -> int:
        return self.h.shape[2]

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.h.dtype

    @property
    def has_c(self) -> bool:
        return self.c is not None

    # --- what the equations of step t are given ---

    def activations(self) -> dict[str, Any]:
        """The two activations and their derivatives, under the names that gate functions have for them."""
        known: dict[str, Any] = {}
        for name in ("activation", "recurrent_activation"):
            if hasattr(self.layer, name):
                known[name], known[f"d_{name}"] = ACTIVATIONS[getattr(self.layer, name)]
        return known

    def before(self, t: int) -> dict[str, Array]:
        """x, the states before step t, and h_in, the h_prev that U multiplies."""
        # Of one layout however many steps are held: so no product's sum can depend on that.
        h_prev = np.ascontiguousarray(self.h[:, t])
        h_in = h_prev if self.drop is None else h_prev * self.drop
        known = {"x": np.ascontiguousarray(self.x[:, t]), "h_prev": h_prev, "h_in": h_in}
        return known if self.c is None else known | {"c_prev": self.c[:, t]}

    def after(self, t: int) -> dict[str, Array]:
        """The states after step t."""
        known = {"h": self.h[:, t + 1]}
        return known if self.c is None else known | {"c": self.c[:, t + 1]}

    def columns(self, name: str, gates: str) -> dict[str, Array]:
        """A weight's columns by gate: (.., U) each; 0 for the bias of a layer without one."""
        if name not in self.weights:
            return dict.fromkeys(gates, np.zeros(self.units, self.h.dtype))
        return dict(zip(gates, np.split(self.weights[name], len(gates), axis=-1), strict=True))

    def masked(self, t: int) -> Array | None:
        """(B, 1), True in rows whose step t does not count; None without a mask."""
        return None if self.keep is None else ~self.keep[:, t, None]


def _copied(dy: Array | None, rows: Any) -> Array | None:
    """These rows of the gradient of an output, if there is one."""
    return None if dy is None or not dy.size else dy[rows].copy()
