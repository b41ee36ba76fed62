"""Models of every kind of layer that `to_onnx` takes, by what they are; each with inputs of any batch and time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minirnn
from minirnn import layers as L
from minirnn.kernels.activations import ACTIVATIONS

STEPS, FEATURES = 5, 3


def chain(*layers: Any, shape: tuple[int | None, ...] = (None, FEATURES)) -> Any:
    return minirnn.Sequential([L.Input(shape), *layers], name="chain")


def recurrent(kind: str, **options: Any) -> Callable[[], Any]:
    return lambda: chain(getattr(L, kind)(4, **options))


def turned(kind: str, **options: Any) -> Callable[[], Any]:
    inner = {key: options.pop(key) for key in ("return_sequences", "reset_after") if key in options}
    return lambda: chain(L.Bidirectional(getattr(L, kind)(4, **inner), **options))


def states_out() -> Any:
    x = L.Input((None, FEATURES), name="x")
    y, h, c = L.LSTM(4, return_sequences=True, return_state=True, name="a")(x)
    z, g = L.GRU(3, return_state=True, name="b")(y)
    _, *both = L.Bidirectional(L.LSTM(2, return_state=True), name="c")(y)
    return minirnn.Model(x, [y, h, c, z, g, *both])


def encoder_decoder() -> Any:
    source, target = L.Input((None, FEATURES), name="source"), L.Input((None, 2), name="target")
    _, *states = L.LSTM(4, return_state=True, name="encoder")(source)
    y = L.LSTM(4, return_sequences=True, name="decoder")(target, initial_state=states)
    _, *both = L.Bidirectional(L.GRU(2, return_state=True), name="both")(source)
    z = L.Bidirectional(L.GRU(2, return_sequences=True, use_bias=False), name="back")(target, initial_state=both)
    return minirnn.Model([source, target], [L.Dense(1, name="y")(y), z])


def cells() -> Any:
    a, b = L.Input((None, FEATURES), name="a"), L.Input((None, FEATURES), name="b")
    three = [L.LSTMCell(4), L.GRUCell(3, reset_after=False), L.SimpleRNNCell(2)]
    shared = L.RNN(three, return_state=True, name="cells")
    y, *states = shared(a)
    again = L.RNN(L.StackedRNNCells([L.LSTMCell(2), L.GRUCell(3)]), return_sequences=True, go_backwards=True, name="z")
    return minirnn.Model([a, b], [y, *states, again(b), shared(b)[0]])


def merges() -> Any:
    a, b = L.Input((STEPS, FEATURES), name="a"), L.Input((FEATURES,), name="b")
    wide = L.SimpleRNN(FEATURES, return_sequences=True)(a)
    kinds = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
    found = [getattr(L, kind)(name=kind.lower())([wide, b] if k % 2 else [a, wide]) for k, kind in enumerate(kinds)]
    three = L.Average(name="three")([a, wide, b])
    joined = [L.Concatenate(name="features")(found), L.Concatenate(axis=1, name="steps")([a, three])]
    return minirnn.Model([a, b], joined)


def attention() -> Any:
    a, b = L.Input((None, FEATURES), name="a"), L.Input((None, FEATURES), name="b")
    h, g = L.LSTM(4, return_sequences=True)(a), L.GRU(4, return_sequences=True)(b)
    found = [
        L.Attention(name="dot")([h, g]), L.Attention(use_scale=True, dropout=0.2, name="keys")([h, b, g]),
        L.Attention(score_mode="concat", use_scale=True, name="sums")([h, g]),
        L.AdditiveAttention(name="additive")([h, g]), L.AdditiveAttention(use_scale=False, name="plain")([h, g]),
    ]  # fmt: skip
    return minirnn.Model([a, b], found)


def products() -> Any:
    a, b = L.Input((STEPS, FEATURES), name="a"), L.Input((4, FEATURES), name="b")
    i, j = L.Flatten()(a), L.Dense(STEPS * FEATURES)(L.Flatten()(b))
    turned = L.Permute((2, 1))(b)
    return minirnn.Model([a, b], [L.Dot(2)([a, b]), L.Dot((2, 1))([a, turned]), L.Dot(1)([i, j]), L.Dot(-1)([i, j])])


def shared_and_nested() -> Any:
    a, b = L.Input((None, FEATURES), name="a"), L.Input((None, FEATURES), name="b")
    shared = L.GRU(3, name="shared")
    i = L.Input((3,))
    inner = minirnn.Model(i, L.Dense(2, activation="tanh", name="shared_dense")(i), name="inner")
    again = minirnn.Sequential([L.Input((2,)), L.Dense(2, name="shared_dense")], name="again")
    return minirnn.Model([a, b], again(L.Add()([inner(shared(a)), inner(shared(b))])))


def words() -> Any:
    ids = L.Input((None,), name="ids", dtype="int32")
    h = L.Bidirectional(L.LSTM(3, dropout=0.2))(L.SpatialDropout1D(0.1)(L.Embedding(11, 4)(ids)))
    return minirnn.Model(ids, L.Dense(3, activation="softmax", name="class")(L.Dropout(0.5)(h)))


def by_names() -> Any:
    x, y = L.Input((2,), name="x"), L.Input((3,), name="y")
    out = {"p": L.Dense(1, name="p")(x), "q": L.Dense(2, name="q")(L.Concatenate()([x, y]))}
    return minirnn.Model({"x": x, "y": y}, out)


def an_input_as_output() -> Any:
    x = L.Input((None, FEATURES), name="x")
    return minirnn.Model(x, [L.Dropout(0.5, name="dropped")(x), L.Dense(1, name="out")(x)])


def normalization() -> Any:
    layer = L.Normalization()
    layer.adapt(np.random.default_rng(0).normal(2, 3, (20, FEATURES)))
    back = L.Normalization(mean=1.0, variance=4.0, invert=True, warn_outside=False)
    return chain(layer, L.GRU(3), back)


def every_activation() -> Any:
    x = L.Input((FEATURES,), name="x")
    names = [*ACTIVATIONS, "softmax", "silu"]
    return minirnn.Model(x, [L.Dense(4, activation=name, name=f"{name}_out")(x) for name in names])


def inside(kind: str, activation: str) -> Callable[[], Any]:
    more = {} if kind == "SimpleRNN" else {"recurrent_activation": "hard_sigmoid"}
    return lambda: chain(L.Bidirectional(getattr(L, kind)(3, activation=activation, return_sequences=True, **more)))


RECURRENT_ACTIVATIONS = ("elu", "hard_sigmoid", "leaky_relu", "linear", "relu", "sigmoid", "softplus", "softsign")
CASES: dict[str, Callable[[], Any]] = {
    **{
        f"{kind} {sequences} {backwards}": recurrent(kind, return_sequences=sequences, go_backwards=backwards)
        for kind in ("LSTM", "GRU", "SimpleRNN") for sequences in (False, True) for backwards in (False, True)
    },
    **{f"{kind} without bias": recurrent(kind, use_bias=False) for kind in ("LSTM", "GRU", "SimpleRNN")},
    **{f"GRU reset before {s}": recurrent("GRU", reset_after=False, return_sequences=s) for s in (False, True)},
    **{f"both ways {kind} {s}": turned(kind, return_sequences=s)
       for kind in ("LSTM", "GRU", "SimpleRNN") for s in (False, True)},
    **{f"both ways {mode}": turned("GRU", merge_mode=mode, return_sequences=True, reset_after=False)
       for mode in ("sum", "mul", "ave")},
    **{f"SimpleRNN {activation}": inside("SimpleRNN", activation) for activation in RECURRENT_ACTIVATIONS},
    **{f"{kind} leaky_relu": inside(kind, "leaky_relu") for kind in ("LSTM", "GRU")},
    "states out": states_out,
    "cells": cells,
    "encoder and decoder": encoder_decoder,
    "merges": merges,
    "shared and nested": shared_and_nested,
    "words": words,
    "inputs and outputs by names": by_names,
    "an input as output": an_input_as_output,
    "activations": every_activation,
    "normalization": normalization,
    "stack": lambda: chain(
        L.LSTM(5, return_sequences=True), L.GaussianNoise(0.1), L.GRU(4, return_sequences=True),
        L.TimeDistributed(L.Dense(3, activation="relu")), L.SimpleRNN(2), L.Dense(1),
    ),
    "shapes": lambda: chain(
        L.Permute((2, 1)), L.Reshape((-1, 5)), L.LSTM(4), L.RepeatVector(3), L.Identity(), L.Flatten(),
        L.Reshape((2, 6)), L.GRU(2), shape=(STEPS, FEATURES),
    ),
    "functions": lambda: chain(
        L.Dense(4), L.LeakyReLU(0.1), L.Dense(4), L.ELU(0.7), L.Dense(4), L.ReLU(1.5), L.Dense(4), L.ReLU(),
        L.Activation("swish"), L.Rescaling(2.0, -1.0), L.Softmax(axis=1),
    ),
    "normalizations": lambda: chain(
        L.BatchNormalization(), L.LSTM(4, return_sequences=True), L.LayerNormalization(), L.Dense(3),
        L.BatchNormalization(scale=False, center=False), L.LayerNormalization(scale=False, epsilon=0.1),
        L.GlobalAveragePooling1D(),
    ),
    "convolutions": lambda: chain(
        L.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="relu"), L.Conv1D(4, 4, padding="same", groups=2),
        L.Conv1D(3, 2, use_bias=False), L.Conv1D(3, 3, strides=2, padding="same"), L.GlobalMaxPooling1D(keepdims=True),
    ),
    "attention": attention,
    "products": products,
    "windows": lambda: chain(
        L.ZeroPadding1D((2, 3)), L.Conv1D(4, 2), L.MaxPooling1D(2), L.Cropping1D((1, 0)),
        L.AveragePooling1D(3, 1, "same"), L.MaxPooling1D(3, 2, "same"), L.AveragePooling1D(2, 1),
        L.Cropping1D((0, 0)), shape=(16, FEATURES),
    ),
    "slopes": lambda: chain(L.Dense(4), L.PReLU(shared_axes=[1]), L.Dense(4), L.Flatten(), L.PReLU(),
                            shape=(STEPS, FEATURES)),
    "vectors": lambda: chain(L.Dense(3, "tanh"), L.BatchNormalization(axis=1), L.Flatten(), shape=(FEATURES,)),
}  # fmt: skip


def seeded(model: Any) -> Any:
    rng = np.random.default_rng(1)
    for weight in model.weights:
        value = rng.normal(size=weight.shape) * 0.6
        if weight.dtype == "float32":  # not a count
            weight.assign(np.abs(value) + 0.5 if "variance" in weight.name else value)
    return model


def inputs_of(model: Any, batch: int, steps: int) -> list[np.ndarray]:
    """Inputs of this batch, and of so many steps where the model leaves them open."""
    rng, found = np.random.default_rng(2), []
    for number, tensor in enumerate(model.inputs):
        shape = (batch, *(steps if n is None else n for n in tensor.shape[1:]))
        if model.input_dtype(number).startswith("int"):
            found.append(rng.integers(0, model.index_limits[number][1], shape).astype(model.input_dtype(number)))
        else:
            found.append(rng.normal(size=shape).astype("float32"))
    return found
