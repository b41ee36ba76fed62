"""Keras on JAX, which always compiles with XLA."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"

import jax  # noqa: E402  (the backend is chosen before the import)
import keras  # noqa: E402

from benchmarks.contenders.keras_style import KerasStyle  # noqa: E402


class Entrant(KerasStyle):
    """JAX sizes its thread pool by the cores the process may use: the worker has limited those already.

    It takes no steps of a stream: on this backend `predict_on_batch` does not keep the states of a stateful layer.
    """

    modes = ("inference", "training", "fit", "predict")
    unrolls = True

    def __init__(self, threads: int) -> None:
        self.keras = keras
        self.versions = {"keras": keras.__version__, "jax": jax.__version__}
