"""Arguments and attributes under the names that they had in Keras 1 and 2: tables, and what reads them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

from minirnn.choices import closest

F = TypeVar("F", bound=Callable)

# --- one warning a spelling ---

_warned: set[str] = set()


def warn_once(old: str, new: str) -> None:
    """Warn, the first time in a process, that `old` is now spelled `new`; at the line outside minirnn that led here."""
    from minirnn.utils.notices import warn_caller  # here, so that `import minirnn` does without NumPy

    if old not in _warned:
        _warned.add(old)
        warn_caller(f"{old} is an older spelling: write {new}", DeprecationWarning)


def forget_warnings() -> None:
    """Warn about every spelling again."""
    _warned.clear()


# --- arguments ---


class Kept(str):
    """In a table: what to write instead of an argument that is still taken under its old name."""


# Old name of an argument -> its new one; None: it chose between ways to the same numbers, and has no successor;
# an empty name: it is still taken under its old one, silently.
Names = Mapping[str, str | None]

_AHEAD: Names = dict.fromkeys(("workers", "use_multiprocessing", "max_queue_size", "max_q_size", "nb_worker"))
LAYER: Names = {
    "output_dim": "units",
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "bias": "use_bias",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "U_constraint": "recurrent_constraint",
    "b_constraint": "bias_constraint",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "p": "rate",
    "sigma": "stddev",
    "dims": "target_shape",
    "consume_less": None,
    "input_dtype": None,
    "batch_input_shape": Kept("keras.Input(batch_shape=(batch, time, features)) before the layer"),
    "input_length": Kept("keras.Input(shape=(time, features)) before the layer"),
}
_POOLING: Names = {"pool_length": "pool_size", "stride": "strides", "border_mode": "padding"}
LAYER_BY_CLASS: Mapping[str, Names] = {
    "Conv1D": {
        "nb_filter": "filters",
        "filter_length": "kernel_size",
        "subsample_length": "strides",
        "border_mode": "padding",
        "atrous_rate": "dilation_rate",
    },
    "_Pooling": _POOLING,  # whose __init__ is that of MaxPooling1D
    "AveragePooling1D": _POOLING,
    "UpSampling1D": {"length": "size"},
    "BatchNormalization": {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
    "PReLU": {"init": "alpha_initializer"},
    "InputLayer": {"input_shape": "shape", "batch_input_shape": "batch_shape"},
    "Embedding": {
        "init": "embeddings_initializer",
        "input_length": "",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
    },
    "LeakyReLU": {"alpha": "negative_slope"},
}
OPTIMIZER: Names = {"lr": "learning_rate"}
MODEL: Names = {"input": "inputs", "output": "outputs"}
COMPILE: Names = {"sample_weight_mode": None}
FIT: Names = {"nb_epoch": "epochs", **_AHEAD}
RUN: Names = _AHEAD  # evaluate, predict
CALLBACK: Names = {"epsilon": "min_delta"}
CATEGORIES: Names = {"nb_classes": "num_classes", "y": "x"}
TOKENIZER: Names = {"nb_words": "num_words"}


def translated(kwargs: dict[str, Any], names: Names, owner: str, known: frozenset[str] = frozenset()) -> dict[str, Any]:
    """`kwargs` with older names replaced, but for those that the owner `known`s. TypeError if both names are given."""
    result = dict(kwargs)
    for old in [name for name in kwargs if name in names and name not in known]:
        new, value = names[old], result.pop(old)
        if new == "":
            result[old] = value
        elif new is None:
            warn_once(f"{old}=", "nothing, as it has no effect")
        elif isinstance(new, Kept):
            warn_once(f"{old}=", new)
            result[old] = value
        elif new in result:
            raise TypeError(f"{owner} got both {old}= and {new}=, which are the same argument; keep {new}=")
        else:
            warn_once(f"{old}=", f"{new}=")
            result[new] = value
    return result


def accepts_older(names: Names, none_is_default: frozenset[str] = frozenset()) -> Callable[[F], F]:
    """A decorator for functions and constructors that take older names of their arguments, too.

    For an argument that is unknown under either name they raise TypeError with the nearest one.
    A None for an argument in `none_is_default` is left out, as older configurations spelled the default.
    """

    def decorate(function: F) -> F:
        parameters = inspect.signature(function).parameters
        known = frozenset(parameters)
        required = [p.name for p in parameters.values() if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
        takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        taken = known.union(getattr(function, "older_names", ()))  # a function may be decorated twice

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if not kwargs:
                return function(*args)
            if not known.issuperset(kwargs):
                owner = type(args[0]).__name__ if function.__name__ == "__init__" else function.__name__
                kwargs = translated(kwargs, names, owner, known)
                unknown = next((name for name in kwargs if name not in taken), None)
                if unknown is not None and not takes_any:
                    raise unknown_argument(owner, unknown, known)
                # Python would say that one is missing, and nothing of the other, which was meant to be it.
                if unknown is not None and closest(unknown, set(required[len(args) :]) - kwargs.keys()):
                    raise unknown_argument(owner, unknown, required[len(args) :])
            for name in none_is_default & kwargs.keys() if none_is_default else ():
                if kwargs[name] is None:
                    warn_once(f"{name}=None", "nothing, for the default")
                    del kwargs[name]
            return function(*args, **kwargs)

        call.older_names = frozenset(names)  # type: ignore[attr-defined]
        return cast(F, call)

    return decorate


def names_nearest(function: F) -> F:
    """A decorator for a function whose arguments have no older names: to an unknown one it names the nearest."""
    return accepts_older({})(function)


def unknown_argument(owner: str, name: str, known: Iterable[str]) -> TypeError:
    """The error for an argument that is none of the `known`, with the nearest of them."""
    return TypeError(f"{owner} got an unknown argument {name!r}{closest(name, set(known) - _NOT_NAMES)}")


_NOT_NAMES = {"self", "args", "kwargs", "older", "options", "arguments", "accepted"}


def arguments_of(cls: type) -> set[str]:
    """The names of all arguments that the constructors of a class and its bases take."""
    constructors = [vars(base)["__init__"] for base in cls.__mro__ if "__init__" in vars(base)]
    return {name for constructor in constructors for name in inspect.signature(constructor).parameters}


def check_arguments(cls: type) -> None:
    """Let the `__init__` of one of minirnn's own classes name the nearest argument to an unknown one."""
    if "__init__" in vars(cls) and cls.__module__.startswith("minirnn."):
        cls.__init__ = accepts_older({})(cls.__init__)  # type: ignore[misc]


def accept_in_layer(cls: type) -> None:
    """Let the `__init__` of one of minirnn's own layers take older names; a class of the user's own may mean others."""
    if "__init__" in vars(cls) and cls.__module__.startswith("minirnn."):
        decorate = accepts_older({**LAYER, **LAYER_BY_CLASS.get(cls.__name__, {})})
        cls.__init__ = decorate(cls.__init__)  # type: ignore[misc]


def accept_in_optimizer(cls: type) -> None:
    """Let the class's own `__init__` take older names, and `epsilon=None`."""
    if "__init__" in vars(cls):
        cls.__init__ = accepts_older(OPTIMIZER, frozenset({"epsilon"}))(cls.__init__)  # type: ignore[misc]


def with_decay(learning_rate: Any, decay: float | None) -> Any:
    """The learning rate with the `decay` of Keras 1 and 2: the schedule rate / (1 + decay * steps so far).

    Raises TypeError if the rate has a schedule already, ValueError for a decay below 0.
    """
    from importlib import import_module

    if decay is None:
        return learning_rate
    warn_once("decay=", "learning_rate=schedules.InverseTimeDecay(rate, decay_steps=1, decay_rate=decay)")
    if callable(learning_rate):
        raise TypeError("decay= goes with a number as learning_rate, got a schedule; leave decay= out")
    schedules = import_module("minirnn.optimizers.schedules")
    return schedules.InverseTimeDecay(learning_rate, 1, decay) if decay != 0 else learning_rate


# --- attributes ---


def renamed_attribute(old: str, new: str) -> property:
    """The attribute `new` under its old name, read and set."""

    def read(self: Any) -> Any:
        warn_once(f".{old}", f".{new}")
        return getattr(self, new)

    def write(self: Any, value: Any) -> None:
        warn_once(f".{old}", f".{new}")
        setattr(self, new, value)

    return property(read, write, doc=f"Older name of `{new}`.")
