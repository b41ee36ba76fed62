"""Every loss with its options, data that suit it, and Keras's answer to them."""

from __future__ import annotations

import numpy as np

from minirnn import losses

R, N = 6, 4
# What may differ: rounding, and in float32 Keras's own sums in float32.
RTOL = {"float32": 2e-5, "float64": 1e-12}
ATOL = {"float32": 1e-6, "float64": 1e-13}

BINARY_FOCAL = {"apply_class_balancing": True, "alpha": 0.3, "gamma": 1.5, "label_smoothing": 0.1}
CATEGORICAL_FOCAL = {"alpha": 0.4, "gamma": 1.5, "label_smoothing": 0.1}
CASES = [
    ("MeanSquaredError", {}),
    ("MeanAbsoluteError", {}),
    ("MeanAbsolutePercentageError", {}),
    ("MeanSquaredLogarithmicError", {}),
    ("Huber", {}),
    ("Huber", {"delta": 0.3}),
    ("LogCosh", {}),
    ("CosineSimilarity", {}),
    ("KLDivergence", {}),
    ("Poisson", {}),
    ("Hinge", {}),
    ("SquaredHinge", {}),
    ("CategoricalHinge", {}),
    ("BinaryCrossentropy", {}),
    ("BinaryCrossentropy", {"label_smoothing": 0.1}),
    ("BinaryCrossentropy", {"from_logits": True}),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}),
    ("BinaryFocalCrossentropy", {}),
    ("BinaryFocalCrossentropy", BINARY_FOCAL),
    ("BinaryFocalCrossentropy", {"from_logits": True} | BINARY_FOCAL),
    ("CategoricalCrossentropy", {}),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}),
    ("CategoricalCrossentropy", {"from_logits": True}),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}),
    ("CategoricalFocalCrossentropy", {}),
    ("CategoricalFocalCrossentropy", CATEGORICAL_FOCAL),
    # Keras makes float32 of a list: these are numbers that it holds.
    ("CategoricalFocalCrossentropy", {"alpha": [0.125, 0.25, 0.5, 0.75]}),
    ("CategoricalFocalCrossentropy", {"from_logits": True} | CATEGORICAL_FOCAL),
    ("SparseCategoricalCrossentropy", {}),
    ("SparseCategoricalCrossentropy", {"from_logits": True}),
    ("SparseCategoricalCrossentropy", {"ignore_class": 2}),
    ("SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": -1}),
]
IDS = ["-".join([name, *options]) for name, options in CASES]
OF_RATES = ("MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "Poisson", "KLDivergence")


def example(name, options, dtype, rng, shape=(R, N)):
    """Targets and predictions that suit a loss."""
    a = rng.standard_normal(shape)
    if name in OF_RATES:
        return rng.uniform(0.1, 0.9, shape).astype(dtype), rng.uniform(0.1, 0.9, shape).astype(dtype)
    if "Hinge" in name:
        labels = rng.integers(0, shape[-1], shape[:-1])
        y = np.eye(shape[-1])[labels] if name == "CategoricalHinge" else rng.integers(0, 2, shape)
        return y.astype(dtype), a.astype(dtype)
    if "Crossentropy" not in name:
        return rng.standard_normal(shape).astype(dtype), a.astype(dtype)
    if name.startswith("Binary"):
        y, p = rng.integers(0, 2, shape), 1 / (1 + np.exp(-a))
    else:
        labels = rng.integers(0, shape[-1], shape[:-1])
        p = np.exp(a) / np.exp(a).sum(-1, keepdims=True)
        if name.startswith("Sparse"):
            labels.reshape(-1)[1] = options.get("ignore_class") or 0
            return labels, (a if options.get("from_logits") else p).astype(dtype)
        y = np.eye(shape[-1])[labels]
    return y.astype(dtype), (a if options.get("from_logits") else p).astype(dtype)


def value_and_gradient(loss, y, p, weights=None, mask=None):
    dp = np.empty_like(p)
    y = loss.as_target(y, p.shape, p.dtype)
    weights = losses.NO_WEIGHTS if weights is None else np.asarray(weights, np.float64)
    return loss.compute(y, p, weights, dp, mask), dp


def keras_value_and_gradient(loss, y, p, weights=None, mask=None):
    import tensorflow as tf
    from keras.src.backend import set_keras_mask

    p = tf.constant(p)
    with tf.GradientTape() as tape:
        tape.watch(p)
        if mask is not None:
            set_keras_mask(p, tf.constant(mask))
        value = loss(y, p, sample_weight=weights)
    return float(value), np.asarray(tape.gradient(value, p))


def twins(keras, name, options, dtype, **more):
    return getattr(losses, name)(**options, **more), getattr(keras.losses, name)(**options, **more, dtype=dtype)
