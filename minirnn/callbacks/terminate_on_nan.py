"""`TerminateOnNaN`: no training goes on from a loss that is no number."""

from __future__ import annotations

import math

from minirnn.callbacks.callback import Callback, Logs
from minirnn.utils.output import print_message


class TerminateOnNaN(Callback):
    """Stops at the first batch whose loss is NaN or infinite; with `raise_error` by a RuntimeError.

    The loss of a batch is the one in its logs: the mean over the epoch so far.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"NaN or Inf loss encountered at batch {batch}. Loss value: {loss}. Terminating training immediately."
            )
        print_message(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
