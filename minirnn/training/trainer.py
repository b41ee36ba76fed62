"""`Trainer`: compile, fit, evaluate, predict and the single-batch calls, for any model that can run and be run back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import boundary
from minirnn.callbacks import CallbackList, History, check_monitors
from minirnn.compat import spelling
from minirnn.layers.unchanged import unchanged
from minirnn.layers.weight import Weight
from minirnn.metrics.variable import settled
from minirnn.training import intake
from minirnn.training.compiling import Compiling
from minirnn.training.run import run_key
from minirnn.training.sources import Batch, Source
from minirnn.training.truncation import Chunks, Truncation


class Trainer(Compiling):
    """Mixed into models. The model provides its graph, names, shapes and dtypes, `build` and `trainable_weights`."""

    # --- one step ---

    def _prepare_training(self) -> None:
        """Let the optimizer train what is trainable now. ValueError if that is nothing, or new to the optimizer."""
        if self._trained_at != (Weight.changes, Weight.moves, self.optimizer):
            weights = self.trainable_weights
            if not weights:
                raise ValueError(f"model {self.name} has no trainable weights")
            if not self.optimizer.trains(weights):
                self.optimizer.build(weights)
                self.optimizer.select(weights)
                self._runs.clear()
            self._trained_at = Weight.changes, Weight.moves, self.optimizer

    def _forward_backward(self, run: Any, batch: Batch, to_inputs: bool = False) -> tuple[float, Any, Any]:
        xs, ys, weights = batch
        ps = run.forward(xs)
        masks = run.output_masks()
        if run.dps is None:
            parts = self.objective.parts
            run.dps = [None if part.loss is None else np.empty_like(p) for part, p in zip(parts, ps, strict=True)]
        value = self.objective.compute(ys, run.scores, masks, weights, run.dps, self._penalties.total(run))
        dxs = run.backward(run.dps, to_inputs)
        if self._penalties.weights:
            self._penalties.add_gradients()
        return value, ps, dxs

    def _train_step(self, batch: Batch) -> float:
        runs = self._runs.of(run_key(batch[0], True, self._scored))
        run = runs.take()
        value, ps, _ = self._forward_backward(run, batch)
        self.optimizer.apply()
        if self._watched.entries:
            self._watched.update(batch[1], ps, run.output_masks(), batch[2])
        runs.give_back(run)
        return value

    def _test_step(self, batch: Batch) -> None:
        xs, ys, weights = batch
        runs = self._runs.of(run_key(xs, False, self._scored))
        run = runs.take()
        ps = run.forward(xs)
        masks = run.output_masks()
        dps = [np.empty_like(p) for p in ps]
        self.objective.compute(ys, run.scores, masks, weights, dps, self._penalties.total(run))
        if self._watched.entries:
            self._watched.update(ys, ps, masks, weights)
        runs.give_back(run)

    def _logs(self) -> dict[str, Any]:
        return {name: settled(metric.result()) for name, metric in self._reported()}

    def _results(self, return_dict: bool) -> Any:
        logs = self._logs()
        if return_dict:
            return dict(sorted(logs.items()))
        values = list(logs.values())
        return values[0] if len(values) == 1 else values

    # --- public, single batches ---

    @spelling.names_nearest
    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One step of training on one batch; returns its loss, or with metrics a list (return_dict: a dict)."""
        self._require("train_on_batch")
        batch = self._ready(intake.with_class_weights(self._checked(x, y, sample_weight), class_weight, sample_weight))
        self._prepare_training()
        self.reset_metrics()
        value = self._train_step(batch)
        if not return_dict and not self._watched.entries and not self.objective.trackers:
            return value
        return self._results(return_dict)

    @spelling.names_nearest
    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Loss (and metrics) of one batch, without training."""
        self._require("test_on_batch")
        batch = self._ready(self._checked(x, y, sample_weight))
        self.reset_metrics()
        self._test_step(batch)
        return self._results(return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """Outputs for one batch, new arrays."""
        known = self._fitting.get(x.shape) if type(x) is np.ndarray else None
        if known is not None and x.dtype is known.dtype and x.flags.carray and known.is_finite(x):
            xs, runs = [x], known.runs  # a clean array, as in a loop of one's own: nothing else is to be looked at
        else:
            xs = self._inputs(x)
            runs = self._runs.of(run_key(xs, False))
        run = runs.take_for_outputs()
        ys = run.forward(xs)
        ys = [ys[0].copy()] if len(ys) == 1 else [y.copy() for y in ys]
        runs.give_back(run)
        return self._packed(ys)

    def compute_gradients(self, x: Any, y: Any, sample_weight: Any = None) -> tuple[float, list[NDArray[Any]], Any]:
        """(loss, [gradient of each trainable weight in Keras's shape], dx) in training, without changing the model.

        dx is a list where the model has several inputs. Moving statistics, states of stateful layers, the averages that
        are reported, and what dropout draws next stay as they are.
        """
        self._require("compute_gradients")
        batch = self._ready(self._checked(x, y, sample_weight))
        runs = self._runs.of(run_key(batch[0], True, self._scored))
        run = runs.take()
        averages = [(mean, mean.total, mean.count) for mean in (self.objective.total, *self.objective.trackers)]
        with unchanged(self):
            value, _, dxs = self._forward_backward(run, batch, to_inputs=True)
        for mean, total, count in averages:
            mean.total, mean.count = total, count
        gradients = [w.gradient_numpy() for w in self.trainable_weights]
        dxs = [np.zeros_like(x) if dx is None else dx.copy() for dx, x in zip(dxs, batch[0], strict=True)]
        runs.give_back(run)
        return value, gradients, dxs[0] if len(dxs) == 1 else dxs

    # --- public, whole data ---

    @spelling.accepts_older(spelling.FIT)
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
        *,
        truncate: int | None = None,
    ) -> History:
        """Train; returns a History whose `.history` maps each number's name to its values by epoch.

        Arguments as in Keras: x and y arrays (lists or dicts of them for several inputs and outputs), or x a generator,
        `utils.PyDataset` or other iterable of batches; `batch_size` 32 by default; `validation_split` takes the last
        share of the rows before shuffling, `validation_data` is (x, y), (x, y, sample_weight) or a stream of batches;
        `verbose` 0, 1 (bar), 2 (a line an epoch). Bad arguments raise a one-line TypeError or ValueError before
        anything changes; a bad batch of a stream, before the step that it was for.

        `truncate` (minirnn's own) trains long series, (rows, time, features) with a target for each step, by truncated
        back-propagation (Williams & Peng 1990): each batch is cut into stretches of so many steps; the states go on
        from stretch to stretch, gradients do not, and each stretch is one step of the optimizer. States begin anew with
        each batch, but for stateful layers. For chains and graphs of recurrent layers with return_sequences and layers
        that treat each step by itself; ValueError for others. Numbers of an epoch are averages over its stretches,
        which are the batches that callbacks hear of; validation sees whole series.
        """
        self._require("fit")
        boundary.check_epochs(epochs, initial_epoch)
        boundary.check_verbose(verbose)
        due = boundary.check_frequency(validation_freq, "validation_freq")
        counts = {
            "steps_per_epoch": steps_per_epoch,
            "validation_steps": validation_steps,
            "validation_batch_size": validation_batch_size,
        }
        for name, count in counts.items():
            if count is not None:
                boundary.whole(count, name)
        split = validation_split if validation_data is None else 0.0
        source, held_out, sample = self._source(
            x, y, sample_weight, batch_size, steps_per_epoch, shuffle, class_weight, None, split, validation_batch_size
        )
        if validation_data is not None:
            held_out = self._held_out(validation_data, validation_batch_size or batch_size, validation_steps, sample[0])
        self._ready(sample)
        self._prepare_training()
        step: Callable[[Batch], Any] = self._train_step
        if truncate is not None:
            truncation = Truncation(self, truncate)
            source, step = Chunks(source, truncation, sample), partial(truncation.train, self._train_step)
        callback_list = self._callbacks(callbacks, verbose, epochs, source, add_history=True)
        names = self.metrics_names
        check_monitors(callback_list, names if held_out is None else [*names, *(f"val_{name}" for name in names)])
        self.stop_training = False
        with callback_list:
            callback_list.on_train_begin()
            logs: dict[str, Any] = {}
            for epoch in range(callback_list.first_epoch(initial_epoch), epochs):
                self.reset_metrics()
                callback_list.on_epoch_begin(epoch)
                self._train_epoch(source, callback_list, step)
                logs = self._logs()
                if held_out is not None and due(epoch + 1):
                    self._evaluate(held_out, callback_list)
                    logs |= {f"val_{name}": value for name, value in self._logs().items()}
                callback_list.on_epoch_end(epoch, logs)
                callback_list.epoch_is_over(epoch)
                if self.stop_training:
                    break
            self.optimizer.finalize_variable_values(self.trainable_weights)
            callback_list.on_train_end(logs)
        return callback_list.history  # type: ignore[return-value]

    def _callbacks(
        self, callbacks: Any, verbose: Any, epochs: int, source: Source, add_history: bool = False
    ) -> CallbackList:
        return CallbackList(
            callbacks,
            add_history=add_history,
            add_progbar=verbose != 0,
            model=self,
            verbose=verbose,
            epochs=epochs,
            steps=source.steps,
        )

    def _train_epoch(self, source: Source, callback_list: CallbackList, train: Callable[[Batch], Any]) -> None:
        told, trained = callback_list.wants_batches, False
        for step, batch in enumerate(source.epoch()):
            trained = True
            callback_list.on_train_batch_begin(step)
            train(batch)
            if told:
                callback_list.on_train_batch_end(step, self._logs())
            if self.stop_training:
                return
        if not trained:
            raise ValueError(
                "x gave no batches for this epoch: a generator is read once; set steps_per_epoch, or let it go on"
            )

    def _evaluate(self, source: Source, callback_list: CallbackList) -> None:
        self.reset_metrics()
        self.stop_evaluating = False
        source.restart()  # the same rows every time, also where `validation_steps` are fewer than there are
        callback_list.on_test_begin()
        told = callback_list.wants_batches
        for step, batch in enumerate(source.epoch()):
            callback_list.on_test_batch_begin(step)
            self._test_step(batch)
            if told:
                callback_list.on_test_batch_end(step, self._logs())
            if self.stop_evaluating:
                break
        callback_list.on_test_end(self._logs())

    @spelling.accepts_older(spelling.RUN)
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics over all rows: one number, a list in the order of `metrics_names`, or a dict."""
        self._require("evaluate")
        boundary.check_verbose(verbose)
        if steps is not None:
            boundary.whole(steps, "steps")
        source, _, sample = self._source(x, y, sample_weight, batch_size, steps)
        self._ready(sample)
        with self._callbacks(callbacks, verbose, 1, source) as callback_list:
            self._evaluate(source, callback_list)
        return self._results(return_dict)

    @spelling.accepts_older(spelling.RUN)
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Outputs for all rows, computed `batch_size` (32) rows at a time; for a stream of batches, those of all."""
        boundary.check_verbose(verbose)
        if steps is not None:
            boundary.whole(steps, "steps")
        source = self._prediction_source(x, batch_size, steps)
        outputs: list[list[NDArray[Any]]] = []
        self.stop_predicting = False
        with self._callbacks(callbacks, verbose, 1, source) as callback_list:
            callback_list.on_predict_begin()
            at_once = self._batches_at_once(source, callbacks)
            for step, (xs, _, _) in enumerate((source.merged(at_once) if at_once > 1 else source).epoch()):
                first = step * at_once
                callback_list.on_predict_batch_begin(first)
                runs = self._runs.of(run_key(xs, False))
                run = runs.take_for_outputs()
                outputs.append([y.copy() for y in run.forward(xs)])
                runs.give_back(run)
                callback_list.on_predict_batch_end(first, {"outputs": self._packed(outputs[-1])})
                for batch in range(first + 1, min(first + at_once, source.steps or 0)):  # the bar counts them
                    callback_list.on_predict_batch_begin(batch)
                    callback_list.on_predict_batch_end(batch)
                if self.stop_predicting:
                    break
            callback_list.on_predict_end()
        parts = zip(*outputs, strict=True)
        return self._packed([np.concatenate(part) if len(part) > 1 else part[0] for part in parts])
