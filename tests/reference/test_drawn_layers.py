"""Layers, options, masks, states and shapes drawn at random: outputs, states, penalties and all gradients are Keras's.

Hundreds of draws, the same in every run; `python -m reference --draws 5000` makes thousands of new ones.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from minirnn import layers
from reference import __main__ as program
from reference.compare import Mismatch, compare_arrays, require
from reference.differences import named
from reference.drawn import Drawn, Made

hypothesis = pytest.importorskip("hypothesis")
pytest.importorskip("tensorflow")

from reference.drawing import agrees, run  # noqa: E402
from reference.pairs import check  # noqa: E402
from reference.strategies import draws  # noqa: E402


@pytest.mark.parametrize("count", [100, pytest.param(300, marks=pytest.mark.slow)])
def test_every_draw_agrees_with_keras(keras, count):
    @hypothesis.settings(max_examples=count, suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(draws())
    def every_draw(case):
        agrees(case)

    every_draw()


LSTM, GRU = (Made(kind, {"units": 2, "return_state": True}) for kind in ("LSTM", "GRU"))
BACK = GRU.arguments | {"go_backwards": True}
CELLS = [Made("LSTMCell", {"units": 2}), Made("GRUCell", {"units": 3})]
PENALISED = Made("LSTM", {"units": 2, "activity_regularizer": "l2", "return_sequences": True})

# What draws have found.
FOUND = {
    "the states of an LSTM and a GRU are parted where the LSTM's end": Drawn(
        Made("Bidirectional", {"layer": LSTM, "backward_layer": Made("GRU", BACK)}), (2, 3, 2)
    ),
    "Bidirectional takes and gives nested states": Drawn(
        Made("Bidirectional", {"layer": Made("RNN", {"cell": CELLS, "return_state": True})}), (2, 3, 2),
        mask="101 000", initial_state=True,
    ),
    "activity regularizers inside Bidirectional count": Drawn(Made("Bidirectional", {"layer": PENALISED}), (2, 3, 2)),
    "and those inside a TimeDistributed Bidirectional": Drawn(
        Made("TimeDistributed", {"layer": Made("Bidirectional", {"layer": PENALISED})}), (2, 2, 3, 2), mask="010 111 "
        "100 000",
    ),
    "the first step masked, and states": Drawn(Made("GRU", {"units": 1}), (2, 1, 1), mask="0 1", initial_state=True),
    "unrolled and turned, zeros where it is masked": Drawn(
        Made("LSTM", {"units": 2, "return_sequences": True, "go_backwards": True, "zero_output_for_mask": True,
                      "unroll": True}), (2, 3, 2), mask="100 011",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FOUND.values(), ids=FOUND)
def test_what_draws_have_found_agrees_with_keras(keras, case):
    agrees(case)


def test_a_wrong_gradient_is_told_in_one_line_of_the_draw_and_one_for_each_array(keras, monkeypatch):
    backward = layers.GRU.backward

    def wrong(self, *arguments, **named_arguments):
        dx = backward(self, *arguments, **named_arguments)
        self.weights[0].gradient *= 1 + 1e-8
        return dx

    monkeypatch.setattr(layers.GRU, "backward", wrong)
    case = Drawn(Made("GRU", {"units": 2, "use_bias": False}), (1, 2, 3), mask="01", seed=3)
    with pytest.raises(Mismatch) as caught:
        agrees(case)
    first, second = str(caught.value).splitlines()
    assert first == "GRU(2, use_bias=False) on (1, 2, 3) float64, mask '01', seed 3"
    assert second.startswith("gradient of ") and "/kernel[" in second and "1e-08, allowed 1e-10" in second


def test_a_command_tells_the_simplest_draw_that_differs(monkeypatch):
    def wrong_for_lstm(case):
        error = 1.0 if any(part.kind == "LSTM" for part in case.layer.parts()) else 0.0
        return [compare_arrays("outputs", "result 0", [error], [0.0], case.dtype)]

    monkeypatch.setattr("reference.drawing.check", wrong_for_lstm)
    draw, check = run(100, start=1).splitlines()
    assert re.fullmatch(r"LSTM\(1\) on \(1, 1, 1\) float(32|64), seed 0", draw)
    assert check.startswith("result 0[0] differs (outputs): minirnn 1, Keras 0")


def test_every_gradient_and_every_result_is_among_the_checks(keras):
    case = Drawn(LSTM, (2, 3, 2), mask="110 011", initial_state=True)
    checks = check(case)
    require(checks)
    assert [c.quantity for c in checks] == ["outputs"] * 6 + ["gradients"] * 6
    assert [c.name.rsplit("/")[-1] for c in checks[6:]] == [
        "gradient of x", "kernel", "recurrent_kernel", "bias", "gradient of state 0", "gradient of state 1",
    ]  # fmt: skip


def test_all_numbers_of_a_draw_follow_from_its_seed(keras):
    case = Drawn(GRU, (2, 3, 2), initial_state=True, seed=9)
    once, again = (np.array([c.ours for c in check(case)]) for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_the_command_draws_as_often_as_told(keras, capsys, monkeypatch):
    assert program.main(["--draws", "5"]) == 0
    assert capsys.readouterr().out == "minirnn and Keras agree in 5 draws.\n"
    monkeypatch.setattr("reference.drawing.run", lambda count, progress: "GRU(1) on (1, 1, 1) float64\nwrong")
    assert program.main(["--draws", "5"]) == 1
    assert capsys.readouterr().out.startswith("GRU(1) on")


def test_a_difference_is_named_by_what_one_row_says():
    assert named("SimpleRNN forgets").minirnn == "it counts"
    for phrase in ("no row says this", "the"):
        with pytest.raises(LookupError, match="name exactly one"):
            named(phrase)
