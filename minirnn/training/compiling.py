"""`Compiling`: what a model is trained with, and the numbers that it reports of it."""

from __future__ import annotations

import inspect
from typing import Any

from minirnn import optimizers
from minirnn.callbacks import History
from minirnn.compat import spelling
from minirnn.training.feeding import Feeding, Known
from minirnn.training.objective import Objective
from minirnn.training.penalties import Penalties
from minirnn.training.run import RunPool
from minirnn.training.watched import Watched

_WITHOUT_EFFECT = {"run_eagerly", "jit_compile", "steps_per_execution", "auto_scale_loss"}


class Compiling(Feeding):
    """The part of `Trainer` that holds optimizer, losses and metrics."""

    def _init_training(self) -> None:
        self.optimizer: Any = None
        self.loss: Any = None
        self.objective: Any = None
        self._compiled_with: dict[str, Any] = {}  # what `compile` was given, but for the optimizer
        self.stop_training = False
        self.history: History | None = None
        self._watched = Watched(None, None)
        self._scored: frozenset[int] = frozenset()
        self._runs = RunPool(self)
        self._penalties = Penalties(self)
        self._output_shapes: dict[tuple, list[tuple]] = {}
        self._fitting: dict[tuple, Known] = {}  # shapes of x that were looked at
        self._fitting_pairs: dict[tuple, tuple] = {}
        self._numbers: list[tuple[str, Any]] = []
        self._trained_at: Any = None

    def _graph_changed(self) -> None:
        """Forget what was made for another graph."""
        self._runs.clear()
        for known in (self._output_shapes, self._fitting, self._fitting_pairs):
            known.clear()
        self._trained_at, self._numbers = None, []
        if self.objective is not None:
            self.objective.parts, self._watched.ready = [], False

    # --- compile ---

    @spelling.accepts_older(spelling.COMPILE)
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        **accepted: Any,
    ) -> None:
        """Choose optimizer, losses and metrics, by name or object. A misspelt one raises ValueError here.

        For several outputs `loss` is one for all, a list, or a dict by output names, None where an output has none;
        `loss_weights` a list or dict of their shares in the total; `metrics` and `weighted_metrics` (for which sample
        weights count) a list of lists or a dict. `run_eagerly`, `jit_compile`, `steps_per_execution` and
        `auto_scale_loss` are accepted and change nothing.
        """
        if unknown := sorted(set(accepted) - _WITHOUT_EFFECT):
            known = inspect.signature(self.compile).parameters
            raise spelling.unknown_argument("compile", unknown[0], {*known, *_WITHOUT_EFFECT})
        chosen = optimizers.get(optimizer)
        objective = None if loss is None else Objective(loss, loss_weights)
        watched = Watched(metrics, weighted_metrics)
        if self.built and objective is not None:
            objective.arrange(self.result_names)
        self.optimizer, self.loss, self.objective, self._watched = chosen, loss, objective, watched
        given = {"loss": loss, "loss_weights": loss_weights, "metrics": metrics, "weighted_metrics": weighted_metrics}
        self._compiled_with = given | accepted
        self._trained_at, self._numbers = None, []
        self._fitting_pairs.clear()

    @property
    def compiled(self) -> bool:
        return self.optimizer is not None

    @property
    def metrics(self) -> list[Any]:
        """The averages of the losses and the metrics, in the order of `evaluate`."""
        return [metric for _, metric in self._reported()]

    @property
    def metrics_names(self) -> list[str]:
        """Names of the numbers that `evaluate` returns."""
        return [name for name, _ in self._reported()]

    def _reported(self) -> list[tuple[str, Any]]:
        if self.objective is None:
            return []
        if self._numbers:
            return self._numbers
        losses = [(tracker.name, tracker) for tracker in (self.objective.total, *self._loss_trackers())]
        entries = [(entry.name, entry.metric) for entry in self._watched.entries]
        # In Keras's list, too, the metrics of several outputs stand in the order of their names.
        several = len(self.objective.parts) > 1
        numbers = [*losses, *(sorted(entries, key=lambda entry: entry[0]) if several else entries)]
        if self._watched.ready:
            self._numbers = numbers
        return numbers

    def _loss_trackers(self) -> list[Any]:
        """The averages of several losses in Keras's order: of the outputs, or of the dict that names them."""
        trackers, outputs = self.objective.trackers, getattr(self, "_output_structure", None)
        if not isinstance(outputs, dict) or sorted(outputs) != self.result_names:
            return trackers
        order = [f"{name}_loss" for name in (self.loss if isinstance(self.loss, dict) else outputs)]
        return sorted(trackers, key=lambda tracker: order.index(tracker.name))

    def reset_metrics(self) -> None:
        """Begin to average anew."""
        for _, metric in self._reported():
            metric.reset_state()

    def _require(self, what: str) -> None:
        if self.optimizer is None or self.objective is None:
            raise ValueError(f"{what} needs an optimizer and a loss: call compile(optimizer, loss) first")
