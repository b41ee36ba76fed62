"""`summary()` of models that are not chains prints what Keras's prints."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from printed_tables import cells

import minirnn
from minirnn.layers.naming import reset_names


def study_notes(package):
    """Two branches of different depth, joined, then two heads of three outputs each."""
    layers = package.layers

    def dense(x, *units):
        for size in units:
            x = layers.Dense(size)(x)
        return x

    left, right = package.Input((3, 1)), package.Input((3, 1))
    x = dense(layers.LSTM(8)(left), 4, 6, 2)
    y = dense(layers.LSTM(8)(right), 6, 4)
    z = dense(layers.concatenate([x, y]), 4, 10, 4)
    return package.Model([left, right], [dense(z, 16, 32, 3), dense(z, 64, 16, 3)])


def two_outputs(package):
    layers = package.layers
    x = package.Input((3, 1), name="x")
    h = layers.LSTM(8, name="memory")(x)
    return package.Model(x, {"mean": layers.Dense(1, name="mean")(h), "range": layers.Dense(2, name="range")(h)})


def chain(package):
    x = package.Input((3, 1), name="x")
    h = package.layers.GRU(4, name="g", trainable=False)(x)
    return package.Model(x, package.layers.Dense(1, name="d")(h), name="chain")


def states(package):
    """An encoder inside of the model, whose states begin a decoder; a shared layer."""
    layers = package.layers
    inner = package.Input((3, 1), name="in")
    encoder = package.Model(inner, layers.LSTM(4, return_state=True, name="enc")(inner), name="encoder")
    q, a = package.Input((3, 1), name="q"), package.Input((None, 1), name="a")
    y, h, c = encoder(q)
    decoded = layers.LSTM(4, name="dec", trainable=False)(a, initial_state=[h, c])
    shared = layers.Dense(4, name="shared")
    return package.Model([q, a], [shared(y), shared(decoded), h], name="m")


def twice(package):
    """A chain of calls, but of one layer: its depth is that of the farthest call."""
    x = package.Input((4,), name="x")
    same = package.layers.Dense(4, name="same")
    return package.Model(x, package.layers.Dense(1, name="out")(same(same(x))), name="twice")


def nested_chain(package):
    layers = package.layers
    chain = [package.Input((3, 1)), layers.LSTM(4, name="l"), layers.Dense(2, name="d")]
    inner = package.Sequential(chain, name="inner")
    inner.trainable = False
    x = package.Input((3, 1), name="x")
    return package.Model(x, layers.Dense(1, name="out")(inner(x)), name="outer")


def nested_twice(package):
    """Two levels of models, the inner one called on two inputs."""
    layers = package.layers
    inner = nested_chain(package)
    a, b = package.Input((3, 1), name="a"), package.Input((3, 1), name="b")
    return package.Model([a, b], [inner(a), layers.Dense(2, name="more")(inner(b))], name="top")


def part(package):
    """A model that begins in the middle of another one."""
    x = package.Input((3, 1), name="x")
    h = package.layers.LSTM(8, name="memory")(x)
    return package.Model(h, package.layers.Dense(1, name="mean")(h), name="part")


def unused_input(package):
    x, other = package.Input((3, 1), name="x"), package.Input((2,), name="other")
    return package.Model([x, other], package.layers.LSTM(2, name="l")(x), name="unused")


MODELS = [two_outputs, chain, states, twice, nested_chain, nested_twice, unused_input]


def summaries(make, *packages, **options):
    """The texts that the models of `packages` print."""
    printed = []
    for package in packages:
        reset_names() if package is minirnn else package.utils.clear_session()
        assert make(package).summary(print_fn=printed.append, **options) is None
    assert len(printed) == len(packages)
    return printed


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize(
    "options",
    [{}, {"expand_nested": True}, {"line_length": 100}],
    ids=str,
)
@pytest.mark.parametrize("columns", ["80", "200"])
def test_the_table_is_that_of_keras(monkeypatch, keras, make, options, columns):
    monkeypatch.setenv("COLUMNS", columns)
    ours, theirs = summaries(make, minirnn, keras, **options)
    if options.get("line_length", 0) > int(columns):  # Keras cuts off what is longer than the terminal's lines
        ours = "\n".join(line[: int(columns)] for line in ours.split("\n"))
    assert ours == theirs


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("columns", ["80", "200"])
def test_who_is_trainable_is_said_as_by_keras_under_a_title_that_is_not_cut_off(monkeypatch, keras, make, columns):
    monkeypatch.setenv("COLUMNS", columns)
    ours, theirs = map(cells, summaries(make, minirnn, keras, show_trainable=True, expand_nested=True))
    assert ours[0][-1] == "Trainable" and ours[1:] == theirs[1:]
    assert len(ours) > 2 and {row[-1] for row in ours[1:]} <= {"Y", "N", "-"}


def test_a_model_of_a_part_names_its_new_input_after_the_layer_it_stands_for(monkeypatch, keras):
    monkeypatch.setenv("COLUMNS", "120")
    ours, theirs = (table.split() for table in summaries(part, minirnn, keras))
    assert ours == [{"keras_tensorCLONE": "memory_input"}.get(word, word) for word in theirs] != theirs


@pytest.mark.parametrize("options", [{"layer_range": ("enc.*", "dec")}, {"positions": [0.2, 0.5, 0.7, 1.0]}], ids=str)
def test_options_are_those_of_keras(keras, options):
    ours, theirs = summaries(states, minirnn, keras, **options)
    assert ours == theirs


def test_only_models_that_branch_show_connections(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    shown = {make.__name__ for make in MODELS if "Connected to" in summaries(make, minirnn)[0]}
    assert shown == {"two_outputs", "states", "twice", "nested_twice", "unused_input"}


def test_the_optimizer_of_several_outputs_is_counted_as_in_keras(keras):
    printed = []
    for package in (minirnn, keras):
        model = states(package)
        model.compile("adam", "mse", run_eagerly=True)
        model.fit([np.zeros((2, 3, 1))] * 2, [np.zeros((2, 4))] * 3, verbose=0)
        model.summary(print_fn=printed.append)
    assert printed[0] == printed[1] and "Optimizer params: 234" in printed[0]


def test_the_ensemble_of_the_study_notes_is_that_of_keras(monkeypatch, keras):
    monkeypatch.setenv("COLUMNS", "120")
    ours, theirs = summaries(study_notes, minirnn, keras)
    assert ours == theirs
    counts = [line.split("┃")[0].split("│")[3].strip() for line in ours.splitlines() if line.startswith("│")]
    expected = "0 320 0 36 320 30 54 14 28 0 28 50 44 80 320 544 1,040 99 51"
    assert [count for count in counts if count] == expected.split()
    assert " Total params: 3,058 (11.95 KB)\n Trainable params: 3,058" in ours


def test_a_connection_that_keras_cuts_off_is_readable(monkeypatch, keras):
    monkeypatch.setenv("COLUMNS", "80")

    def make(package):
        x = package.Input((3, 1), name="a_longer_input")
        return package.Model(x, [package.layers.LSTM(2, name="l")(x), package.layers.GRU(2, name="g")(x)], name="m")

    ours, theirs = (table.splitlines() for table in summaries(make, minirnn, keras))
    assert [line for line in theirs if "…" in line] == [line for line in theirs if "a_longer_input[" in line] != []
    cells = [line.split("│")[4].strip() for line in ours if line.startswith("│")]
    assert cells == ["-", "", "a_longer_input", "[0][0]", "a_longer_input", "[0][0]"]
    assert max(map(len, ours)) == max(map(len, theirs)) <= 80


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_it_prints_plain_text_into_a_pipe(encoding):
    code = (
        "import minirnn; L = minirnn.layers; x = minirnn.Input((3, 1));"
        "inner = minirnn.Sequential([minirnn.Input((3, 1)), L.LSTM(2)]);"
        "minirnn.Model(x, [inner(x), L.GRU(3)(x)]).summary(expand_nested=True, show_trainable=True)"
    )
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": "80"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True)
    written = run.stdout.decode(encoding)
    assert "gru (GRU)" in written and "[0][0]" in written and "\x1b" not in written
    assert max(map(len, written.splitlines())) <= 80
