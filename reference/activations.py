"""Every activation that Keras knows by name, with its derivative, in plain float64 NumPy.

An activation takes and gives one vector, the pre-activations of one gate. Most act on each number alone
(`ELEMENTWISE`: the function and its derivative, both of the input); three mix the whole vector (`VECTOR`: the function
and its backward pass). Keras's `glu` halves its input and its `threshold` needs arguments, so neither can be an
activation by name.

Source: the definitions in Keras's documentation, https://keras.io/api/layers/activations/.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

SELU_SCALE, SELU_ALPHA = 1.0507009873554804934, 1.6732632423543772848

_erf = np.vectorize(math.erf, otypes=[np.float64])


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return np.exp(-np.logaddexp(0.0, -x))


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0.0, x)


def _elu(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def _elu_slope(x: np.ndarray) -> np.ndarray:
    return np.exp(np.minimum(x, 0))


def _hard_sigmoid(x: np.ndarray) -> np.ndarray:
    return np.clip(x / 6 + 0.5, 0, 1)


def _between(x: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.where((low < x) & (x < high), 1.0, 0.0)


def _silu_slope(x: np.ndarray) -> np.ndarray:
    return _sigmoid(x) * (1 + x * _sigmoid(-x))


def _gelu_slope(x: np.ndarray) -> np.ndarray:
    cumulative = 0.5 * (1 + _erf(x / math.sqrt(2)))
    density = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    return cumulative + x * density


def _mish_slope(x: np.ndarray) -> np.ndarray:
    saturation = np.tanh(_softplus(x))
    return saturation + x * (1 - saturation**2) * _sigmoid(x)


_hard_silu = (lambda x: x * _hard_sigmoid(x), lambda x: _hard_sigmoid(x) + x * _between(x, -3, 3) / 6)
_silu = (lambda x: x * _sigmoid(x), _silu_slope)

Function = Callable[[np.ndarray], np.ndarray]

ELEMENTWISE: dict[str, tuple[Function, Function]] = {
    "linear": (lambda x: x, np.ones_like),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "sigmoid": (_sigmoid, lambda x: _sigmoid(x) * _sigmoid(-x)),
    "hard_sigmoid": (_hard_sigmoid, lambda x: _between(x, -3, 3) / 6),
    "relu": (lambda x: np.maximum(x, 0), lambda x: _between(x, 0, np.inf)),
    "relu6": (lambda x: np.clip(x, 0, 6), lambda x: _between(x, 0, 6)),
    "leaky_relu": (lambda x: np.where(x > 0, x, 0.2 * x), lambda x: np.where(x > 0, 1.0, 0.2)),
    "elu": (_elu, _elu_slope),
    "celu": (_elu, _elu_slope),
    "selu": (
        lambda x: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0))),
        lambda x: SELU_SCALE * np.where(x > 0, 1, SELU_ALPHA * np.exp(np.minimum(x, 0))),
    ),
    "softplus": (_softplus, _sigmoid),
    "softsign": (lambda x: x / (1 + np.abs(x)), lambda x: 1 / (1 + np.abs(x)) ** 2),
    "silu": _silu,
    "swish": _silu,
    "hard_silu": _hard_silu,
    "hard_swish": _hard_silu,
    "gelu": (lambda x: 0.5 * x * (1 + _erf(x / math.sqrt(2))), _gelu_slope),
    "exponential": (np.exp, np.exp),
    "mish": (lambda x: x * np.tanh(_softplus(x)), _mish_slope),
    "log_sigmoid": (lambda x: -_softplus(-x), lambda x: _sigmoid(-x)),
    "hard_tanh": (lambda x: np.clip(x, -1, 1), lambda x: _between(x, -1, 1)),
    "tanh_shrink": (lambda x: x - np.tanh(x), lambda x: np.tanh(x) ** 2),
    "soft_shrink": (lambda x: x - np.clip(x, -0.5, 0.5), lambda x: 1 - _between(x, -0.5, 0.5)),
    "hard_shrink": (lambda x: np.where(np.abs(x) > 0.5, x, 0), lambda x: 1 - _between(x, -0.5, 0.5)),
    "squareplus": (
        lambda x: 0.5 * (x + np.sqrt(x * x + 4)),
        lambda x: 0.5 * (1 + x / np.sqrt(x * x + 4)),
    ),
    "sparse_plus": (
        lambda x: np.where(x >= 1, x, 0.25 * np.maximum(x + 1, 0) ** 2),
        lambda x: np.clip(0.5 * (x + 1), 0, 1),
    ),
    "sparse_sigmoid": (lambda x: np.clip(0.5 * (x + 1), 0, 1), lambda x: 0.5 * _between(x, -1, 1)),
}


def _softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max())
    return e / e.sum()


def _softmax_backward(x: np.ndarray, dy: np.ndarray) -> np.ndarray:
    y = _softmax(x)
    return y * (dy - (y * dy).sum())


def _log_softmax(x: np.ndarray) -> np.ndarray:
    return x - x.max() - np.log(np.exp(x - x.max()).sum())


def _log_softmax_backward(x: np.ndarray, dy: np.ndarray) -> np.ndarray:
    return dy - _softmax(x) * dy.sum()


def _sparsemax(x: np.ndarray) -> np.ndarray:
    """The point of the probability simplex nearest to x (Martins & Astudillo 2016, algorithm 1)."""
    largest_first = np.sort(x)[::-1]
    for k in range(len(x), 0, -1):
        threshold = (largest_first[:k].sum() - 1) / k
        if largest_first[k - 1] > threshold:
            break
    return np.maximum(x - threshold, 0)


def _sparsemax_backward(x: np.ndarray, dy: np.ndarray) -> np.ndarray:
    support = _sparsemax(x) > 0
    return np.where(support, dy - dy[support].mean(), 0)


VECTOR: dict[str, tuple[Function, Callable[[np.ndarray, np.ndarray], np.ndarray]]] = {
    "softmax": (_softmax, _softmax_backward),
    "log_softmax": (_log_softmax, _log_softmax_backward),
    "sparsemax": (_sparsemax, _sparsemax_backward),
}

NAMES = (*ELEMENTWISE, *VECTOR)


def _check(name: str | None) -> str:
    if name is not None and name not in NAMES:
        raise ValueError(f"activation={name!r} is not known here; expected one of {', '.join(NAMES)}.")
    return name or "linear"


def activate(name: str | None, x: np.ndarray) -> np.ndarray:
    """The activation `name` (None: linear) of a vector x, (units,) float64.

    Raises:
        ValueError: no activation has that name.
    """
    name = _check(name)
    return ELEMENTWISE[name][0](x) if name in ELEMENTWISE else VECTOR[name][0](x)


def activate_backward(name: str | None, x: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """The gradient of x when that of `activate(name, x)` is dy, both (units,) float64.

    Raises:
        ValueError: no activation has that name.
    """
    name = _check(name)
    return dy * ELEMENTWISE[name][1](x) if name in ELEMENTWISE else VECTOR[name][1](x, dy)
