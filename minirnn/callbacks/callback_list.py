"""`CallbackList`: several callbacks called as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minirnn.callbacks.callback import BATCH_HOOKS, HOOKS, Callback, History, Logs
from minirnn.callbacks.progbar_logger import ProgbarLogger

# Hooks whose default calls an older one: who overrides that one listens as well.
_OLDER_NAME = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


class CallbackList:
    """Calls the callbacks in their order, a History and the progress bar last.

    Logs reach them as Keras's do: sorted by name, numbers as Python floats, one new dict for each hook, so that what
    one callback adds the next ones see. Hooks that nobody overrides cost next to nothing.

    `add_history` is True, or the History to fill; `add_progbar` by default follows `verbose`. `params` (`verbose`,
    `epochs`, `steps`) are handed to every callback. Raises TypeError for anything that is no callback.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool | History = False,
        add_progbar: bool | None = None,
        model: Any = None,
        **params: Any,
    ) -> None:
        self.callbacks = _flat(callbacks)
        for callback in self.callbacks:
            _check(callback)
        self.history = next((c for c in self.callbacks if isinstance(c, History)), None)
        if isinstance(add_history, History) or (add_history and self.history is None):
            self.history = add_history if isinstance(add_history, History) else History()
            self.callbacks.append(self.history)
        if add_progbar is None:
            add_progbar = bool(params.get("verbose"))
        if add_progbar and not any(isinstance(c, ProgbarLogger) for c in self.callbacks):
            self.callbacks.append(ProgbarLogger())
        self.params = params
        self.model = model
        for callback in self.callbacks:
            if params:
                callback.set_params(params)
            if model is not None:
                callback.set_model(model)
        self._listeners = {hook: [getattr(c, hook) for c in self.callbacks if _listens(c, hook)] for hook in HOOKS}

    @property
    def wants_batches(self) -> bool:
        """Whether anyone listens to single batches, so that their logs are worth computing."""
        return any(self._listeners[hook] for hook in BATCH_HOOKS)

    def _call(self, hook: str, logs: Logs, *position: int) -> None:
        listeners = self._listeners[hook]
        if listeners:
            plain = {name: _plain(value) for name, value in sorted(logs.items())} if logs else {}
            for listener in listeners:
                listener(*position, plain)

    def on_train_begin(self, logs: Logs = None) -> None:
        self._call("on_train_begin", logs)

    def on_train_end(self, logs: Logs = None) -> None:
        self._call("on_train_end", logs)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._call("on_epoch_begin", logs, epoch)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._call("on_epoch_end", logs, epoch)

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call("on_train_batch_begin", logs, batch)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call("on_train_batch_end", logs, batch)

    def on_test_begin(self, logs: Logs = None) -> None:
        self._call("on_test_begin", logs)

    def on_test_end(self, logs: Logs = None) -> None:
        self._call("on_test_end", logs)

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call("on_test_batch_begin", logs, batch)

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call("on_test_batch_end", logs, batch)

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._call("on_predict_begin", logs)

    def on_predict_end(self, logs: Logs = None) -> None:
        self._call("on_predict_end", logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call("on_predict_batch_begin", logs, batch)

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call("on_predict_batch_end", logs, batch)


def _flat(callbacks: Any) -> list[Any]:
    if callbacks is None:
        return []
    if isinstance(callbacks, CallbackList):
        return list(callbacks.callbacks)
    if isinstance(callbacks, (list, tuple)):
        return [c for entry in callbacks for c in _flat(entry)]
    return [callbacks]


def _check(callback: Any) -> None:
    if isinstance(callback, type):
        raise TypeError(f"callbacks holds the class {callback.__name__}; make an object of it: {callback.__name__}()")
    if not hasattr(callback, "set_model"):
        raise TypeError(f"callbacks must be Callback objects, got {type(callback).__name__}; wrap it in LambdaCallback")


def _listens(callback: Any, hook: str) -> bool:
    names = (hook, _OLDER_NAME[hook]) if hook in _OLDER_NAME else (hook,)
    return any(
        name in vars(callback) or getattr(type(callback), name, None) is not getattr(Callback, name) for name in names
    )


def _plain(value: Any) -> Any:
    # Arrays, such as the outputs of a prediction, pass as they are.
    to_float: Callable[[], float] | None = None if getattr(value, "ndim", 0) else getattr(value, "__float__", None)
    return to_float() if to_float else value
