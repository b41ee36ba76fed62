"""The real libraries: the same weights mean the same model in each of them."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from benchmarks.cases import GATES, find
from benchmarks.contenders import CONTENDERS
from benchmarks.layouts import onnx_initializers, torch_parameters
from benchmarks.runner import Race

NEEDS = {
    "torch": ("torch",),
    "onnxruntime": ("onnxruntime", "onnx"),
    "keras-tensorflow": ("keras", "tensorflow"),
}


@pytest.fixture(scope="module")
def race():
    """Every one of these libraries that is installed; without a second one there is nothing to compare."""
    installed = [name for name in NEEDS if all(importlib.util.find_spec(module) for module in NEEDS[name])]
    if len(installed) < 2:
        pytest.skip("needs two of keras with tensorflow, torch, onnxruntime")
    with Race({name: CONTENDERS[name] for name in installed}, threads=1) as race:
        assert race.absent == {}
        yield race


@pytest.mark.parametrize(
    "case",
    ["seed32-lstm-inference", *(f"3x6x2x4-{cell}-inference" for cell in GATES if cell != "lstm"),
     "3x6x2x4-gru-training", "3x6x2x4-masked-lstm-inference", "3x6x2x4-masked-gru-inference",
     "3x6x2x4-sequences-lstm-inference", "3x6x2x4-sequences-gru-training", "3x6x2x4-stacked-lstm-training",
     "rows1000-simple_rnn-predict"],
)
def test_libraries_agree_on_predictions_and_on_the_losses_of_the_first_steps(race, case):
    result = race.run(find(case), rounds=1, seconds=0.001)
    able = [name for name, worker in race.workers.items() if result.case.mode in worker.hello["modes"]]
    lacks = {"torch"} if "gru_reset_before" in case else set()
    errors = {name: result.entries[name].error for name in able if name not in lacks}
    assert errors == dict.fromkeys(errors)
    assert len(errors) >= 1
    assert all("NotImplementedError" in result.entries[name].error for name in lacks & set(able))


def gate_by_gate(cell: str, features: int = 2, units: int = 3) -> list[np.ndarray]:
    """W, U, b in Keras's layout, each gate filled with its number."""
    gates = np.repeat(np.arange(GATES[cell], dtype=np.float32), units)
    bias = np.stack([gates, gates + 10]) if cell == "gru" else gates
    return [np.tile(gates, (features, 1)), np.tile(gates, (units, 1)), bias]


@pytest.mark.parametrize(
    ("cell", "torch_gates", "onnx_gates"),
    [("lstm", [0, 1, 2, 3], [0, 3, 1, 2]), ("gru", [1, 0, 2], [0, 1, 2]), ("simple_rnn", [0], [0])],
)
def test_gates_are_put_into_each_librarys_order_and_shape(cell, torch_gates, onnx_gates):
    W, U, b = gate_by_gate(cell)
    rows = 3 * GATES[cell]

    torch = torch_parameters(cell, [W, U, b])
    assert torch["weight_ih_l0"].shape == (rows, 2)
    assert torch["weight_hh_l0"].shape == (rows, 3)
    assert torch["weight_ih_l0"][::3, 0].tolist() == torch_gates
    assert torch["weight_hh_l0"][::3, 0].tolist() == torch_gates
    assert torch["bias_ih_l0"][::3].tolist() == torch_gates

    onnx = onnx_initializers(cell, [W, U, b])
    assert (onnx["W"].shape, onnx["R"].shape, onnx["B"].shape) == ((1, rows, 2), (1, rows, 3), (1, 2 * rows))
    assert onnx["W"][0, ::3, 0].tolist() == onnx_gates
    assert onnx["R"][0, ::3, 0].tolist() == onnx_gates
    assert onnx["B"][0, :rows:3].tolist() == onnx_gates


def test_the_recurrent_bias_is_kerass_second_one_for_a_gru_and_zero_for_the_others():
    W, U, b = gate_by_gate("gru")
    assert torch_parameters("gru", [W, U, b])["bias_hh_l0"][::3].tolist() == [11, 10, 12]
    assert onnx_initializers("gru", [W, U, b])["B"][0, 9::3].tolist() == [10, 11, 12]
    W, U, b = gate_by_gate("lstm")
    assert not torch_parameters("lstm", [W, U, b])["bias_hh_l0"].any()
    of_second_layer = torch_parameters("lstm", [W, U, b], 1)
    assert set(of_second_layer) == {"weight_ih_l1", "weight_hh_l1", "bias_ih_l1", "bias_hh_l1"}
    assert not onnx_initializers("lstm", [W, U, b])["B"][0, 12:].any()
