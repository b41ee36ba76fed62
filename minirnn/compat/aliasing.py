"""`import keras` and `tensorflow.keras` mean minirnn: for scripts that say so and are to run as they are."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from minirnn.compat.tensorflow import TensorFlow, below_keras, module


class _Alias(MetaPathFinder, Loader):
    """Finds `keras`, `tensorflow.keras` and all below them as minirnn: the same module objects, under other names.

    The rest of `tensorflow` is a stand-in, unless TensorFlow itself was imported before.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        top = fullname.partition(".")[0]
        stands_in = top == "tensorflow" and isinstance(sys.modules.get(top) or TensorFlow(), TensorFlow)
        return ModuleSpec(fullname, self, is_package=True) if top == "keras" or stands_in else None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """None for what is of Keras: the module that an import begins with is replaced at once."""
        return module(spec) if _below_keras(spec.name) is None else None

    def exec_module(self, module: ModuleType) -> None:
        below = _below_keras(module.__name__)
        if below is not None:
            sys.modules[module.__name__] = import_module(f"minirnn{below}")


def _below_keras(name: str) -> str | None:
    """`.layers` for `keras.layers` and `tensorflow.keras.layers`, None for what is not of Keras."""
    return name.removeprefix("keras") if name.partition(".")[0] == "keras" else below_keras(name)


def as_keras() -> ExitStack:
    """From here on `import keras`, `from tensorflow.keras.layers import LSTM` and so on mean minirnn.

    `import tensorflow as tf` gives a stand-in with `tf.keras`, `tf.random.set_seed` and `tf.__version__`: anything else
    of it is a NotImplementedError once it is used. If TensorFlow itself is imported already, it stays what it is.

    For the rest of the process, or used as a context, ``with as_keras(): ..``, to its end. Raises RuntimeError if
    Keras itself has been imported already.

        import minirnn.compat
        minirnn.compat.as_keras()
        from keras.layers.recurrent import LSTM

    `minirnn run script.py` does so for a script that cannot be touched.
    """
    if "keras" in sys.modules and sys.modules["keras"].__name__ != "minirnn":
        raise RuntimeError("as_keras() came too late: Keras itself is imported already; call it before all imports")
    alias = _Alias()
    sys.meta_path.insert(0, alias)
    undo = ExitStack()
    undo.callback(_forget, alias)
    return undo


def _forget(alias: _Alias) -> None:
    if alias in sys.meta_path:
        sys.meta_path.remove(alias)
    if not any(isinstance(finder, _Alias) for finder in sys.meta_path):
        tops = ["keras"] + ["tensorflow"] * isinstance(sys.modules.get("tensorflow"), TensorFlow)
        for name in [name for name in sys.modules if name.partition(".")[0] in tops]:
            del sys.modules[name]
