"""Names under the paths that they had in Keras 1 and 2: `from minirnn.layers.core import Dense` finds minirnn.layers.

An older path is no file: a finder, asked by Python's import after all others, makes a module that passes every name on.
`names_of(package)` is the `__getattr__` of minirnn's packages, asked for what they do not have.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from minirnn.choices import closest
from minirnn.compat import absent
from minirnn.compat.spelling import warn_once

# Older path (below minirnn) -> where its names are now.
MOVED = {
    **{
        f"layers.{name}": "layers"
        for name in (
            "advanced_activations", "convolutional", "convolutional_recurrent", "core", "cudnn_recurrent", "embeddings",
            "local", "merge", "noise", "normalization", "pooling", "recurrent", "recurrent_v2", "wrappers",
        )
    },
    "engine": "layers",
    "engine.base_layer": "layers",
    "engine.input_layer": "layers",
    "engine.topology": "layers",
    "engine.network": "models",
    "engine.saving": "models",
    "engine.sequential": "models",
    "engine.training": "models",
    "legacy": "layers",
    "legacy.layers": "layers",
    "initializations": "initializers",
    "objectives": "losses",
    "utils.data_utils": "utils",
    "utils.generic_utils": "utils",
    "utils.io_utils": "utils",
    "utils.layer_utils": "utils",
    "utils.np_utils": "utils",
    "utils.training_utils": "utils",
    "utils.vis_utils": "utils",
    "utils.visualize_util": "utils",
}  # fmt: skip

# Keras 2's short names of functions, among the losses and among the metrics.
_SHORT_NAMES = {
    "mse": "mean_squared_error", "MSE": "mean_squared_error", "mae": "mean_absolute_error",
    "MAE": "mean_absolute_error", "mape": "mean_absolute_percentage_error", "MAPE": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error", "MSLE": "mean_squared_logarithmic_error", "kld": "kl_divergence",
    "KLD": "kl_divergence", "kullback_leibler_divergence": "kl_divergence", "logcosh": "log_cosh",
}  # fmt: skip

# Package -> older name of a class or function -> its name now. The CuDNN layers take other arguments, see `_cudnn`.
RENAMED: dict[str, dict[str, str]] = {
    "layers": {
        "TimeDistributedDense": "Dense", "AtrousConvolution1D": "Conv1D", "CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU",
    },
    "losses": {**_SHORT_NAMES, "cosine": "cosine_similarity", "cosine_proximity": "cosine_similarity"},
    "metrics": _SHORT_NAMES,
    "utils": {"plot": "plot_model"},
    "constraints": {"maxnorm": "max_norm", "nonneg": "non_neg", "unitnorm": "unit_norm"},
    "regularizers": {
        "WeightRegularizer": "L1L2", "ActivityRegularizer": "L1L2", "l1l2": "l1_l2", "activity_l1": "l1",
        "activity_l2": "l2", "activity_l1l2": "l1_l2",
    },
}

# Modes of Keras 1's `merge` -> the function of `layers`, its argument for what the mode needs to know.
MERGE = {
    "sum": "add", "mul": "multiply", "ave": "average", "max": "maximum", "concat": "concatenate", "dot": "dot",
    "cos": "dot",
}  # fmt: skip

# What cuDNN computes and Keras 2's layers of its name did not take.
_NOT_IN_CUDNN = {"activation", "recurrent_activation", "use_bias", "dropout", "recurrent_dropout", "implementation",
                 "unroll", "reset_after"}  # fmt: skip


# --- names ---


def names_of(package: str) -> Callable[[str], Any]:
    """A `__getattr__` for a package of minirnn: older modules and classes, and stand-ins for what is not there."""
    below = package.partition(".")[2]

    def __getattr__(name: str) -> Any:
        path = f"{below}.{name}" if below else name
        if path in MOVED or path in absent.MODULES:
            return import_module(f"minirnn.{path}")
        new = RENAMED.get(below, {}).get(name)
        if new is not None:
            return _renamed(package, name, new)
        found = absent.stand_in(below, name)
        if found is None:
            said = f"module {package!r} has no attribute {name!r}{_nearest(package, name)}"
            # An `obj` of our own keeps Python from adding a guess to ours.
            raise AttributeError(said, name=name, obj=None)
        return found

    return __getattr__


def _nearest(package: str, name: str) -> str:
    """The public name nearest to one that is not there; nothing for those with which Python asks what a module is."""
    if name.startswith("_"):
        return ""
    inside = vars(sys.modules[package])
    own = [other for other, value in inside.items() if getattr(value, "__module__", package) == package]
    return closest(name, [other for other in inside.get("__all__", own) if not other.startswith("_")])


def _renamed(package: str, name: str, new: str) -> Any:
    warn_once(f"{package}.{name}", f"{package}.{new}")
    current = getattr(import_module(package), new)
    return _cudnn(name, current) if name.startswith("CuDNN") else current


def _cudnn(name: str, layer: type) -> Callable[..., Any]:
    def make(units: int, **arguments: Any) -> Any:
        for argument in arguments:
            if argument in _NOT_IN_CUDNN:
                raise TypeError(f"{name} got an unknown argument {argument!r}; {layer.__name__} takes it")
        return layer(units, **arguments)

    make.__name__ = make.__qualname__ = name
    make.__doc__ = f"{layer.__name__} as cuDNN computes it: tanh, sigmoid, biases; in a GRU, reset after the product."
    return make


def merge(inputs: Any, mode: Any = "sum", concat_axis: int = -1, dot_axes: Any = -1, name: str | None = None) -> Any:
    """Keras 1's `merge([a, b], mode="concat")`: what `layers.concatenate([a, b])` and its sisters do now.

    Raises ValueError for an unknown mode; a function as mode has become a layer of one's own.
    """
    if mode not in MERGE:
        raise ValueError(f"merge knows the modes {', '.join(map(repr, MERGE))}, got {mode!r:.60}")
    warn_once(f"merge(mode={mode!r})", f"layers.{MERGE[mode]}")
    dot = {"axes": dot_axes, "normalize": mode == "cos"}
    arguments = {"concat": {"axis": concat_axis}, "dot": dot, "cos": dot}.get(mode, {})
    return getattr(import_module("minirnn.layers"), MERGE[mode])(inputs, **arguments, name=name)


# --- modules ---


class OlderModule(ModuleType):
    """A module that has moved: every name is that of its new place."""

    def __init__(self, name: str, home: str) -> None:
        super().__init__(name, f"An older path of {home}.")
        self.__dict__["home"] = home
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)
        warn_once(self.__name__, self.home)
        return getattr(import_module(self.home), name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """`merge(tensors, mode="concat")` of Keras 1, whose function had the module's name."""
        if not self.__name__.endswith(".merge"):
            raise TypeError(f"{self.__name__} is a module; take a name out of it")
        return merge(*args, **kwargs)


class OlderModules(MetaPathFinder, Loader):
    """Finds the modules of `MOVED`, and stand-ins for absent ones."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        top, _, rest = fullname.partition(".")
        known = top == "minirnn" and (rest in MOVED or _why_absent(rest) is not None)
        return ModuleSpec(fullname, self, is_package=True) if known else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        path = spec.name.partition(".")[2]
        if path in MOVED:
            return OlderModule(spec.name, f"minirnn.{MOVED[path]}")
        return absent.AbsentModule(spec.name, _why_absent(path) or "")

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


def _why_absent(path: str) -> str | None:
    """Why there is no such module, or None if nothing is known of it."""
    above = sys.modules.get(f"minirnn.{path.rpartition('.')[0]}")
    return above.why if isinstance(above, absent.AbsentModule) else absent.MODULES.get(path)


def install() -> None:
    """Let imports find the older paths, after everything that is there."""
    if not any(isinstance(finder, OlderModules) for finder in sys.meta_path):
        sys.meta_path.append(OlderModules())
