"""Keras on TensorFlow, imported quietly, and its answers as NumPy arrays: gradients come from tf.GradientTape."""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

import minirnn
from minirnn.utils.nested import flatten, map_leaves


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    """Close the file descriptor itself: TensorFlow's C++ writes to it before its own log level is read."""
    sys.stderr.flush()
    saved = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


@cache
def load() -> tuple[ModuleType, ModuleType]:
    """Keras and TensorFlow, the one running on the other.

    Raises:
        ModuleNotFoundError: either is not installed.
        RuntimeError: Keras was imported before, on another backend.
    """
    for name in ("keras", "tensorflow"):
        if importlib.util.find_spec(name) is None:
            raise ModuleNotFoundError(f"{name} is not installed; the comparison needs it: pip install keras tensorflow")
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["KERAS_BACKEND"] = "tensorflow"
    with _silent_stderr():
        import keras
        import tensorflow

        tensorflow.constant(0.0)
        tensorflow.get_logger().setLevel("ERROR")
    # Hundreds of thousands of objects that stay: every collection that looked through them again would take 0.2 s.
    gc.collect()
    gc.freeze()
    # It says that a model in a model destroys masks, and passes them on.
    warnings.filterwarnings("ignore", "Layer .* was passed an input with a mask attached", UserWarning)
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            f"Keras already runs on {keras.backend.backend()}; the comparison needs TensorFlow: "
            "start a new process with KERAS_BACKEND=tensorflow."
        )
    return keras, tensorflow


@contextlib.contextmanager
def precision(dtype: str) -> Iterator[None]:
    """Both libraries with everything in `dtype`: layers alone would leave loss and learning rate in float32."""
    keras, _ = load()
    own = minirnn.config.floatx()
    minirnn.config.set_floatx(dtype)
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(policy)
        minirnn.config.set_floatx(own)


def as_list(results: Any) -> list[np.ndarray]:
    """What a layer returned, one array or several, as a list of arrays."""
    several = results if isinstance(results, (list, tuple)) else [results]
    return [np.asarray(result) for result in several]


def _zeros_for_none(gradients: Sequence[Any], variables: Sequence[Any]) -> list[np.ndarray]:
    """TensorFlow says None where the result does not depend on the variable, and lists the rows in use of a table."""
    _, tf = load()
    return [
        np.zeros(v.shape) if g is None else tf.convert_to_tensor(g).numpy()
        for g, v in zip(gradients, variables, strict=True)
    ]


def model_gradients(model: Any, x: Any, y: Any) -> tuple[float, list[np.ndarray], Any]:
    """Loss of a compiled Keras model on one batch, its gradient for each trainable weight, and for x, in training mode.

    x and y are arrays, or lists or dicts of them; the gradient for several inputs is a list in the model's order.
    """
    _, tf = load()
    x, y = (map_leaves(lambda array: tf.constant(array, dtype=model.compute_dtype), given) for given in (x, y))
    weights, xs = [weight.value for weight in model.trainable_weights], flatten(x)
    with tf.GradientTape() as tape:
        tape.watch(xs)
        loss = model.compute_loss(x=x, y=y, y_pred=model(x, training=True))
    gradients = _zeros_for_none(tape.gradient(loss, [*weights, *xs]), [*weights, *xs])
    dxs = gradients[len(weights) :]
    return float(loss), gradients[: len(weights)], dxs[0] if len(dxs) == 1 else dxs


def layer_call(
    layer: Any, x: np.ndarray, initial_state: Sequence[np.ndarray] | None, mask: np.ndarray | None
) -> list[np.ndarray]:
    """Output and, with return_state, states of a Keras recurrent layer."""
    return as_list(layer(x, initial_state=None if initial_state is None else list(initial_state), mask=mask))


def layer_vjp(
    layer: Any,
    x: np.ndarray,
    dy: np.ndarray,
    initial_state: Sequence[np.ndarray] | None = None,
    mask: np.ndarray | None = None,
    d_states: Sequence[np.ndarray] | None = None,
    training: bool = False,
) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """Gradients of a Keras recurrent layer for x, each weight and each initial state, from those of its results."""
    _, tf = load()
    dtype = layer.compute_dtype
    x = tf.constant(x, dtype=dtype)
    states = [tf.constant(state, dtype=dtype) for state in initial_state or []]
    weights = [weight.value for weight in layer.trainable_weights]
    sources = [x, *weights, *states]
    with tf.GradientTape() as tape:
        tape.watch([x, *states])
        results = layer(x, initial_state=states or None, mask=mask, training=training)
        results = list(results) if isinstance(results, (list, tuple)) else [results]
    d_results = [tf.constant(d, dtype=dtype) for d in [dy, *(d_states or [])]]
    gradients = tape.gradient(results[: len(d_results)], sources, output_gradients=d_results)
    dx, *rest = _zeros_for_none(gradients, sources)
    return dx, rest[: len(weights)], rest[len(weights) :]
