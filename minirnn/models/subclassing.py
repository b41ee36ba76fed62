"""Models of the user's own: a class with a `call` that calls layers.

Before the first batch `call` is run once on symbolic tensors (`minirnn.layers.tracing`). The layers that it called are
the model's graph from then on: fit, evaluate and predict run it as that of a functional model, and `call` is not run
again. So `call` may do what Python does, but with layers only: loops, lists and settings, no arithmetic of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minirnn.boundary import as_input
from minirnn.layers.input import Input
from minirnn.layers.naming import one_thread
from minirnn.layers.symbolic import Shape, is_symbolic
from minirnn.layers.tracing import traced


class Subclassing:
    """What `Model` does for classes with a `call` of the user's (`own_call`); it leaves the others as they are."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Compute on arrays, or take a place in a model when called on symbolic tensors."""
        if self.own_call and not is_symbolic((inputs, args, kwargs)):
            return self._compute(inputs, *args, **kwargs)
        return super().__call__(inputs, *args, **kwargs)  # type: ignore[misc]

    def _record(self, input_shape: Any) -> None:
        """Run `call` for inputs of this batch shape (a list or dict of them for several) and become its graph.

        Raises TypeError, in one line, if `call` does more than calling layers.
        """
        if self.built:
            return
        if input_shape is None:
            raise ValueError("build needs an input shape, such as (None, time, features)")
        x = self._inputs_of(input_shape, f"{self.name}_input")
        self._set_graph(x, traced(self, (x,), {}))

    def _finish_build(self, input_shape: Any) -> None:
        """After a `build` of the user's."""
        self._record(input_shape)

    def _inputs_of(self, shape: Any, name: str) -> Any:
        if isinstance(shape, dict):
            return {key: self._inputs_of(entry, key) for key, entry in shape.items()}
        if shape and isinstance(shape[0], (list, tuple, dict)):
            return [self._inputs_of(entry, f"{name}_{number}") for number, entry in enumerate(shape)]
        return Input(batch_shape=tuple(shape), dtype=self.dtype, name=name)

    def _record_for(self, x: Any) -> None:
        """Record `call` for arrays, unless that was done."""
        if self.own_call and not self.built:
            with one_thread():
                if not self.built:
                    self.build(self._shape_of(x))

    def _shape_of(self, x: Any) -> Any:
        if isinstance(x, dict):
            return {key: self._shape_of(entry) for key, entry in x.items()}
        if isinstance(x, (list, tuple)) and any(hasattr(entry, "ndim") for entry in x):
            return [self._shape_of(entry) for entry in x]
        shape = np.shape(x) if hasattr(x, "ndim") else as_input(x, "x", self.dtype).shape
        return (None, *shape[1:]) if len(shape) > 1 else (None, 1)

    def _inputs(self, x: Any, batch_size: int | None = None) -> Any:
        self._record_for(x)
        return super()._inputs(x, batch_size)  # type: ignore[misc]

    def _checked(self, x: Any, *others: Any, **options: Any) -> Any:
        self._record_for(x)
        return super()._checked(x, *others, **options)  # type: ignore[misc]


def check_rank(name: str, got: list[Shape], recorded: list[Shape]) -> None:
    """Raise ValueError unless inputs have the axes of those that `call` was recorded for; layers check the lengths."""
    for own, other in zip(recorded, got, strict=True):
        if len(own) != len(other):
            raise ValueError(f"{name}: got input of shape {tuple(other)}, expected {len(own)} axes; reshape the input")
