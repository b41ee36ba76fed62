"""Layers without recurrence as nodes of ONNX: a function for each kind, from names of inputs to names of outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minirnn import config, layers
from minirnn.interop.onnx_activations import activated
from minirnn.interop.onnx_graph import Drawing, Shapes
from minirnn.interop.onnx_recurrent import draw_bidirectional, draw_cells, draw_recurrent
from minirnn.interop.onnx_sequences import draw_attention, draw_cropping, draw_dot, draw_padding, draw_pooling
from minirnn.layers.calls import BoundCall

# (drawing, layer, names of its inputs, their batch shapes) -> names of its outputs
Draw = Callable[[Drawing, Any, list[str], Shapes], list[str]]


def draw_layer(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    """Draw a layer. ValueError, in one line that names it, for one that ONNX has not, or that works with masks."""
    kind = type(layer.layer if isinstance(layer, BoundCall) else layer).__name__
    if layer.makes_mask:
        raise ValueError(f"layer {layer.name} makes a mask ({kind}), which ONNX has not; export a model without")
    if layer.only_in_training or kind in ("Identity", "ActivityRegularization"):
        return inputs
    draw = _KINDS.get(type(layer))
    if isinstance(layer, BoundCall) and type(layer.layer) in _KINDS:
        raise ValueError(f"layer {layer.name} is called with further arguments, which to_onnx does not take")
    if draw is None:
        known = ", ".join(sorted(cls.__name__ for cls in _KINDS))
        raise ValueError(f"layer {layer.name} is a {kind}, which to_onnx does not take; it takes {known}")
    return draw(drawing, layer, inputs, shapes)


# --- with weights ---


def _dense(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    name, (kernel, *bias) = drawing.prefix(layer), layer.get_weights()
    y = drawing.add("MatMul", inputs[0], drawing.array(f"{name}/kernel", kernel), name=f"{name}/product")
    if bias:
        y = drawing.add("Add", y, drawing.array(f"{name}/bias", bias[0]), name=name)
    return [activated(drawing, y, layer.activation, layer.name)]


def _embedding(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    name = drawing.prefix(layer)
    table = drawing.array(f"{name}/embeddings", layer.get_weights()[0])
    return [drawing.add("Gather", table, drawing.add("Cast", inputs[0], to=7), name=name)]  # 7: int64


def _conv(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    name, (kernel, *bias) = drawing.prefix(layer), layer.get_weights()
    windows = layer.windows
    spread = windows.dilation * (windows.size - 1)
    options: dict[str, Any] = {"strides": [windows.stride], "dilations": [windows.dilation], "group": layer.groups}
    if layer.padding == "same" and windows.stride > 1:
        options["auto_pad"] = "SAME_UPPER"  # where it begins depends on the number of steps
    else:
        left = {"valid": 0, "causal": spread, "same": spread // 2}[layer.padding]
        options["pads"] = [left, spread - left if layer.padding == "same" else 0]
    taken = [drawing.add("Transpose", inputs[0], perm=[0, 2, 1])]
    taken.append(drawing.array(f"{name}/kernel", kernel.transpose(2, 1, 0)))
    taken += [drawing.array(f"{name}/bias", each) for each in bias]
    y = drawing.add("Transpose", drawing.add("Conv", *taken, name=name, **options), perm=[0, 2, 1])
    return [activated(drawing, y, layer.activation, layer.name)]


def _batch_normalization(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    """y = (x - mean) rate gamma + beta, with the moving statistics, as x * factor + shift."""
    rank, name = len(shapes[0]), drawing.prefix(layer)
    values = {weight.name: weight.numpy().astype(np.float64) for weight in layer.weights}
    factor = values.get("gamma", 1.0) / np.sqrt(values["moving_variance"] + layer.epsilon)
    shift = values.get("beta", 0.0) - values["moving_mean"] * factor
    own = [-1 if axis == layer.axis % rank else 1 for axis in range(rank)]
    product = drawing.add("Mul", inputs[0], drawing.array(f"{name}/factor", factor.reshape(own)))
    return [drawing.add("Add", product, drawing.array(f"{name}/shift", shift.reshape(own)), name=name)]


def _layer_normalization(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    rank, name = len(shapes[0]), drawing.prefix(layer)
    if layer.axis not in (-1, rank - 1, [-1], [rank - 1]) or layer.rms_scaling:
        raise ValueError(f"layer {layer.name} normalizes along axis {layer.axis}; to_onnx takes the last one alone")
    values = {weight.name: weight.numpy() for weight in layer.weights}
    ones = np.ones(shapes[0][-1] or 1)
    taken = [inputs[0], drawing.array(f"{name}/gamma", values.get("gamma", ones))]
    taken.append(drawing.array(f"{name}/beta", values.get("beta", 0 * ones)))
    return [drawing.add("LayerNormalization", *taken, axis=-1, epsilon=float(layer.epsilon), name=name)]


def _normalization(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    name = drawing.prefix(layer)
    scale = np.maximum(np.sqrt(layer.variance), config.epsilon())
    mean, scale = drawing.array(f"{name}/mean", layer.mean), drawing.array(f"{name}/scale", scale)
    if layer.invert:
        return [drawing.add("Add", drawing.add("Mul", inputs[0], scale), mean, name=name)]
    return [drawing.add("Div", drawing.add("Sub", inputs[0], mean), scale, name=name)]


def _rescaling(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    name = drawing.prefix(layer)
    product = drawing.add("Mul", inputs[0], drawing.array(f"{name}/scale", layer.scale))
    return [drawing.add("Add", product, drawing.array(f"{name}/offset", layer.offset), name=name)]


# --- functions ---


def _activation(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    return [activated(drawing, inputs[0], layer.activation, layer.name)]


def _relu(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    if layer.negative_slope or layer.threshold:
        raise ValueError(f"layer {layer.name} has a slope or threshold, which to_onnx does not take; use LeakyReLU")
    if layer.max_value is None:
        return [drawing.add("Relu", inputs[0], name=layer.name)]
    return [drawing.add("Clip", inputs[0], drawing.number(0.0), drawing.number(layer.max_value), name=layer.name)]


def _leaky_relu(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    return [drawing.add("LeakyRelu", inputs[0], alpha=float(layer.negative_slope), name=layer.name)]


def _elu(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    return [drawing.add("Elu", inputs[0], alpha=float(layer.alpha), name=layer.name)]


def _softmax(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    if not isinstance(layer.axis, int):
        raise ValueError(f"layer {layer.name} is a Softmax over axes {layer.axis}; to_onnx takes one axis")
    return [drawing.add("Softmax", inputs[0], axis=layer.axis, name=layer.name)]


def _prelu(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    alpha = drawing.array(f"{drawing.prefix(layer)}/alpha", layer.get_weights()[0])
    return [drawing.add("PRelu", inputs[0], alpha, name=layer.name)]


# --- shapes ---


def _flatten(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    return [drawing.add("Flatten", inputs[0], axis=1, name=layer.name)]


def _reshape(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    return [drawing.add("Reshape", inputs[0], drawing.whole(0, *layer.target_shape), name=layer.name)]


def _repeat_vector(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    row = drawing.add("Unsqueeze", inputs[0], drawing.whole(1))
    return [drawing.add("Tile", row, drawing.whole(1, layer.n, 1), name=layer.name)]


def _permute(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    return [drawing.add("Transpose", inputs[0], perm=[0, *layer.dims], name=layer.name)]


def _global_pool(operator: str) -> Draw:
    def draw(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
        return [drawing.add(operator, inputs[0], axes=[1], keepdims=int(layer.keepdims), name=layer.name)]

    return draw


def _time_distributed(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    """A layer that looks at the last axis alone does so at every step as it is."""
    inner = layer.layer
    if type(inner) not in (layers.Dense, layers.Activation, layers.LeakyReLU, layers.ELU, layers.ReLU):
        what = f"a TimeDistributed of a {type(inner).__name__}"
        raise ValueError(f"layer {layer.name} is {what}; to_onnx takes those of Dense and activations")
    return draw_layer(drawing, inner, inputs, shapes)


# --- merges ---


def _merge(operator: str) -> Draw:
    def draw(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
        """An input of fewer axes gets axes of length 1 behind the batch; ONNX stretches the rest as Keras does."""
        rank = max(map(len, shapes))
        wide = [
            x if len(shape) == rank else drawing.add("Unsqueeze", x, drawing.whole(*range(1, 1 + rank - len(shape))))
            for x, shape in zip(inputs, shapes, strict=True)
        ]
        y = wide[0]
        for other in wide[1:]:
            y = drawing.add(operator, y, other, name=layer.name)
        if isinstance(layer, layers.Average):
            y = drawing.add("Div", y, drawing.number(float(len(wide))), name=layer.name)
        return [y]

    return draw


def _concatenate(drawing: Drawing, layer: Any, inputs: list[str], shapes: Shapes) -> list[str]:
    return [drawing.add("Concat", *inputs, axis=layer.axis, name=layer.name)]


_KINDS: dict[type, Draw] = {
    layers.Activation: _activation,
    layers.Add: _merge("Add"),
    layers.AdditiveAttention: draw_attention,
    layers.Attention: draw_attention,
    layers.Average: _merge("Add"),
    layers.AveragePooling1D: draw_pooling,
    layers.BatchNormalization: _batch_normalization,
    layers.Bidirectional: lambda drawing, layer, inputs, shapes: draw_bidirectional(drawing, layer, inputs),
    layers.Concatenate: _concatenate,
    layers.Conv1D: _conv,
    layers.Cropping1D: draw_cropping,
    layers.Dense: _dense,
    layers.Dot: draw_dot,
    layers.ELU: _elu,
    layers.Embedding: _embedding,
    layers.Flatten: _flatten,
    layers.GRU: lambda drawing, layer, inputs, shapes: draw_recurrent(drawing, layer, inputs),
    layers.GlobalAveragePooling1D: _global_pool("ReduceMean"),
    layers.GlobalMaxPooling1D: _global_pool("ReduceMax"),
    layers.LSTM: lambda drawing, layer, inputs, shapes: draw_recurrent(drawing, layer, inputs),
    layers.LayerNormalization: _layer_normalization,
    layers.LeakyReLU: _leaky_relu,
    layers.MaxPooling1D: draw_pooling,
    layers.Maximum: _merge("Max"),
    layers.Minimum: _merge("Min"),
    layers.Multiply: _merge("Mul"),
    layers.Normalization: _normalization,
    layers.PReLU: _prelu,
    layers.Permute: _permute,
    layers.RNN: lambda drawing, layer, inputs, shapes: draw_cells(drawing, layer, inputs),
    layers.ReLU: _relu,
    layers.RepeatVector: _repeat_vector,
    layers.Rescaling: _rescaling,
    layers.Reshape: _reshape,
    layers.SimpleRNN: lambda drawing, layer, inputs, shapes: draw_recurrent(drawing, layer, inputs),
    layers.Softmax: _softmax,
    layers.Subtract: _merge("Sub"),
    layers.TimeDistributed: _time_distributed,
    layers.ZeroPadding1D: draw_padding,
}
