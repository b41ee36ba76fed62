"""`Objective`: what training makes small, the weighted sum of a loss for each output."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minirnn import losses, metrics, targets
from minirnn.utils.nested import flatten, map_leaves

# Which losses are better worked out from what an activation is applied to.
_SCORED: dict[str, tuple[Any, ...]] = {
    "softmax": (losses.CategoricalCrossentropy, losses.SparseCategoricalCrossentropy),
    "sigmoid": (losses.BinaryCrossentropy, losses.BinaryFocalCrossentropy),
}
_BY_SHAPE = ("crossentropy", "ce")  # names whose loss the shapes of targets and outputs decide


class Part(NamedTuple):
    """The loss of one output: None if it has none; its share of the total; its own average, with several losses.

    `of_scores` is the same loss of what the output's last activation is applied to, if it is worked out from that.
    """

    loss: Any
    share: float
    tracker: metrics.Mean | None
    of_scores: Any = None


class Objective:
    """The losses of all outputs, from what `compile` was given: one for all, a list, or a dict by output names.

    Raises ValueError or TypeError for an unknown loss, or another number of losses or weights than outputs.
    """

    def __init__(self, loss: Any, loss_weights: Any) -> None:
        self._loss = map_leaves(_known, loss)
        for share in flatten(loss_weights):
            if share is not None and (isinstance(share, bool) or not isinstance(share, (int, float, np.number))):
                raise TypeError(f"loss_weights must hold numbers, one for each output, got {share!r:.60}")
        self._shares = loss_weights
        self.total = metrics.Mean(name="loss")
        self.parts: list[Part] = []

    def arrange(self, names: list[str]) -> None:
        """Give each of the outputs its loss. Raises ValueError if they do not fit."""
        chosen = per_output(self._loss, names, "loss")
        shares = [1.0] * len(names)
        if self._shares is not None:
            alone = len(names) == 1 and isinstance(self._shares, (int, float))
            given = [self._shares] if alone else self._shares
            shares = [1.0 if s is None else float(s) for s in per_output(given, names, "loss_weights", same=False)]
        several = sum(loss is not None for loss in chosen) > 1
        if not any(loss is not None for loss in chosen):
            raise ValueError("compile got no loss for any output; give one, such as loss='mse'")
        self.parts = [
            Part(loss, share, metrics.Mean(name=f"{name}_loss") if several and loss is not None else None)
            for loss, share, name in zip(chosen, shares, names, strict=True)
        ]

    def resolve(self, y_shapes: list[Any], p_shapes: list[Any]) -> None:
        """Choose, by the shapes of targets and outputs, the crossentropies that were asked for by that name only."""
        for number, part in enumerate(self.parts):
            if isinstance(part.loss, str):
                name = _crossentropy(y_shapes[number], p_shapes[number])
                self.parts[number] = part._replace(loss=losses.get(name))

    def look_through(self, layers: list[Any]) -> None:
        """Work crossentropies of a sigmoid or softmax out from its scores, as Keras does on TensorFlow.

        `layers` are those that give the outputs. log softmax of the scores is exact where a probability has become 0
        or 1, and its gradient p - y does not vanish there.
        """
        for number, (part, layer) in enumerate(zip(self.parts, layers, strict=True)):
            loss: Any = part.loss
            kinds = _SCORED.get(layer.activation, ()) if layer is not None and layer.has_scores else ()
            if isinstance(loss, kinds) and not loss.from_logits and loss.axis == -1:
                of_scores = type(loss).from_config(loss.get_config() | {"from_logits": True})
                self.parts[number] = part._replace(of_scores=of_scores)

    @property
    def scored(self) -> frozenset[int]:
        """The outputs whose losses are worked out from the scores."""
        return frozenset(number for number, part in enumerate(self.parts) if part.of_scores is not None)

    @property
    def trackers(self) -> list[metrics.Mean]:
        """The average of each loss, if there are several."""
        return [part.tracker for part in self.parts if part.tracker is not None]

    def target(self, number: int, y: Any, shape: tuple[int, ...], dtype: str, name: str = "y") -> NDArray[Any]:
        """Clean targets of one output for predictions of this shape. Raises as `targets.as_target` does."""
        loss = self.parts[number].loss
        if isinstance(loss, str):  # a crossentropy that the targets will decide
            many = np.ndim(y) == len(shape) and np.shape(y)[-1] == shape[-1]
            return targets.as_target(y, shape, dtype, sparse=shape[-1] > 1 and not many, name=name)
        return targets.as_target(y, shape, dtype, name=name) if loss is None else loss.as_target(y, shape, dtype, name)

    def compute(
        self, ys: list[Any], ps: list[Any], masks: list[Any], weights: list[Any], dps: list[Any], penalty: float = 0.0
    ) -> float:
        """The total for one batch, regularizers' `penalty` included. `ps` are the outputs, or the scores of those that
        are `scored`; the gradient of each goes into `dps`, which are None without a loss."""
        total = penalty
        for number, part in enumerate(self.parts):
            if part.loss is None:
                continue
            y, p, mask, weight, dp = ys[number], ps[number], masks[number], weights[number], dps[number]
            loss = part.of_scores or part.loss
            if p.ndim == 2 and mask is None:
                value = loss.compute(y, p, weight, dp)
            else:
                value = loss.compute(_rows(y), _rows(p), row_weights(p, weight), _rows(dp), row_mask(p, mask))
            if part.tracker is not None:
                part.tracker.total += value * len(p)
                part.tracker.count += len(p)
            if part.share != 1.0:
                value *= part.share
                dp *= part.share
            total += value
        self.total.total += total * len(ps[0])
        self.total.count += len(ps[0])
        return total


def row_weights(p: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    """Weights of the loss's rows from those of samples; empty if there are none."""
    if weights.size == 0 or p.ndim == 2:
        return weights
    shape = p.shape[:-1]
    weights = np.broadcast_to(weights.reshape(weights.shape + (1,) * (len(shape) - weights.ndim)), shape)
    return np.ascontiguousarray(weights, np.float64).reshape(-1)


def row_mask(p: NDArray[Any], mask: NDArray[Any] | None) -> NDArray[Any] | None:
    """The mask of the loss's rows, if the output has one for each of its steps."""
    return None if mask is None or mask.shape != p.shape[:-1] else mask.reshape(-1)


def per_output(given: Any, names: list[str], what: str, same: bool = True) -> list[Any]:
    """One entry for each output, from a list or a dict by their names; anything else stands for all, if `same`."""
    if isinstance(given, dict):
        unknown = [name for name in given if name not in names]
        if unknown:
            raise ValueError(f"{what} names the output {unknown[0]!r}, but the outputs are {', '.join(names)}")
        missing = [name for name in names if name not in given]
        if missing and what == "loss":
            raise ValueError(f"loss has no entry for the output {missing[0]!r}; give None if it shall have none")
        return [given.get(name) for name in names]
    if isinstance(given, (list, tuple)):
        if len(given) != len(names):
            raise ValueError(f"{what} has {len(given)} entries for {len(names)} outputs ({', '.join(names)})")
        return list(given)
    if not same and len(names) > 1:
        raise ValueError(f"{what} must be a list or a dict for {len(names)} outputs, got {given!r:.60}")
    return [given] * len(names)


def _known(identifier: Any) -> Any:
    if identifier is None or (isinstance(identifier, str) and identifier.lower() in _BY_SHAPE):
        return identifier
    return losses.get(identifier)


def _crossentropy(y_shape: tuple[int, ...], p_shape: tuple[int, ...]) -> str:
    if p_shape[-1] == 1:
        return "binary_crossentropy"
    return "sparse_categorical_crossentropy" if y_shape[-1] == 1 else "categorical_crossentropy"


def _rows(array: NDArray[Any]) -> NDArray[Any]:
    """(.., outputs) seen as (rows, outputs)."""
    return array if array.ndim == 2 else array.reshape(-1, array.shape[-1])
