"""The layers around recurrent ones, with their options; and what it takes to compare one with Keras's."""

from __future__ import annotations

import numpy as np

from minirnn import layers

B, T, F = 3, 7, 4
SEQUENCE = (None, T, F)
ROW = (None, 6)
CUBE = (None, 5, 3, 4)

CONVOLUTIONS = [
    ("Conv1D", {"filters": 5, "kernel_size": 3}, SEQUENCE),
    ("Conv1D", {"filters": 3, "kernel_size": 2, "padding": "same", "activation": "tanh"}, SEQUENCE),
    ("Conv1D", {"filters": 3, "kernel_size": 3, "padding": "same", "strides": 2, "use_bias": False}, SEQUENCE),
    (
        "Conv1D",
        {"filters": 2, "kernel_size": 2, "padding": "causal", "dilation_rate": 3, "activation": "elu"},
        SEQUENCE,
    ),
    ("Conv1D", {"filters": 2, "kernel_size": 2, "padding": "causal", "strides": 3}, SEQUENCE),
    ("Conv1D", {"filters": 2, "kernel_size": 9, "padding": "same", "dilation_rate": 2}, SEQUENCE),
    ("Conv1D", {"filters": 6, "kernel_size": 3, "groups": 2, "activation": "softmax"}, SEQUENCE),
    ("Conv1D", {"filters": 4, "kernel_size": 1, "groups": 4, "strides": 2}, SEQUENCE),
    ("Conv1D", {"filters": 37, "kernel_size": 7}, SEQUENCE),
]
POOLING = [
    ("MaxPooling1D", {}, SEQUENCE),
    ("MaxPooling1D", {"pool_size": 3, "strides": 2, "padding": "same"}, SEQUENCE),
    ("MaxPooling1D", {"pool_size": 2, "strides": 3}, SEQUENCE),
    ("AveragePooling1D", {"pool_size": 2}, SEQUENCE),
    ("AveragePooling1D", {"pool_size": 3, "strides": 1, "padding": "same"}, SEQUENCE),
    ("AveragePooling1D", {"pool_size": 2, "strides": 3, "padding": "same"}, SEQUENCE),
    ("GlobalMaxPooling1D", {}, SEQUENCE),
    ("GlobalMaxPooling1D", {"keepdims": True}, SEQUENCE),
    ("GlobalAveragePooling1D", {}, SEQUENCE),
    ("GlobalAveragePooling1D", {"keepdims": True}, SEQUENCE),
]
RESIZING = [
    ("UpSampling1D", {}, SEQUENCE),
    ("UpSampling1D", {"size": 3}, SEQUENCE),
    ("ZeroPadding1D", {}, SEQUENCE),
    ("ZeroPadding1D", {"padding": (0, 3)}, SEQUENCE),
    ("Cropping1D", {}, SEQUENCE),
    ("Cropping1D", {"cropping": (0, 2)}, SEQUENCE),
    ("Cropping1D", {"cropping": (3, 0)}, SEQUENCE),
    ("Permute", {"dims": (2, 1)}, SEQUENCE),
    ("Permute", {"dims": (3, 1, 2)}, CUBE),
    ("Permute", {"dims": (1,)}, ROW),
]
NORMALIZATIONS = [
    ("BatchNormalization", {}, SEQUENCE),
    ("BatchNormalization", {"momentum": 0.5, "epsilon": 0.1}, ROW),
    ("BatchNormalization", {"axis": 1, "scale": False}, SEQUENCE),
    ("BatchNormalization", {"axis": -2, "center": False}, CUBE),
    ("BatchNormalization", {"center": False, "scale": False, "synchronized": True}, SEQUENCE),
    ("BatchNormalization", {"renorm": True}, SEQUENCE),
    ("BatchNormalization", {"renorm": True, "renorm_clipping": {"rmax": 1.5, "rmin": 0.8, "dmax": 0.3}}, SEQUENCE),
    ("BatchNormalization", {"renorm": True, "renorm_momentum": 0.2, "scale": False, "axis": 1}, SEQUENCE),
    ("LayerNormalization", {}, SEQUENCE),
    ("LayerNormalization", {"epsilon": 0.1, "center": False}, ROW),
    ("LayerNormalization", {"axis": [1, 2], "scale": False}, SEQUENCE),
    ("LayerNormalization", {"axis": [-1, 1]}, CUBE),
    ("LayerNormalization", {"axis": 1}, SEQUENCE),
    ("LayerNormalization", {"rms_scaling": True}, SEQUENCE),
    ("LayerNormalization", {"rms_scaling": True, "axis": [1], "scale": False}, SEQUENCE),
    ("RMSNormalization", {}, SEQUENCE),
    ("RMSNormalization", {"axis": [2, 1], "epsilon": 0.1}, SEQUENCE),
    ("RMSNormalization", {"axis": -1, "epsilon": 0.0}, CUBE),
    ("GroupNormalization", {"groups": 2}, SEQUENCE),
    ("GroupNormalization", {"groups": -1, "axis": -2, "epsilon": 0.1}, CUBE),
    ("GroupNormalization", {"groups": 5, "axis": 1, "center": False}, CUBE),
    ("GroupNormalization", {"groups": 1, "scale": False}, ROW),
    ("UnitNormalization", {}, SEQUENCE),
    ("UnitNormalization", {"axis": [1, 2]}, SEQUENCE),
    ("UnitNormalization", {"axis": 1}, CUBE),
]
CASES = [*CONVOLUTIONS, *POOLING, *RESIZING, *NORMALIZATIONS]


def identify(case):
    name, options, shape = case
    return "-".join([name, *(f"{key}={value}" for key, value in options.items()), *(["cube"] if shape == CUBE else [])])


IDS = [identify(case) for case in CASES]


def random_weights(layer, rng):
    """Random values for a built layer's weights, variances and stddevs positive, in the order of both libraries."""
    values = [rng.uniform(-1, 1, tuple(w.shape)) for w in layer.weights]
    positive = [w.name.endswith(("variance", "stddev")) for w in layer.weights]
    return [abs(v) + 0.1 if sign else v for sign, v in zip(positive, values, strict=True)]


def pair(keras, rng, name, options, shape):
    """Our layer and Keras's, built, with the same random weights."""
    ours, theirs = getattr(layers, name)(**options), getattr(keras.layers, name)(**options)
    for layer in (ours, theirs):
        layer.build(shape)
    values = random_weights(theirs, rng)
    ours.set_weights(values)
    theirs.set_weights(values)
    return ours, theirs


def call_keras(layer, x, mask=None, training=False):
    """Keras's output as an array; a layer whose `call` knows no mask is not given one."""
    known = {} if mask is None else {"mask": mask}
    return np.asarray(layer(x, training=training, **known))


def keras_gradients(layer, x, dy, mask=None, training=True):
    """Keras's gradients of sum(layer(x) * dy): (dx, [those of its trainable weights])."""
    import tensorflow as tf

    x = tf.constant(x)
    known = {} if mask is None else {"mask": tf.constant(mask)}
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(layer(x, training=training, **known) * dy)
    dx, *d_weights = tape.gradient(total, [x, *(w.value for w in layer.trainable_weights)])
    return np.asarray(dx), [np.asarray(d) for d in d_weights]
