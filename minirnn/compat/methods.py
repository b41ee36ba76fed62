"""Methods of models that Keras has dropped."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from minirnn.boundary import whole
from minirnn.compat.spelling import FIT, RUN, translated, warn_once


class OlderMethods:
    """`Model` inherits these."""

    def predict_classes(self: Any, x: Any, batch_size: int | None = None, verbose: Any = 0) -> Any:
        """The class of each row: the largest output, or for a single output whether it is above 1/2.

        Raises ValueError for a model with several outputs.
        """
        warn_once("model.predict_classes(x)", "model.predict(x).argmax(axis=-1), or model.predict(x) > 0.5")
        y = self.predict(x, batch_size=batch_size, verbose=verbose)
        if not isinstance(y, np.ndarray):
            raise ValueError(f"predict_classes needs a model with one output, {self.name} has {len(y)}; use predict")
        return y.argmax(axis=-1) if y.shape[-1] > 1 else (y > 0.5).astype("int32")

    def predict_proba(self: Any, x: Any, batch_size: int | None = None, verbose: Any = 0) -> Any:
        """The same as `predict`."""
        warn_once("model.predict_proba(x)", "model.predict(x)")
        return self.predict(x, batch_size=batch_size, verbose=verbose)

    def fit_generator(self: Any, generator: Any, *arguments: Any, **kwargs: Any) -> Any:
        """`fit` with a generator, `fit_generator(generator, steps_per_epoch, epochs, ..)`, the rest as `fit` has it.

        In Keras 1 it was `fit_generator(generator, samples_per_epoch, nb_epoch, ..)`: rows are counted instead of
        batches if `samples_per_epoch`, or `nb_epoch` by name, is given, and `nb_val_samples` counts those of
        validation. Then all batches are taken to have as many rows as the first.
        """
        warn_once("model.fit_generator(generator)", "model.fit(generator)")
        in_rows = "nb_epoch" in kwargs and "steps_per_epoch" not in kwargs
        order = ("samples_per_epoch" if in_rows else "steps_per_epoch", "epochs", *_FURTHER)
        kwargs = _by_name(arguments, order, translated(kwargs, _FIT, "fit_generator"), "fit_generator")
        generator = _in_batches(generator, kwargs, "samples_per_epoch", "steps_per_epoch")
        if isinstance(kwargs.get("validation_data"), (tuple, list)):
            kwargs.pop("nb_val_samples", None)  # Keras 1, too, takes all rows of arrays
        elif "nb_val_samples" in kwargs:
            held_out = _in_batches(kwargs.get("validation_data"), kwargs, "nb_val_samples", "validation_steps")
            kwargs["validation_data"] = held_out
        return self.fit(generator, **kwargs)

    def evaluate_generator(self: Any, generator: Any, *arguments: Any, **kwargs: Any) -> Any:
        """`evaluate` with a generator, `evaluate_generator(generator, steps)`; Keras 1's `val_samples=` counts rows."""
        warn_once("model.evaluate_generator(generator)", "model.evaluate(generator)")
        generator, kwargs = _for_a_run(generator, arguments, kwargs, "evaluate_generator")
        return self.evaluate(generator, **kwargs)

    def predict_generator(self: Any, generator: Any, *arguments: Any, **kwargs: Any) -> Any:
        """`predict` with a generator, `predict_generator(generator, steps)`; Keras 1's `val_samples=` counts rows."""
        warn_once("model.predict_generator(generator)", "model.predict(generator)")
        generator, kwargs = _for_a_run(generator, arguments, kwargs, "predict_generator")
        return self.predict(generator, **kwargs)


_FURTHER = ("verbose", "callbacks", "validation_data", "validation_steps")
_FIT = {**FIT, "pickle_safe": None}
_RUN = {**RUN, "pickle_safe": None}


def _by_name(arguments: tuple, order: tuple[str, ...], kwargs: dict[str, Any], owner: str) -> dict[str, Any]:
    """All arguments by name. TypeError for more than there are names, or one that is given twice."""
    if len(arguments) > len(order):
        raise TypeError(f"{owner} takes {len(order)} arguments by position after the generator, got {len(arguments)}")
    for name in order[: len(arguments)]:
        if name in kwargs:
            raise TypeError(f"{owner} got {name} twice, by position and by name")
    return {**dict(zip(order, arguments, strict=False)), **kwargs}


def _for_a_run(generator: Any, arguments: tuple, kwargs: dict[str, Any], owner: str) -> tuple[Any, dict[str, Any]]:
    kwargs = {"verbose": 0, **_by_name(arguments, ("steps",), translated(kwargs, _RUN, owner), owner)}
    return _in_batches(generator, kwargs, "val_samples", "steps"), kwargs


def _in_batches(data: Any, kwargs: dict[str, Any], rows: str, steps: str) -> Any:
    """Turn a count of rows among `kwargs` into one of batches, by the rows of the first batch; gives the data back."""
    if rows not in kwargs:
        return data
    count = whole(kwargs.pop(rows), rows)
    if steps in kwargs:
        raise TypeError(f"got both {rows}= and {steps}=, which say the same in rows and in batches; keep {steps}=")
    warn_once(f"{rows}=", f"{steps}=, which counts batches instead of rows")
    if hasattr(data, "__next__"):
        first = next(data, None)
        data = itertools.chain([first], data)
    else:
        first = data[0]
    kwargs[steps] = math.ceil(count / _rows_of(first))
    return data


def _rows_of(batch: Any) -> int:
    """How many rows a batch has: x, (x, y) or (x, y, sample_weight), where x may be a list or dict of inputs."""
    while isinstance(batch, (tuple, list, dict)):
        batch = next(iter(batch.values() if isinstance(batch, dict) else batch))
    return len(batch)
