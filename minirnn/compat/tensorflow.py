"""A stand-in for the module `tensorflow`, as far as scripts of `tf.keras` need it; nothing of TensorFlow is in it."""

from __future__ import annotations

from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

from minirnn.compat.absent import Absent, AbsentModule

WHY = "the script runs without TensorFlow, on tf.keras alone; use layers for what is trained, NumPy for arrays"
KERAS = ("tensorflow.keras", "tensorflow.python.keras")  # where TensorFlow keeps Keras


class TensorFlow(ModuleType):
    """`keras`, `random.set_seed` (and TensorFlow 1's `set_random_seed`), `__version__`; all else is absent."""

    # The first that came with Keras 3.
    __version__ = "2.16.0+minirnn"

    def __init__(self) -> None:
        super().__init__("tensorflow", "Stands in for TensorFlow while `import keras` means minirnn.")
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "keras":
            return import_module("minirnn")
        if name == "random":
            return SimpleNamespace(set_seed=_restart_seeds)
        return _restart_seeds if name == "set_random_seed" else Absent(f"tensorflow.{name}", WHY)


def _restart_seeds(seed: int) -> None:
    """minirnn's own seeds begin anew; Python's and NumPy's are left alone, as TensorFlow leaves them."""
    import_module("minirnn.random").restart(seed)


def below_keras(name: str) -> str | None:
    """`.layers` for `tensorflow.keras.layers`; None for what is not below one of `KERAS`."""
    for home in KERAS:
        if name == home or name.startswith(f"{home}."):
            return name.removeprefix(home)
    return None


def module(spec: ModuleSpec) -> ModuleType:
    """The module of an import that is not of Keras: importing it succeeds, using it says what it is."""
    return TensorFlow() if spec.name == "tensorflow" else AbsentModule(f"minirnn.{spec.name}", WHY)
