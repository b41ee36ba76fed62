"""Pictures: each draws the numbers of the trace on the axes it is given, labels them, and shows nothing."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from trace_cases import BATCH, FEATURES, MASK, STEPS, UNITS, layer_of, numbers

pytest.importorskip("matplotlib")
from matplotlib import pyplot  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from minirnn import study  # noqa: E402

X = numbers(BATCH, STEPS, FEATURES)
HISTORY = {"loss": [3.0, 2.0, 1.0, 0.5], "val_loss": [3.5, 2.5], "mae": [1.0, 0.9, 0.8, 0.7]}


@pytest.fixture(autouse=True)
def no_window(monkeypatch):
    monkeypatch.setattr(pyplot, "show", lambda *_: pytest.fail("show was called"))
    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def lstm():
    return layer_of("LSTM").trace(X, mask=MASK)


@pytest.fixture
def ax():
    return Figure(layout="constrained").subplots()


def drawn(ax):
    """The texts of a picture that could be drawn."""
    ax.figure.canvas.draw()
    return {text.get_text() for text in ax.findobj(match=lambda artist: hasattr(artist, "get_text"))}


PICTURES = {
    "gates": lambda trace, ax: study.plot_gates(trace, X, ax=ax),
    "cell state": lambda trace, ax: study.plot_cell_state(trace, ax=ax),
    "saturation": lambda trace, ax: study.plot_saturation(trace, ax=ax),
    "phase": lambda trace, ax: study.plot_phase(trace, ax=ax),
    "gradient flow": lambda trace, ax: study.plot_gradient_flow(trace.backward(np.ones((BATCH, UNITS))), ax=ax),
    "history": lambda trace, ax: study.plot_history(HISTORY, ax=ax),
    "forecast": lambda trace, ax: study.plot_forecast(np.arange(9.0), [9.0, 10.0], ax=ax),
}


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_is_drawn_on_the_axes_given_and_returns_them(picture, lstm, ax):
    before = pyplot.get_fignums()
    assert PICTURES[picture](lstm, ax) is ax
    assert pyplot.get_fignums() == before
    assert ax.get_title(loc="left") and drawn(ax)


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_without_axes_makes_a_figure_of_its_own(picture, lstm):
    ax = PICTURES[picture](lstm, None)
    assert pyplot.fignum_exists(ax.figure.number)


@pytest.mark.parametrize("picture", sorted(set(PICTURES) - {"gates"}))
def test_axes_say_what_they_are(picture, lstm, ax):
    PICTURES[picture](lstm, ax)
    assert ax.get_xlabel() and (ax.get_ylabel() or ax.get_yticklabels())


def test_heat_maps_show_each_gate_units_by_steps_and_masked_steps_white(lstm, ax):
    study.plot_gates(lstm, X, row=1, ax=ax)
    panels = [child for child in ax.child_axes if child.images]
    assert [panel.get_title(loc="left")[0] for panel in panels] == ["i", "f", "o", "g"]
    for gate, panel in zip("ifog", panels, strict=True):
        shown = panel.images[0].get_array()
        np.testing.assert_array_equal(np.ma.filled(shown, np.nan), lstm[gate][1].T)
        assert panel.images[0].get_clim() == ((-1.0, 1.0) if gate == "g" else (0.0, 1.0))
    assert {"input x", "step", "unit", "Gates of " + lstm.name + " (LSTM), row 1"} <= drawn(ax)


def test_states_are_drawn_below_the_gates_if_asked_for(lstm, ax):
    study.plot_gates(lstm, X, states=True, ax=ax)
    panels = [child for child in ax.child_axes if child.images]
    assert [panel.get_title(loc="left")[0] for panel in panels] == ["i", "f", "o", "g", "c", "h"]
    for name, panel in zip("ch", panels[4:], strict=True):
        np.testing.assert_array_equal(panel.images[0].get_array(), lstm[name][0].T)
        low, high = panel.images[0].get_clim()
        assert low == -high and high >= np.abs(lstm[name][0]).max()
    assert "Gates and states of " + lstm.name + " (LSTM), row 0" in drawn(ax)


def test_a_cell_whose_only_gate_is_its_state_has_one_map(ax):
    trace = layer_of("SimpleRNN").trace(X)
    study.plot_gates(trace, states=True, ax=ax)
    assert [panel.get_title(loc="left")[0] for panel in ax.child_axes if panel.images] == ["h"]


def test_the_input_of_a_layer_that_goes_backwards_is_drawn_in_its_order(ax):
    trace = layer_of("GRU", go_backwards=True).trace(X)
    study.plot_gates(trace, X, ax=ax)
    curves = np.array([line.get_ydata() for line in ax.child_axes[0].lines]).T
    np.testing.assert_array_equal(curves, X[0, ::-1])


def test_the_units_whose_cell_moves_most_are_drawn(ax):
    trace = layer_of("LSTM").trace(X)
    study.plot_cell_state(trace, row=2, units=[3, 0], ax=ax)
    lines = [line.get_ydata() for line in ax.lines if len(line.get_ydata()) == STEPS]
    np.testing.assert_array_equal(lines, trace.c[2][:, [3, 0]].T)
    assert {"unit 3", "unit 0"} <= drawn(ax)


def test_a_cell_without_c_shows_its_state(ax):
    study.plot_cell_state(layer_of("GRU").trace(X), ax=ax)
    assert ax.get_ylabel() == "h"


def test_saturation_is_the_share_of_all_rows_steps_and_units(ax):
    trace = layer_of("LSTM").trace(X, mask=MASK)
    study.plot_saturation(trace, shut=0.4, opened=0.6, ax=ax)
    widths = [bar.get_width() for bar in ax.patches[:3]]
    i = trace.i[MASK]
    np.testing.assert_allclose(widths, [100 * (i < 0.4).mean(), 100 * ((i >= 0.4) & (i <= 0.6)).mean(),
                                        100 * (i > 0.6).mean()])  # fmt: skip
    with pytest.raises(ValueError, match="which has no gates"):
        study.plot_saturation(layer_of("SimpleRNN").trace(X))


def test_gradient_flow_draws_norms_against_the_distance(ax):
    found = study.gradients_of_cells(X, units=4, cells=("SimpleRNN", "LSTM"))
    study.plot_gradient_flow(found, ax=ax)
    assert ax.get_yscale() == "log" and {"SimpleRNN", "LSTM"} <= drawn(ax)
    lines = [line for line in ax.lines if len(line.get_xdata()) == STEPS]
    for line, part in zip(lines, found.values(), strict=True):
        norm = part.norm("dh")[::-1]
        np.testing.assert_array_equal(line.get_xdata(), np.arange(STEPS))
        np.testing.assert_allclose(line.get_ydata(), norm / norm[0], rtol=1e-12)


def test_held_out_numbers_stand_at_the_epochs_of_their_validation(ax):
    study.plot_history(HISTORY, ax=ax)
    loss, val_loss = ax.lines
    assert loss.get_xdata().tolist() == [1, 2, 3, 4] and val_loss.get_xdata().tolist() == [2, 4]
    assert val_loss.get_color() == loss.get_color() and val_loss.get_linestyle() == "--"


def test_a_forecast_begins_at_the_last_value_before_it(ax):
    study.plot_forecast(np.arange(9.0), {"up": [7.5, 8.5]}, start=7, labels=list("abcdefghi"), ax=ax)
    line = ax.lines[1]
    assert line.get_xdata().tolist() == [6, 7, 8] and line.get_ydata().tolist() == [6.0, 7.5, 8.5]


@pytest.mark.parametrize(
    ("draw", "error", "words"),
    [
        (lambda t: study.plot_gates(t, row=3), ValueError, r"rows of the trace are 0 \.\. 2, got 3"),
        (lambda t: study.plot_gates(t, X[:, 1:]), ValueError, "x has 6 steps"),
        (lambda t: study.plot_cell_state(t, units=[9]), ValueError, r"unit 9 was not traced; there is 0 \.\. 4"),
        (lambda t: study.plot_phase(t, (1, 2, 3)), ValueError, "two units against each other, got 3"),
        (lambda t: study.plot_phase(t, name="z"), KeyError, "no quantity 'z'"),
        (lambda t: study.plot_history(HISTORY, ["acc"]), ValueError, "no 'acc'; it has loss, val_loss, mae"),
        (lambda t: study.plot_history({}), ValueError, "history is empty"),
        (lambda t: study.plot_forecast([1.0, 2.0], [3.0], start=3), ValueError, "start must be from 1 to 2"),
        (lambda t: study.plot_forecast([1.0, 2.0], [3.0], labels=["a"]), ValueError, "1 labels for 2 values"),
        (lambda t: study.gradients_of_cells(X, cells=["Dense"]), ValueError, "such as 'LSTM', got 'Dense'"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused_in_one_line(draw, error, words, lstm):
    with pytest.raises(error, match=words) as caught:
        draw(lstm)
    assert "\n" not in str(caught.value) and not pyplot.get_fignums()


def test_without_matplotlib_one_line_says_what_to_install(lstm, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"pip install 'minirnn\[plot\]'"):
        study.plot_cell_state(lstm)
