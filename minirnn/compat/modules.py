"""Modules under the paths that they had in Keras 1 and 2: `from minirnn.layers.core import Dense` finds minirnn.layers.

An older path is no file: a finder, asked by Python's import after all others, makes a module that passes every name on.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from minirnn.compat.spelling import warn_once

# Older path (below minirnn) -> where its names are now.
MOVED = {
    **{
        f"layers.{name}": "layers"
        for name in (
            "core", "recurrent", "recurrent_v2", "cudnn_recurrent", "merge", "embeddings", "wrappers", "convolutional",
            "pooling", "local", "noise", "normalization", "advanced_activations", "convolutional_recurrent",
        )
    },
    "engine": "layers",
    "engine.topology": "layers",
    "engine.base_layer": "layers",
    "engine.input_layer": "layers",
    "engine.training": "models",
    "engine.sequential": "models",
    "legacy": "layers",
    "legacy.layers": "layers",
    "utils.np_utils": "utils",
    "utils.vis_utils": "utils",
    "utils.data_utils": "utils",
    "utils.generic_utils": "utils",
    "utils.visualize_util": "utils",
    "objectives": "losses",
    "initializations": "initializers",
}  # fmt: skip


class OlderModule(ModuleType):
    """A module that has moved: every name is that of its new place."""

    def __init__(self, name: str, home: str) -> None:
        super().__init__(name, f"An older path of {home}.")
        self.__dict__["home"] = home
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        warn_once(self.__name__, self.home)
        return getattr(import_module(self.home), name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """`merge(tensors, mode="concat")` of Keras 1, whose function had the module's name."""
        if not self.__name__.endswith(".merge"):
            raise TypeError(f"{self.__name__} is a module; take a name out of it")
        return _merge(*args, **kwargs)


def _merge(inputs: Any, mode: str = "sum", concat_axis: int = -1, dot_axes: Any = -1, **options: Any) -> Any:
    layers = import_module("minirnn.layers")
    names = {"sum": "add", "mul": "multiply", "ave": "average", "max": "maximum", "concat": "concatenate", "dot": "dot"}
    if mode not in names:
        raise ValueError(f"merge knows the modes {', '.join(names)}, got {mode!r}")
    warn_once(f"merge(mode={mode!r})", f"minirnn.layers.{names[mode]}")
    arguments = {"concat": {"axis": concat_axis}, "dot": {"axes": dot_axes}}.get(mode, {})
    return getattr(layers, names[mode])(inputs, **arguments, **options)


class OlderModules(MetaPathFinder, Loader):
    """Finds the modules of `MOVED`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        top, _, rest = fullname.partition(".")
        return ModuleSpec(fullname, self, is_package=True) if top == "minirnn" and rest in MOVED else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return OlderModule(spec.name, f"minirnn.{MOVED[spec.name.partition('.')[2]]}")

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


def install() -> None:
    """Let imports find the older paths, after everything that is there."""
    if not any(isinstance(finder, OlderModules) for finder in sys.meta_path):
        sys.meta_path.append(OlderModules())
