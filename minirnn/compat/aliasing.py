"""`import keras` means minirnn: for scripts that say so and are to run as they are."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Alias(MetaPathFinder, Loader):
    """Finds `keras` and all below it as minirnn: the same module objects, under a second name."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self, is_package=True) if fullname.partition(".")[0] == "keras" else None

    def create_module(self, spec: ModuleSpec) -> None:
        """The module that an import begins with is replaced at once."""

    def exec_module(self, module: ModuleType) -> None:
        _, dot, rest = module.__name__.partition(".")
        sys.modules[module.__name__] = import_module(f"minirnn{dot}{rest}")


def as_keras() -> ExitStack:
    """From here on `import keras`, `from keras.layers import LSTM` and so on mean minirnn.

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
        for name in [name for name in sys.modules if name.partition(".")[0] == "keras"]:
            del sys.modules[name]
