"""`Trainer`: compile, fit, evaluate, predict and the single-batch calls, for any model that can run and be run back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from minirnn import boundary, losses, metrics, optimizers
from minirnn.callbacks import CallbackList, History
from minirnn.losses import NO_WEIGHTS
from minirnn.training.batches import batches, train_validation_split
from minirnn.training.run import KEPT_SHAPES, Run, RunPool


class Trainer:
    """Mixed into models. The model provides `layers`, `built`, `build`, `dtype`, `trainable_weights`."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def _init_training(self) -> None:
        self.optimizer: Any = None
        self.loss: Any = None
        self.stop_training = False
        self.history: History | None = None
        self._metrics: list[metrics.Metric] = []
        self._metric_names: list[Any] = []
        self._runs = RunPool(self)
        self._output_shapes: dict[tuple, tuple] = {}
        self._run_weights: list[Any] = []
        self._loss_tracker = metrics.Mean(name="loss")

    # --- compile ---

    def compile(self, optimizer: Any = "rmsprop", loss: Any = None, metrics: Any = None, **accepted: Any) -> None:  # noqa: A002
        """Choose optimizer, loss and metrics, by name or object. A misspelt one raises ValueError here.

        `run_eagerly`, `jit_compile`, `steps_per_execution` and `auto_scale_loss` are accepted and change nothing.
        """
        unknown = set(accepted) - {"run_eagerly", "jit_compile", "steps_per_execution", "auto_scale_loss"}
        for name in ("loss_weights", "weighted_metrics"):
            if name in unknown and accepted[name] is None:
                unknown.discard(name)
        if unknown:
            raise TypeError(f"compile got an unknown argument {sorted(unknown)[0]!r}")
        chosen = optimizers.get(optimizer), None if loss is None else losses.get(loss)
        names = [] if metrics is None else list(metrics) if isinstance(metrics, (list, tuple)) else [metrics]
        resolved = [_metric(name, None) for name in names]
        self.optimizer, self.loss = chosen
        self._metric_names, self._metrics = names, [m for m in resolved if m is not None]
        self._metrics_pending = any(m is None for m in resolved)

    @property
    def compiled(self) -> bool:
        return self.optimizer is not None

    @property
    def metrics(self) -> list[Any]:
        """The loss tracker and the metrics, in the order of `evaluate`."""
        return [self._loss_tracker, *self._metrics]

    @property
    def metrics_names(self) -> list[str]:
        """Names of the numbers that `evaluate` returns."""
        return [m.name for m in self.metrics]

    def reset_metrics(self) -> None:
        """Begin to average anew."""
        for metric in self.metrics:
            metric.reset_state()

    def _require(self, what: str) -> None:
        if self.optimizer is None or self.loss is None:
            raise ValueError(f"{what} needs an optimizer and a loss: call compile(optimizer, loss) first")

    def _resolve_metrics(self, y_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> None:
        found = [_metric(name, (y_shape, output_shape)) for name in self._metric_names]
        self._metrics = [metric for metric in found if metric is not None]
        self._metrics_pending = False

    # --- one step ---

    def _prepare_training(self) -> None:
        """Let the optimizer train what is trainable now. ValueError if that is nothing, or new to the optimizer."""
        weights = self._prepare_backward()
        if not weights:
            raise ValueError(f"model {self.name} has no trainable weights")
        if not self.optimizer.trains(weights):
            self.optimizer.build(weights)
            self.optimizer.select(weights)
            self._runs.clear()

    def _prepare_backward(self) -> list[Any]:
        """The trainable weights. Runs that were made when others were trainable are forgotten: they stop elsewhere."""
        weights = self.trainable_weights
        if weights != self._run_weights:
            self._runs.clear()
            self._run_weights = list(weights)
        return weights

    def _forward_backward(self, run: Run, x: NDArray[Any], y: NDArray[Any], weights: NDArray[Any], dx: bool) -> float:
        p = run.forward(x)
        weights = self._weights(run, p, weights)
        value = self.loss.compute(run.rows(y), run.rows(p), weights, run.rows(run.dp))
        run.backward(run.dp, dx)
        return value

    def _weights(self, run: Run, p: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
        """Weights of the loss's rows: those of samples, and zeros at masked steps (scaled to keep the mean)."""
        if run.mask is None and weights.size == 0:
            return weights
        shape = p.shape[:-1]
        if weights.size:
            weights = np.broadcast_to(weights.reshape(weights.shape + (1,) * (len(shape) - weights.ndim)), shape)
        if run.mask is not None and run.mask.shape == shape:
            mask = run.mask.astype(np.float64)
            if self.loss.reduction in ("sum_over_batch_size", "mean"):
                mask *= mask.size / max(mask.sum(), 1.0)
            weights = mask * weights if weights.size else mask
        return np.ascontiguousarray(weights, np.float64).reshape(-1)

    def _train_step(self, x: NDArray[Any], y: NDArray[Any], weights: NDArray[Any]) -> float:
        run = self._runs.take(x.shape, True)
        value = self._forward_backward(run, x, y, weights, False)
        self.optimizer.apply()
        self._track(value, y, run, weights, len(x))
        self._runs.give_back(run)
        return value

    def _test_step(self, x: NDArray[Any], y: NDArray[Any], weights: NDArray[Any]) -> None:
        run = self._runs.take(x.shape, False)
        p = run.forward(x)
        rows = run.rows(p)
        scratch = np.empty_like(rows)
        value = self.loss.compute(y.reshape(-1, y.shape[-1]), rows, self._weights(run, p, weights), scratch)
        self._track(value, y, run, weights, len(x))
        self._runs.give_back(run)

    def _track(self, value: float, y: NDArray[Any], run: Run, weights: NDArray[Any], rows: int) -> None:
        self._loss_tracker.total += value * rows
        self._loss_tracker.count += rows
        if not self._metrics:
            return
        mask = run.mask if run.mask is not None and run.mask.shape == run.out.shape[:-1] else None
        for metric in self._metrics:
            # Of Keras's metrics, too, only these leave masked steps out.
            metric.update_state(y, run.out, mask if isinstance(metric, metrics.MeanMetricWrapper) else None)

    def _logs(self) -> dict[str, float]:
        return {m.name: m.result() for m in self.metrics}

    # --- arrays in ---

    def _input(self, x: Any, batch_size: int | None = None) -> NDArray[Any]:
        """Clean input of the model, which is built for it if need be; `batch_size` rows of it go in at a time."""
        x = boundary.as_input(x, "x", self.dtype)
        shape = x.shape if batch_size is None else self._batch_shape(x.shape, batch_size)
        if shape not in self._output_shapes:
            if not self.built:
                self.build((None, *shape[1:]))
            self._output_shape_for(shape)
        return x

    def _batch_shape(self, shape: tuple[int, ...], batch_size: int) -> tuple[int, ...]:
        """The shape of one batch. ValueError if a model that keeps states, or of one batch size, were left a rest."""
        fixed = self.built and self.input_shape[0] is not None
        stateful = any(getattr(layer, "stateful", False) for layer in self.layers)
        size = min(batch_size, shape[0])
        if (fixed or stateful) and shape[0] % size:
            why = "has a fixed batch size" if fixed else "keeps states from batch to batch"
            raise ValueError(
                f"model {self.name} {why}: {shape[0]} rows are no whole number of batches of {batch_size}; "
                "set batch_size, or leave rows out"
            )
        return (size, *shape[1:])

    def _output_shape_for(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The output's shape for an input's that fits the built model; ValueError for one that does not."""
        output = self._output_shapes.get(shape)
        if output is None:
            self.check_input(shape)
            output = (shape[0], *self.compute_output_shape(shape)[1:])
            if len(self._output_shapes) >= KEPT_SHAPES:
                self._output_shapes.clear()
            self._output_shapes[shape] = output
        return output

    def _inputs(
        self, x: Any, y: Any, sample_weight: Any, batch_size: int | None = None
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        arrays = self._checked(x, y, sample_weight, batch_size=batch_size)
        self._build_for(*arrays[:2])
        return arrays

    def _checked(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        like: NDArray[Any] | None = None,
        batch_size: int | None = None,
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Clean arrays, or a one-line error; nothing is built or drawn. x must fit an unbuilt model as `like` does."""
        x = boundary.as_input(x, "x", self.dtype)
        shape = x.shape if batch_size is None else self._batch_shape(x.shape, batch_size)
        if self.built:
            output = (len(x), *self._output_shape_for(shape)[1:])
        else:
            if like is not None:
                self.check_input(x.shape, (None, *like.shape[1:]))
            output = (len(x), *self.compute_output_shape(shape)[1:])
        if len(output) == 1:
            raise ValueError(f"model {self.name} gives one number a batch; its output needs a feature axis")
        length = len(y) if hasattr(y, "__len__") else None
        if length is not None and length != len(x):
            raise ValueError(f"x has {len(x)} rows and y has {length}; they must be equally long")
        y = boundary.as_target(y, output, self.layers[-1].dtype, self.loss.sparse)
        if sample_weight is None:
            return x, y, NO_WEIGHTS
        return x, y, boundary.as_sample_weight(sample_weight, output[:-1])

    def _build_for(self, x: NDArray[Any], y: NDArray[Any]) -> None:
        if not self.built:
            self.build((None, *x.shape[1:]))
        if self._metrics_pending:
            self._resolve_metrics(y.shape, self.compute_output_shape(x.shape))

    # --- public, single batches ---

    def train_on_batch(
        self, x: Any, y: Any, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One step of training on one batch; returns its loss, or with metrics a list (return_dict: a dict)."""
        self._require("train_on_batch")
        if class_weight is not None:
            raise NotImplementedError("class_weight is not supported yet; pass sample_weight instead")
        x, y, weights = self._inputs(x, y, sample_weight)
        self._prepare_training()
        self.reset_metrics()
        value = self._train_step(x, y, weights)
        if not self._metrics and not return_dict:
            return value
        return self._results(return_dict)

    def test_on_batch(self, x: Any, y: Any, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Loss (and metrics) of one batch, without training."""
        self._require("test_on_batch")
        x, y, weights = self._inputs(x, y, sample_weight)
        self.reset_metrics()
        self._test_step(x, y, weights)
        return self._results(return_dict)

    def predict_on_batch(self, x: Any) -> NDArray[Any]:
        """Outputs for one batch, a new array."""
        x = self._input(x)
        run = self._runs.take(x.shape, False)
        y = run.forward(x).copy()
        self._runs.give_back(run)
        return y

    def _results(self, return_dict: bool) -> Any:
        logs = self._logs()
        if return_dict:
            return logs
        values = list(logs.values())
        return values[0] if len(values) == 1 else values

    def compute_gradients(
        self, x: Any, y: Any, sample_weight: Any = None
    ) -> tuple[float, list[NDArray[Any]], NDArray[Any]]:
        """(loss, [gradient of each trainable weight in Keras's shape], dx) without changing the model."""
        self._require("compute_gradients")
        x, y, weights = self._inputs(x, y, sample_weight)
        self._prepare_backward()
        run = self._runs.take(x.shape, True)
        value = self._forward_backward(run, x, y, weights, True)
        gradients = [w.gradient_numpy() for w in self.trainable_weights]
        dx = run.dx.copy()
        self._runs.give_back(run)
        return value, gradients, dx

    # --- public, whole data ---

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
        sample_weight: Any = None,
        initial_epoch: int = 0,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> History:
        """Train; returns a History whose `.history` maps each number's name to its values by epoch.

        Arguments as in Keras: `batch_size` 32 by default, `validation_split` takes the last share of the rows before
        shuffling, `validation_data` is (x, y) or (x, y, sample_weight), `verbose` 0, 1 (bar), 2 (a line an epoch).
        Bad arguments raise a one-line TypeError or ValueError before anything changes.
        """
        self._require("fit")
        batch_size = boundary.check_batch_size(batch_size)
        boundary.check_epochs(epochs, initial_epoch)
        verbose = boundary.check_verbose(verbose)
        validation_freq = boundary.check_batch_size(validation_freq, "validation_freq")
        if validation_batch_size is not None:
            boundary.check_batch_size(validation_batch_size, "validation_batch_size")
        x, y, weights = self._checked(x, y, sample_weight, batch_size=batch_size)
        held_out: tuple | None = None
        if validation_data is not None:
            if not isinstance(validation_data, (tuple, list)) or len(validation_data) not in (2, 3):
                raise ValueError("validation_data must be a tuple (x, y) or (x, y, sample_weight)")
            held_x, held_y, held_weights = (*validation_data, None)[:3]
            size = validation_batch_size or batch_size
            held_out = self._checked(held_x, held_y, held_weights, like=x, batch_size=size)
        elif validation_split:
            (x, y, weights), held_out = train_validation_split((x, y, weights), validation_split)
        self._build_for(x, y)
        self._prepare_training()

        steps = -(-len(x) // batch_size)
        history = History()
        callback_list = CallbackList(
            callbacks, history, model=self, verbose=verbose, epochs=epochs, steps=steps, validation_freq=validation_freq
        )
        self.stop_training = False
        self.history = history
        callback_list.on_train_begin()
        logs: dict[str, float] = {}
        told = callback_list.wants_batches
        for epoch in range(initial_epoch, epochs):
            self.reset_metrics()
            callback_list.on_epoch_begin(epoch)
            for step, rows in enumerate(batches(len(x), batch_size, shuffle)):
                callback_list.on_train_batch_begin(step)
                self._train_step(x[rows], y[rows], weights[rows] if weights.size else weights)
                if told:
                    callback_list.on_train_batch_end(step, self._logs())
                if self.stop_training:
                    break
            logs = self._logs()
            if held_out is not None and (epoch + 1) % validation_freq == 0:
                self._evaluate(held_out, validation_batch_size or batch_size, callback_list)
                logs |= {f"val_{name}": value for name, value in self._logs().items()}
            callback_list.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        callback_list.on_train_end(logs)
        return history

    def _evaluate(self, arrays: tuple, batch_size: int, callback_list: CallbackList) -> None:
        x, y, weights = arrays
        self.reset_metrics()
        callback_list.on_test_begin()
        for step, rows in enumerate(batches(len(x), batch_size, False)):
            callback_list.on_test_batch_begin(step)
            self._test_step(x[rows], y[rows], weights[rows] if weights.size else weights)
            if callback_list.wants_batches:
                callback_list.on_test_batch_end(step, self._logs())
        callback_list.on_test_end(self._logs())

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics over all rows: one number, a list in the order of `metrics_names`, or a dict."""
        self._require("evaluate")
        batch_size = boundary.check_batch_size(batch_size)
        arrays = self._inputs(x, y, sample_weight, batch_size)
        steps, verbose = -(-len(arrays[0]) // batch_size), boundary.check_verbose(verbose)
        callback_list = CallbackList(callbacks, model=self, verbose=verbose, epochs=1, steps=steps)
        self._evaluate(arrays, batch_size, callback_list)
        return self._results(return_dict)

    def predict(
        self, x: Any, batch_size: int | None = None, verbose: Any = "auto", callbacks: Any = None
    ) -> NDArray[Any]:
        """Outputs for all rows, computed `batch_size` (32) rows at a time."""
        batch_size = boundary.check_batch_size(batch_size)
        verbose = boundary.check_verbose(verbose)
        x = self._input(x, batch_size)
        steps = -(-len(x) // batch_size)
        callback_list = CallbackList(callbacks, model=self, verbose=verbose, epochs=1, steps=steps)
        output: Any = None
        callback_list.on_predict_begin()
        for step, rows in enumerate(batches(len(x), batch_size, False)):
            callback_list.on_predict_batch_begin(step)
            batch = x[rows]
            run = self._runs.take(batch.shape, False)
            y = run.forward(batch)
            if output is None:
                output = np.empty((len(x), *y.shape[1:]), y.dtype)
            output[rows] = y
            self._runs.give_back(run)
            callback_list.on_predict_batch_end(step, {"outputs": output[rows]})
        callback_list.on_predict_end()
        return output


def _metric(identifier: Any, shapes: tuple[tuple[int, ...], tuple[int, ...]] | None) -> metrics.Metric | None:
    """The metric for a name or object; accuracy is None until the shapes of targets and outputs are known."""
    if shapes is None and isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc"):
        return None
    return metrics.resolve(identifier, *(shapes or ((), ())))
