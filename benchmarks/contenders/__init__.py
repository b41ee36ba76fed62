"""One file for each library in the race, each with a class `Entrant`."""

from __future__ import annotations

# Name on the command line and in reports -> module. The order is the order of columns in reports.
CONTENDERS = {
    "minirnn": "benchmarks.contenders.minirnn",
    "torch": "benchmarks.contenders.torch",
    "onnxruntime": "benchmarks.contenders.onnxruntime",
    "keras-tensorflow": "benchmarks.contenders.keras_tensorflow",
    "keras-jax": "benchmarks.contenders.keras_jax",
    "keras-torch": "benchmarks.contenders.keras_torch",
}
