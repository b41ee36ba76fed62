"""Keras on TensorFlow, with and without XLA."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras  # noqa: E402  (the backend is chosen before the import)
import tensorflow  # noqa: E402

from benchmarks.contenders.keras_style import KerasStyle  # noqa: E402


class Entrant(KerasStyle):
    """Keras's graph mode, compiled by XLA or run by TensorFlow's executor: XLA does not always win."""

    compile_options = {"XLA": {"jit_compile": True}, "graph": {"jit_compile": False}}
    unrolls = True

    def __init__(self, threads: int) -> None:
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
        self.keras = keras
        self.versions = {"keras": keras.__version__, "tensorflow": tensorflow.__version__}
