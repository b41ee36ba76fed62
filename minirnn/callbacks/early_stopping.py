"""Callbacks that end a training before its last epoch."""

from __future__ import annotations

import math
from typing import Any

from minirnn.callbacks.callback import Callback, Logs
from minirnn.training.progress import print_message
from minirnn.utils.registry import closest

_MODES = ("auto", "min", "max")


class EarlyStopping(Callback):
    """Stops when `monitor` has not improved by more than `min_delta` for `patience` epochs.

    `mode` is "min", "max" or "auto", which asks the metric what an improvement is. An epoch that does not beat
    `baseline` counts as none. The first `start_from_epoch` epochs are not looked at. `restore_best_weights` puts the
    weights of the best epoch back at the end; `verbose=1` says so. As in Keras, `patience` 0 means 1. A value of NaN is
    never an improvement.

    Raises ValueError for an unknown mode or an impossible number, and at the end of the first epoch if there is no such
    value to monitor.
    """

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
        super().__init__()
        if mode not in _MODES:
            raise ValueError(f"EarlyStopping mode must be 'auto', 'min' or 'max', got {mode!r}{closest(mode, _MODES)}")
        if not isinstance(monitor, str):
            raise TypeError(f"EarlyStopping monitors one value by its name, got {type(monitor).__name__}")
        for name, number in (("patience", patience), ("start_from_epoch", start_from_epoch)):
            if isinstance(number, bool) or int(number) != number or number < 0:
                raise ValueError(f"EarlyStopping {name} must be a whole number of at least 0, got {number!r}")
        if not math.isfinite(min_delta):
            raise ValueError(f"EarlyStopping min_delta must be a finite number, got {min_delta!r}")
        self.monitor = monitor
        self.min_delta = abs(min_delta)
        self.patience = patience
        self.verbose = verbose
        self.mode = mode
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._restart()

    def _restart(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best: float | None = None
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None
        self._sign = 0.0  # 1 where more is better, -1 where less is, 0 before that is known

    def on_train_begin(self, logs: Logs = None) -> None:
        self._restart()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        current = self._monitored(logs or {})
        if not self._sign:
            self._sign = self._direction()
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
        if self.stopped_epoch and self.verbose:
            print_message(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose:
                print_message(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def _keep(self, epoch: int) -> None:
        self.best_epoch = epoch
        self.best_weights = self.model.get_weights()

    def _improves(self, current: float, reference: float | None) -> bool:
        if math.isnan(current):
            return False
        return reference is None or self._sign * current - self.min_delta > self._sign * reference

    def _direction(self) -> float:
        if self.mode != "auto":
            return 1.0 if self.mode == "max" else -1.0
        name = self.monitor.removeprefix("val_")
        directions = {metric.name: getattr(metric, "direction", None) for metric in getattr(self.model, "metrics", ())}
        direction = "down" if name == "loss" else directions.get(name)
        if direction is None:
            raise ValueError(
                f"EarlyStopping cannot know if more or less of {self.monitor!r} is better: pass mode='max' or 'min'"
            )
        return 1.0 if direction == "up" else -1.0

    def _monitored(self, logs: Any) -> float | None:
        if self.monitor in logs:
            return logs[self.monitor]
        # Between validations (validation_freq > 1) there is nothing to look at; otherwise the name is wrong.
        name = self.monitor.removeprefix("val_")
        if name != self.monitor and name in logs and (self.params or {}).get("validation_freq", 1) != 1:
            return None
        hint = closest(self.monitor, logs)
        if name != self.monitor and name in logs:
            hint = "; pass validation_data or validation_split to fit"
        raise ValueError(f"EarlyStopping monitors {self.monitor!r}, but this run has {', '.join(logs) or 'none'}{hint}")


class TerminateOnNaN(Callback):
    """Stops at the first batch whose loss is NaN or infinite; with `raise_error` by a RuntimeError."""

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(f"the loss of batch {batch} is {loss}: training was ended")
        print_message(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
