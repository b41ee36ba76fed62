"""What fit, evaluate and predict print is what Keras prints: the same model, the same clock, the same characters."""

from __future__ import annotations

import os
import pty
import re
import sys
import threading
import tty

import numpy as np
import pytest

import minirnn

CODES = re.compile(r"\x1b\[\d+m")


class Clock:
    """A `time` module that takes `pace` seconds for every look at it."""

    def __init__(self, pace: float) -> None:
        self.now, self.pace = 1_700_000_000.0, pace

    def time(self) -> float:
        self.now += self.pace
        return self.now


@pytest.fixture
def printed(keras, monkeypatch):
    """`printed(script, where, pace)`: what a script prints on a "pty" or into a "pipe", both libraries' clocks set."""

    def run(script, where, pace=0.07):
        clock = Clock(pace)
        monkeypatch.setattr("minirnn.utils.progbar.time", clock)
        monkeypatch.setattr(sys.modules["keras.src.utils.progbar"], "time", clock)
        reading, writing = pty.openpty() if where == "pty" else os.pipe()
        if where == "pty":
            tty.setraw(writing)  # a line's end stays one character
        pieces: list[bytes] = []
        reader = threading.Thread(target=read_all, args=(reading, pieces))
        reader.start()
        with open(writing, "w", encoding="utf-8") as out, monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            assert out.isatty() == (where == "pty")
            script()
        reader.join()
        os.close(reading)
        return b"".join(pieces).decode()

    return run


def read_all(source, pieces):
    """Collect what comes until the other end is closed (a pty then raises EIO)."""
    try:
        while piece := os.read(source, 65536):
            pieces.append(piece)
    except OSError:
        pass


def shown(text):
    """What is left of a terminal's text for a reader of lines: the last drawing of each, without colours."""
    lines = [CODES.sub("", line).replace("\b", "").split("\r")[-1].rstrip(" ") for line in text.split("\n")]
    return "\n".join(lines)


def classifier(library):
    return library.Sequential([library.Input((5, 2)), library.layers.GRU(4), library.layers.Dense(1, "sigmoid")])


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(11)
    return rng.standard_normal((22, 5, 2)), rng.integers(0, 2, (22, 1)).astype(float)


def whole_run(model, data, verbose, epochs):
    """A training with validation, an evaluation and a prediction."""
    x, y = data
    model.fit(
        x, y, batch_size=4, epochs=epochs, verbose=verbose, shuffle=False, validation_data=(x[:7], y[:7]),
        validation_freq=2,
    )  # fmt: skip
    model.evaluate(x, y, batch_size=2, verbose=verbose)
    model.predict(x, batch_size=8, verbose=verbose)


@pytest.fixture
def models(twins):
    return twins(classifier, "adam", "binary_crossentropy", metrics=["accuracy", "mse"])


@pytest.mark.parametrize("epochs", [1, 3])
@pytest.mark.parametrize("verbose", [0, 1, 2, 3, "auto"])
def test_a_terminal_gets_the_characters_of_keras(models, data, printed, verbose, epochs):
    ours, theirs = (printed(lambda model=m: whole_run(model, data, verbose, epochs), "pty") for m in models)
    assert ours == theirs
    assert (ours.count("\x1b[32m") > 10) == (verbose in (1, "auto"))
    assert ours.startswith("Epoch 1/3\n") == (epochs == 3 and verbose != 0)


@pytest.mark.parametrize("verbose", [0, 1, 2, 3, "auto"])
def test_a_pipe_gets_the_lines_that_keras_leaves_on_a_terminal(models, data, printed, verbose):
    ours, theirs = (printed(lambda model=m: whole_run(model, data, verbose, 3), "pipe") for m in models)
    assert ours == shown(theirs)
    assert not {"\r", "\b", "\x1b"} & set(ours)
    assert ours.count("\n") == {0: 0, 2: 8, 3: 3}.get(verbose, 8)


@pytest.mark.parametrize("pace", [0.004, 0.031, 1.3])
def test_a_bar_is_redrawn_as_often_as_keras_s(models, data, printed, pace):
    ours, theirs = (printed(lambda model=m: whole_run(model, data, 1, 2), "pty", pace) for m in models)
    assert ours == theirs


# Keras's variables do not know NumPy's `copy`.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning:keras")
def test_callbacks_print_between_the_bars_as_in_keras(twins, models, data, printed):
    def train(library, model):
        given = [
            library.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2, verbose=1),
            library.callbacks.ReduceLROnPlateau("loss", patience=1, min_delta=10.0, verbose=1),
            library.callbacks.EarlyStopping("loss", min_delta=10.0, patience=3, verbose=1, restore_best_weights=True),
        ]
        model.fit(*data, batch_size=11, epochs=6, shuffle=False, callbacks=given)

    pairs = zip((minirnn, twins.keras), models, strict=True)
    ours, theirs = (printed(lambda pair=p: train(*pair), "pty") for p in pairs)
    assert ours == theirs
    assert "learning_rate: " in ours and ours.endswith("Restoring model weights from the end of the best epoch: 1.\n")


@pytest.mark.parametrize("verbose", [1, 2])
@pytest.mark.parametrize("where", ["pty", "pipe"])
def test_the_first_epoch_counts_the_steps_of_the_next_ones(keras, printed, where, verbose):
    def train(package):
        listed = package.CallbackList(
            None, add_progbar=True, model=object(), verbose=verbose, epochs=3, steps=None
        )  # as for a generator
        listed.on_train_begin()
        for epoch in range(3):
            listed.on_epoch_begin(epoch)
            for batch in range(4):
                listed.on_train_batch_begin(batch)
                listed.on_train_batch_end(batch, {"loss": 1 / (1 + epoch + batch)})
            listed.on_epoch_end(epoch, {"loss": 0.5})
        listed.on_train_end({"loss": 0.5})

    ours, theirs = (printed(lambda p=p: train(p), where) for p in (minirnn.callbacks, keras.callbacks))
    assert ours == (theirs if where == "pty" else shown(theirs))
    assert ("Unknown" in ours) == (verbose == 1 and where == "pty") and "4/4" in ours


@pytest.mark.parametrize(("where", "end"), [("pty", " - loss: 0.5000\n"), ("pipe", "")])
def test_a_run_that_is_interrupted_ends_its_line(printed, where, end):
    def run():
        listed = minirnn.callbacks.CallbackList(None, verbose=1, epochs=1, steps=9)
        with pytest.raises(KeyboardInterrupt), listed:
            listed.on_train_begin()
            listed.on_epoch_begin(0)
            listed.on_train_batch_end(0, {"loss": 0.5})
            raise KeyboardInterrupt

    text = printed(run, where)
    assert text.endswith(end) and text.count("\n") == len(end[-1:])
