"""The recorder: the gate function itself runs, and every name in it is read as it returns."""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path

import numpy as np
import pytest

import minirnn
from minirnn.gates import activations, lstm
from minirnn.study.recording import record

KNOWN = {name: np.array([0.1 * k]) for k, name in enumerate(("a_i", "a_f", "a_g", "a_o", "c_prev"), 1)}
FUNCTIONS = {"activation": np.tanh, "recurrent_activation": activations.sigmoid}


def test_what_is_recorded_is_what_the_function_returns():
    found = record(lstm.step, KNOWN | FUNCTIONS)
    returned = lstm.step(**KNOWN, **FUNCTIONS)
    names = ast.parse(inspect.getsource(lstm.step)).body[0].body[-1].value.elts
    assert [found[name.id] for name in names] == list(returned)


def test_names_that_are_not_returned_and_the_last_value_of_those_assigned_twice_are_recorded():
    known = {name: np.array([0.5]) for name in inspect.signature(lstm.step_backward).parameters}
    known |= {"activation": np.tanh, "d_activation": lambda y, a: y, "d_recurrent_activation": lambda y, a: y}
    found = record(lstm.step_backward, known)
    assert found["do"] == 0.5 * np.tanh(0.5) and found["dc"] == 0.5 + 0.5 * 0.5 * np.tanh(0.5)


def test_a_function_of_the_same_name_that_is_called_within_is_not_mistaken_for_it():
    def step(x):
        def step(x):
            y = -x
            return y

        z = step(2 * x)
        return z

    found = record(step, {"x": 3})
    assert (found["x"], found["z"]) == (3, -6) and "y" not in found


def test_a_profiler_that_was_there_before_is_there_again_also_after_an_error():
    def profiler(frame, event, argument):
        pass

    sys.setprofile(profiler)
    try:
        with pytest.raises(ZeroDivisionError):
            record(lambda x: 1 / x, {"x": 0})
        record(lambda x: x, {"x": 0})
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(None)


def test_an_argument_that_is_not_known_is_a_key_error():
    with pytest.raises(KeyError, match="a_f"):
        record(lstm.step, {"a_i": 0.0})


def test_the_study_calls_sigmoid_and_tanh_nowhere_itself():
    for path in (Path(minirnn.__file__).parent / "study").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node, "id", None) or getattr(node, "attr", None)
            assert name not in {"sigmoid", "tanh", "exp"}, path.name
