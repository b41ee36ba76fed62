"""`CallbackList`: several callbacks called as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from minirnn.callbacks.callback import Callback, History, Logs
from minirnn.callbacks.progbar_logger import ProgbarLogger
from minirnn.choices import closest

# Hooks whose default calls an older one: who overrides that one listens as well.
_OLDER_NAME = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


class CallbackList(Callback):
    """Calls the callbacks in their order, a History and the progress bar last.

    Logs reach them as Keras's do: sorted by name, numbers as Python floats, one new dict for each hook, so that what
    one callback adds the next ones see; hooks of batches get them as the keyword `logs`. Who listens to batches is
    looked up when a run begins: hooks that nobody overrides cost next to nothing.

    `add_history` is True, or the History to fill; `add_progbar` by default follows `verbose`. `params` (`verbose`,
    `epochs`, `steps`) are handed to every callback, and the model gets the History as `model.history`. Raises
    TypeError for anything that is no callback.

    `with callback_list:` around a run ends the progress bar's line, and closes files, if an exception or Ctrl-C leaves
    the run in the middle.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool | History = False,
        add_progbar: bool | None = None,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks = list(flat(callbacks))
        for callback in self.callbacks:
            _check(callback)
        self.history = next((c for c in reversed(self.callbacks) if isinstance(c, History)), None)
        if isinstance(add_history, History) or (add_history and self.history is None):
            self.history = add_history if isinstance(add_history, History) else History()
            self.callbacks.append(self.history)
        if add_progbar is None:
            add_progbar = bool(params.get("verbose"))
        if add_progbar and not any(isinstance(c, ProgbarLogger) for c in self.callbacks):
            self.callbacks.append(ProgbarLogger())
        if model is not None:
            self.set_model(model)
        self.set_params(params)
        self._batch_listeners: dict[str, list[Callable[..., Any]]] = {}
        for run in ("train", "test", "predict"):
            self._listen(run)

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        if self.history is not None:
            model.history = self.history
        for callback in self.callbacks:
            callback.set_model(model)

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        for callback in self.callbacks if params else ():
            callback.set_params(params)

    def __enter__(self) -> CallbackList:
        return self

    def __exit__(self, error: type[BaseException] | None, *details: Any) -> None:
        if error is not None:
            self.break_off()

    def break_off(self) -> None:
        for callback in self.callbacks:
            getattr(callback, "break_off", _nothing)()

    def first_epoch(self, given: int) -> int:
        """The epoch to begin with: `given`, or the one where a callback takes up an earlier run."""
        taken_up = [callback.resume(self.callbacks) for callback in self.callbacks if hasattr(callback, "resume")]
        return max([given, *(epoch for epoch in taken_up if epoch is not None)])

    def epoch_is_over(self, epoch: int) -> None:
        """Tell the callbacks that keep backups, when all others are through with an epoch."""
        for callback in self.callbacks:
            if hasattr(callback, "back_up"):
                callback.back_up(epoch + 1, self.callbacks)

    # --- who is called ---

    @property
    def wants_batches(self) -> bool:
        """Whether anyone listens to single batches, so that their logs are worth computing."""
        return any(self._batch_listeners.values())

    def _listen(self, run: str) -> None:
        for hook in (f"on_{run}_batch_begin", f"on_{run}_batch_end"):
            self._batch_listeners[hook] = [getattr(c, hook) for c in self.callbacks if _listens(c, hook)]

    def _call(self, hook: str, logs: Logs, *position: int) -> None:
        plain = _plain_logs(logs)
        for callback in self.callbacks:
            getattr(callback, hook)(*position, plain)

    def _call_batch(self, hook: str, logs: Logs, batch: int) -> None:
        listeners = self._batch_listeners[hook]
        if listeners:
            plain = _plain_logs(logs)
            for listener in listeners:
                listener(batch, logs=plain)

    def _call_older(self, hook: str, logs: Logs, batch: int) -> None:
        plain = _plain_logs(logs)
        for callback in self.callbacks:
            getattr(callback, hook)(batch, logs=plain)

    # --- hooks ---

    def on_train_begin(self, logs: Logs = None) -> None:
        self._call("on_train_begin", logs)
        self._listen("train")

    def on_train_end(self, logs: Logs = None) -> None:
        self._call("on_train_end", logs)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._call("on_epoch_begin", logs, epoch)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._call("on_epoch_end", logs, epoch)

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call_batch("on_train_batch_begin", logs, batch)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call_batch("on_train_batch_end", logs, batch)

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call_older("on_batch_begin", logs, batch)

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call_older("on_batch_end", logs, batch)

    def on_test_begin(self, logs: Logs = None) -> None:
        self._call("on_test_begin", logs)
        self._listen("test")

    def on_test_end(self, logs: Logs = None) -> None:
        self._call("on_test_end", logs)

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call_batch("on_test_batch_begin", logs, batch)

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call_batch("on_test_batch_end", logs, batch)

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._call("on_predict_begin", logs)
        self._listen("predict")

    def on_predict_end(self, logs: Logs = None) -> None:
        self._call("on_predict_end", logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call_batch("on_predict_batch_begin", logs, batch)

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call_batch("on_predict_batch_end", logs, batch)


def flat(callbacks: Any) -> Iterator[Any]:
    """Yield the callbacks of a callback, a list of lists, a CallbackList, or None, in their order."""
    if isinstance(callbacks, CallbackList):
        yield from callbacks.callbacks
    elif isinstance(callbacks, (list, tuple)):
        for entry in callbacks:
            yield from flat(entry)
    elif callbacks is not None:
        yield callbacks


def _listens(callback: Any, hook: str) -> bool:
    names = (hook, _OLDER_NAME[hook]) if hook in _OLDER_NAME else (hook,)
    return any(
        name in vars(callback) or getattr(type(callback), name, None) is not getattr(Callback, name) for name in names
    )


def _plain_logs(logs: Logs) -> dict[str, Any]:
    """A new dict of the logs, sorted by name, dicts in it opened, whatever makes a float made one.

    Arrays, such as the outputs of a prediction, pass as they are, also where they hold a single number.
    """
    plain: dict[str, Any] = {}
    for name, value in sorted(logs.items()) if logs else ():
        if isinstance(value, dict):
            plain |= _plain_logs(value)
        else:
            plain[name] = _plain(value)
    return plain


def _plain(value: Any) -> Any:
    if type(value) is float:
        return value
    dimensions = getattr(value, "ndim", 0)
    if dimensions:
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def _check(callback: Any) -> None:
    if isinstance(callback, type):
        raise TypeError(f"callbacks holds the class {callback.__name__}; make an object of it: {callback.__name__}()")
    if not hasattr(callback, "set_model"):
        if isinstance(callback, str):
            names = import_module("minirnn.callbacks").__all__  # which imports this module
            begun = next((name for name in names if name.lower().startswith(callback.lower())), callback)
            mend = closest(begun, names) or "; make one of a class, such as EarlyStopping()"
            raise TypeError(f"callbacks must be Callback objects, got the string {callback!r:.60}{mend}")
        raise TypeError(f"callbacks must be Callback objects, got {type(callback).__name__}; wrap it in LambdaCallback")


def _nothing() -> None:
    """What a callback of another library does when a run is broken off."""
