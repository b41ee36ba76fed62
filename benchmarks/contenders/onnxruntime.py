"""ONNX Runtime through its own interface, on a graph built from the same weights. It only infers."""

from __future__ import annotations

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


def graph(case: Case, data: Data) -> onnx.ModelProto:
    """The case's model: time-major x (T, B, F) -> recurrent node -> its last state (1, B, U) -> y (B, 1)."""
    arrays = onnx_initializers(case.cell, data.weights[:3]) | {"kernel": data.weights[3], "bias": data.weights[4]}
    inputs = ["x", "W", "R", "B"]
    if data.lengths is not None:
        arrays["lengths"] = data.lengths.astype(np.int32)
        inputs.append("lengths")
    arrays["first"] = np.array(0, dtype=np.int64)
    extra: dict[str, Any] = {"linear_before_reset": 1} if case.cell == "gru" else {}
    nodes = [
        helper.make_node(NODES[case.cell], inputs, ["", "h"], hidden_size=case.units, **extra),
        helper.make_node("Gather", ["h", "first"], ["last"], axis=0),
        helper.make_node("Gemm", ["last", "kernel", "bias"], ["y"]),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [case.time, case.rows, case.features])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [case.rows, 1])
    initializers = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    model = helper.make_model(
        helper.make_graph(nodes, case.name, [x], [y], initializers), opset_imports=[helper.make_opsetid("", OPSET)]
    )
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


class Entrant(Contender):
    """A session with all graph optimisations; plain `run`, or `run_with_iobinding` where that is faster."""

    modes = ("inference", "predict")

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
