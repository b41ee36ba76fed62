"""`EarlyStopping`: a training ends when it gets no better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minirnn.callbacks.callback import Logs
from minirnn.callbacks.monitor import MonitorCallback
from minirnn.utils.output import print_message


class EarlyStopping(MonitorCallback):
    """Stops when `monitor` has not improved by more than `min_delta` for `patience` epochs.

    `mode` is "min", "max" or "auto", which asks the metric what an improvement is. An epoch that does not beat
    `baseline` counts as none. The first `start_from_epoch` epochs are not looked at. `restore_best_weights` puts the
    weights of the best epoch back at the end; `verbose=1` says so. As in Keras, `patience` 0 means 1. A value of NaN is
    never an improvement.

    Raises TypeError or ValueError for an unknown mode or an impossible number. A name that is in no logs is a
    ValueError before the first epoch (`check_monitors`), or at its end in a training loop of one's own.
    """

    kept = ("wait", "stopped_epoch", "best", "best_epoch", "best_weights")

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience = self._count(patience, "patience")
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = self._count(start_from_epoch, "start_from_epoch")
        self._restart()

    def _restart(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None

    def check_kept(self, values: Mapping[str, Any]) -> None:
        super().check_kept(values)
        best = values["best_weights"]
        shapes = [weight.shape for weight in self.model.weights]
        if best is not None and [getattr(array, "shape", None) for array in best] != shapes:
            raise ValueError("best weights of other shapes than the model's")

    def on_train_begin(self, logs: Logs = None) -> None:
        self._restart()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        current = self.get_monitor_value(logs)
        self.direction()
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self._keep(epoch)
        self.wait += 1
        if self._improves(current, self.best):
            self.best, self.best_epoch = current, epoch
            if self.restore_best_weights:
                self._keep(epoch)
            if self.baseline is None or self._improves(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs = None) -> None:
        if self.stopped_epoch and self.verbose > 0:
            print_message(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                print_message(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def _keep(self, epoch: int) -> None:
        self.best_epoch = epoch
        self.best_weights = self.model.get_weights()
