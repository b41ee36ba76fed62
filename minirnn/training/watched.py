"""`Watched`: the metrics of all outputs, under the names and in the order in which Keras reports them."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from minirnn import metrics
from minirnn.training.objective import per_output
from minirnn.utils.nested import flatten


class Entry(NamedTuple):
    """One metric of one output, the name it is reported under, and whether sample weights count for it."""

    output: int
    name: str
    metric: Any
    weighted: bool


class Watched:
    """The metrics that `compile` was given: for one output a list, for several a list of lists or a dict by names.

    Raises ValueError or TypeError for an unknown metric, or for others than one entry an output.
    """

    def __init__(self, plain: Any, weighted: Any) -> None:
        self._given = ((plain, False), (weighted, True))
        for given, _ in self._given:
            for identifier in flatten(given):
                if identifier is not None and not _is_accuracy(identifier):
                    metrics.resolve(identifier, (), ())
        self.entries: list[Entry] = []
        self.ready = False

    def arrange(self, names: list[str], y_shapes: list[Any], p_shapes: list[Any]) -> None:
        """Make the metrics. The shapes of targets and outputs decide what "accuracy" means."""
        self.entries = []
        taken: set[str] = set()
        counts: dict[str, int] = {}
        for given, weighted in self._given:
            for output, identifiers in enumerate(_lists(given, names, weighted)):
                for identifier in identifiers:
                    metric = metrics.resolve(identifier, y_shapes[output], p_shapes[output])
                    prefix = f"{names[output]}_" if len(names) > 1 else ""
                    name = f"{prefix}{metric.name}"
                    if weighted and name in taken:
                        name = f"{prefix}weighted_{metric.name}"
                    if name in taken:
                        counts[name] = counts.get(name, 0) + 1
                        name = f"{name}_{counts[name]}"
                    taken.add(name)
                    self.entries.append(Entry(output, name, metric, weighted))
        self.ready = True

    def update(self, ys: list[Any], ps: list[NDArray[Any]], masks: list[Any], weights: list[Any]) -> None:
        """Take one batch in."""
        for output, _, metric, weighted in self.entries:
            y, p, mask = ys[output], ps[output], masks[output]
            # Of Keras's metrics, too, only these leave masked steps out.
            counts = None
            if mask is not None and mask.shape == p.shape[:-1] and isinstance(metric, metrics.MeanMetricWrapper):
                counts = mask
            if weighted and weights[output].size:
                own = weights[output]
                if counts is not None:
                    own = counts * own.reshape(own.shape + (1,) * (counts.ndim - own.ndim))
                counts = own
            metric.update_state(y, p, counts)


def _lists(given: Any, names: list[str], weighted: bool) -> list[list[Any]]:
    """The metrics of each output."""
    if given is None:
        return [[] for _ in names]
    if len(names) == 1:
        return [[identifier for identifier in flatten(given) if identifier is not None]]
    if isinstance(given, str) or not isinstance(given, (list, tuple, dict)):
        given = [given]
    found = per_output(given, names, "weighted_metrics" if weighted else "metrics")
    return [[m for m in (entry if isinstance(entry, (list, tuple)) else [entry]) if m is not None] for entry in found]


def _is_accuracy(identifier: Any) -> bool:
    return isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc")
