"""Arguments and methods under the names that they had in Keras 1 and 2."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Mapping
from typing import Any

_warned: set[str] = set()


def warn_once(old: str, new: str, stacklevel: int = 3) -> None:
    """Warn, the first time in a process, that `old` is now spelled `new`."""
    if old not in _warned:
        _warned.add(old)
        warnings.warn(f"{old} is an older spelling: write {new}", DeprecationWarning, stacklevel=stacklevel + 1)


def forget_warnings() -> None:
    """Warn about every spelling again."""
    _warned.clear()


# --- arguments ---

LAYER = {
    "output_dim": "units",
    "nb_output": "units",
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
    "dims": "target_shape",
}
OPTIMIZER = {"lr": "learning_rate"}
MODEL = {"input": "inputs", "output": "outputs"}
FIT = {"nb_epoch": "epochs", "nb_val_samples": "validation_steps", "samples_per_epoch": "steps_per_epoch"}
CALLBACK = {"epsilon": "min_delta"}
# Arguments without a successor: what chose between implementations of the same computation, or between data layouts.
WITHOUT_EFFECT = {"consume_less", "input_dtype", "dim_ordering", "truncate_gradient"}
INITIALIZERS = {
    "uniform": "random_uniform", "normal": "random_normal", "one": "ones", "zero": "zeros",
    "glorot_uniform": "glorot_uniform", "orthogonal": "orthogonal",
}  # fmt: skip


def translated(
    kwargs: dict[str, Any], names: Mapping[str, str], owner: str, known: frozenset[str], stacklevel: int = 3
) -> dict[str, Any]:
    """`kwargs` with older names replaced, unless the owner still `known`s them. TypeError if both names are given."""
    old = [name for name in kwargs if name not in known and (name in names or name in WITHOUT_EFFECT)]
    if not old:
        return kwargs
    kwargs = dict(kwargs)
    for name in old:
        value = kwargs.pop(name)
        if name in WITHOUT_EFFECT:
            warn_once(f"{owner}({name}=)", "nothing: it has no effect", stacklevel + 1)
            continue
        new = names[name]
        if new in kwargs:
            raise TypeError(f"{owner} got both {name}= and {new}=, which are the same argument; keep {new}=")
        warn_once(f"{owner}({name}=)", f"{owner}({new}=)", stacklevel + 1)
        kwargs[new] = value
    return kwargs


def accepts_older(names: Mapping[str, str], owner: str | None = None) -> Callable[[Callable], Callable]:
    """A decorator for functions and constructors that take older names of their arguments, too."""

    def decorate(function: Callable) -> Callable:
        parameters = inspect.signature(function).parameters
        known = frozenset(parameters)

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if kwargs and not known.issuperset(kwargs):
                name = owner or (type(args[0]).__name__ if function.__name__ == "__init__" else function.__name__)
                kwargs = translated(kwargs, names, name, known)
            return function(*args, **kwargs)

        return call

    return decorate


def accept_in_constructor(cls: type, names: Mapping[str, str]) -> None:
    """Let the class's own `__init__` take older names."""
    if "__init__" in vars(cls):
        cls.__init__ = accepts_older(names)(cls.__init__)  # type: ignore[misc]


# --- methods ---


class OlderMethods:
    """Methods of models that Keras has dropped. `Model` inherits them."""

    def predict_classes(self: Any, x: Any, batch_size: int | None = None, verbose: Any = 0) -> Any:
        """The class of each row: the largest output, or for a single output whether it is above 1/2."""
        warn_once("model.predict_classes(x)", "model.predict(x).argmax(axis=-1), or (model.predict(x) > 0.5)")
        y = self.predict(x, batch_size=batch_size, verbose=verbose)
        return y.argmax(axis=-1) if y.shape[-1] > 1 else (y > 0.5).astype("int32")

    def predict_proba(self: Any, x: Any, batch_size: int | None = None, verbose: Any = 0) -> Any:
        """The same as `predict`."""
        warn_once("model.predict_proba(x)", "model.predict(x)")
        return self.predict(x, batch_size=batch_size, verbose=verbose)

    def fit_generator(
        self: Any, generator: Any, steps_per_epoch: int | None = None, epochs: int = 1, **kwargs: Any
    ) -> Any:
        """`fit` with a generator. `workers`, `use_multiprocessing` and `max_queue_size` change nothing."""
        warn_once("model.fit_generator(generator)", "model.fit(generator)")
        kwargs = translated(kwargs, FIT, "fit_generator", frozenset())
        epochs, steps_per_epoch = kwargs.pop("epochs", epochs), kwargs.pop("steps_per_epoch", steps_per_epoch)
        return self.fit(generator, steps_per_epoch=steps_per_epoch, epochs=epochs, **_without_workers(kwargs))

    def evaluate_generator(self: Any, generator: Any, steps: int | None = None, **kwargs: Any) -> Any:
        """`evaluate` with a generator."""
        warn_once("model.evaluate_generator(generator)", "model.evaluate(generator)")
        return self.evaluate(generator, steps=steps, **{"verbose": 0, **_without_workers(kwargs)})

    def predict_generator(self: Any, generator: Any, steps: int | None = None, **kwargs: Any) -> Any:
        """`predict` with a generator."""
        warn_once("model.predict_generator(generator)", "model.predict(generator)")
        return self.predict(generator, steps=steps, **{"verbose": 0, **_without_workers(kwargs)})


def _without_workers(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Reading ahead in other processes is not done here, and changes no number."""
    ahead = {"workers", "use_multiprocessing", "max_queue_size", "max_q_size", "nb_worker", "pickle_safe"}
    return {name: value for name, value in kwargs.items() if name not in ahead}
