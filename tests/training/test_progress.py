"""The progress bar is Keras's: character for character on a terminal, one plain line where nothing can be redrawn."""

from __future__ import annotations

import inspect
import io
import os
import re
import sys

import numpy as np
import pytest

import minirnn
from minirnn.utils import output, progbar


class Clock:
    """A `time` module whose seconds pass when told."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def time(self) -> float:
        return self.now


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progbar, "time", clock)
    return clock


@pytest.fixture
def outputs(keras, clock, monkeypatch):
    """`outputs(script)`: what Keras's bar and ours write on a terminal for `script(bar_class, clock)`."""
    theirs = sys.modules["keras.src.utils.progbar"]
    monkeypatch.setattr(theirs, "time", clock)

    def run(script):
        written = []
        for bar_class in (theirs.Progbar, progbar.Progbar):
            clock.now = 1_700_000_000.0
            monkeypatch.setattr(sys, "stdout", Terminal())
            script(bar_class, clock)
            written.append(sys.stdout.getvalue())
        return written

    return run


def epoch(bar_class, clock, steps, seconds, logs, **options):
    bar = bar_class(target=steps, stateless_metrics=set(), **options)
    for step in range(1, steps + 1):
        clock.now += seconds
        bar.update(step, logs(step), finalize=False)
    clock.now += 0.01
    bar.update(steps, logs(steps), finalize=True)


@pytest.mark.parametrize("verbose", [0, 1, 2, 3])
@pytest.mark.parametrize("steps", [1, 6, 10, 137, 1000])
@pytest.mark.parametrize("seconds", [2e-6, 3e-4, 0.004, 0.07, 1.4])
def test_an_epoch_looks_as_in_keras(outputs, verbose, steps, seconds):
    def logs(step):
        return [("accuracy", step / (2 * steps)), ("loss", 3.5 / step**2)]

    theirs, ours = outputs(lambda bar, clock: epoch(bar, clock, steps, seconds, logs, verbose=verbose))
    assert ours == theirs
    assert bool(ours) == (verbose in (1, 2))


@pytest.mark.parametrize("verbose", [1, 2])
@pytest.mark.parametrize(
    "value", [0.0, 1e-3, 1.0001e-3, 9.9e-4, -2.5, -1e-5, 123456.789, 7, float("inf"), float("nan")]
)
def test_numbers_are_written_as_in_keras(outputs, verbose, value):
    theirs, ours = outputs(
        lambda bar, clock: epoch(bar, clock, 2, 0.1, lambda step: [("loss", value)], verbose=verbose)
    )
    assert ours == theirs and "loss" in ours


@pytest.mark.parametrize("seconds", [0.5, 7.0, 59.9, 61.0, 700.0, 3601.0, 40000.0])
def test_the_time_that_remains_is_written_as_in_keras(outputs, seconds):
    theirs, ours = outputs(lambda bar, clock: epoch(bar, clock, 3, seconds, lambda step: []))
    assert ours == theirs


def test_averages_and_unknown_targets_look_as_in_keras(outputs):
    def script(bar_class, clock):
        for options in ({}, {"stateful_metrics": ["b"]}, {"unit_name": "sample", "width": 7, "interval": 0}):
            for target in (5, None):
                bar = bar_class(target, **options)
                for step in range(5):
                    clock.now += 0.2
                    bar.add(1, [("a", float(step)), ("b", float(step))])

    theirs, ours = outputs(script)
    assert ours == theirs and "Unknown" in ours


def test_a_shorter_line_wipes_out_the_longer_one_before_it(outputs):
    def script(bar_class, clock):
        bar = bar_class(9, stateless_metrics=set())
        for step, value in ((1, 1000.0), (2, 1.0), (3, 100.0)):
            clock.now += 1
            bar.update(step, [("loss", value)])

    theirs, ours = outputs(script)
    assert ours == theirs
    assert re.search(r"loss: 1\.0000 {3}\x08", ours)


def test_a_bar_is_not_drawn_more_often_than_its_interval(outputs):
    theirs, ours = outputs(lambda bar, clock: epoch(bar, clock, 1000, 0.001, lambda step: [("loss", 1.0)]))
    assert ours == theirs
    assert ours.count("\r") == 21


def test_a_pipe_gets_one_plain_line(clock, monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    epoch(progbar.Progbar, clock, 6, 0.2, lambda step: [("loss", 0.5)])
    assert sys.stdout.getvalue() == "6/6 ━━━━━━━━━━━━━━━━━━━━ 1s 202ms/step - loss: 0.5000\n"


def test_the_plain_line_is_the_terminal_s_last_one_without_its_colours(outputs, clock, monkeypatch):
    _, ours = outputs(lambda bar, clock: epoch(bar, clock, 6, 0.2, lambda step: [("loss", 0.5)]))
    last = re.sub(r"\x1b\[\d+m|\x08", "", ours).split("\r")[-1]
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    clock.now = 1_700_000_000.0
    epoch(progbar.Progbar, clock, 6, 0.2, lambda step: [("loss", 0.5)])
    assert sys.stdout.getvalue().strip() == last.strip()


def test_an_output_without_the_block_gets_equals_signs(clock, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    epoch(progbar.Progbar, clock, 2, 0.2, lambda step: [("로스", 0.5)])
    assert raw.getvalue().startswith(b"2/2 ==================== 0s")


def test_a_program_without_output_trains_silently(clock, monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    epoch(progbar.Progbar, clock, 2, 0.2, lambda step: [("loss", 0.5)])


@pytest.mark.parametrize("sign", ["module", "environment"])
def test_a_notebook_and_pycharm_are_redrawn_though_they_are_no_terminals(monkeypatch, sign):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.delenv("PYCHARM_HOSTED", raising=False)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    assert not output.redraws_in_place()
    if sign == "module":
        monkeypatch.setitem(sys.modules, "ipykernel", sys)
    else:
        monkeypatch.setenv("PYCHARM_HOSTED", "1")
    assert output.redraws_in_place()


def test_the_bar_is_public_with_the_arguments_of_keras(keras):
    ours, theirs = (inspect.signature(library.utils.Progbar).parameters for library in (minirnn, keras))
    assert [(p.name, p.default) for p in ours.values()] == [(p.name, p.default) for p in theirs.values()]
    for method in ("update", "add"):
        ours, theirs = (inspect.signature(getattr(lib.utils.Progbar, method)).parameters for lib in (minirnn, keras))
        assert [(p.name, p.default) for p in ours.values()] == [(p.name, p.default) for p in theirs.values()]


@pytest.mark.parametrize("width", [20, 7, 0])
def test_every_share_of_a_bar_is_filled_as_in_keras(outputs, width):
    def script(bar_class, clock):
        for target in range(1, 61):
            bar = bar_class(target, width=width, interval=0)
            for current in range(target + 2):
                clock.now += 0.3
                bar.update(current, finalize=False)

    theirs, ours = outputs(script)
    assert ours == theirs


@pytest.mark.parametrize("verbose", [1, 2])
@pytest.mark.parametrize("target", [0, -3, 4.0, 2.5, None])
def test_odd_targets_look_as_in_keras(outputs, target, verbose):
    def script(bar_class, clock):
        bar = bar_class(target, verbose=verbose, interval=0)
        for current in (0, 1, 2.5, 9):
            clock.now += 0.3
            bar.update(current, [("loss", 0.5)])
        bar.update(9, [("loss", 0.25)], finalize=True)

    theirs, ours = outputs(script)
    assert ours == theirs


def test_arrays_and_numpy_s_numbers_are_averaged_as_in_keras(outputs):
    def script(bar_class, clock):
        bar = bar_class(5, interval=0)
        for step in range(5):
            clock.now += 0.3
            bar.add(1, [("array", np.array([step, 0.5])), ("single", np.float32(0.1 * step)), ("whole", step)])

    theirs, ours = outputs(script)
    assert ours == theirs and "4/5" in ours
    assert "array: 1.0000 - single: 0.1500 - whole: 1.5000" in ours


def test_a_bar_that_is_broken_off_ends_its_line_once(clock, monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    bar = progbar.Progbar(3, interval=0)
    bar.break_off()
    assert sys.stdout.getvalue() == ""
    bar.update(1)
    bar.break_off()
    bar.break_off()
    assert sys.stdout.getvalue().count("\n") == 1
    bar.update(3)
    bar.break_off()
    assert sys.stdout.getvalue().count("\n") == 2


def test_metrics_are_either_stateful_or_stateless():
    with pytest.raises(ValueError, match="not both"):
        progbar.Progbar(3, stateful_metrics=["a"], stateless_metrics=["b"])


@pytest.mark.parametrize("verbose", [1, 2])
def test_an_epoch_whose_data_ended_early_is_not_called_full(clock, monkeypatch, verbose):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    listed = minirnn.callbacks.CallbackList(None, verbose=verbose, epochs=1, steps=5)
    listed.on_epoch_begin(0)
    for batch in range(3):
        clock.now += 1
        listed.on_train_batch_end(batch, {"loss": 0.5})
    listed.on_epoch_end(0, {"loss": 0.5})
    written = sys.stdout.getvalue()
    assert written.startswith("3/5 ") and "1s/step - loss: 0.5000\n" in written


@pytest.mark.parametrize("columns", [30, 60, 80])
def test_a_bar_that_is_redrawn_never_wraps_and_its_last_line_is_whole(outputs, monkeypatch, columns):
    monkeypatch.setattr(progbar, "terminal_width", lambda: columns)
    names = [f"accuracy_of_output_{number}" for number in range(4)]
    theirs, ours = outputs(lambda bar, clock: epoch(bar, clock, 5, 0.2, lambda step: [(name, 0.5) for name in names]))
    *redrawn, last = [re.sub(r"\x1b\[\d+m|\x08", "", line) for line in ours.split("\r")[1:]]
    assert len(redrawn) == 5 and all(len(line.rstrip()) < columns for line in redrawn)
    assert last.rstrip() == re.sub(r"\x1b\[\d+m|\x08", "", theirs.split("\r")[-1]).rstrip()


@pytest.mark.parametrize(("told", "expected"), [(72, 72), (0, output.UNBOUNDED), (None, output.UNBOUNDED)])
def test_the_width_is_that_of_the_terminal_if_it_tells_one(monkeypatch, told, expected):
    def get_terminal_size(descriptor):
        if told is None:
            raise OSError("not a terminal")
        return os.terminal_size((told, 24))

    monkeypatch.setattr(os, "get_terminal_size", get_terminal_size)
    monkeypatch.setattr(sys, "stdout", sys.__stdout__)
    assert output.terminal_width() == expected
    monkeypatch.setattr(sys, "stdout", None)
    assert output.terminal_width() == output.UNBOUNDED
