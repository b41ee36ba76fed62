"""EarlyStopping and TerminateOnNaN decide as Keras's do."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from minirnn import callbacks, metrics


class Model:
    """Weights that are the number of the epoch."""

    def __init__(self) -> None:
        self.stop_training = False
        self.weights = [np.zeros(1)]
        self.metrics = [metrics.Mean("loss"), metrics.BinaryAccuracy("acc"), metrics.MeanSquaredError("mse")]

    def get_weights(self):
        return [w.copy() for w in self.weights]

    def set_weights(self, weights):
        self.weights = weights


def run(callback, values, name="val_loss", capsys=None):
    """Replay an epoch for each value; returns what a user can see of it."""
    model = Model()
    callback.set_model(model)
    callback.set_params({"verbose": 0, "epochs": len(values), "steps": 1})
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        model.weights = [np.full(1, epoch)]
        callback.on_epoch_end(epoch, {"loss": 1.0, name: value})
        if model.stop_training:
            break
    callback.on_train_end()
    written = capsys.readouterr().out if capsys else None
    return epoch, callback.stopped_epoch, callback.best, callback.best_epoch, float(model.weights[0][0]), written


CURVES = {
    "falling": [5.0, 4.0, 3.0, 2.0, 1.0],
    "rising": [1.0, 2.0, 3.0, 4.0, 5.0],
    "valley": [5.0, 3.0, 2.0, 2.5, 2.2, 2.1, 1.0, 1.0, 1.5],
    "flat": [1.0, 1.0, 1.0, 1.0, 1.0],
    "slow": [1.0, 0.95, 0.9, 0.85, 0.8, 0.75],
}


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("mode", ["min", "max", "auto"])
@pytest.mark.parametrize("restore", [False, True])
def test_the_decisions_are_those_of_keras(keras, capsys, curve, mode, restore):
    for patience, min_delta, baseline, start in itertools.product([0, 1, 2, 3], [0, 0.1, -0.1], [None, 2.2], [0, 2]):
        arguments = {
            "monitor": "val_loss", "mode": mode, "patience": patience, "min_delta": min_delta, "baseline": baseline,
            "start_from_epoch": start, "restore_best_weights": restore, "verbose": 1,
        }  # fmt: skip
        theirs = run(keras.callbacks.EarlyStopping(**arguments), CURVES[curve], capsys=capsys)
        ours = run(callbacks.EarlyStopping(**arguments), CURVES[curve], capsys=capsys)
        assert ours == theirs, arguments


def test_the_metric_says_what_an_improvement_is():
    stopper = callbacks.EarlyStopping("val_acc")
    assert run(stopper, CURVES["rising"], "val_acc")[0] == 4
    assert run(stopper, CURVES["falling"], "val_acc")[0] == 1
    assert run(callbacks.EarlyStopping("val_mse"), CURVES["falling"], "val_mse")[0] == 4


def test_a_stopper_can_be_used_again():
    stopper = callbacks.EarlyStopping(restore_best_weights=True)
    assert run(stopper, CURVES["rising"])[:4] == (1, 1, 1.0, 0)
    assert run(stopper, CURVES["falling"])[:4] == (4, 0, 1.0, 4)


def test_nan_is_never_an_improvement():
    stopper = callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    nan = math.nan
    assert run(stopper, [nan, 2.0, nan, 3.0, 1.0])[:5] == (3, 3, 2.0, 1, 1.0)


def test_epochs_without_validation_are_passed_over():
    stopper, model = callbacks.EarlyStopping(), Model()
    stopper.set_model(model)
    callbacks.check_monitors([stopper], ["loss", "val_loss"])
    stopper.on_train_begin()
    for epoch, logs in enumerate([{"loss": 1.0}, {"loss": 1.0, "val_loss": 1.0}, {"loss": 1.0}]):
        stopper.on_epoch_end(epoch, logs)
    assert not model.stop_training
    stopper.on_epoch_end(3, {"loss": 1.0, "val_loss": 2.0})
    assert model.stop_training


def test_a_loop_of_one_s_own_is_told_at_the_end_of_an_epoch_what_is_missing():
    stopper = callbacks.EarlyStopping("val_acc")
    stopper.set_model(Model())
    stopper.on_train_begin()
    with pytest.raises(ValueError, match="EarlyStopping monitors 'val_acc', but this run has loss$"):
        stopper.on_epoch_end(0, {"loss": 1.0})
    with pytest.warns(UserWarning, match="'val_acc', but this run has acc; pass validation_data or"):
        stopper.on_epoch_end(0, {"acc": 1.0})  # validation may come after another epoch


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"mode": "mim"}, ValueError, "got 'mim'; did you mean 'min'?"),
        ({"patience": -1}, ValueError, "patience must be a whole number of at least 0, got -1"),
        ({"patience": 1.5}, ValueError, "got 1.5"),
        ({"patience": True}, ValueError, "got True"),
        ({"start_from_epoch": -2}, ValueError, "start_from_epoch"),
        ({"min_delta": math.nan}, ValueError, "min_delta must be a finite number"),
        ({"monitor": ["loss"]}, TypeError, "one value by its name, got list"),
    ],
)
def test_wrong_options_are_refused_at_once(options, error, words):
    with pytest.raises(error) as caught:
        callbacks.EarlyStopping(**options)
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_training_ends_at_a_loss_that_is_no_number(keras, capsys, loss):
    written = []
    for package in (keras.callbacks, callbacks):
        stopper, model = package.TerminateOnNaN(), Model()
        stopper.set_model(model)
        listed = callbacks.CallbackList([stopper])
        listed.on_train_batch_end(0, {"loss": 1.0})
        listed.on_train_batch_end(1, None)
        assert not model.stop_training
        listed.on_train_batch_end(7, {"loss": loss})
        assert model.stop_training
        written.append(capsys.readouterr().out)
    assert written[0] == written[1] != ""


def test_a_loss_that_is_no_number_may_be_an_error():
    with pytest.raises(RuntimeError, match="loss encountered at batch 7. Loss value: nan"):
        callbacks.TerminateOnNaN(raise_error=True).on_batch_end(7, {"loss": math.nan})
