"""ONNX Runtime through its own interface, on a graph built from the same weights. It only infers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from benchmarks.cases import Case
from benchmarks.contenders.base import ONE_THREAD, Contender, Task, with_one_thread
from benchmarks.data import Data
from benchmarks.layouts import onnx_initializers

NODES = {"lstm": "LSTM", "gru": "GRU", "gru_reset_before": "GRU", "simple_rnn": "RNN"}
OPSET = 14  # the last one that changed the recurrent nodes before their sequence layout did


def states(case: Case) -> tuple[str, ...]:
    """Names of the states that a stream carries from step to step; none in other modes."""
    return () if case.mode != "step" else ("h", "c") if case.cell == "lstm" else ("h",)


def state_shape(case: Case) -> tuple[int, int, int]:
    """Shape of each state, as ONNX has it."""
    return 1, case.batch, case.units


def output_shape(case: Case) -> tuple[int, ...]:
    """Shape of the answers, time-major where each step is answered."""
    return (case.time, case.rows, 1) if case.sequences else (case.rows, 1)


def graph(case: Case, data: Data) -> onnx.ModelProto:
    """The case's model: time-major x (T, B, F) -> recurrent nodes -> the last state (1, B, U) -> y (B, 1).

    Where each step is answered, it is the sequence (T, 1, B, U) -> y (T, B, 1). In a stream the node's states are
    inputs h0 (and c0), and outputs h (and c), too.
    """
    arrays = {"kernel": data.weights[-2], "bias": data.weights[-1], "first": np.array(0), "direction": np.array([1])}
    if data.lengths is not None:
        arrays["lengths"] = data.lengths.astype(np.int32)
    options: dict[str, Any] = {"linear_before_reset": int(case.cell == "gru")} if "gru" in case.cell else {}
    kept = states(case)
    before = [f"{name}0" for name in kept]
    nodes, value = [], "x"
    for number in range(case.layers):
        weights = onnx_initializers(case.cell, data.of_layer(number))
        arrays |= {f"{name}{number}": array for name, array in weights.items()}
        inputs = [value, *(f"{name}{number}" for name in weights), "lengths" if case.masked else "", *before]
        last = number == case.layers - 1 and not case.sequences
        outputs = ["", *(kept or ("h",))] if last else [f"all{number}"]
        nodes.append(helper.make_node(NODES[case.cell], inputs, outputs, hidden_size=case.units, **options))
        if not last:
            value = f"steps{number}"
            nodes.append(helper.make_node("Squeeze", [f"all{number}", "direction"], [value]))
    if case.sequences:
        nodes.append(helper.make_node("MatMul", [value, "kernel"], ["products"]))
        nodes.append(helper.make_node("Add", ["products", "bias"], ["y"]))
    else:
        nodes.append(helper.make_node("Gather", ["h", "first"], ["last"], axis=0))
        nodes.append(helper.make_node("Gemm", ["last", "kernel", "bias"], ["y"]))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [case.time, case.rows, case.features])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, output_shape(case))
    state = [helper.make_tensor_value_info(name, TensorProto.FLOAT, state_shape(case)) for name in (*before, *kept)]
    initializers = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    model = helper.make_model(
        helper.make_graph(nodes, case.name, [x, *state[: len(kept)]], [y, *state[len(kept) :]], initializers),
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


def batch_major(case: Case, y: np.ndarray) -> np.ndarray:
    """A view of the answers as Keras has them."""
    return y.swapaxes(0, 1) if case.sequences else y


def stream(session: Any, case: Case, x: np.ndarray) -> Callable[[], np.ndarray]:
    """The call that takes the next step of a stream, states in and out as arrays."""
    names = [f"{name}0" for name in states(case)]
    feed = {"x": x} | {name: np.zeros(state_shape(case), np.float32) for name in names}

    def step() -> np.ndarray:
        y, *new = session.run(None, feed)
        feed.update(zip(names, new, strict=True))
        return y

    return step


def bound_stream(session: Any, case: Case, x: np.ndarray) -> Callable[[], np.ndarray]:
    """The same without copies: two bindings take turns, and each writes the states where the other reads them."""
    names = states(case)
    y = np.empty((case.batch, 1), np.float32)
    memory = np.zeros((2, len(names), *state_shape(case)), np.float32)
    bindings = []
    for turn in range(2):
        binding = session.io_binding()
        binding.bind_input("x", "cpu", 0, np.float32, x.shape, x.ctypes.data)
        binding.bind_output("y", "cpu", 0, np.float32, y.shape, y.ctypes.data)
        for place, name in enumerate(names):
            before, after = memory[turn, place], memory[1 - turn, place]
            binding.bind_input(f"{name}0", "cpu", 0, np.float32, before.shape, before.ctypes.data)
            binding.bind_output(name, "cpu", 0, np.float32, after.shape, after.ctypes.data)
        bindings.append(binding)
    turns = cycle(bindings)

    def step() -> np.ndarray:
        session.run_with_iobinding(next(turns))
        return y

    # The bindings hold bare addresses: the closure keeps the arrays alive as long as the call.
    step.memory = (x, memory)  # type: ignore[attr-defined]
    return step


class Entrant(Contender):
    """A session with all graph optimisations; plain `run`, or `run_with_iobinding` where that is faster."""

    modes = ("inference", "step", "predict")

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.versions = {"onnxruntime": onnxruntime.__version__}

    def settings(self, case: Case) -> list[str]:
        return with_one_thread(case, ["run", "io binding"], self.threads)

    def task(self, case: Case, data: Data, setting: str) -> Task:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1 if setting.endswith(ONE_THREAD) else self.threads
        options.inter_op_num_threads = 1
        model = graph(case, data).SerializeToString()
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        x = np.ascontiguousarray(data.x.swapaxes(0, 1))
        if case.mode == "step":
            return Task((stream if setting.startswith("run") else bound_stream)(session, case, x))
        if setting.startswith("run"):
            return Task(lambda: batch_major(case, session.run(["y"], {"x": x})[0]))

        y = np.empty(output_shape(case), dtype=np.float32)
        binding = session.io_binding()
        binding.bind_input("x", "cpu", 0, np.float32, x.shape, x.ctypes.data)
        binding.bind_output("y", "cpu", 0, np.float32, y.shape, y.ctypes.data)

        def run() -> np.ndarray:
            session.run_with_iobinding(binding)
            return batch_major(case, y)

        # The binding holds bare addresses: the closure keeps x alive as long as the call.
        run.x = x  # type: ignore[attr-defined]
        return Task(run)
