"""`summary()` prints what Keras's prints."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from printed_tables import cells

import minirnn
from minirnn.models.summary import print_summary


def stack(package, cell="LSTM", **build):
    layers = package.layers
    return package.Sequential(
        [
            package.Input((3, 1)),
            getattr(layers, cell)(8, return_sequences=True, name="first"),
            layers.Dropout(0.1, name="drop"),
            getattr(layers, cell)(5, name="second", **build),
            layers.Dense(1, name="out"),
        ],
        name="model",
    )


def large(package):
    layers = package.layers
    model = package.Sequential(
        [package.Input((16, 512)), layers.LSTM(64, name="l[0]"), layers.Dense(3, name="a long name " * 4)],
        name="m[x]",
    )
    model.layers[0].trainable = False
    return model


def unbuilt(package):
    return package.Sequential([package.layers.GRU(3, name="g"), package.layers.Dense(1, name="d")], name="later")


def text(model, **options):
    lines = []
    model.summary(print_fn=lines.append, **options)
    assert len(lines) == 1
    return lines[0]


MODELS = {"LSTM": stack, "GRU": lambda p: stack(p, "GRU"), "SimpleRNN": lambda p: stack(p, "SimpleRNN"),
          "large": large, "unbuilt": unbuilt}  # fmt: skip


@pytest.fixture(scope="module", params=MODELS)
def twins(request, keras):
    """One model of both packages."""
    return MODELS[request.param](minirnn), MODELS[request.param](keras)


@pytest.mark.parametrize(
    "options",
    [{}, {"line_length": 60}, {"line_length": 120}, {"positions": [0.3, 0.6, 1.0]},
     {"expand_nested": True}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("columns", ["80", "200"])
def test_the_table_is_that_of_keras(monkeypatch, twins, options, columns):
    monkeypatch.setenv("COLUMNS", columns)
    ours, theirs = (text(model, **options) for model in twins)
    if options.get("line_length", 0) > int(columns):  # Keras cuts off what is longer than the terminal's lines
        ours = "\n".join(line[: int(columns)] for line in ours.split("\n"))
    assert ours == theirs


@pytest.mark.parametrize("columns", ["80", "200"])
def test_who_is_trainable_is_said_as_by_keras_under_a_title_that_is_not_cut_off(monkeypatch, twins, columns):
    """Keras's last column is too narrow for its title at any width but a large `line_length`."""
    monkeypatch.setenv("COLUMNS", columns)
    ours, theirs = (cells(text(model, show_trainable=True)) for model in twins)
    assert ours[0][-1] == "Trainable" and theirs[0][-1].startswith("Trai")
    assert (ours[0][:-1], ours[1:]) == (theirs[0][:-1], theirs[1:])
    assert len(ours) > 2 and ours[1][-1] in ("Y", "N", "-")


def test_titles_are_folded_where_the_table_is_narrow(twins):
    titles = cells(text(twins[0], line_length=40, show_trainable=True))[0]
    assert titles == ["Layer(type)", "OutputShape", "Param#", "Trainable"]


@pytest.mark.parametrize("names", [("first", "second"), ("second", "first"), ("drop", "drop"), ("f.*", "d.*")])
def test_a_range_of_layers_is_that_of_keras(keras, names):
    assert text(stack(minirnn), layer_range=names) == text(stack(keras), layer_range=names)


def test_the_totals_count_and_weigh_the_parameters():
    model = stack(minirnn)
    assert f" Total params: {model.count_params():,} (2.37 KB)" in text(model)
    assert "Non-trainable params: 147,712 (577.00 KB)" in text(large(minirnn))


@pytest.mark.parametrize("frozen", [None, "first"])
@pytest.mark.parametrize("name, options", [("SGD", {}), ("SGD", {"momentum": 0.5}), ("RMSprop", {"centered": True}),
                                           ("Adam", {}), ("Adam", {"amsgrad": True})])  # fmt: skip
def test_after_training_the_optimizer_is_counted_as_in_keras(keras, name, options, frozen):
    texts = []
    for package in (minirnn, keras):
        model = stack(package)
        if frozen:
            model.get_layer(frozen).trainable = False
        model.compile(getattr(package.optimizers, name)(**options), "mse", run_eagerly=True)
        before = text(model)
        model.fit(np.zeros((2, 3, 1)), np.zeros((2, 1)), verbose=0)
        texts.append((before, text(model)))
    assert texts[0] == texts[1]
    assert "Optimizer params" not in texts[0][0] and "Optimizer params: " in texts[0][1]


def test_a_name_too_long_for_its_column_is_folded_not_cut_as_in_keras(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    name = "a_name_that_no_column_can_hold_" * 3
    table = text(minirnn.Sequential([minirnn.Input((3,)), minirnn.layers.Dense(1, name=name)]))
    cells = [line.split("│")[1].strip() for line in table.splitlines() if line.startswith("│")]
    assert "".join(cells) == f"{name}(Dense)" and "…" not in table


def test_it_prints_plain_text_into_a_pipe():
    code = (
        "import minirnn;"
        "minirnn.Sequential([minirnn.Input((3, 1)), minirnn.layers.LSTM(8), minirnn.layers.Dense(1)]).summary()"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "80"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True)
    written = run.stdout.decode()
    assert "Total params: 329 (1.29 KB)" in written and "\x1b" not in written
    assert max(map(len, written.splitlines())) <= 80


def test_a_narrow_terminal_still_gets_a_table(monkeypatch):
    monkeypatch.setenv("COLUMNS", "12")
    assert "Total" in text(stack(minirnn))


def test_importing_minirnn_does_not_import_rich():
    code = "import sys; from minirnn import *; print('rich' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"line_length": 10}, "10 characters is too narrow"),
        ({"positions": [0.5, 1.0]}, "positions needs 3 numbers"),
        ({"layer_range": ("first",)}, "two layer names"),
        ({"layer_range": ("x", "y")}, "matches no layer of first, drop, second, out"),
    ],
)
def test_wrong_options_are_refused_in_one_line(options, words):
    with pytest.raises(ValueError) as caught:
        print_summary(stack(minirnn), **options)
    assert words in str(caught.value) and "\n" not in str(caught.value)
