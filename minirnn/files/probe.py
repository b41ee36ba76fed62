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
    shapes = _input_shapes(model)
    if shapes is None:
        return None
    with _states_kept(model):
        outputs = model.predict_on_batch(_inputs(model, shapes))
    found = outputs if isinstance(outputs, list) else list(outputs.values()) if isinstance(outputs, dict) else [outputs]
    return [_kept(np.asarray(y)) for y in found]


def check_vector(model: Any, kept: list[NDArray[Any]], member: str) -> None:
    """Raise ModelFileError if the model gives other numbers than the file says."""
    found = test_vector(model)
    if found is None or [y.shape for y in found] != [y.shape for y in kept]:
        raise ModelFileError(member, "a test vector that does not fit the model", "the one that was saved with it")
    for number, (now, then) in enumerate(zip(found, kept, strict=True)):
        allowed = TOLERANCE.get(now.dtype.name, 0.0) * max(1.0, float(np.abs(then).max(initial=0.0)))
        away = float(np.abs(now - then).max(initial=0.0))
        if not away <= allowed:
            raise ModelFileError(
                member, f"output {number} of the test vector {away:.3g} away", f"at most {allowed:.3g}"
            )


def _input_shapes(model: Any) -> list[tuple[int, ...]] | None:
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


def _inputs(model: Any, shapes: list[tuple[int, ...]]) -> Any:
    limits = model.index_limits
    found = []
    for number, shape in enumerate(shapes):
        hashed = (np.arange(1, math.prod(shape) + 1, dtype=np.uint64) * np.uint64(_MULTIPLIER)) % np.uint64(_RANGE)
        dtype = model.input_dtype(number)
        if dtype.startswith("int"):
            values: NDArray[Any] = hashed % np.uint64(limits.get(number, ("", INDICES))[1])
        else:
            values = hashed.astype(np.float64) / (_RANGE / 2) - 1.0
        found.append(values.astype(dtype).reshape(shape))
    structure = model.input
    if isinstance(structure, dict):
        return dict(zip(sorted(structure), found, strict=True))
    return found if len(found) > 1 else found[0]


def _kept(y: NDArray[Any]) -> NDArray[Any]:
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
