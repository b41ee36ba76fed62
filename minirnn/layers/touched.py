"""Which rows of a table have a gradient: what lets a step cost as much as the rows in use, not as the whole table."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
NO_ROWS: Rows = np.zeros(0, np.int64)


class TouchedRows:
    """Beside a table's weight: the rows where its gradient may not be zero, and who updates rows late, if anyone.

    The layer calls `begin` before it adds a batch's gradient, the optimizer `take` when it uses the gradient.
    """

    def __init__(self) -> None:
        self._rows, self._used = NO_ROWS, True
        self.late: Any = None  # an optimizer's account of rows that wait for their updates, with `settle(rows)`

    def begin(self, ids: Rows) -> Rows:
        """A new gradient begins, which touches the rows `ids`; the rows to be cleared first, each once."""
        before, new = self._rows, np.unique(ids)
        # What no step has used may be added again by who keeps it (a layer that is called twice): it stays in account.
        self._rows = new if self._used else np.union1d(before, new)
        self._used = False
        return before

    def spread(self, count: int) -> None:
        """All of the table's `count` rows have a gradient now: something beside a batch was added to it."""
        self._rows = np.arange(count)

    def take(self) -> Rows:
        """The rows whose gradient may not be zero, ascending, each once."""
        self._used = True
        return self._rows

    def bring_up_to_date(self, ids: Rows) -> None:
        """Let these rows be as if every step had updated them."""
        if self.late is not None:
            self.late.settle(np.unique(ids))
