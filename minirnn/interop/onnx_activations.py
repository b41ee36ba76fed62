"""Activations as ONNX has them: operators on any values, and functions inside recurrent nodes."""

from __future__ import annotations

import math
from typing import Any

from minirnn.interop.onnx_graph import Drawing

# By one operator, with its attributes.
_OPERATORS: dict[str, tuple[str, dict[str, Any]]] = {
    "elu": ("Elu", {"alpha": 1.0}), "exponential": ("Exp", {}),
    "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}), "leaky_relu": ("LeakyRelu", {"alpha": 0.2}),
    "relu": ("Relu", {}),
    "selu": ("Selu", {"alpha": 1.6732632423543772, "gamma": 1.0507009873554805}), "sigmoid": ("Sigmoid", {}),
    "softmax": ("Softmax", {"axis": -1}), "softplus": ("Softplus", {}), "softsign": ("Softsign", {}),
    "tanh": ("Tanh", {}),
}  # fmt: skip
# Inside recurrent nodes: the function, its alpha and beta, None for what it has not.
_FUNCTIONS: dict[str, tuple[str, float | None, float | None]] = {
    "elu": ("Elu", 1.0, None), "hard_sigmoid": ("HardSigmoid", 1 / 6, 0.5), "leaky_relu": ("LeakyRelu", 0.2, None),
    "linear": ("Affine", 1.0, 0.0), "relu": ("Relu", None, None), "sigmoid": ("Sigmoid", None, None),
    "softplus": ("Softplus", None, None), "softsign": ("Softsign", None, None), "tanh": ("Tanh", None, None),
}  # fmt: skip


def activated(drawing: Drawing, x: str, activation: str, name: str) -> str:
    """The name of activation(x). ValueError, with the layer's name, for what ONNX has not."""
    if activation == "linear":
        return x
    if activation in _OPERATORS:
        operator, attributes = _OPERATORS[activation]
        return drawing.add(operator, x, name=f"{name}/{activation}", **attributes)
    if activation == "relu6":
        return drawing.add("Clip", x, drawing.number(0.0), drawing.number(6.0), name=f"{name}/relu6")
    if activation in ("swish", "silu"):
        return drawing.add("Mul", x, drawing.add("Sigmoid", x), name=f"{name}/silu")
    if activation == "gelu":  # x / 2 (1 + erf(x / sqrt 2))
        part = drawing.add("Erf", drawing.add("Mul", x, drawing.number(math.sqrt(0.5))))
    elif activation == "gelu_tanh":  # x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
        cube = drawing.add("Mul", drawing.add("Mul", x, x), drawing.add("Mul", x, drawing.number(0.044715)))
        inner = drawing.add("Mul", drawing.add("Add", x, cube), drawing.number(math.sqrt(2 / math.pi)))
        part = drawing.add("Tanh", inner)
    else:
        raise ValueError(f"layer {name} has the activation {activation!r}, which to_onnx does not take")
    half = drawing.add("Mul", x, drawing.number(0.5))
    return drawing.add("Mul", half, drawing.add("Add", part, drawing.number(1.0)), name=f"{name}/{activation}")


def functions(names: list[str], layer: str) -> dict[str, Any]:
    """The attributes by which a recurrent node has these activations. ValueError for what it cannot have."""
    for name in names:
        if name not in _FUNCTIONS:
            known = ", ".join(_FUNCTIONS)
            raise ValueError(f"layer {layer} has the activation {name!r}; recurrent nodes of ONNX have {known}")
    chosen = [_FUNCTIONS[name] for name in names]
    found: dict[str, Any] = {"activations": [function for function, _, _ in chosen]}
    alphas = [alpha for _, alpha, _ in chosen if alpha is not None]
    betas = [beta for _, _, beta in chosen if beta is not None]
    return found | ({"activation_alpha": alphas} if alphas else {}) | ({"activation_beta": betas} if betas else {})
