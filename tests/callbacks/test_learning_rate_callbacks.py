"""LearningRateScheduler and ReduceLROnPlateau set the rates that Keras's set, and say so in its words."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minirnn
from minirnn import callbacks, metrics


class Model:
    """A model as far as these callbacks look at one; its optimizer is a real one."""

    def __init__(self, rate: float = 0.1) -> None:
        self.optimizer = minirnn.optimizers.SGD(rate)
        self.metrics = [metrics.Mean("loss"), metrics.BinaryAccuracy("acc")]


def replay(callback, values, capsys, name="val_loss", rate=0.1):
    """One epoch for each value: the rates after each, the logs' rates, the counters, and what was printed."""
    model = Model(rate)
    callback.set_model(model)
    callback.on_train_begin()
    seen = []
    for epoch, value in enumerate(values):
        logs = {"loss": 1.0, name: value}
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, logs)
        counters = [getattr(callback, counter, None) for counter in ("wait", "cooldown_counter", "best")]
        seen.append((model.optimizer.learning_rate, logs["learning_rate"], *counters))
    callback.on_train_end()
    return seen, capsys.readouterr().out


CURVES = {
    "falling": [5.0, 4.0, 3.0, 2.0, 1.0, 0.5],
    "flat": [1.0] * 12,
    "valley": [5.0, 3.0, 2.0, 2.5, 2.2, 2.1, 1.0, 1.0, 1.5],
    "slow": [1.0, 0.95, 0.9, 0.85, 0.8, 0.75],
    "on the border": [1.0, 0.9999, 0.9998, 0.9997, 0.99965, 0.9996],
}


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("mode", ["min", "max", "auto"])
def test_the_rate_falls_when_keras_s_does(keras, capsys, curve, mode):
    for patience, cooldown, min_delta, min_lr in itertools.product([0, 1, 2], [0, 1, 3], [1e-4, 0.1, 0], [0, 0.004]):
        arguments = {
            "factor": 0.3, "patience": patience, "verbose": 1, "mode": mode, "min_delta": min_delta,
            "cooldown": cooldown, "min_lr": min_lr,
        }  # fmt: skip
        theirs = replay(keras.callbacks.ReduceLROnPlateau(**arguments), CURVES[curve], capsys)
        ours = replay(callbacks.ReduceLROnPlateau(**arguments), CURVES[curve], capsys)
        assert ours == theirs, arguments


@given(
    values=st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=20),
    patience=st.integers(0, 3),
    min_delta=st.sampled_from([0.0, 1e-4, 0.5]),
    mode=st.sampled_from(["min", "max"]),
)
def test_the_rate_falls_when_keras_s_does_on_any_curve(keras, values, patience, min_delta, mode):
    found = []
    for package in (keras.callbacks, callbacks):
        callback, model = package.ReduceLROnPlateau("loss", 0.5, patience, 0, mode, min_delta, 1, 1e-3), Model()
        callback.set_model(model)
        callback.on_train_begin()
        for epoch, value in enumerate(values):
            callback.on_epoch_end(epoch, {"loss": value})
        found.append((model.optimizer.learning_rate, callback.wait, callback.best))
    assert found[0] == found[1]


def test_defaults_are_those_of_keras(keras):
    theirs, ours = keras.callbacks.ReduceLROnPlateau(), callbacks.ReduceLROnPlateau()
    for name in ("monitor", "factor", "patience", "verbose", "mode", "min_delta", "cooldown", "min_lr", "wait"):
        assert getattr(ours, name) == getattr(theirs, name), name


def test_a_reduction_is_announced_and_stops_at_the_lowest_rate(capsys):
    reducer = callbacks.ReduceLROnPlateau(factor=0.5, patience=1, min_lr=0.03, verbose=1)
    seen, written = replay(reducer, CURVES["flat"][:5], capsys)
    assert [rate for rate, *_ in seen] == pytest.approx([0.1, 0.05, 0.03, 0.03, 0.03])
    assert written.count("ReduceLROnPlateau reducing learning rate to") == 2
    assert written.startswith("\nEpoch 2: ReduceLROnPlateau reducing learning rate to 0.05")
    assert written.endswith("\n\nEpoch 3: ReduceLROnPlateau reducing learning rate to 0.03.\n")


def test_the_metric_says_what_an_improvement_is(capsys):
    rising = [float(value) for value in range(5)]
    rates = [replay(callbacks.ReduceLROnPlateau(m, patience=2), rising, capsys, m)[0][-1][0] for m in ("acc", "loss")]
    assert rates == pytest.approx([0.1, 0.001])


def test_nan_is_no_improvement(capsys):
    seen, _ = replay(callbacks.ReduceLROnPlateau(patience=2), [1.0, math.nan, math.nan, 0.5], capsys)
    assert [rate for rate, *_ in seen] == pytest.approx([0.1, 0.1, 0.01, 0.01])
    assert seen[-1][-1] == 0.5


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"factor": 1.0}, ValueError, "factor must be above 0 and below 1, got 1.0"),
        ({"factor": 0.0}, ValueError, "got 0.0"),
        ({"factor": math.nan}, ValueError, "got nan"),
        ({"patience": -1}, ValueError, "ReduceLROnPlateau patience must be a whole number of at least 0, got -1"),
        ({"cooldown": 0.5}, ValueError, "ReduceLROnPlateau cooldown must be a whole number"),
        ({"min_lr": -1e-3}, ValueError, "min_lr must be a finite number of at least 0"),
        ({"min_delta": math.inf}, ValueError, "min_delta must be a finite number"),
        ({"mode": "mim"}, ValueError, "ReduceLROnPlateau mode must be 'auto', 'min' or 'max', got 'mim'; did you mean"),
        ({"patiance": 3}, TypeError, "patiance"),
    ],
)
def test_wrong_options_are_refused_at_once(options, error, words):
    with pytest.raises(error) as caught:
        callbacks.ReduceLROnPlateau(**options)
    assert words in str(caught.value) and "\n" not in str(caught.value)


# LearningRateScheduler


def by_both(epoch, rate):
    return rate * 0.9 if epoch else rate


def by_epoch(epoch):
    return [0.1, 0.05, 0.025][epoch]


def with_a_default(epoch, rate=None, scale=0.5):
    return rate * scale


@pytest.mark.parametrize("verbose", [0, 1])
@pytest.mark.parametrize(
    "schedule",
    [by_both, by_epoch, with_a_default, lambda *given: np.float32(given[1]) / 2, lambda epoch: np.float64(0.1 + epoch)],
)
def test_rates_are_set_and_told_as_by_keras(keras, capsys, schedule, verbose):
    theirs = replay(keras.callbacks.LearningRateScheduler(schedule, verbose), [1.0] * 3, capsys)
    ours = replay(callbacks.LearningRateScheduler(schedule, verbose), [1.0] * 3, capsys)
    assert ours == theirs
    assert ours[1].count("LearningRateScheduler setting learning rate to") == 3 * verbose


@pytest.mark.parametrize("returned", [1, None, "0.1", np.zeros(1)])
def test_a_schedule_must_return_a_float(returned):
    scheduler, model = callbacks.LearningRateScheduler(lambda epoch: returned), Model()
    scheduler.set_model(model)
    with pytest.raises(ValueError, match="must return a float, got"):
        scheduler.on_epoch_begin(0)
    assert model.optimizer.learning_rate == np.float32(0.1)


def test_an_error_within_the_schedule_is_its_own():
    def schedule(epoch, rate):
        return rate + "0.1"

    scheduler = callbacks.LearningRateScheduler(schedule)
    scheduler.set_model(Model())
    with pytest.raises(TypeError, match="unsupported operand"):
        scheduler.on_epoch_begin(0)


def test_a_schedule_must_be_a_function():
    with pytest.raises(TypeError, match=r"needs a function of \(epoch, rate\), got float"):
        callbacks.LearningRateScheduler(0.1)


class Scheduled:
    """An optimizer whose rate follows a schedule, and cannot be set: as in Keras, TypeError says so."""

    learning_rate = property(lambda self: 0.1, lambda self, value: (_ for _ in ()).throw(TypeError("not settable")))


@pytest.mark.parametrize("made", [lambda: callbacks.LearningRateScheduler(by_both), callbacks.ReduceLROnPlateau])
def test_a_rate_that_follows_a_schedule_is_an_error_before_the_first_epoch(made):
    callback, model = made(), Model()
    model.optimizer = Scheduled()
    callback.set_model(model)
    with pytest.raises(TypeError) as caught:
        callback.on_train_begin()
    assert str(caught.value).startswith(f"{type(callback).__name__} sets the learning rate, but that of the optimizer")
    assert "\n" not in str(caught.value)
