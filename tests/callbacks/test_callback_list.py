"""Callbacks are called as Keras calls them: which hooks, in which order, with which logs."""

from __future__ import annotations

import io
import sys
import timeit

import numpy as np
import pytest

from minirnn import callbacks
from minirnn.callbacks.callback import HOOKS


class Model:
    stop_training = False


def recorder(base, record, name=""):
    """A callback that writes down every call of every hook."""

    def hook(hook_name):
        def call(self, *arguments, **keywords):
            record.append((name + hook_name, *arguments, *keywords.values()))

        return call

    return type("Recorder", (base,), {h: hook(h) for h in HOOKS})()


def drive(callback_list):
    """One epoch of two batches with validation, and a prediction of two."""
    logs = {"loss": np.float32(0.5), "accuracy": 1}
    callback_list.on_train_begin()
    callback_list.on_epoch_begin(0)
    for batch in range(2):
        callback_list.on_train_batch_begin(batch)
        callback_list.on_train_batch_end(batch, logs)
    callback_list.on_test_begin()
    callback_list.on_test_batch_begin(0)
    callback_list.on_test_batch_end(0, logs)
    callback_list.on_test_end(logs)
    callback_list.on_epoch_end(0, {**logs, "val_loss": 2})
    callback_list.on_train_end(logs)
    callback_list.on_predict_begin()
    for batch in range(2):
        callback_list.on_predict_batch_begin(batch)
        callback_list.on_predict_batch_end(batch, {"outputs": 3.0})
    callback_list.on_predict_end()


def test_hooks_and_logs_are_those_of_keras(keras):
    theirs, ours = [], []
    drive(keras.callbacks.CallbackList([recorder(keras.callbacks.Callback, theirs)], model=Model()))
    drive(callbacks.CallbackList([recorder(callbacks.Callback, ours)], model=Model()))
    assert ours == theirs
    assert {entry[0] for entry in ours} == set(HOOKS)
    logs = ours[3][-1]
    assert list(logs) == ["accuracy", "loss"] and all(type(value) is float for value in logs.values())


def test_callbacks_are_called_in_their_order_the_history_last():
    record = []
    first, second = (recorder(callbacks.Callback, record, name) for name in ("first ", "second "))
    listed = callbacks.CallbackList([first, [second]], callbacks.History(), model=Model())
    listed.on_epoch_begin(0)
    assert [entry[0] for entry in record] == ["first on_epoch_begin", "second on_epoch_begin"]
    assert isinstance(listed.callbacks[-1], callbacks.History)


def test_what_one_callback_adds_to_the_logs_reaches_the_history():
    class Adds(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["learning_rate"] = 0.1

    history = callbacks.History()
    given = {"loss": 2.0}
    listed = callbacks.CallbackList(Adds(), history, model=Model())
    listed.on_epoch_end(0, given)
    assert history.history == {"learning_rate": [0.1], "loss": [2.0]} or history.history == {
        "loss": [2.0],
        "learning_rate": [0.1],
    }
    assert given == {"loss": 2.0}


def test_a_history_is_made_taken_over_or_left_out():
    assert callbacks.CallbackList().history is None
    assert isinstance(callbacks.CallbackList(add_history=True).history, callbacks.History)
    own = callbacks.History()
    assert callbacks.CallbackList([own], add_history=True).history is own
    assert len(callbacks.CallbackList([own], add_history=True).callbacks) == 1


def test_the_record_of_a_run_goes_on_in_the_next():
    history = callbacks.History()
    listed = callbacks.CallbackList(add_history=history)
    for run in range(2):
        listed.on_train_begin()
        listed.on_epoch_end(run, {"loss": float(run)})
    assert history.epoch == [1] and history.history == {"loss": [0.0, 1.0]}


def test_the_older_batch_hooks_and_instance_attributes_are_heard():
    heard = []

    class Older(callbacks.Callback):
        def on_batch_end(self, batch, logs=None):
            heard.append(("class", batch))

    set_later = callbacks.Callback()
    set_later.on_train_batch_begin = lambda batch, logs: heard.append(("instance", batch))
    listed = callbacks.CallbackList([Older(), set_later])
    assert listed.wants_batches
    listed.on_train_batch_begin(3)
    listed.on_train_batch_end(4)
    assert heard == [("instance", 3), ("class", 4)]


def test_hooks_that_nobody_overrides_cost_next_to_nothing():
    class EpochsOnly(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise AssertionError("not called here")

    listed = callbacks.CallbackList([EpochsOnly()], callbacks.History())
    assert not listed.wants_batches
    seconds = min(timeit.repeat(lambda: listed.on_train_batch_end(0), number=1000, repeat=5)) / 1000
    assert seconds < 20e-6


def test_params_and_model_reach_every_callback_the_model_first():
    class Notes(callbacks.Callback):
        def set_params(self, params):
            super().set_params(params)
            self.had_model = self.model is not None

    model, own = Model(), Notes()
    listed = callbacks.CallbackList([own], model=model, verbose=0, epochs=3, steps=4)
    assert own.model is model and own.params == listed.params == {"verbose": 0, "epochs": 3, "steps": 4}
    assert own.had_model


def test_the_model_gets_the_history():
    model, own = Model(), callbacks.History()
    assert callbacks.CallbackList([own], add_history=True, model=model).history is own is model.history
    made = callbacks.CallbackList(add_history=True, model=model).history
    assert model.history is made is not own
    callbacks.CallbackList(verbose=1, epochs=1, steps=1, model=model)  # as evaluate makes one
    assert model.history is made


def test_logs_of_any_form_become_those_of_keras(keras):
    logs = {"z": {"b": np.float64(2), "a": "word"}, "loss": np.array(1.5), "n": 3, "none": None, "digits": "0.25"}
    seen = []
    for package in (keras.callbacks, callbacks):
        listed = package.CallbackList(package.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs)))
        listed.on_epoch_end(0, logs)
    assert seen[0] == seen[1] and list(seen[0]) == list(seen[1]) == ["digits", "loss", "n", "none", "a", "b"]


@pytest.mark.parametrize("library", ["keras", "minirnn"])
def test_batch_hooks_get_their_logs_by_name(keras, library):
    package, heard = keras.callbacks if library == "keras" else callbacks, []

    class ByName(package.Callback):
        def on_train_batch_end(self, batch, **given):
            heard.append(given)

        def on_batch_begin(self, batch, *, logs):
            heard.append(logs)

    listed = package.CallbackList([ByName()], model=Model())
    listed.on_train_begin()
    listed.on_train_batch_begin(0)
    listed.on_train_batch_end(0, {"loss": 1})
    listed.on_batch_begin(1, {"loss": 2})
    listed.on_batch_end(1)
    listed.on_train_end()
    assert heard == [{}, {"logs": {"loss": 1.0}}, {"loss": 2.0}]


def test_hooks_that_are_set_while_a_run_begins_are_heard():
    heard = []

    class SetsHooks(callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.on_epoch_end = lambda epoch, logs: heard.append("epoch")
            self.on_train_batch_end = lambda batch, logs: heard.append("batch")

    listed = callbacks.CallbackList([SetsHooks()])
    assert not listed.wants_batches
    listed.on_train_begin()
    assert listed.wants_batches
    listed.on_train_batch_end(0)
    listed.on_epoch_end(0)
    assert heard == ["batch", "epoch"]


def test_what_is_held_is_let_go_only_when_an_exception_leaves_the_run():
    heard = []

    class Holds(callbacks.Callback):
        def break_off(self):
            heard.append("let go")

    with callbacks.CallbackList([Holds()]):
        pass
    assert not heard
    with pytest.raises(KeyboardInterrupt), callbacks.CallbackList([Holds()]):
        raise KeyboardInterrupt
    assert heard == ["let go"]


def test_a_callback_list_may_be_given_for_callbacks():
    own = callbacks.Callback()
    assert callbacks.CallbackList(callbacks.CallbackList([own])).callbacks == [own]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([callbacks.History], "make an object of it: History()"),
        ([print], "got builtin_function_or_method"),
        ("x", "str"),
    ],
)
def test_what_is_no_callback_is_refused(given, words):
    with pytest.raises(TypeError) as caught:
        callbacks.CallbackList(given)
    assert words in str(caught.value) and "\n" not in str(caught.value)


# LambdaCallback


def test_functions_become_hooks():
    heard = []
    made = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: heard.append((epoch, logs["loss"])), on_train_end=None
    )
    callbacks.CallbackList([made]).on_epoch_end(2, {"loss": 1.5})
    assert heard == [(2, 1.5)]


def test_functions_may_be_given_in_the_order_of_keras(keras):
    heard = []
    functions = [lambda *given, name=name, **logs: heard.append(name) for name in "abcdef"]
    for package in (keras.callbacks, callbacks):
        listed = package.CallbackList(package.LambdaCallback(*functions), model=Model())
        for hook in ("on_train_begin", "on_train_end"):
            getattr(listed, hook)()
            for batch_hook in ("on_epoch_begin", "on_epoch_end", "on_train_batch_begin", "on_train_batch_end"):
                if hook == "on_train_begin":
                    getattr(listed, batch_hook)(0)
    assert "".join(heard) == "cabefd" * 2


def test_a_function_under_a_name_that_is_no_hook_is_refused():
    with pytest.raises(TypeError, match="'on_epoch_ends', which is no hook"):
        callbacks.LambdaCallback(on_epoch_ends=print)
    with pytest.raises(TypeError, match="needs a function for on_epoch_end, got int"):
        callbacks.LambdaCallback(on_epoch_end=3)


# ProgbarLogger


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("verbose", [0, 1, 2, 3])
@pytest.mark.parametrize("epochs", [1, 3])
@pytest.mark.parametrize("steps", [2, None])
def test_a_run_is_written_as_by_keras(keras, monkeypatch, verbose, epochs, steps):
    clock = type("Clock", (), {"time": lambda self: 1_700_000_000.0})()
    monkeypatch.setattr("minirnn.utils.progbar.time", clock)
    monkeypatch.setattr(sys.modules["keras.src.utils.progbar"], "time", clock)
    written = []
    for package in (keras.callbacks, callbacks):
        monkeypatch.setattr(sys, "stdout", Terminal())
        for run in (0, 1):
            listed = package.CallbackList(
                None, add_progbar=verbose != 0, model=Model(), verbose=verbose, epochs=epochs, steps=steps
            )
            if run == 0:
                drive(listed)
            else:
                listed.on_test_begin()
                for batch in range(2):
                    listed.on_test_batch_end(batch, {"loss": 0.25, "mae": 1e-9})
                listed.on_test_end({"loss": 0.25, "mae": 1e-9})
        written.append(sys.stdout.getvalue())
    assert written[1] == written[0]
    assert bool(written[1]) == (verbose in (1, 2) or verbose == 3 and epochs > 1)


def test_verbose_decides_whether_a_progress_bar_is_added():
    kinds = [callbacks.CallbackList(verbose=v, epochs=1, steps=1).callbacks for v in (0, 1, 2)]
    assert [len(c) for c in kinds] == [0, 1, 1]
    own = callbacks.ProgbarLogger()
    assert callbacks.CallbackList([own], verbose=1, epochs=1, steps=1).callbacks == [own]
