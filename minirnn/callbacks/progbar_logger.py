"""The callback behind `verbose`: feeds the progress bar."""

from __future__ import annotations

from typing import Any

from minirnn.callbacks.callback import Callback, Logs
from minirnn.utils.output import print_message
from minirnn.utils.progbar import Progbar


class ProgbarLogger(Callback):
    """Shows a progress bar with the running averages. `fit`, `evaluate` and `predict` add one unless verbose is 0.

    `verbose` (of the params) is 1 or "auto" for a bar, 2 for a line an epoch, more for the number of the epoch only.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.progbar: Progbar | None = None
        self.target: int | None = None
        self.verbose = 1
        self.epochs = 1
        self._in_fit = False

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        self.verbose = 1 if params["verbose"] == "auto" else params["verbose"]
        self.epochs = params["epochs"]
        self.target = params["steps"]

    def on_train_begin(self, logs: Logs = None) -> None:
        # Validation inside fit is silent.
        self._in_fit = True

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._begin()
        if self.verbose and self.epochs > 1:
            print_message(f"Epoch {epoch + 1}/{self.epochs}")

    def on_test_begin(self, logs: Logs = None) -> None:
        if not self._in_fit:
            self._begin()

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._begin()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._advance(batch, logs)

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        if not self._in_fit:
            self._advance(batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        # The outputs are no metrics.
        self._advance(batch, None)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._end(logs)

    def on_test_end(self, logs: Logs = None) -> None:
        if not self._in_fit:
            self._end(logs)

    def on_predict_end(self, logs: Logs = None) -> None:
        self._end(logs)

    def break_off(self) -> None:
        if self.progbar is not None:
            self.progbar.break_off()

    def _begin(self) -> Progbar:
        # Logs are averages already: the bar must not average them again.
        self.progbar = Progbar(self.target, verbose=self.verbose, stateless_metrics=())
        self.seen = 0
        return self.progbar

    def _advance(self, batch: int, logs: Logs) -> None:
        bar = self.progbar or self._begin()
        self.seen = batch + 1
        if self.verbose == 1:
            bar.update(self.seen, (logs or {}).items(), finalize=False)

    def _end(self, logs: Logs) -> None:
        bar = self.progbar or self._begin()
        if self.target is None:
            # The first epoch has counted the steps of the next ones.
            self.target = bar.target = self.seen
        # Fewer steps than the target: the data ended early, or training was stopped.
        bar.update(self.seen or self.target, (logs or {}).items(), finalize=True)
