"""Keras on PyTorch."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras  # noqa: E402  (the backend is chosen before the import)
import torch  # noqa: E402

from benchmarks.contenders.keras_style import KerasStyle  # noqa: E402


class Entrant(KerasStyle):
    """Eager, as Keras runs on PyTorch unless told otherwise."""

    def __init__(self, threads: int) -> None:
        torch.set_flush_denormal(True)
        torch.set_num_threads(threads)
        self.keras = keras
        self.versions = {"keras": keras.__version__, "torch": torch.__version__}
