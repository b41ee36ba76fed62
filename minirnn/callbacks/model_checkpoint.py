"""`ModelCheckpoint`: the model, or its weights, in a file as it trains."""

from __future__ import annotations

import os
from typing import Any

from minirnn.callbacks.callback import Logs
from minirnn.callbacks.monitor import MonitorCallback
from minirnn.choices import one_of
from minirnn.utils.output import print_message

_ENDINGS = {True: ".weights.h5", False: ".keras"}


class ModelCheckpoint(MonitorCallback):
    """Saves the model after every epoch, or every `save_freq` batches, to `filepath`.

    `filepath` may name `{epoch}`, `{batch}` (from 1 on) and values of the logs: "{epoch:02d}-{val_loss:.3f}.keras".
    With `save_best_only` a model is saved only if `monitor` is better than ever before, or than
    `initial_value_threshold`; `mode` is "min", "max" or "auto". With `save_weights_only` the path ends in ".weights.h5"
    and gets the weights; else it ends in ".keras". A file is replaced as a whole: a run that is killed while it saves
    leaves the one before. Missing folders are made.

    Raises ValueError for another ending, an unknown mode or a frequency that is none, and when saving for a name in
    `filepath` that is in no logs; OSError if a file cannot be written.
    """

    kept = ("best", "_seen")

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode)
        self.filepath, self.verbose = os.fspath(filepath), verbose
        self.save_best_only, self.save_weights_only = bool(save_best_only), bool(save_weights_only)
        self.follows = self.save_best_only
        ending = _ENDINGS[self.save_weights_only]
        if not self.filepath.endswith(ending):
            what = "weights are" if self.save_weights_only else "a model is"
            raise ValueError(
                f"ModelCheckpoint: {what} saved to a path that ends in {ending!r}, got {self.filepath!r:.60}"
            )
        if isinstance(save_freq, str):
            one_of(save_freq, "ModelCheckpoint save_freq, unless it is a number of batches,", ("epoch",))
        elif self._count(save_freq, "save_freq") == 0:
            raise ValueError("ModelCheckpoint save_freq must be 'epoch' or a number of batches, got 0")
        self.save_freq = save_freq
        self.best = initial_value_threshold
        self._seen, self._epoch = 0, 0
        if save_freq != "epoch":
            self.on_train_batch_end = self._count_batch  # type: ignore[method-assign]

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch

    def _count_batch(self, batch: int, logs: Logs = None) -> None:
        self._seen += 1
        if self._seen >= self.save_freq:
            self._seen = 0
            self._save(self._epoch, {"batch": batch + 1, **(logs or {})})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch, dict(logs or {}))

    def _save(self, epoch: int, logs: dict[str, Any]) -> None:
        try:
            path = self.filepath.format(epoch=epoch + 1, **logs)
        except KeyError as error:
            raise ValueError(
                f"ModelCheckpoint filepath {self.filepath!r:.60} names {error}, but this run has {', '.join(logs)}"
            ) from None
        if not self._is_wanted(epoch, logs, path):
            return
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)

    def _is_wanted(self, epoch: int, logs: dict[str, Any], path: str) -> bool:
        if not self.save_best_only:
            self._say(f"\nEpoch {epoch + 1}: saving model to {path}")
            return True
        # Within an epoch there is no validation yet: then there is nothing to compare.
        current = logs.get(self.monitor) if "batch" in logs else self.get_monitor_value(logs)
        if current is None:
            return False
        before = "None" if self.best is None else f"{self.best:.5f}"
        if not self._improves(current, self.best):
            self._say(f"\nEpoch {epoch + 1}: {self.monitor} did not improve from {before}")
            return False
        self.best = current
        self._say(
            f"\nEpoch {epoch + 1}: {self.monitor} improved from {before} to {current:.5f}, saving model to {path}"
        )
        return True

    def _say(self, text: str) -> None:
        if self.verbose > 0:
            print_message(text)
