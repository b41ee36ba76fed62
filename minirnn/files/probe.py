"""The test vector of a file: what the model gave for a small input, to be compared with what it gives now.

The input is not kept: it is computed from its shape, the same everywhere. Of the outputs a few numbers are kept.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.files.errors import ModelFileError
from minirnn.files.limits import MOST_PROBED, MOST_PRODUCTS
from minirnn.layers.regularized import with_sublayers
from minirnn.utils.nested import flatten

KEPT = 64  # numbers of each output
STEPS = (4, 16, 64)  # for an axis that a model leaves open: the first that its layers can take
INDICES = 16  # what an input of integers counts to, if an Embedding does not say
# Sums in another order, on a machine with other registers: relative to the largest number.
TOLERANCE = {"float32": 1e-4, "float64": 1e-10}
_MULTIPLIER, _RANGE = 2654435761, 2**32  # Knuth's multiplicative hash


def test_vector(model: Any) -> list[NDArray[Any]] | None:
    """Numbers of each output for the test input, None for a model that cannot be asked so cheaply.

    Models with a `call` of their own, and whatever has layers of the caller's, are not asked.
    """
    shapes = input_shapes(model)
    if shapes is None:
        return None
    with _states_kept(model):
        outputs = model.predict_on_batch(_inputs(model, shapes))
    return [kept_of(np.asarray(y)) for y in flatten(outputs)]


def finite_vector(model: Any) -> list[NDArray[Any]] | None:
    """The test vector to be kept in a file; None for a model that has none, or whose outputs overflow."""
    found = test_vector(model)
    return found if found is not None and all(np.isfinite(y).all() for y in found) else None


def check_vector(model: Any, kept: list[NDArray[Any]], member: str) -> None:
    """Raise ModelFileError if the model gives other numbers than the file says."""
    found = test_vector(model)
    if found is None:
        raise ModelFileError(member, "a test vector that does not fit the model", "the one that was saved with it")
    compare(found, kept, member)


def compare(found: list[NDArray[Any]], kept: list[NDArray[Any]], member: str) -> None:
    """Raise ModelFileError where numbers found now differ from those that a file kept."""
    if [y.shape for y in found] != [y.shape for y in kept]:
        raise ModelFileError(member, "a test vector that does not fit the model", "the one that was saved with it")
    for number, (now, then) in enumerate(zip(found, kept, strict=True)):
        allowed = TOLERANCE.get(now.dtype.name, 0.0) * max(1.0, float(np.abs(then).max(initial=0.0)))
        away = float(np.abs(now - then).max(initial=0.0))
        if not away <= allowed:
            raise ModelFileError(
                member, f"output {number} of the test vector {away:.3g} away", f"at most {allowed:.3g}"
            )


def input_shapes(model: Any) -> list[tuple[int, ...]] | None:
    """The batch shapes of the test inputs, None for a model that is not asked."""
    if model.own_call or model.graph is None or any(layer.own_call for layer, *_ in model.graph.steps):
        return None
    for steps in STEPS:
        shapes = [(tensor.shape[0] or 1, *(n or steps for n in tensor.shape[1:])) for tensor in model.graph.inputs]
        try:
            values = model.graph.value_shapes(shapes)
        except ValueError:
            continue
        size, width = sum(map(math.prod, values)), max((max(w.shape, default=1) for w in model.weights), default=1)
        return shapes if size <= MOST_PROBED and size * width <= MOST_PRODUCTS else None
    return None


def test_input(shape: tuple[int, ...], dtype: str, limit: int) -> NDArray[Any]:
    """The test input of a shape: numbers from -1 to 1; where they are whole, from 0 on and below `limit`."""
    hashed = (np.arange(1, math.prod(shape) + 1, dtype=np.uint64) * np.uint64(_MULTIPLIER)) % np.uint64(_RANGE)
    if dtype.startswith("int"):
        return (hashed % np.uint64(limit)).astype(dtype).reshape(shape)
    return (hashed.astype(np.float64) / (_RANGE / 2) - 1.0).astype(dtype).reshape(shape)


def index_limit(model: Any, number: int) -> int:
    """What the numbers of an input are below, if they are whole."""
    return model.index_limits.get(number, ("", INDICES))[1]


def _inputs(model: Any, shapes: list[tuple[int, ...]]) -> Any:
    found = [
        test_input(shape, model.input_dtype(number), index_limit(model, number)) for number, shape in enumerate(shapes)
    ]
    structure = model.input
    if isinstance(structure, dict):
        return dict(zip(sorted(structure), found, strict=True))
    return found if len(found) > 1 else found[0]


def kept_of(y: NDArray[Any]) -> NDArray[Any]:
    """Evenly spaced numbers of an output."""
    flat = y.reshape(-1)
    return flat[:: max(1, -(-flat.size // KEPT))].copy()


@contextlib.contextmanager
def _states_kept(model: Any) -> Iterator[None]:
    """Let stateful layers begin from nothing in this block, and be as before after it."""
    layers = with_sublayers(model)
    stateful = [layer for layer in layers if getattr(layer, "stateful", False) and "states" in vars(layer)]
    before = [layer.states for layer in stateful]
    try:
        for layer in stateful:
            layer.states = None
        yield
    finally:
        for layer, states in zip(stateful, before, strict=True):
            layer.states = states
