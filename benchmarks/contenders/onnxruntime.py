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
from benchmarks.contenders.base import Contender, Task
from benchmarks.data import Data
from benchmarks.layouts import onnx_initializers

NODES = {"lstm": "LSTM", "gru": "GRU", "simple_rnn": "RNN"}
OPSET = 14  # the last one that changed the recurrent nodes before their sequence layout did


def states(case: Case) -> tuple[str, ...]:
    """Names of the states that a stream carries from step to step; none in other modes."""
    return () if case.mode != "step" else ("h", "c") if case.cell == "lstm" else ("h",)


def state_shape(case: Case) -> tuple[int, int, int]:
    """Shape of each state, as ONNX has it."""
    return 1, case.batch, case.units


def graph(case: Case, data: Data) -> onnx.ModelProto:
    """The case's model: time-major x (T, B, F) -> recurrent node -> its last state (1, B, U) -> y (B, 1).

    In a stream the node's states are inputs h0 (and c0), and outputs h (and c), too.
    """
    arrays = onnx_initializers(case.cell, data.weights[:3]) | {"kernel": data.weights[3], "bias": data.weights[4]}
    inputs = ["x", "W", "R", "B"]
    if data.lengths is not None:
        arrays["lengths"] = data.lengths.astype(np.int32)
        inputs.append("lengths")
    arrays["first"] = np.array(0, dtype=np.int64)
    extra: dict[str, Any] = {"linear_before_reset": 1} if case.cell == "gru" else {}
    kept = states(case)
    before = ["", *(f"{name}0" for name in kept)] if kept else []
    nodes = [
        helper.make_node(
            NODES[case.cell], [*inputs, *before], ["", *(kept or ("h",))], hidden_size=case.units, **extra
        ),
        helper.make_node("Gather", ["h", "first"], ["last"], axis=0),
        helper.make_node("Gemm", ["last", "kernel", "bias"], ["y"]),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [case.time, case.rows, case.features])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [case.rows, 1])
    state = [helper.make_tensor_value_info(name, TensorProto.FLOAT, state_shape(case)) for name in (*before[1:], *kept)]
    initializers = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    model = helper.make_model(
        helper.make_graph(nodes, case.name, [x, *state[: len(kept)]], [y, *state[len(kept) :]], initializers),
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


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
        return ["run", "io binding"]

    def task(self, case: Case, data: Data, setting: str) -> Task:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        model = graph(case, data).SerializeToString()
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        x = np.ascontiguousarray(data.x.swapaxes(0, 1))
        if case.mode == "step":
            return Task((stream if setting == "run" else bound_stream)(session, case, x))
        if setting == "run":
            return Task(lambda: session.run(["y"], {"x": x})[0])

        y = np.empty((case.rows, 1), dtype=np.float32)
        binding = session.io_binding()
        binding.bind_input("x", "cpu", 0, np.float32, x.shape, x.ctypes.data)
        binding.bind_output("y", "cpu", 0, np.float32, y.shape, y.ctypes.data)

        def run() -> np.ndarray:
            session.run_with_iobinding(binding)
            return y

        # The binding holds bare addresses: the closure keeps x alive as long as the call.
        run.x = x  # type: ignore[attr-defined]
        return Task(run)
