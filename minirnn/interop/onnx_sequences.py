"""Layers that look along the steps of sequences as nodes of ONNX: attention, pooling, padding; and products."""

from __future__ import annotations

from typing import Any

from minirnn import layers
from minirnn.interop.onnx_graph import Drawing, Shapes

_END = 2**62  # of a Slice: behind every step


def draw_attention(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    """Attention and AdditiveAttention; equations and letters as in `minirnn.layers.attention`."""
    name, q, v, k = drawing.prefix(layer), *(*inputs, inputs[1])[:3]
    weights = {weight.name: drawing.array(f"{name}/{weight.name}", weight.numpy()) for weight in layer.weights}

    def scaled(value: str) -> str:
        return drawing.add("Mul", value, weights["scale"]) if "scale" in weights else value

    def sums() -> str:
        """q_i + k_j for all i and j."""
        q_i, k_j = drawing.add("Unsqueeze", q, drawing.whole(2)), drawing.add("Unsqueeze", k, drawing.whole(1))
        return drawing.add("Add", q_i, k_j)

    def total(value: str) -> str:
        return drawing.add("ReduceSum", value, drawing.whole(-1), keepdims=0)

    if isinstance(layer, layers.AdditiveAttention):
        s = total(scaled(drawing.add("Tanh", sums())))
    elif layer.score_mode == "dot":
        s = scaled(drawing.add("MatMul", q, drawing.add("Transpose", k, perm=[0, 2, 1])))
    else:
        s = drawing.add("Mul", total(drawing.add("Tanh", scaled(sums()))), weights["concat_score_weight"])
    return [drawing.add("MatMul", drawing.add("Softmax", s, axis=-1), v, name=name)]


def draw_pooling(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    """MaxPooling1D, and AveragePooling1D, whose means leave the padding out."""
    is_max = isinstance(layer, layers.MaxPooling1D)
    padding = "VALID" if layer.padding == "valid" else "SAME_UPPER"
    options = {"kernel_shape": list(layer.pool_size), "strides": list(layer.strides), "auto_pad": padding}
    turned = drawing.add("Transpose", inputs[0], perm=[0, 2, 1])
    pooled = drawing.add("MaxPool" if is_max else "AveragePool", turned, name=layer.name, **options)
    return [drawing.add("Transpose", pooled, perm=[0, 2, 1])]


def draw_padding(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    left, right = layer.padding
    return [drawing.add("Pad", inputs[0], drawing.whole(0, left, 0, 0, right, 0), name=layer.name)]


def draw_cropping(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    left, right = layer.cropping
    ends = drawing.whole(-right if right else _END)
    return [drawing.add("Slice", inputs[0], drawing.whole(left), ends, drawing.whole(1), name=layer.name)]


def draw_dot(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    """Sums of products along an axis of each, written as Einstein did: "bij,bkj->bik"."""
    if layer.normalize:
        raise ValueError(f"layer {layer.name} has normalize=True, which to_onnx does not take")
    axes = layer.axes if isinstance(layer.axes, (list, tuple)) else (layer.axes, layer.axes)
    first, second = ("b" + letters[: len(shape) - 1] for letters, shape in zip(("cdef", "klmn"), shapes, strict=True))
    shared = first[axes[0] % len(first)]
    second = second.replace(second[axes[1] % len(second)], shared)
    left = (first + second[1:]).replace(shared, "")
    y = drawing.add("Einsum", *inputs, equation=f"{first},{second}->{left}", name=layer.name)
    return [drawing.add("Unsqueeze", y, drawing.whole(1)) if left == "b" else y]
