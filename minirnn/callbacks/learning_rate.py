"""Callbacks that set the optimizer's learning rate between epochs: by a function, or when nothing improves."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, MutableMapping
from typing import Any

import numpy as np

from minirnn.callbacks.callback import Callback, Logs
from minirnn.callbacks.monitor import MonitorCallback
from minirnn.compat import spelling
from minirnn.utils.output import print_message


class LearningRateScheduler(Callback):
    """Before each epoch, sets the learning rate to `schedule(epoch, rate)`, with the epoch from 0 and the rate now.

    A `schedule` of one argument gets the epoch only. `verbose=1` prints each rate. The logs of an epoch, and with them
    the History, get its `learning_rate`.

    Raises TypeError for a `schedule` that is no function, or an optimizer whose rate cannot be set; ValueError, from
    fit, for a rate that is no float.
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        if not callable(schedule):
            raise TypeError(f"LearningRateScheduler needs a function of (epoch, rate), got {type(schedule).__name__}")
        self.schedule = schedule
        self.verbose = verbose

    def on_train_begin(self, logs: Logs = None) -> None:
        check_settable(self)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        optimizer = self.model.optimizer
        arguments = (epoch, float(optimizer.learning_rate))
        rate = self.schedule(*arguments[: _arity(self.schedule)])
        if not isinstance(rate, (float, np.float32, np.float64)):
            raise ValueError(f"the schedule of LearningRateScheduler must return a float, got {rate!r:.60}")
        optimizer.learning_rate = rate
        if self.verbose > 0:
            print_message(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        _log_rate(self.model, logs)


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by `factor` when `monitor` has not improved by `min_delta` for `patience` epochs.

    The rate does not fall below `min_lr`. After a reduction, `cooldown` epochs pass before epochs without improvement
    are counted again. `mode` is "min", "max" or "auto", which asks the metric what an improvement is. `verbose=1`
    prints each reduction. The logs of an epoch get its `learning_rate`. As in Keras, `patience` 0 means 1.

    Raises TypeError or ValueError for an unknown mode or an impossible number, TypeError from fit for an optimizer
    whose rate cannot be set. A name that is in no logs is a ValueError before the first epoch (`check_monitors`), or
    at its end in a training loop of one's own.
    """

    kept = ("best", "cooldown_counter", "wait")

    @spelling.accepts_older(spelling.CALLBACK)
    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        if not 0 < factor < 1:
            raise ValueError(f"ReduceLROnPlateau factor must be above 0 and below 1, got {factor!r}")
        if not math.isfinite(min_lr) or min_lr < 0:
            raise ValueError(f"ReduceLROnPlateau min_lr must be a finite number of at least 0, got {min_lr!r}")
        self.factor = factor
        self.patience = self._count(patience, "patience")
        self.verbose = verbose
        self.cooldown = self._count(cooldown, "cooldown")
        self.min_lr = min_lr
        self._restart()

    def _restart(self) -> None:
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0

    def in_cooldown(self) -> bool:
        """Whether the last reduction is so fresh that nothing is counted."""
        return self.cooldown_counter > 0

    def on_train_begin(self, logs: Logs = None) -> None:
        check_settable(self)
        self._restart()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        _log_rate(self.model, logs)
        current = self.get_monitor_value(logs)
        self.direction()
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._improves(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._reduce(epoch):
                self.cooldown_counter = self.cooldown
                self.wait = 0

    def _reduce(self, epoch: int) -> bool:
        """Lower the rate; False if it is at its lowest."""
        optimizer = self.model.optimizer
        before = float(optimizer.learning_rate)
        # The optimizer's rate is rounded to float32: compared with an unrounded bound, it might never reach it.
        if before <= np.float32(self.min_lr):
            return False
        rate = max(before * self.factor, self.min_lr)
        optimizer.learning_rate = rate
        if self.verbose > 0:
            print_message(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {rate}.")
        return True


def check_settable(callback: Callback) -> None:
    """Raise TypeError if the learning rate of the callback's optimizer follows a schedule and cannot be set."""
    optimizer = callback.model.optimizer
    try:
        optimizer.learning_rate = float(optimizer.learning_rate)
    except TypeError:
        raise TypeError(
            f"{type(callback).__name__} sets the learning rate, but that of the optimizer follows a schedule: compile "
            "with a number for learning_rate, or leave the callback out"
        ) from None


def _log_rate(model: Any, logs: Logs) -> None:
    if isinstance(logs, MutableMapping):
        logs["learning_rate"] = float(model.optimizer.learning_rate)


def _arity(function: Callable[..., Any]) -> int:
    """2 for a function that takes (epoch, rate), 1 for one that takes the epoch only."""
    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return 1
    except ValueError:  # built in, without a signature
        return 2
    return 2
