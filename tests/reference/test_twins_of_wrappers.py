"""Twins of layers that hold layers, and of Embedding: the comparison walks through them."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import layers
from reference import compare, keras_side, twin

B, T, F = 4, 5, 3
CHAINS = {
    "bidirectional": lambda k: [k.Bidirectional(k.LSTM(4, return_sequences=True), "ave"), k.Bidirectional(k.GRU(3))],
    "own backward layer": lambda k: [k.Bidirectional(k.LSTM(4), backward_layer=k.SimpleRNN(4, go_backwards=True))],
    "time distributed": lambda k: [k.GRU(4, return_sequences=True), k.TimeDistributed(k.Dense(2)), k.Flatten()],
    "cells": lambda k: [k.RNN(k.LSTMCell(4), return_sequences=True), k.RNN([k.GRUCell(3), k.SimpleRNNCell(2)])],
}


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_model_of_wrappers_equals_its_twin(keras, name, dtype):
    with keras_side.precision(dtype):
        model = minirnn.Sequential([minirnn.Input((T, F)), *CHAINS[name](layers), layers.Dense(1)])
        random = np.random.default_rng(0)
        model.set_weights([random.uniform(-1, 1, w.shape) for w in model.weights])
        x, y = random.standard_normal((B, T, F)).astype(dtype), random.standard_normal((B, 1)).astype(dtype)
        compare.require(compare.compare_model(model, x, y))
        back = twin.to_minirnn(twin.to_keras(model))
        np.testing.assert_array_equal(back.predict(x, verbose=0), model.predict(x, verbose=0))


AROUND = {
    "convolution": lambda k: [k.Conv1D(4, 2, activation="tanh", activity_regularizer="l2"), k.MaxPooling1D(2)],
    "normalizations": lambda k: [k.BatchNormalization(), k.PReLU(), k.LayerNormalization()],
    "groups": lambda k: [k.GroupNormalization(3), k.ELU()],
    "statistics": lambda k: [k.Normalization(), k.RMSNormalization(), k.GlobalAveragePooling1D()],
    "penalties": lambda k: [k.Dense(3, kernel_regularizer="l2"), k.ActivityRegularization(0.1, 0.1), k.Permute((2, 1))],
}


@pytest.mark.parametrize("name", AROUND)
def test_a_model_of_layers_around_equals_its_twin(keras, name):
    with keras_side.precision("float64"):
        model = minirnn.Sequential([minirnn.Input((T, F)), *AROUND[name](layers), layers.Flatten(), layers.Dense(1)])
        random = np.random.default_rng(0)
        values = [abs(random.uniform(-1, 1, w.shape)) + 0.1 for w in model.weights]
        model.set_weights([np.ceil(v) if w.dtype == "int64" else v for v, w in zip(values, model.weights, strict=True)])
        x, y = random.uniform(-0.5, 0.5, (B, T, F)), random.standard_normal((B, 1))
        compare.require(compare.compare_model(model, x, y))
        back = twin.to_minirnn(twin.to_keras(model))
        np.testing.assert_array_equal(back.predict(x, verbose=0), model.predict(x, verbose=0))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_model_of_words_equals_its_twin(keras, dtype):
    with keras_side.precision(dtype):
        chain = [layers.Embedding(9, 4, mask_zero=True), layers.Bidirectional(layers.LSTM(3)), layers.Dense(1)]
        model = minirnn.Sequential([minirnn.Input((T,)), *chain])
        random = np.random.default_rng(0)
        model.set_weights([random.uniform(-1, 1, w.shape) for w in model.weights])
        x = random.integers(1, 9, (B, T))
        x[1:, 3:] = 0
        compare.require(compare.compare_model(model, x, random.standard_normal((B, 1)).astype(dtype)))
