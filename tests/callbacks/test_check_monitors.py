"""Names that callbacks follow are checked before the first epoch."""

from __future__ import annotations

import pytest

from minirnn import callbacks, metrics

NAMES = ["loss", "acc", "val_loss", "val_acc"]


class Model:
    metrics = (metrics.Mean("loss"), metrics.BinaryAccuracy("acc"), metrics.Mean("other"))


def made(*given):
    for callback in given:
        callback.set_model(Model())
    return list(given)


@pytest.mark.parametrize("kind", [callbacks.EarlyStopping, callbacks.ReduceLROnPlateau])
@pytest.mark.parametrize(
    ("monitor", "names", "words"),
    [
        ("val_los", NAMES, "monitors 'val_los', but this run has loss, acc, val_loss, val_acc"),
        ("val_los", NAMES, "; did you mean 'val_loss'?"),
        ("val_loss", ["loss"], "pass validation_data or validation_split"),
        ("zzz", ["loss"], "monitors 'zzz', but this run has loss"),
        ("other", ["loss", "other"], "cannot know if more or less of 'other' is better: pass mode='max' or 'min'"),
    ],
)
def test_a_value_that_cannot_be_monitored_is_one_line(kind, monitor, names, words):
    with pytest.raises(ValueError) as caught:
        callbacks.check_monitors([[callbacks.History()], *made(kind(monitor))], names)
    message = str(caught.value)
    assert message.startswith(kind.__name__) and words in message and "\n" not in message and len(message) < 200


def test_names_that_will_come_are_fine():
    stoppers = made(callbacks.EarlyStopping(), callbacks.EarlyStopping("acc"), callbacks.ReduceLROnPlateau("val_acc"))
    callbacks.check_monitors(callbacks.CallbackList(stoppers), NAMES)
    callbacks.check_monitors(None, NAMES)
    assert stoppers[0].get_monitor_value({"loss": 1.0}) is None  # an epoch without validation


def test_a_callback_of_one_s_own_may_call_anything_its_monitor():
    class Own(callbacks.Callback):
        monitor = "val_f1"

    callbacks.check_monitors(Own(), NAMES)


def test_what_a_callback_before_it_adds_may_be_monitored():
    stopper = callbacks.EarlyStopping("learning_rate", mode="min")
    callbacks.check_monitors(made(callbacks.ReduceLROnPlateau(), stopper), NAMES)
    with pytest.raises(ValueError, match="monitors 'learning_rate'"):
        callbacks.check_monitors(made(stopper, callbacks.ReduceLROnPlateau()), NAMES)


class Adds(callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs["f1"] = 0.5


@pytest.mark.parametrize("adds", [Adds(), callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)])
def test_names_that_a_callback_of_one_s_own_may_add_are_believed(adds):
    stopper = callbacks.EarlyStopping("f1", mode="max")
    callbacks.check_monitors(made(adds, stopper), NAMES)
    with pytest.raises(ValueError, match="monitors 'f1'"):
        callbacks.check_monitors(made(stopper, adds), NAMES)
    # At the end of the first epoch they must be there.
    callbacks.CallbackList([Adds(), stopper], model=Model()).on_epoch_end(0, {"loss": 1.0})
    stopper.on_train_begin()
    with pytest.raises(ValueError, match="monitors 'f1', but this run has loss"):
        stopper.on_epoch_end(0, {"loss": 1.0})


def test_a_stopper_that_reads_the_logs_itself_is_left_alone():
    class Sum(callbacks.EarlyStopping):
        def get_monitor_value(self, logs):
            return logs["loss"] + logs["val_loss"]

    stopper = Sum("the sum", mode="min")
    callbacks.check_monitors(made(stopper), NAMES)
    stopper.on_train_begin()
    stopper.on_epoch_end(0, {"loss": 1.0, "val_loss": 2.0})
    assert stopper.best == 3.0
