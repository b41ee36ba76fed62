"""Windows, summaries, bars and pictures: where minirnn differs from Keras, on purpose."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest
from deliberate import difference

import minirnn


@difference("windows without rows")
def test_windows_without_rows_and_windows_that_leak_are_refused(keras):
    theirs, ours = (library.utils.timeseries_dataset_from_array for library in (keras, minirnn))
    series = np.arange(6.0)
    assert len(list(theirs(series, None, sequence_length=7))) == 0
    with pytest.raises(ValueError, match="too short"):
        ours(series, None, sequence_length=7)
    ((x, y),) = theirs(series, series, sequence_length=2)
    np.testing.assert_array_equal(np.asarray(x)[:, 0], y)  # what is to be predicted is in the window
    with pytest.raises(ValueError, match="own first moment"):
        ours(series, series, sequence_length=2)


NAME = "a_name_that_is_a_good_deal_longer_than_the_column_it_is_printed_in"


@difference("`summary()` cuts names off")
def test_names_in_a_summary_are_folded(keras):
    printed = {}
    for library in (keras, minirnn):
        lines: list[str] = []
        model = library.Sequential([library.Input((3,)), library.layers.Dense(1, name=NAME)])
        model.summary(line_length=60, print_fn=lambda line, lines=lines, **_: lines.append(line))
        printed[library] = "\n".join(lines)
    assert "…" in printed[keras] and "…" not in printed[minirnn]
    column = [line.split("│")[1].strip() for line in printed[minirnn].splitlines() if line.startswith("│")]
    assert "".join(column).replace(" ", "") == f"{NAME}(Dense)"


@difference("a bar in a pipe is redrawn")
def test_a_bar_in_a_pipe_is_one_plain_line(both, capfd):
    def make(library):
        model = library.Sequential([library.Input((3,)), library.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    ours, theirs = both(make)
    printed = []
    for model in (ours, theirs):
        model.fit(np.ones((8, 3)), np.ones((8, 1)), batch_size=2, verbose=1)
        sys.stdout.flush()
        printed.append(capfd.readouterr().out)
    assert "\x08" in printed[1] or "\r" in printed[1] or "\x1b" in printed[1]
    assert not {"\x08", "\r", "\x1b"} & set(printed[0])
    assert len(printed[0].strip().splitlines()) == 1 and "4/4 ━━" in printed[0]


@difference("`plot_model` needs pydot and Graphviz")
def test_a_model_is_drawn_without_graphviz(keras, monkeypatch, tmp_path):
    pytest.importorskip("matplotlib")
    monkeypatch.setenv("PATH", "")
    for library, name in ((keras, "theirs"), (minirnn, "ours")):
        model = library.Sequential([library.Input((3,)), library.layers.Dense(1)])
        path = tmp_path / f"{name}.png"
        if library is keras:
            with pytest.raises(ImportError, match="pydot|graphviz"):
                library.utils.plot_model(model, str(path))
        else:
            library.utils.plot_model(model, str(path))
            assert path.stat().st_size > 1000


@difference("an epoch whose data ended early is shown as 5/5")
def test_a_bar_of_data_that_ended_early_says_how_far_it_came(keras, capsys):
    def three():
        for _ in range(3):
            yield np.ones((2, 3)), np.ones((2, 1))

    for library, shown in ((keras, "5/5"), (minirnn, "3/5")):
        model = library.Sequential([library.Input((3,)), library.layers.Dense(1)])
        model.compile("sgd", "mse")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(three(), steps_per_epoch=5, verbose=2)
        assert shown in capsys.readouterr().out
