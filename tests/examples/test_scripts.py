"""The examples run as a reader runs them, say what their headings promise, and reach the numbers of Keras."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import minirnn

FOLDER = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(path.name for path in FOLDER.glob("[0-9]*.py"))
EPOCHS = 4  # of the comparison with Keras: enough for a difference to show, and little enough for Keras
NEEDS_SKLEARN = {"06_scaling.py"}

# What a reader shall see, by script.
SHOWN = {
    "01_first_lstm.py": [r"lstm \(LSTM\) .*480", r"8, 9, 10 -> 1[01]\.\d\d \(11 was wanted"],
    "02_three_cells.py": [
        "SimpleRNN +120 parameters, by the formula 120",
        "GRU +390 parameters, by the formula 390",
        "LSTM +480 parameters, by the formula 480",
    ],
    "03_stacked_sequences.py": [r"\(None, 3, 10\)", "840", "50, 60, 70 -> [78]"],
    "04_windows.py": [
        r"x \(6, 4, 1\)", r"y \(6,\)", r"\[1 2 3 4\] -> 5", r"\[6 7 8 9\] -> 10", r"three ahead: \(4, 4, 1\) \(4, 3\)",
        "too short",
    ],
    "05_early_stopping.py": ["early stopping", r"'learning_rate', 'loss', 'val_loss'"],
    "06_scaling.py": [r"R2 0\.9"],
    "07_functional.py": [r"largest difference: 0\.0", r"\(4, 8\)"],
    "08_many_to_one.py": ["concatenate", "Connected to", r"wanted \[0.4 0.5\] got \[0\.[345]"],
    "09_one_to_many.py": ["next_loss", "large_loss", "large_accuracy", "next_mae"],
    "10_many_to_many.py": [
        "Connected to", *map(r"\b{}\b".format, (320, 36, 30, 54, 14, 28, 50, 44, 80, 544, "1,040", 99, 51)),
        "Total params: 3,058", "5 numbers", r"\[\(12, 3\), \(12, 3\)\]",
    ],
    "11_classes.py": ["keys: .*'acc', 'loss', 'val_acc', 'val_loss'", r"accuracy 0\.[789]"],
    "12_range_trap.py": ["minirnn warns", "as they are", "as differences"],
    "13_attention.py": [
        r"\(Attention\)", r"\[\(None, 5, 16\), ", "2,817", r"mean squared error: 0\.0[0-9]", "read .* wrote",
        "attention\n",
    ],
}  # fmt: skip


def test_every_script_is_checked():
    assert sorted(SHOWN) == SCRIPTS


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_opens_with_its_number_in_two_languages(name):
    heading = (FOLDER / name).read_text(encoding="utf-8").split('"""')[1]
    english, korean = heading.strip().split("\n\n")
    number = str(int(name[:2]))
    assert english.startswith(f"{number}. ") and korean.startswith(f"{number}. ")
    assert english.isascii() and re.search("[가-힣]", korean)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_runs_and_shows_what_it_is_about(name):
    if name in NEEDS_SKLEARN:
        pytest.importorskip("sklearn")
    run = subprocess.run(
        [sys.executable, str(FOLDER / name)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(FOLDER.parent), "PYTHONIOENCODING": "utf-8"},
    )
    assert run.returncode == 0 and run.stderr == "", run.stderr
    for pattern in SHOWN[name]:
        assert re.search(pattern, run.stdout), f"{pattern!r} is not in\n{run.stdout}"


class Twin:
    """Runs one script in two libraries, with the same weights before each `fit`, and notes what it came to."""

    def __init__(self) -> None:
        self.weights: list[list[np.ndarray]] = []

    def run(self, source: str, library, monkeypatch: pytest.MonkeyPatch) -> dict:
        library.backend.clear_session()  # names are counted from the first again
        model_class = library.models.Model
        original, given = model_class.fit, iter(list(self.weights))
        histories = []

        def fit(model, *args, **kwargs):
            if self.weights and given_weights is not None:
                model.set_weights(next(given))
            else:
                self.weights.append(model.get_weights())
            kwargs["epochs"] = min(kwargs.get("epochs", 1), EPOCHS)
            history = original(model, *args, **kwargs, shuffle=False)
            histories.append(history.history)
            return history

        given_weights = self.weights or None
        scope: dict = {"__name__": "__main__"}
        with monkeypatch.context() as patch, contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            patch.setattr(model_class, "fit", fit)
            patch.setattr(sys, "argv", ["script"])
            exec(compile(source, "script", "exec"), scope)  # noqa: S102
        return {"histories": histories, "y_pred": scope.get("y_pred"), "results": scope.get("results")}


@pytest.mark.parametrize("name", [name for name in SCRIPTS if ".fit(" in (FOLDER / name).read_text(encoding="utf-8")])
def test_a_script_reaches_the_numbers_of_keras_from_the_same_weights(name, keras, monkeypatch):
    if name in NEEDS_SKLEARN:
        pytest.importorskip("sklearn")
    source = (FOLDER / name).read_text(encoding="utf-8")
    twin = Twin()
    ours = twin.run(source, minirnn, monkeypatch)
    source = re.sub(r"from minirnn\.(layers|models|callbacks)", r"from keras.\1", source)
    theirs = twin.run(source, keras, monkeypatch)
    assert len(ours["histories"]) == len(theirs["histories"]) > 0
    for a, b in zip(ours["histories"], theirs["histories"], strict=True):
        assert list(a) == list(b)
        for key in a:
            np.testing.assert_allclose(a[key], b[key], rtol=1e-4, atol=1e-6, err_msg=key)
    for what in ("y_pred", "results"):
        for a, b in zip(as_list(ours[what]), as_list(theirs[what]), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4, err_msg=what)


def as_list(value) -> list:
    if value is None:
        return []
    if isinstance(value, dict):
        return [value[key] for key in sorted(value)]
    return list(value) if isinstance(value, (list, tuple)) else [value]
