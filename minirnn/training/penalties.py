"""What regularizers add to the loss of a model, and to its gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from minirnn.layers.elementwise import activate_backward
from minirnn.layers.regularized import activity_gradient, activity_penalty, add_weight_gradient, weight_penalty
from minirnn.layers.weight import Weight


class ActivityPenalties:
    """Of the calls of layers that have an activity regularizer, (layer, numbers of its outputs): their penalties.

    `activated` tells of the values that stand for an output, but are what its last activation is applied to: number of
    the value -> (activation, the output). `wrapped` are (layer, tape) of layers that run such layers inside of them:
    their own passes know of the gradients.
    """

    def __init__(
        self,
        calls: list[tuple[Any, tuple[int, ...]]],
        activated: dict[int, tuple[str, NDArray[Any]]],
        wrapped: list[tuple[Any, Any]],
    ) -> None:
        self._calls, self._activated, self._wrapped = calls, activated, wrapped
        for _, tape in wrapped:
            tape.penalised = True

    def total(self, values: list[NDArray[Any]]) -> float:
        """The sum of the penalties on these values, which are the layers' `losses` from now on."""
        losses: dict[Any, list[Any]] = {}
        for layer, loss in self.each(values):
            losses.setdefault(layer, []).append(loss)
        for layer, of_calls in losses.items():
            layer.activity_losses = of_calls
        return sum(float(loss) for of_calls in losses.values() for loss in of_calls)

    def each(self, values: list[NDArray[Any]]) -> Iterator[tuple[Any, Any]]:
        """(layer, penalty) for each of them."""
        for layer, made in self._calls:
            for number in made:
                yield layer, activity_penalty(layer, self._output(values, number))
        for wrapper, tape in self._wrapped:
            yield from wrapper.penalties(tape)

    def gradients(self, values: list[NDArray[Any]]) -> Iterator[tuple[int, NDArray[Any]]]:
        """What the penalties add to the gradients of values: (number, gradient)."""
        for layer, made in self._calls:
            for number in made:
                y = self._output(values, number)
                dy = activity_gradient(layer, y)
                if number in self._activated:
                    dy = activate_backward(self._activated[number][0], dy, y)
                yield number, dy

    def _output(self, values: list[NDArray[Any]], number: int) -> NDArray[Any]:
        return self._activated[number][1] if number in self._activated else values[number]


class Penalties:
    """Of one model: those on its trainable weights, and on what its layers gave in a run."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.weights: list[Weight] = []  # that are trained and have a regularizer, as the last `total` found them
        self._found_at = -1

    def total(self, run: Any) -> float:
        """The sum of all penalties, after the run's forward pass."""
        if self._found_at != Weight.changes:
            self.weights = [w for w in self._model.trainable_weights if w.regularizer is not None]
            self._found_at = Weight.changes
        if not self.weights and run.activities is None:
            return 0.0
        of_activities = 0.0 if run.activities is None else run.activities.total(run.values)
        return of_activities + sum(weight_penalty(w) for w in self.weights)

    def add_gradients(self) -> None:
        """Add those of the weights to their gradients, after the run's backward pass, which knows of the others."""
        for weight in self.weights:
            add_weight_gradient(weight)
