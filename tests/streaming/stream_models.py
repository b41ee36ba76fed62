"""Models of every kind that can be streamed, by name, and how their steps compare with `predict`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minirnn import Input, Model, Sequential
from minirnn import layers as L
from minirnn.utils.nested import flatten

FEATURES = 3


def chain(*layers: Any, dtype: str = "float32", shape: tuple = (None, FEATURES)) -> Model:
    return Sequential([Input(shape, dtype=dtype), *layers])


def lstm_chain() -> Model:
    return chain(L.LSTM(5), L.Dense(2))


def double_chain() -> Model:
    options = {"dtype": "float64"}
    return chain(L.LSTM(5, return_sequences=True, **options), L.GRU(4, **options), L.Dense(20, **options), **options)


def deep_chain() -> Model:
    middle = [L.Dropout(0.5), L.GRU(40, return_sequences=True), L.Dense(70, "relu"), L.Dense(64)]
    return chain(L.LSTM(33, return_sequences=True), *middle, L.SimpleRNN(17, return_sequences=True), L.Dense(1))


def gru_reset_before() -> Model:
    return chain(L.GRU(6, reset_after=False, return_sequences=True), L.GRU(6, reset_after=False))


def wide_input() -> Model:
    return chain(L.LSTM(4), L.Dense(1), shape=(None, 300))


def siblings() -> Model:
    first = [L.PeepholeLSTM(4, return_sequences=True), L.CoupledLSTM(4, return_sequences=True)]
    return chain(*first, L.LayerNormLSTM(4, return_sequences=True), L.ZoneoutLSTM(4))


def cells() -> Model:
    stacked = L.StackedRNNCells([L.LSTMCell(4), L.GRUCell(3)])
    return chain(L.RNN(stacked, return_sequences=True), L.RNN(L.SimpleRNNCell(4)))


def per_step_layers() -> Model:
    steps = [L.LayerNormalization(), L.BatchNormalization(), L.Activation("softmax"), L.GaussianNoise(1.0)]
    return chain(L.TimeDistributed(L.Dense(4)), L.LSTM(4, return_sequences=True), *steps, L.Dense(3, "softmax"))


def causal_convolution() -> Model:
    return chain(L.Conv1D(4, 3, padding="causal", dilation_rate=2), L.Conv1D(3, 1), L.LSTM(4), L.Dense(1))


def masked() -> Model:
    return chain(L.Masking(0.0), L.LSTM(4, return_sequences=True), L.GRU(3, zero_output_for_mask=True), L.Dense(1))


def words() -> Model:
    return Sequential([Input((None,), dtype="int32"), L.Embedding(7, 4, mask_zero=True), L.LSTM(4), L.Dense(2)])


def after_the_last() -> Model:
    """What comes of the sequence so far may be treated in any way, also by layers that look back."""
    both = L.Bidirectional(L.GRU(3, return_sequences=True))
    return chain(L.LSTM(4), L.RepeatVector(3), both, L.Flatten(), L.Dense(2))


def several() -> Model:
    """Two sequences and a vector come in, a sequence and two vectors go out; one layer is called twice."""
    a, b, fixed = Input((None, FEATURES), name="a"), Input((None, FEATURES), name="b"), Input((4,), name="fixed")
    shared = L.LSTM(5, return_sequences=True)
    joined = L.Concatenate()([shared(a), shared(b)])
    last = L.GRU(4)(joined, initial_state=L.Dense(4, "tanh")(fixed))
    mixed = L.Concatenate()([last, fixed])
    return Model([a, b, fixed], [L.TimeDistributed(L.Dense(2))(joined), L.Dense(3)(mixed), last])


def with_states() -> Model:
    x = Input((None, FEATURES))
    y, h, c = L.LSTM(4, return_sequences=True, return_state=True)(x)
    return Model(x, {"y": L.Dense(1)(y), "h": h, "c": c})


def nested() -> Model:
    inner = chain(L.LSTM(4, return_sequences=True), L.Dense(3))
    return chain(inner, L.Identity(), L.SimpleRNN(4), chain(L.Dense(2), shape=(4,)))


MODELS: dict[str, Callable[[], Model]] = {
    make.__name__: make
    for make in (
        lstm_chain, double_chain, deep_chain, gru_reset_before, wide_input, siblings, cells, per_step_layers,
        causal_convolution, masked, words, after_the_last, several, with_states, nested,
    )
}  # fmt: skip


def inputs(model: Model, batch: int, steps: int, seed: int = 0) -> list[np.ndarray]:
    """One array for each input, with some steps of zeros, which masks are made of."""
    random = np.random.default_rng(seed)
    arrays = []
    for number, tensor in enumerate(model.inputs):
        if model.input_dtype(number).startswith("int"):
            arrays.append(random.integers(0, 7, (batch, steps)))
            continue
        rest = [n or steps for n in tensor.shape[1:]]
        array = random.normal(size=(batch, *rest)).astype(tensor.dtype)
        if array.ndim == 3:
            array[:, ::4] = 0.0
        arrays.append(array)
    return arrays


def is_sequence(x: np.ndarray) -> bool:
    return x.ndim > 2 or x.dtype.kind == "i"


def part(xs: list[np.ndarray], steps: Any) -> Any:
    """Some steps (or one) of inputs as a call takes them."""
    found = [x[:, steps] if is_sequence(x) else x for x in xs]
    return found if len(found) > 1 else found[0]


def predictions(model: Model, xs: list[np.ndarray], steps: int) -> list[np.ndarray]:
    """Outputs after so many steps, by `predict` on them: the newest entry of those that are sequences."""
    ys = flatten(model.predict(part(xs, slice(steps)), verbose=0))
    return [y[:, -1] if y.ndim == 3 else y for y in ys]
