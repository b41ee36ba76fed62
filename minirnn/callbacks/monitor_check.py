"""Names of values that callbacks follow are checked before the first epoch, not after it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minirnn.callbacks.callback_list import flat
from minirnn.callbacks.learning_rate import LearningRateScheduler, ReduceLROnPlateau
from minirnn.callbacks.monitor import MonitorCallback, unknown_value


def check_monitors(callbacks: Any, names: Iterable[str]) -> None:
    """Raise ValueError if a MonitorCallback follows a name that the logs of an epoch will not have.

    `callbacks` is what `fit` takes, with their model set. `names` are those of loss and metrics, and with validation
    the same with `val_`. A callback may follow what one before it adds to the logs; what callbacks of one's own add
    cannot be known, so that those behind them are believed. ValueError also where `mode="auto"` cannot know what is
    better.
    """
    known = list(names)
    for callback in flat(callbacks):
        if isinstance(callback, (LearningRateScheduler, ReduceLROnPlateau)):
            known.append("learning_rate")
        if isinstance(callback, MonitorCallback) and callback.follows and not _reads_logs_itself(callback):
            if callback.monitor not in known:
                raise ValueError(unknown_value(callback, known))
            callback.announced = True
            callback.direction()
        if _may_add_names(callback):
            return


def _reads_logs_itself(callback: MonitorCallback) -> bool:
    return type(callback).get_monitor_value is not MonitorCallback.get_monitor_value


def _may_add_names(callback: Any) -> bool:
    """Whether the callback has code for the end of an epoch that is not minirnn's."""
    if "on_epoch_end" in vars(callback):
        return True
    defined_in = next((c.__module__ for c in type(callback).__mro__ if "on_epoch_end" in vars(c)), "minirnn")
    return defined_in.split(".")[0] != "minirnn"
