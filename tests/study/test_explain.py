"""What a page of `study.explain` holds: the numbers of the trace and its gradients, and equations that they fulfil."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from page_reading import Evaluated, Page, shaped
from trace_cases import BATCH, CELLS, FEATURES, MASK, STEPS, UNITS, layer_of, numbers, stack

import minirnn as keras
from minirnn import layers, study
from minirnn.study import equations, layer_norm_equations
from minirnn.study.layer_trace import cell_of
from minirnn.study.page import cutting, document
from minirnn.study.page.json_in_html import json_in_html


def model_of(cell, dtype="float64", **options):
    """A layer of a kind and a Dense layer, compiled."""
    layer = layer_of(cell, dtype, name="recurrent", **options)
    model = keras.Sequential([keras.Input((STEPS, FEATURES), dtype=dtype), layer, layers.Dense(2, dtype=dtype)])
    model.compile("sgd", "mse")
    return model


def data_for(model, dtype="float64"):
    return numbers(BATCH, STEPS, FEATURES, dtype=dtype), numbers(*model.output_shape[1:], seed=4)[None].repeat(BATCH, 0)


@pytest.fixture
def page(tmp_path):
    """Explain and read the page."""

    def explained(model, x, **options):
        return Page(study.explain(model, x, tmp_path / "explain.html", **options).path)

    return explained


# --- the numbers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_the_numbers_of_the_page_are_those_of_the_trace_and_its_gradients(cell, dtype, page):
    model = model_of(cell, dtype)
    x, y = data_for(model, dtype)
    (layer,) = page(model, x, y=y).data["layers"]
    trace = model.trace(x).only
    assert list(layer["quantities"]) == list(trace)
    for name, array in trace.items():
        assert np.array_equal(shaped(layer, layer["quantities"][name]).astype(dtype), array), name
    if cell != "ZoneoutLSTM":  # whose training draws
        gradients = model.trace_gradients(x, y).only
        pairs = {name: gradients[f"d{name}"] for name in trace if f"d{name}" in gradients}
        assert {"h", *(name for name in trace if name.startswith("a_"))} <= set(pairs)
        for name, array in pairs.items():
            close = {"float32": 1e-5, "float64": 1e-10}[dtype] * np.abs(array).max()  # of gradients, as everywhere
            np.testing.assert_allclose(shaped(layer, layer["gradients"][name]), array, rtol=0, atol=close)


def test_the_loss_and_its_gradient_are_those_of_a_step_of_training(page):
    model = model_of("LSTM")
    x, y = data_for(model)
    data = page(model, x, y=y).data
    gradients = model.trace_gradients(x, y)
    assert data["loss"] == pytest.approx(gradients.loss, rel=1e-12)
    (layer,) = data["layers"]
    dh = shaped(layer, layer["gradients"]["h"])
    np.testing.assert_allclose(shaped(layer, layer["gradients"]["h_prev"])[:, 1:], dh[:, :-1], rtol=1e-12)
    np.testing.assert_allclose(
        shaped(layer, layer["gradients"]["h_prev"])[:, 0], gradients.only.d_initial["h"], atol=1e-15
    )
    np.testing.assert_allclose(shaped(layer, layer["dx"], FEATURES), gradients.only.dx, atol=1e-15)


def test_without_y_gradients_are_those_of_the_sum_of_the_outputs(page):
    model = model_of("GRU", return_sequences=False)
    x, _ = data_for(model)
    data = page(model, x).data
    found = model.trace(x).backward(np.ones((BATCH, 2))).only
    assert data["loss"] is None
    for name in ("a_z", "h", "q"):
        np.testing.assert_allclose(
            shaped(data["layers"][0], data["layers"][0]["gradients"][name]), found[f"d{name}"], rtol=1e-12
        )


def test_nothing_is_dropped_out(page):
    model = model_of("LSTM", dropout=0.5, recurrent_dropout=0.5, seed=1)
    x, y = data_for(model)
    (layer,) = page(model, x, y=y).data["layers"]
    assert np.array_equal(shaped(layer, layer["quantities"]["h"]), model.trace(x).only.h)
    loss, *_ = model.evaluate(x, y, verbose=0, batch_size=BATCH), None
    assert page(model, x, y=y).data["loss"] == pytest.approx(loss, rel=1e-9)


def test_a_masked_step_has_no_gates_on_the_page(page):
    model = keras.Sequential([keras.Input((STEPS, 1)), layers.Masking(), layers.GRU(3), layers.Dense(1)])
    x = np.where(MASK, 1.0, 0.0)[..., None]
    (layer,) = page(model, x).data["layers"]
    seen = shaped(layer, layer["quantities"]["z"])
    assert np.array_equal(np.isnan(seen), np.broadcast_to(~MASK[..., None], seen.shape))
    assert np.isfinite(shaped(layer, layer["quantities"]["h"])).all()


def test_a_layer_that_no_loss_depends_on_has_no_gradients(page):
    x = keras.Input((STEPS, FEATURES))
    outputs = [layers.Dense(1, name=f"of_{name}")(layers.LSTM(2, name=name)(x)) for name in ("scored", "free")]
    model = keras.Model(x, outputs)
    model.compile("sgd", ["mse", None])
    xs = numbers(2, STEPS, FEATURES)
    scored, free = page(model, xs, y=[np.ones((2, 1)), np.ones((2, 1))]).data["layers"]
    assert (scored["name"], free["name"]) == ("scored", "free")
    assert any(scored["gradients"]["h"]) and free["gradients"] is None and free["dx"] is None


def test_gradients_reach_a_layer_through_its_last_states_alone(page):
    x = keras.Input((STEPS, FEATURES))
    _, h, c = layers.LSTM(3, name="encoder", return_state=True)(x)
    model = keras.Model(x, layers.Dense(1)(layers.Concatenate()([h, c])))
    (layer,) = page(model, numbers(2, STEPS, FEATURES)).data["layers"]
    found = model.trace(numbers(2, STEPS, FEATURES)).backward(np.ones((2, 1))).only
    np.testing.assert_allclose(shaped(layer, layer["gradients"]["c"]), found.dc, rtol=1e-6)
    assert found.dc.any()


def test_every_bit_of_a_number_survives():
    values = np.random.default_rng(0).normal(size=370) * 10.0 ** np.arange(-37, 37, 0.2)
    for array in (values.astype("float32"), values):
        again = np.array(json.loads(json_in_html(array))).astype(array.dtype)
        assert np.array_equal(again, array)
    assert json.loads(json_in_html(np.array([np.nan, np.inf, -np.inf]))) == [None, "Infinity", "-Infinity"]


# --- the equations ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_each_equation_holds_with_the_numbers_of_the_page(cell, page):
    model = model_of(cell)
    (layer,) = page(model, data_for(model)[0], units=[3, 0]).data["layers"]
    found = Evaluated(layer)
    sides = [equation["left"] for equation in layer["equations"]]
    assert {"h", *layer["gates"]} <= set(sides) and len(set(sides)) == len(sides)
    for equation in layer["equations"]:
        np.testing.assert_allclose(found.right(equation), found.value(equation["left"]), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_the_equations_shown_are_those_of_the_gate_functions_that_run(cell, monkeypatch):
    ran = []
    for module in (equations, layer_norm_equations):
        before = module.record
        monkeypatch.setattr(module, "record", lambda f, known, before=before: ran.append(f) or before(f, known))
    layer = layer_of(cell)
    layer.trace(numbers(1, 1, FEATURES))
    shown = [text.function for text in cell_of(layer).texts]
    # Of `join` the docstrings of the others say: norm[ ] + norm[ ] + b.
    assert {f.__qualname__ for f in ran} - {"join"} == {f.__qualname__ for f in shown}
    assert {f.__module__ for f in ran} == {f.__module__ for f in shown}


@pytest.mark.parametrize("cell", CELLS)
def test_every_remark_of_a_docstring_is_there_in_korean(cell):
    remarks = document.words()["ko"]["remarks"]
    for equation in cell_of(layer_of(cell)).equations():
        assert not equation.remark or equation.remark.startswith("(") or equation.remark in remarks, equation.remark


def test_activations_are_named_as_the_layer_has_them(page):
    model = model_of("LSTM", activation="relu", recurrent_activation="linear", use_bias=False)
    (layer,) = page(model, data_for(model)[0]).data["layers"]
    assert layer["functions"] == {"activation": "relu", "recurrent_activation": "linear"}
    found = Evaluated(layer)
    for equation in layer["equations"]:
        np.testing.assert_allclose(found.right(equation), found.value(equation["left"]), rtol=1e-9, atol=1e-12)


# --- where layers stand -----------------------------------------------------------------------------------------------


def test_each_layer_says_what_it_reads_and_who_reads_it(page):
    x = numbers(BATCH, STEPS, FEATURES)
    found = {layer["name"]: layer for layer in page(stack(), x).data["layers"]}
    ahead, back, gru, last = found.values()
    assert ahead["holder"] == back["holder"] == ["both", "Bidirectional"]
    assert [kind for _, kind in ahead["before"]] == ["Masking"]
    assert ahead["after"] == back["after"] == [["gru", "GRU"]] and gru["before"] == [["both", "Bidirectional"]]
    assert gru["after"] == [["last", "LSTM"]] and last["before"] == [["gru", "GRU"]]
    assert last["after"][0][1] == "Dense" and not last["hands_on_all_steps"] and gru["hands_on_all_steps"]
    assert back["backwards"] and back["input_steps"] == list(range(STEPS))[::-1] and not ahead["backwards"]


def test_the_ends_of_a_model_and_the_cells_of_an_rnn_are_named(page):
    cells = [layers.LSTMCell(4, name="low"), layers.GRUCell(3, name="high")]
    model = keras.Sequential([keras.Input((STEPS, FEATURES), name="numbers"), layers.RNN(cells, name="rnn")])
    low, high = page(model, numbers(2, STEPS, FEATURES)).data["layers"]
    assert low["before"] == [["numbers", "input"]] and low["after"] == [["rnn/high", ""]]
    assert high["before"] == [["rnn/low", ""]] and high["after"] == [["rnn", "output"]]
    assert low["hands_on_all_steps"] and not high["hands_on_all_steps"]


def test_names_of_steps_and_features_stand_where_the_input_is_read(page):
    x, labels = numbers(BATCH, STEPS, FEATURES), [f"day {k}" for k in range(STEPS)]
    found = page(stack(), x, labels=labels, features="abcd").data["layers"]
    assert all(layer["labels"] == labels for layer in found)
    assert [layer["feature_names"] for layer in found] == [list("abcd")] * 2 + [None] * 2  # through the Masking
    model = model_of("LSTM")
    assert page(model, x, features=list("abcd")).data["layers"][0]["feature_names"] == list("abcd")


# --- how much of it ---------------------------------------------------------------------------------------------------


def test_a_choice_is_what_the_page_shows(page):
    model = model_of("LSTM")
    x, y = data_for(model)
    whole = page(model, x, y=y).data["layers"][0]
    part = page(model, x, y=y, rows=[2, 0], steps=slice(-3, None), units=[4, 1]).data
    (layer,) = part["layers"]
    assert (layer["rows"], layer["steps"], layer["units"]) == ([2, 0], [4, 5, 6], [4, 1])
    assert part["begin"]["unit"] in (4, 1) and part["cut"] == {"en": "", "ko": ""}
    for kind in ("quantities", "gradients"):
        for name in whole[kind]:
            expected = shaped(whole, whole[kind][name])[[2, 0]][:, -3:, [4, 1]]
            np.testing.assert_allclose(shaped(layer, layer[kind][name]), expected, rtol=1e-12, atol=1e-18)
    with pytest.raises(ValueError, match=r"unit 3 of recurrent is not shown; there is 4, 1"):
        page(model, x, units=[4, 1], unit=3)


def test_what_was_left_out_without_a_choice_is_said_in_one_line(tmp_path):
    model = keras.Sequential([keras.Input((None, 1)), layers.SimpleRNN(40, name="rnn"), layers.Dense(1)])
    explained = study.explain(model, numbers(9, 130, 1), tmp_path / "explain.html", language="ko")
    (layer,) = (data := Page(explained.path).data)["layers"]
    assert explained.cut == data["cut"]["en"] == (
        "Left out, to keep this page small: it shows 3 of 9 rows; the last 100 of 130 steps of rnn; 32 of 40 units of "
        "rnn, those whose state moves most. Choose others with rows=, steps=, units=."
    )  # fmt: skip
    assert explained.cut in str(explained) and "\n" not in str(explained)
    assert layer["steps"] == list(range(30, 130)) and len(layer["units"]) == 32 and layer["rows"] == [0, 1, 2]
    moves = np.ptp(model.trace(numbers(9, 130, 1)).only.h[0], axis=0)  # from 0, before the first step, on
    assert data["begin"]["layer"] == "rnn" and data["begin"]["unit"] in np.argsort(-moves)[:5]
    assert "행 9개 가운데 3개만" in data["cut"]["ko"] and explained.size == Path(explained.path).stat().st_size


def test_a_page_begins_with_the_layer_and_unit_that_were_named(page):
    model = keras.Sequential(
        [keras.Input((None, 1)), layers.GRU(40, return_sequences=True, name="low"), layers.LSTM(40, name="high")]
    )
    x = numbers(1, 8, 1)
    shown = {layer["name"]: layer["units"] for layer in page(model, x).data["layers"]}
    left_out = next(unit for unit in range(40) if unit not in shown["high"])
    data = page(model, x, layer="high", unit=left_out).data
    units = data["layers"][1]["units"]
    assert data["begin"] == {"layer": "high", "unit": left_out}
    assert left_out in units and len(units) == 32 and len(set(units) - set(shown["high"])) == 1


def test_wide_layers_are_cut_further_and_an_absurd_choice_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(cutting, "MOST_NUMBERS", 60_000)
    model = keras.Sequential([keras.Input((None, 1)), layers.LSTM(40, name="wide"), layers.Dense(1)])
    path = tmp_path / "explain.html"
    x = numbers(9, 130, 1)
    study.explain(model, x, path)
    (layer,) = Page(path).data["layers"]
    assert (len(layer["steps"]), len(layer["units"])) == (50, 8)
    before = path.read_bytes()
    words = r"9 row\(s\), 130 steps and 40 units of wide .* more than the 60,000"
    with pytest.raises(ValueError, match=words) as caught:
        study.explain(model, x, path, rows=slice(None), steps=slice(None), units=slice(None))
    assert "\n" not in str(caught.value) and path.read_bytes() == before


def test_rows_of_a_stateful_layer_are_chosen_after_all_of_them_ran(page):
    layer = layers.LSTM(UNITS, stateful=True, dtype="float64")
    model = keras.Sequential([keras.Input(batch_shape=(BATCH, STEPS, FEATURES), dtype="float64"), layer])
    x = numbers(BATCH, STEPS, FEATURES)
    (shown,) = page(model, x, rows=1).data["layers"]
    layer.reset_state()
    np.testing.assert_array_equal(shaped(shown, shown["quantities"]["h"])[0], model.trace(x).only.h[1])


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"language": "de"}, ValueError, "language must be 'en' or 'ko', got 'de'"),
        ({"rows": 3}, ValueError, r"rows are 0 \.\. 2, got 3"),
        ({"layers": "lstm"}, ValueError, "no recurrent layer 'lstm' to trace; there is recurrent"),
        ({"labels": ["a"]}, ValueError, "1 labels, expected one for each of the 7 steps of x"),
        ({"features": ["a", "b"]}, ValueError, "2 features, expected one for each of the 4 features of x"),
        ({"unit": 9}, ValueError, "unit 9 of recurrent is not shown"),
        ({"layer": "lstm"}, ValueError, "no recurrent layer 'lstm' is shown; there is recurrent"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_refused_in_one_line(options, error, words, tmp_path):
    model = model_of("LSTM")
    path = tmp_path / "explain.html"
    with pytest.raises(error, match=words) as caught:
        study.explain(model, data_for(model)[0], path, **options)
    assert "\n" not in str(caught.value) and not path.exists()


def test_y_needs_a_loss_and_a_layer_alone_is_no_model(tmp_path):
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), layers.LSTM(3)])
    x = numbers(2, STEPS, FEATURES)
    with pytest.raises(ValueError, match="explain with y needs an optimizer and a loss"):
        study.explain(model, x, tmp_path / "explain.html", y=np.zeros((2, 3)))
    with pytest.raises(TypeError, match="explain needs a model, got LSTM; put a layer into a Sequential"):
        study.explain(layers.LSTM(3), x)
    with pytest.raises(OSError):
        study.explain(model, x, tmp_path / "none" / "explain.html")
    assert not list(tmp_path.iterdir())
