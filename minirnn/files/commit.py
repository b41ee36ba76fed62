"""The last step of loading: arrays that were checked go into a model, all of them, or what was there comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from minirnn.files import probe

Pairs = list[tuple[Any, NDArray[Any]]]
# Of optimizers: exact, where their variables round them to the dtype in which Keras keeps them.
COUNTERS = ("_iterations", "_learning_rate", "_product")


@dataclass
class Found:
    """What a file holds for the weights of a model, checked.

    Whether it had a `digest`, its test `vector` if it is of this model, and the names of layers that were `changed`
    as they meant something else in an older Keras.
    """

    weights: Pairs
    digest: bool
    vector: list[NDArray[Any]] | None = None
    changed: list[str] = field(default_factory=list)

    def take(self, model: Any, states: Pairs, member: str) -> None:
        """Let the model have it, and its optimizer these states.

        ModelFileError if the test vector is another one; all of it is as before then.
        """
        with undone_on_error([variable for variable, _ in (*self.weights, *states)], model.optimizer):
            self.assign(model, member)
            for variable, array in states:
                variable.assign(array)

    def try_on(self, model: Any, member: str) -> None:
        """Raise what `take` raises; the model is as before in any case."""
        undo = _undoing([weight for weight, _ in self.weights], None)
        try:
            self.assign(model, member)
        finally:
            undo()

    def assign(self, model: Any, member: str) -> None:
        """Copy, then compare the test vector; ModelFileError may leave the model changed."""
        for weight, array in self.weights:
            weight.assign(array)
        if self.vector is not None:
            probe.check_vector(model, self.vector, member)


@contextmanager
def undone_on_error(variables: Iterable[Any], optimizer: Any = None) -> Iterator[None]:
    """Let an error that leaves this block give weights and variables of an optimizer the bits that they had before."""
    undo = _undoing(variables, optimizer)
    try:
        yield
    except BaseException:
        undo()
        raise


def _undoing(variables: Iterable[Any], optimizer: Any) -> Callable[[], None]:
    """What gives all of them their present bits again."""
    kept = [(variable, variable.numpy()) for variable in variables]
    counted = counters(optimizer)

    def undo() -> None:
        for variable, array in kept:
            variable.put(array)
        if optimizer is not None:
            vars(optimizer).update(counted)

    return undo


def counters(optimizer: Any) -> dict[str, Any]:
    """The numbers that an optimizer counts with, by the names of its attributes."""
    return {} if optimizer is None else {name: value for name, value in vars(optimizer).items() if name in COUNTERS}
