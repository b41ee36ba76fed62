"""Steps of an optimizer here and in Keras, from the same weights and gradients."""

from __future__ import annotations

import numpy as np

from minirnn import optimizers
from minirnn.layers.weight import TileLayout, Weight
from reference import keras_side

SHAPES = [(5, 3), (3,), (4, 2), (1, 1), (7, 19)]
# Gradients from large to tiny, where the place of epsilon shows.
SIZES = [1.0, 1e-3, 1e-7, 10.0, 0.1]
STEPS = 30
# Relative to the largest number of an array, as Keras adds up the same numbers in another order.
TOLERANCE = {"float32": 1e-6, "float64": 1e-10}


def weights_of(values, dtype):
    """Weights as a model has them: each in whole registers, padded with zeros."""
    weights = []
    for k, value in enumerate(values):
        weight = Weight(f"w{k}", value.shape, TileLayout(value.shape[-1], [[0]], 1, dtype), "layer")
        weight.assign(value)
        weights.append(weight)
    return weights


def some_values(rng, dtype="float64"):
    """Weights at unit scale: the largest number of each is at least 1."""
    values = [rng.standard_normal(shape).astype(dtype) for shape in SHAPES]
    for value in values:
        value.flat[0] = 1.5
    return values


def some_gradients(rng, dtype="float64", steps=STEPS):
    """Gradients for each step; in the third all are zero."""
    gradients = [
        [(size * rng.standard_normal(shape)).astype(dtype) for size, shape in zip(SIZES, SHAPES, strict=True)]
        for _ in range(steps)
    ]
    gradients[2] = [np.zeros_like(g) for g in gradients[2]]
    return gradients


def steps(optimizer, weights, gradients):
    """The parameters after each step."""
    optimizer.build(weights)
    optimizer.select(weights)
    after = []
    for step in gradients:
        for weight, gradient in zip(weights, step, strict=True):
            weight.layout.pack(gradient, weight.gradient)
        optimizer.apply()
        after.append([weight.numpy() for weight in weights])
    return after


def keras_steps(keras, optimizer, variables, gradients):
    """After each step, the parameters and what the optimizer keeps."""
    after, kept = [], []
    for step in gradients:
        tensors = [keras.ops.convert_to_tensor(g, v.dtype) for g, v in zip(step, variables, strict=True)]
        optimizer.apply(tensors, variables)
        after.append([v.numpy().copy() for v in variables])
        kept.append([v.numpy().copy() for v in optimizer.variables])
    return after, kept


def scales_of(histories):
    """The largest number that each array ever held: one that ends near zero keeps the rounding of its past."""
    return [max(np.abs(value).max() for value in history) for history in zip(*histories, strict=True)]


def compare(keras, rng, make, dtype, prepare=lambda optimizer, weights: None):
    """Run `make(optimizers)` here and in Keras; compare the parameters of every step and all that is kept at last.

    `prepare(optimizer, weights)` is called with each before the first step. Returns (ours, theirs, our weights,
    theirs).
    """
    values, gradients = some_values(rng, dtype), some_gradients(rng, dtype)
    with keras_side.precision(dtype):
        ours, theirs = make(optimizers), make(keras.optimizers)
        weights, variables = weights_of(values, dtype), [keras.Variable(value, dtype=dtype) for value in values]
        prepare(ours, weights)
        prepare(theirs, variables)
        after, kept = keras_steps(keras, theirs, variables, gradients)
    scales = scales_of([values, *after])
    for mine, other in zip(steps(ours, weights, gradients), after, strict=True):
        for weight, value, scale in zip(mine, other, scales, strict=True):
            np.testing.assert_allclose(weight, value, rtol=0, atol=TOLERANCE[dtype] * scale)
    for mine, other, scale in zip(ours.variables, theirs.variables, scales_of(kept), strict=True):
        assert (mine.shape, mine.dtype) == (tuple(other.shape), other.dtype)
        assert mine.numpy().shape == mine.shape and mine.numpy().dtype == mine.dtype
        np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=0, atol=TOLERANCE[dtype] * scale)
    return ours, theirs, weights, variables
