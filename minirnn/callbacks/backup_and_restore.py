"""`BackupAndRestore`: a training that was interrupted goes on where it was, bit for bit."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Sequence
from typing import Any

from minirnn.callbacks.callback import Callback, Logs
from minirnn.files import training_state
from minirnn.files.errors import ModelFileError
from minirnn.files.source import read_file

LATEST, PREVIOUS = "latest.weights.h5", "latest.weights.h5.bkp"


class BackupAndRestore(Callback):
    """Keeps the state of a run in the folder `backup_dir` after every epoch; the next `fit` takes it up.

    That is the weights, what the optimizer keeps, the sequences of chance (shuffling, dropout), the states of stateful
    layers, the history, and what the other callbacks have counted (their attributes named by `kept`): the resumed run
    ends in the same bits as one that nobody interrupted. An epoch that was not finished begins again. Data that comes
    from a generator goes on where the generator is; `steps_per_epoch` over arrays begins again with the first row.

    `double_checkpoint` keeps the state before the latest, too, and uses it, with a warning, if the latest is damaged.
    At the end of the training the files are deleted unless `delete_checkpoint` is False.

    Raises ValueError for no folder, ModelFileError from fit for a damaged state, or one of another model,
    NotImplementedError for a `save_freq` in batches.
    """

    def __init__(
        self, backup_dir: Any, save_freq: Any = "epoch", double_checkpoint: bool = False, delete_checkpoint: bool = True
    ) -> None:
        super().__init__()
        if not backup_dir:
            raise ValueError(f"BackupAndRestore needs a folder, got backup_dir={backup_dir!r}")
        if save_freq != "epoch":
            raise NotImplementedError("BackupAndRestore keeps the state after every epoch: leave save_freq out")
        self.backup_dir = os.fspath(backup_dir)
        self.double_checkpoint, self.delete_checkpoint = bool(double_checkpoint), bool(delete_checkpoint)

    def _path(self, name: str) -> str:
        return os.path.join(self.backup_dir, name)

    def resume(self, callbacks: Sequence[Any]) -> int | None:
        latest, previous = self._path(LATEST), self._path(PREVIOUS)
        if not os.path.exists(latest):
            latest = previous
        if not os.path.exists(latest):
            return None
        try:
            return training_state.restore(read_file(latest), latest, self.model, callbacks)
        except ModelFileError as error:
            if latest == previous or not os.path.exists(previous):
                raise
            warnings.warn(f"the latest backup is damaged, the one before it is taken up: {error}", stacklevel=2)
            return training_state.restore(read_file(previous), previous, self.model, callbacks)

    def back_up(self, epoch: int, callbacks: Sequence[Any]) -> None:
        os.makedirs(self.backup_dir, exist_ok=True)
        latest, previous = self._path(LATEST), self._path(PREVIOUS)
        if self.double_checkpoint and os.path.exists(latest):
            os.replace(latest, previous)
        training_state.save(latest, self.model, callbacks, epoch)

    def on_train_end(self, logs: Logs = None) -> None:
        if not self.delete_checkpoint:
            return
        for name in (LATEST, PREVIOUS):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path(name))
        with contextlib.suppress(OSError):  # there is more in it
            os.rmdir(self.backup_dir)
