"""What callers pass to a model, as lists of clean arrays: one for each input, one for each output."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import boundary
from minirnn.losses import NO_WEIGHTS
from minirnn.targets import as_sample_weight
from minirnn.training.sources import Batch
from minirnn.utils.nested import flatten


def inputs(model: Any, x: Any) -> list[NDArray[Any]]:
    """Clean input arrays in the order of the model's inputs; their rows agree, their shapes are not looked at yet."""
    if type(x) is np.ndarray and model.has_one_input:
        return [_checked(model, 0, boundary.as_input(x, "x", model.input_dtype(0)), "x")]
    parts = _parts(model, x)
    names = model.input_names if model.built and len(parts) > 1 else ["x"] * len(parts)
    titles = [name if name == "x" else f"x[{name!r}]" for name in names]
    arrays = [
        _checked(model, k, boundary.as_input(part, title, model.input_dtype(k)), title)
        for k, (part, title) in enumerate(zip(parts, titles, strict=True))
    ]
    if len({len(array) for array in arrays}) > 1:
        listed = ", ".join(f"{name!r} has {len(array)}" for name, array in zip(names, arrays, strict=True))
        raise ValueError(f"all inputs must hold equally many rows, but {listed}")
    return arrays


def _parts(model: Any, x: Any) -> list[Any]:
    """The entry of `x` for each input."""
    if x is None:
        raise TypeError("x: got None, expected an array of numbers")
    if isinstance(x, dict):
        if not model.built:
            raise ValueError(f"{model.name} has no named inputs yet: pass one array, or build it first")
        return model.values_in_order(x)
    if model.has_one_input:
        wrapped = isinstance(x, (list, tuple)) and len(x) == 1 and hasattr(x[0], "ndim")
        return [x[0]] if wrapped and model.built and x[0].ndim >= len(model.graph.inputs[0].shape) else [x]
    parts = list(x) if isinstance(x, (list, tuple)) else [x]
    if len(parts) != len(model.input_names):
        names = ", ".join(model.input_names)
        raise ValueError(f"{model.name} has {len(model.input_names)} inputs ({names}), got {len(parts)} arrays")
    return parts


def _checked(model: Any, number: int, array: NDArray[Any], title: str) -> NDArray[Any]:
    """The array in the rank that the model asks for; ValueError if it holds numbers that an Embedding does not know."""
    limit = model.index_limits.get(number)
    if limit is not None:
        boundary.check_indices(array, limit[1], f"{title}, read by {limit[0]}")
    return _with_rank(model, number, array)


def _with_rank(model: Any, number: int, array: NDArray[Any]) -> NDArray[Any]:
    """The array with an axis of length 1 at the end added or taken away, if the rank asks for it, as in Keras."""
    if not model.built:
        return array
    shape = model.graph.inputs[number].shape
    if array.ndim == len(shape):
        return array
    lengths = zip(array.shape[1:], shape[1:-1], strict=False)
    if array.ndim == len(shape) - 1 and shape[-1] == 1 and all(b in (None, a) for a, b in lengths):
        return array[..., None]
    return array[..., 0] if array.ndim == len(shape) + 1 and array.shape[-1] == 1 else array


def targets(model: Any, y: Any, shapes: list[tuple[int, ...]]) -> list[NDArray[Any] | None]:
    """Clean targets for outputs of these shapes; None for an output that has neither loss nor target."""
    names, objective = model.result_names, model.objective
    if len(shapes) == 1:
        part = model.only_entry(y, names)
        return [objective.target(0, part, shapes[0], model.output_dtype(0))]
    if isinstance(y, dict):
        unknown = [name for name in y if name not in names]
        if unknown:
            raise ValueError(f"y names the output {unknown[0]!r}, but the outputs are {', '.join(names)}")
        parts: list[Any] = [y.get(name) for name in names]
    else:
        parts = list(y) if isinstance(y, (list, tuple)) else [y]
        with_loss = [k for k, part in enumerate(objective.parts) if part.loss is not None]
        if len(parts) == len(with_loss) < len(names):
            parts = [parts[with_loss.index(k)] if k in with_loss else None for k in range(len(names))]
    if len(parts) != len(names):
        raise ValueError(f"y has {len(parts)} entries for {len(names)} outputs ({', '.join(names)}); give one for each")
    clean: list[NDArray[Any] | None] = []
    for k, (part, name, shape) in enumerate(zip(parts, names, shapes, strict=True)):
        if part is None and objective.parts[k].loss is None:
            clean.append(None)
        else:
            clean.append(objective.target(k, part, shape, model.output_dtype(k), f"y[{name!r}]"))
    return clean


def sample_weights(model: Any, given: Any, shapes: list[tuple[int, ...]]) -> list[NDArray[Any]]:
    """Clean weights for outputs of these shapes, empty arrays where there are none; one array counts for all."""
    names = model.result_names
    if given is None:
        return [NO_WEIGHTS] * len(shapes)
    if isinstance(given, dict):
        unknown = [name for name in given if name not in names]
        if unknown:
            raise ValueError(f"sample_weight names the output {unknown[0]!r}, but the outputs are {', '.join(names)}")
        parts = [given.get(name) for name in names]
    elif len(shapes) > 1 and isinstance(given, (list, tuple)) and len(given) == len(shapes) and _holds_arrays(given):
        parts = list(given)
    else:
        parts = [given] * len(shapes)
    return [
        NO_WEIGHTS if part is None else as_sample_weight(part, shape[:-1])
        for part, shape in zip(parts, shapes, strict=True)
    ]


def _holds_arrays(entries: Any) -> bool:
    return all(entry is None or np.ndim(entry) for entry in entries)


def class_weights(given: Any, y: NDArray[Any] | None, outputs: int) -> NDArray[Any]:
    """The weight of each sample from that of its class, 1 for a class that is not named.

    y holds class numbers (n, 1), or one-hot rows (n, classes). Raises as Keras does for several outputs, and
    ValueError for weights that are no dict of numbers of at least 0.
    """
    if not isinstance(given, dict):
        raise TypeError(f"class_weight must be a dict of class numbers and weights, got {type(given).__name__}")
    if outputs > 1 or y is None:
        raise ValueError("class_weight works for a single output; pass a list of sample_weight for several")
    if y.ndim != 2:
        raise ValueError(f"class_weight needs one class a sample, got targets of shape {y.shape}; pass sample_weight")
    for label, weight in given.items():
        if isinstance(weight, bool) or not isinstance(weight, (int, float, np.number)) or not weight >= 0:
            raise ValueError(f"class_weight of class {label!r} must be a number of at least 0, got {weight!r}")
    classes = y[:, 0] if y.shape[1] == 1 else y.argmax(axis=1)
    weights = np.ones(len(y))
    for label, weight in given.items():
        weights[classes == label] = weight
    return weights


def with_class_weights(batch: Batch, class_weight: Any, sample_weight: Any = None) -> Batch:
    """Checked (inputs, targets, weights), with the weights of classes as those of the samples, if there are any."""
    check_one_kind_of_weights(class_weight, sample_weight)
    if class_weight is None:
        return batch
    xs, ys, _ = batch
    return xs, ys, [class_weights(class_weight, ys[0], len(ys))]


def check_one_kind_of_weights(class_weight: Any, sample_weight: Any) -> None:
    """Raise ValueError if both kinds are given, as Keras does."""
    if class_weight is not None and sample_weight is not None:
        raise ValueError("class_weight and sample_weight cannot be given together; multiply them into one")


def check_rows(xs: list[NDArray[Any]], y: Any) -> None:
    """Raise ValueError unless targets (an array, or a list or dict of them) hold as many rows as the inputs."""
    if hasattr(y, "__len__") and not isinstance(y, (dict, list, tuple)):
        lengths = [len(y)]
    elif isinstance(y, dict) or (isinstance(y, (list, tuple)) and y and hasattr(y[0], "ndim") and y[0].ndim):
        lengths = [len(part) for part in flatten(y) if hasattr(part, "__len__")]
    else:
        lengths = [len(y)] if hasattr(y, "__len__") else []
    for length in lengths:
        if length != len(xs[0]):
            raise ValueError(f"x has {len(xs[0])} rows and y has {length}; they must be equally long")
