"""What an optimizer keeps in the `.h5` files of Keras 1 to 3: the group `optimizer_weights`, a list of arrays.

| Keras | order |
|---|---|
| 3 | as in `Optimizer.variables` |
| 2.11 and later | steps, sometimes the learning rate, then slots as in Keras 3: of one weight after the other |
| before | steps, then one slot of all weights after the other |

What fits into none of these is left, as Keras leaves it: training begins anew, with a warning.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from minirnn.files.errors import ModelFileError
from minirnn.files.finite import finite
from minirnn.files.legacy_weights import LegacyWeights
from minirnn.layers.weight import Weight
from minirnn.utils.notices import warn_caller

OPTIMIZER = "optimizer_weights"
# Slots in the order of Keras 1 and 2, of those optimizers that keep in Keras 3 what they kept then.
_SLOTS = {
    "SGD": ("momentum",), "RMSprop": ("velocity", "momentum", "average_gradient"), "Adagrad": ("accumulator",),
    "Adam": ("momentum", "velocity", "velocity_hat"), "Adamax": ("momentum", "norm"),
}  # fmt: skip
_WITHOUT_STEPS = ("RMSprop", "Adagrad")  # which did not always keep the count, and compute nothing from it

Found = list[tuple[Any, NDArray[Any]]]


def read_optimizer(weights: LegacyWeights, model: Any, by_weights: bool) -> Found:
    """Each variable of a compiled model's optimizer with its array; the optimizer is built if the file has its slots.

    `by_weights` says in which order the slots of Keras 2 are. Raises ModelFileError for arrays that are none or hold
    what is no finite number; an order that is not understood ends in nothing, and a warning.
    """
    trained, optimizer = model.trainable_weights, model.optimizer
    if not weights.has_group(OPTIMIZER) or not trained:
        return []
    arrays = [finite(array, OPTIMIZER) for array in weights.arrays(OPTIMIZER)]
    found = _as_in_keras3(optimizer, trained, arrays) if weights.version()[0] > 2 else None
    if weights.version()[0] < 3:
        found = _as_in_keras2(optimizer, trained, arrays, by_weights)
    if found is None:
        warn_caller(f"{optimizer.name} begins anew: what it kept in the file is of another kind or order")
    for variable, array in found or ():
        if variable.name == "iteration" and not 0 <= float(array) < 2**53:
            raise ModelFileError(OPTIMIZER, f"{float(array):g} steps", "a count of steps")
    return found or []


def _as_in_keras3(optimizer: Any, trained: list[Weight], arrays: list[NDArray[Any]]) -> Found | None:
    if len(arrays) > len(optimizer.variables):
        optimizer.build(trained)
    fits = [array.shape for array in arrays] == [variable.shape for variable in optimizer.variables]
    return list(zip(optimizer.variables, arrays, strict=True)) if fits else None


def _as_in_keras2(optimizer: Any, trained: list[Weight], arrays: list[NDArray[Any]], by_weights: bool) -> Found | None:
    scalars, slots = _split(arrays)
    order = _order(optimizer, len(trained), by_weights)
    if order is None or not (scalars or type(optimizer).__name__ in _WITHOUT_STEPS):
        return None
    if len(slots) > len(order) and (not order or all(array.shape == (1,) for array in slots[len(order) :])):
        slots = slots[: len(order)]  # kept by Keras 2 whatever the optimizer needs
    if [array.shape for array in slots] != [trained[place].shape for _, place in order]:
        return None
    optimizer.build(trained)
    variables = optimizer.variables
    own = dict(zip(_order(optimizer, len(trained), True) or (), variables[len(variables) - len(order) :], strict=True))
    found = list(zip(variables, scalars, strict=False))[: len(variables) - len(order)]
    return found + [(own[key], array) for key, array in zip(order, slots, strict=True)]


def _split(arrays: list[NDArray[Any]]) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
    """The count of steps and perhaps the learning rate, and the rest."""
    count = 0
    while count < min(2, len(arrays)) and arrays[count].ndim == 0:
        count += 1
    return arrays[:count], arrays[count:]


def _order(optimizer: Any, count: int, by_weights: bool) -> list[tuple[str, int]] | None:
    """(slot, number of the weight) of each array of the file; None if that is not known."""
    groups = optimizer.slot_groups()
    if optimizer.use_ema or optimizer.gradient_accumulation_steps is not None or optimizer.own_variables():
        return None
    if by_weights:
        return [(slot, place) for group in groups for place in range(count) for slot in group]
    names = {slot for group in groups for slot in group}
    known = [slot for slot in _SLOTS.get(type(optimizer).__name__, ()) if slot in names]
    return [(slot, place) for slot in known for place in range(count)] if len(known) == len(names) else None
