"""`to_onnx`: a model as a file of ONNX, which its runtimes infer with in any language."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from minirnn.compat import spelling
from minirnn.files.atomic import replace_file
from minirnn.files.errors import shown
from minirnn.files.finite import refuse_non_finite
from minirnn.interop.onnx_graph import Drawing
from minirnn.interop.onnx_layers import draw_layer
from minirnn.interop.onnx_seal import ENDING, PRODUCER, sealed

OPSET, IR_VERSION = 17, 8  # of 2022: recurrent nodes as they are, read by every runtime since


@spelling.names_nearest
def to_onnx(model: Any, path: Any, overwrite: bool = True) -> None:
    """Write a built model to an ONNX file, whole or not at all. ONNX must be installed: pip install 'minirnn[onnx]'.

    Sequential and functional models, several inputs and outputs, shared layers and models in models. Inputs and outputs
    have the names of the model's, (batch, time, features), whose batch, and time where the model leaves it open, may be
    of any size. Recurrent layers become LSTM, GRU and RNN nodes in one direction or both; initial states are zeros
    unless the model hands some on. Dropout and noise do nothing, as in `predict`. The file carries a digest and a test
    vector, which `saving.verify` compares.

    Raises ValueError, in one line that names the layer, for a layer or setting that ONNX has not: masks, stateful
    layers, float64 (recurrent nodes of ONNX Runtime compute in float32 alone), layers and cells of your own; for
    a path of another ending, a model that is not built, and one that holds NaN or infinity; FileExistsError for an
    existing file unless `overwrite`; ImportError without ONNX; OSError if writing fails. Nothing is changed then.
    """
    path = os.fspath(path)
    if not str(path).endswith(ENDING):
        raise ValueError(f"an ONNX model is saved to a path that ends in {ENDING!r}, got {shown(str(path))!r}")
    if not overwrite and os.path.exists(path):
        raise FileExistsError(f"{path} exists; overwrite=True replaces it")
    if not model.built:
        raise ValueError(f"{model.name} has no weights yet: {model.how_to_build}, first")
    refuse_non_finite(model)
    replace_file(path, [_bytes(model)])


def _bytes(model: Any) -> bytes:
    """The file of a model, checked by ONNX itself."""
    try:
        import onnx
    except ImportError:
        raise ImportError("to_onnx needs ONNX, which is not installed: pip install 'minirnn[onnx]'") from None
    drawing, inputs, outputs = _drawn(model)
    helper, numpy_helper = onnx.helper, onnx.numpy_helper

    def described(names: list[str], tensors: list[Any], dtypes: list[str]) -> list[Any]:
        return [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), _axes(name, t.shape))
            for name, t, dtype in zip(names, tensors, dtypes, strict=True)
        ]

    graph = helper.make_graph(
        [helper.make_node(node.operator, node.inputs, node.outputs, **node.attributes) for node in drawing.nodes],
        model.name,
        described(inputs, model.inputs, [model.input_dtype(number) for number in range(len(inputs))]),
        described(outputs, model.outputs, [drawing.dtype.name] * len(outputs)),
        [numpy_helper.from_array(array, name) for name, array in drawing.arrays.items()],
    )
    made = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name=PRODUCER, ir_version=IR_VERSION
    )
    onnx.checker.check_model(made, full_check=True)
    return sealed(made, model)


def _axes(name: str, shape: tuple[int | None, ...]) -> list[Any]:
    """The sizes of an input's or output's axes: numbers, and names for those of any size."""
    return ["batch" if axis == 0 else f"{name}_axis{axis}" if n is None else n for axis, n in enumerate(shape)]


def _drawn(model: Any) -> tuple[Drawing, list[str], list[str]]:
    """The drawing of a model, and the names of its inputs and outputs."""
    graph = model.graph
    dtypes = {layer.dtype for layer, _, _ in graph.steps}
    if dtypes != {"float32"}:
        raise ValueError(f"{model.name} computes in {' and '.join(sorted(dtypes))}; to_onnx takes float32 alone")
    drawing = Drawing(np.dtype("float32"))
    names: list[Any] = [None] * graph.values
    inputs = [drawing.named(name) for name in model.input_names]
    wished = [drawing.named(name) for name in model.output_names]
    shapes = graph.value_shapes([tensor.shape for tensor in graph.inputs])
    for number, name in enumerate(inputs):
        names[number] = name
        if model.input_dtype(number).startswith("int") and not graph.is_read_as_indices(number):
            names[number] = drawing.add("Cast", name, to=1)  # 1: float32
    for layer, taken, made in graph.steps:
        found = draw_layer(drawing, layer, [names[i] for i in taken], [shapes[i] for i in taken])
        for number, name in zip(made, found, strict=True):
            names[number] = name
    for number, name in zip(graph.output_numbers, wished, strict=True):
        drawing.rename(names[number], name)
    return drawing, inputs, wished
