"""`MonitorCallback`: what callbacks share that follow one value from epoch to epoch and know when it improved."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from minirnn import config
from minirnn.callbacks.callback import Callback, Logs
from minirnn.choices import closest, one_of

_VALIDATE = "; pass validation_data or validation_split to fit"
_MODES = ("auto", "min", "max")


class MonitorCallback(Callback):
    """Base of the callbacks with a `monitor`, the name of a value in the logs of an epoch.

    `mode` is "min", "max" or "auto", which asks the metric what an improvement is. A change of less than `min_delta`
    is none; neither is NaN. `best` is the best value so far, None before the first.

    Raises ValueError for an unknown mode or a `min_delta` that is no finite number, TypeError for a `monitor` that is
    no name.
    """

    follows = True  # whether it needs the value at all

    def __init__(self, monitor: str = "val_loss", mode: str = "auto", min_delta: float = 0) -> None:
        super().__init__()
        one_of(mode, f"{self._kind} mode", _MODES)
        if not isinstance(monitor, str):
            raise TypeError(f"{self._kind} monitors one value by its name, got {type(monitor).__name__}")
        if not math.isfinite(min_delta):
            raise ValueError(f"{self._kind} min_delta must be a finite number, got {min_delta!r}")
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(min_delta)
        self.best: float | None = None
        self.announced = False  # whether it is known that this run's logs have the value, if not after every epoch

    def check_kept(self, values: Mapping[str, Any]) -> None:
        if not isinstance(values["best"], (int, float, type(None))):
            raise ValueError(f"a best value {values['best']!r:.40}")

    @property
    def _kind(self) -> str:
        return type(self).__name__

    def _count(self, value: Any, name: str) -> int:
        """`value` as a number of epochs; ValueError if it is none."""
        if isinstance(value, bool) or int(value) != value or value < 0:
            raise ValueError(f"{self._kind} {name} must be a whole number of at least 0, got {value!r}")
        return int(value)

    def get_monitor_value(self, logs: Logs) -> float | None:
        """The value of this epoch, or None if it has none, as between two validations (`validation_freq`).

        Raises ValueError for a name that no epoch will have, where `check_monitors` was not asked before the first.
        """
        logs = logs or {}
        if self.monitor in logs or self.announced:
            return logs.get(self.monitor)
        if self.monitor.removeprefix("val_") not in logs:
            raise ValueError(unknown_value(self, logs))
        warnings.warn(f"{unknown_value(self, logs)}; nothing is done after this epoch", stacklevel=2)
        return None

    def direction(self) -> float:
        """1 if more of the value is better, -1 if less; ValueError if "auto" cannot know it."""
        if self.mode != "auto":
            return 1.0 if self.mode == "max" else -1.0
        name = self.monitor.removeprefix("val_")
        metrics = list(getattr(self.model, "metrics", ()))
        # A model with several outputs reports a metric under another name than its own.
        names = getattr(self.model, "metrics_names", None) or [metric.name for metric in metrics]
        directions = {n: getattr(metric, "direction", None) for n, metric in zip(names, metrics, strict=True)}
        known = "down" if name == "loss" else directions.get(name)
        if known is None:
            raise ValueError(
                f"{self._kind} cannot know if more or less of {self.monitor!r} is better: pass mode='max' or 'min'"
            )
        return 1.0 if known == "up" else -1.0

    def _improves(self, current: float, reference: float | None) -> bool:
        """Whether `current` is better than `reference`, compared in `config.floatx()` as Keras does."""
        if math.isnan(current):
            return False
        if reference is None:
            return True
        sign, rounded = self.direction(), np.dtype(config.floatx()).type
        return bool(rounded(sign * current - self.min_delta) > rounded(sign * reference))


def unknown_value(callback: MonitorCallback, names: Any) -> str:
    """One line about a callback whose `monitor` is none of `names`, with what may mend it."""
    monitor = callback.monitor
    base = monitor.removeprefix("val_")
    hint = closest(monitor, names)
    if base != monitor and base in names:
        hint = _VALIDATE
    elif not hint and not any(name.startswith("val_") for name in names):
        hint = closest(monitor, [f"val_{name}" for name in names])
        hint += hint and _VALIDATE
    return f"{type(callback).__name__} monitors {monitor!r}, but this run has {', '.join(names) or 'none'}{hint}"
