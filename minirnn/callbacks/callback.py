"""`Callback`, the base of all callbacks, and the two simplest: functions as hooks, and the record of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from minirnn.compat import spelling

Logs = Mapping[str, Any] | None
Hook = Callable[..., Any] | None

BATCH_HOOKS = (
    "on_train_batch_begin", "on_train_batch_end", "on_test_batch_begin", "on_test_batch_end",
    "on_predict_batch_begin", "on_predict_batch_end",
)  # fmt: skip
HOOKS = (
    "on_train_begin", "on_train_end", "on_test_begin", "on_test_end", "on_predict_begin", "on_predict_end",
    "on_epoch_begin", "on_epoch_end", *BATCH_HOOKS,
)  # fmt: skip
OLDER_HOOKS = ("on_batch_begin", "on_batch_end")


class Callback:
    """Something that is called at the turning points of fit, evaluate and predict. Override the hooks you need.

    `model` is the model, `params` a dict of `verbose`, `epochs` and `steps` (batches an epoch). `logs` maps the names
    of loss and metrics to their values so far; validation's begin with `val_`. Setting `model.stop_training = True`
    ends the training after the batch or epoch. Hooks of validation inside `fit` are the `test` ones.

    `kept` names attributes that decide what the callback does next: numbers, texts, arrays, lists and dicts of them,
    which `BackupAndRestore` keeps and restores.
    """

    kept: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        spelling.check_arguments(cls)

    @spelling.names_nearest
    def __init__(self) -> None:
        self.params: dict[str, Any] | None = None
        self.model: Any = None

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params

    def set_model(self, model: Any) -> None:
        self.model = model

    def break_off(self) -> None:
        """Let go of what is held: an exception has left the run, and none of its hooks will be called. Not in Keras."""

    def resume(self, callbacks: Sequence[Any]) -> int | None:
        """After `on_train_begin` of all: how many epochs of an earlier run were taken up, if any. Not in Keras."""

    def back_up(self, epoch: int, callbacks: Sequence[Any]) -> None:
        """After `on_epoch_end` of all, with how many epochs are done. Not in Keras."""

    def check_kept(self, values: Mapping[str, Any]) -> None:
        """Raise ValueError for values of `kept`, from a backup, that it could not go on with. Not in Keras.

        They are of the kinds of those that it has now, or None.
        """

    def on_train_begin(self, logs: Logs = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Logs = None) -> None:
        """After the last epoch, with its logs."""

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Before an epoch, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """After an epoch and its validation."""

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Before a training step, counted from 0 in each epoch."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """After a training step."""
        self.on_batch_end(batch, logs=logs)

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Older name of `on_train_batch_end`."""

    def on_test_begin(self, logs: Logs = None) -> None:
        """Before an evaluation or a validation."""

    def on_test_end(self, logs: Logs = None) -> None:
        """After an evaluation or a validation, with its results."""

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Before a batch of an evaluation or a validation."""

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """After a batch of an evaluation or a validation."""

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Before a prediction."""

    def on_predict_end(self, logs: Logs = None) -> None:
        """After a prediction."""

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Before a batch of a prediction."""

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """After a batch of a prediction; `logs` holds its `outputs`."""


class LambdaCallback(Callback):
    """A callback made of functions, each under the name of its hook: `LambdaCallback(on_epoch_end=print)`.

    Hooks of batches are called with `logs` as a keyword: `lambda batch, logs: ..`. Raises TypeError for a name that is
    no hook, or a hook that is no function.
    """

    def __init__(
        self,
        on_epoch_begin: Hook = None,
        on_epoch_end: Hook = None,
        on_train_begin: Hook = None,
        on_train_end: Hook = None,
        on_train_batch_begin: Hook = None,
        on_train_batch_end: Hook = None,
        **others: Hook,
    ) -> None:
        super().__init__()
        named = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
        }
        for name, function in (named | others).items():
            if name not in (*HOOKS, *OLDER_HOOKS):
                raise TypeError(f"LambdaCallback got {name!r}, which is no hook; hooks are on_epoch_end and the like")
            if function is None:
                continue
            if not callable(function):
                raise TypeError(f"LambdaCallback needs a function for {name}, got {type(function).__name__}")
            setattr(self, name, function)


class History(Callback):
    """The record that `fit` returns: `history` maps each name to its values, one an epoch, `epoch` lists the epochs."""

    kept = ("epoch", "history")

    def __init__(self) -> None:
        super().__init__()
        self.epoch: list[int] = []
        self.history: dict[str, list[Any]] = {}

    def check_kept(self, values: Mapping[str, Any]) -> None:
        lists = [values["epoch"], *values["history"].values()]
        if not all(isinstance(name, str) for name in values["history"]) or not all(map(_are_numbers, lists)):
            raise ValueError("a history of other than lists of numbers")

    def on_train_begin(self, logs: Logs = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


def _are_numbers(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, (int, float)) for value in values)
