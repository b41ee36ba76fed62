"""Updates of a table's rows that wait until a row is used: a step costs what its rows cost, not what the table costs.

A step changes every row of a table in Keras, also those without a gradient: moments fade, and with momentum the
parameters move on. Nobody sees that before the row is read. So a row without a gradient is left as it is, and the steps
that it missed are made up for when it is next read or has a gradient: in one formula where there is one, else step by
step in registers. Each row makes each step at most once, so nothing costs more than a pass over the table would have.
"""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.kernels.embedding import put_rows, take_rows
from minirnn.kernels.threads import share
from minirnn.layers.weight import Weight, zeros
from minirnn.training.arena import Arena, Stretch

Array = NDArray[Any]

WORTH_WAITING = 2**16  # numbers in a table, below which a pass over all of it is cheaper than keeping accounts
KEPT_STEPS = 1024  # steps whose rates are remembered; then all rows make up for what they missed
CHUNK = 4096  # rows that are copied at a time
COPY_COST = 8  # of a number there and back, in multiply-adds


class LateRows:
    """The account of one table: how many steps each row has had.

    `stretch` is the whole table for passes over all of it, such as clipping. The optimizer's `pass_by` makes up for
    steps, its `update` makes one.
    """

    def __init__(self, optimizer: Any, weight: Weight, arena: Arena) -> None:
        self._optimizer, self.weight = optimizer, weight
        self.stretch = Stretch(arena, [arena.places[weight]])
        shape = weight.packed.shape
        self._tables = {"parameters": self.stretch.parameters, **self.stretch.slots}
        self._tables = {name: table.reshape(shape) for name, table in self._tables.items()}
        self._gradients = self.stretch.gradients.reshape(shape)
        self._steps, self._had = 0, np.zeros(shape[0], np.int64)
        self.rates = np.zeros(KEPT_STEPS)  # the learning rate of each step, as `update` has it
        self._lock = threading.RLock()
        weight.touched.late = self

    def detach(self) -> None:
        """Make up for everything, and keep no account any more."""
        self.settle()
        if self.weight.touched.late is self:
            self.weight.touched.late = None

    # --- steps ---

    def step(self) -> None:
        """One step: an update of the rows that have a gradient."""
        with self._lock:
            rows = self.weight.touched.take()
            self.settle(rows)
            if self._steps == KEPT_STEPS:
                self.restart()
            self.rates[self._steps] = self._optimizer.rate_of_step()
            self._steps += 1
            for start in range(0, len(rows), CHUNK):
                self._update(np.ascontiguousarray(rows[start : start + CHUNK]))
            self._had[rows] = self._steps

    def _update(self, rows: Array) -> None:
        copies = self._copied(rows, self._tables)
        (g,) = self._copied(rows, {"gradients": self._gradients}).values()
        slots = {name: copy.reshape(-1) for name, copy in copies.items() if name != "parameters"}
        part: Any = SimpleNamespace(parameters=copies["parameters"].reshape(-1), gradients=g.reshape(-1), slots=slots)
        kernel, arguments = self._optimizer.update(part)
        kernel(*arguments, 0, g.size)
        self._put_back(rows, copies)

    def settle(self, rows: Array | None = None) -> None:
        """Let these rows, ascending and each once, or all of them, have had every step."""
        with self._lock:
            waiting = self._had < self._steps if rows is None else self._had[rows] < self._steps
            if not waiting.any():
                return
            late = np.flatnonzero(waiting) if rows is None else rows[waiting]
            for start in range(0, len(late), CHUNK):
                self._pass_by(np.ascontiguousarray(late[start : start + CHUNK]))

    def _pass_by(self, rows: Array) -> None:
        copies = self._copied(rows, self._tables)
        p = copies.pop("parameters")
        self._optimizer.pass_by(p, copies, self._had[rows], self._steps, self.rates)
        self._put_back(rows, {"parameters": p, **copies})
        self._had[rows] = self._steps

    def restart(self) -> None:
        """Let all rows have had every step, and count steps from 0."""
        with self._lock:
            self.settle()
            self._steps, self._had[...] = 0, 0

    # --- rows to and fro ---

    def _copied(self, rows: Array, tables: dict[str, Array]) -> dict[str, Array]:
        copies = {}
        for name, table in tables.items():
            copies[name] = zeros((len(rows), table.shape[1]), table.dtype)
            share(take_rows, (table, rows, copies[name]), len(rows), COPY_COST * copies[name].size, 64)
        return copies

    def _put_back(self, rows: Array, copies: dict[str, Array]) -> None:
        for name, copy in copies.items():
            share(put_rows, (copy, rows, self._tables[name]), len(rows), COPY_COST * copy.size, 64)


def faded(decay: float, missed: Array, dtype: Any) -> Array:
    """decay ** missed for each row, (rows, 1)."""
    return (float(decay) ** missed.astype(np.float64))[:, None].astype(dtype)


def way(decay: float, missed: Array, dtype: Any) -> Array:
    """decay + decay**2 + .. + decay**missed for each row, (rows, 1): how far a fading momentum of 1 still moves."""
    return (decay * (1.0 - float(decay) ** missed.astype(np.float64)) / (1.0 - decay))[:, None].astype(dtype)
