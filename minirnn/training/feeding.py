"""`Feeding`: how a model takes in what it is called with: clean arrays that fit it, and the batches of an epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minirnn import boundary
from minirnn.layers.naming import one_thread
from minirnn.layers.regularized import with_sublayers
from minirnn.losses import NO_WEIGHTS
from minirnn.training import intake
from minirnn.training.batches import train_validation_split
from minirnn.training.run import KEPT_SHAPES, Runs, run_key
from minirnn.training.sources import Arrays, Batch, Source, Stream, is_stream, unpack

_UNWEIGHTED = [NO_WEIGHTS]
# What `predict` computes in one go at the most: small batches cost more to call for than to compute.
ROWS_AT_ONCE, BYTES_AT_ONCE = 256, 4 * 2**20


class Known(NamedTuple):
    """Of inputs of a shape that was looked at: their dtype, what looks for NaN, and the runs that predict."""

    dtype: np.dtype[Any]
    is_finite: Callable[[NDArray[Any]], bool]
    runs: Runs


class Feeding:
    """The half of `Trainer` that looks at data before anything is computed."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def _inputs(self, x: Any, batch_size: int | None = None) -> list[NDArray[Any]]:
        """Clean inputs of the model, which is built for them if need be; `batch_size` rows go in at a time."""
        known = self._fitting.get(x.shape) if type(x) is np.ndarray and batch_size is None else None
        if known is not None:
            return [boundary.as_input(x, "x", known.dtype)]
        xs = intake.inputs(self, x)
        shapes = tuple([x.shape for x in xs]) if batch_size is None else self._batch_shapes(xs, batch_size)
        if shapes not in self._output_shapes:
            self._build_once(shapes[0])
            self._shapes_out(shapes)
        if len(xs) == 1 and batch_size is None and np.shape(x) == xs[0].shape:
            known = Known(xs[0].dtype, boundary.finite_kernel(xs[0]), self._runs.of(run_key(xs, False)))
            self._remember(self._fitting, xs[0].shape, known)
        return xs

    def _build_once(self, shape: tuple[int, ...]) -> None:
        """Build the model for inputs of this shape unless it is built; threads wait for the one that does."""
        if not self.built:
            with one_thread():
                if not self.built:
                    self.build((None, *shape[1:]))

    def _batch_shapes(self, xs: list[NDArray[Any]], batch_size: int) -> tuple[tuple[int, ...], ...]:
        """The shapes of one batch. ValueError if a model that keeps states, or of one batch size, were left a rest."""
        rows = len(xs[0])
        size = min(batch_size, rows)
        if rows % size:
            fixed = self.built and any(tensor.shape[0] is not None for tensor in self.graph.inputs)
            if fixed or any(getattr(layer, "stateful", False) for layer in self.layers):
                why = "has a fixed batch size" if fixed else "keeps states from batch to batch"
                raise ValueError(
                    f"model {self.name} {why}: {rows} rows are no whole number of batches of {batch_size}; "
                    "set batch_size, or leave rows out"
                )
        return tuple([(size, *x.shape[1:]) for x in xs])

    def _shapes_out(self, shapes: tuple[tuple[int, ...], ...]) -> list[tuple]:
        """The outputs' shapes for inputs that fit the built model; ValueError for ones that do not."""
        found = self._output_shapes.get(shapes)
        if found is None:
            self.check_input(list(shapes) if len(shapes) > 1 else shapes[0])
            found = self._remember(self._output_shapes, shapes, self.graph.output_shapes(shapes))
        return found

    @staticmethod
    def _remember(known: dict[Any, Any], key: Any, value: Any) -> Any:
        """Keep `value`; not more than a few of them."""
        if len(known) >= KEPT_SHAPES:
            known.clear()
        known[key] = value
        return value

    def _checked(
        self, x: Any, y: Any, sample_weight: Any, like: list[NDArray[Any]] | None = None, batch_size: int | None = None
    ) -> Batch:
        """Clean arrays, or a one-line error; nothing is built or drawn. x must fit an unbuilt model as `like` does."""
        if sample_weight is None and type(x) is np.ndarray and type(y) is np.ndarray and batch_size is None:
            # What a loop of one's own passes again and again: nothing but the numbers is new.
            pair = self._fitting_pairs.get((x.shape, y.shape))
            if pair is not None:
                x_dtype, shape, y_dtype, as_target = pair
                return [boundary.as_input(x, "x", x_dtype)], [as_target(y, shape, y_dtype)], _UNWEIGHTED
        xs = intake.inputs(self, x)
        shapes = tuple([x.shape for x in xs]) if batch_size is None else self._batch_shapes(xs, batch_size)
        if self.built:
            outputs = self._shapes_out(shapes)
        else:
            if like is not None:
                self.check_input(xs[0].shape, (None, *like[0].shape[1:]))
            outputs = [self.compute_output_shape(shapes[0])]
        rows = len(xs[0])
        if any(len(shape) == 1 for shape in outputs):
            raise ValueError(f"model {self.name} gives one number a batch; its output needs a feature axis")
        if not self.objective.parts:
            self.objective.arrange(self.result_names)
        if batch_size is not None or len(outputs[0]) == 0 or outputs[0][0] != rows:
            outputs = [(rows, *shape[1:]) for shape in outputs]
        intake.check_rows(xs, y)
        ys = intake.targets(self, y, outputs)
        if self._watched.ready and len(xs) == len(ys) == 1 and batch_size is None and np.shape(x) == xs[0].shape:
            as_target = self.objective.parts[0].loss.as_target
            pair = (xs[0].dtype.name, outputs[0], self.output_dtype(0), as_target)
            self._remember(self._fitting_pairs, (xs[0].shape, np.shape(y)), pair)
        return xs, ys, intake.sample_weights(self, sample_weight, outputs)

    def _ready(self, arrays: Batch) -> Batch:
        """Build the model and the metrics for checked arrays, at the first of them."""
        xs, ys, _ = arrays
        self._build_once(xs[0].shape)
        if not self._watched.ready:
            if not self.objective.parts:
                self.objective.arrange(self.result_names)
            # A model of a fixed batch size may be given more rows, to be taken in batches.
            tensors = self.graph.inputs
            outputs = self._shapes_out(
                tuple([(t.shape[0] or len(x), *x.shape[1:]) for t, x in zip(tensors, xs, strict=True)])
            )
            y_shapes = [shape if y is None else y.shape for y, shape in zip(ys, outputs, strict=True)]
            self.objective.resolve(y_shapes, outputs)
            self.objective.look_through(self.graph.last_layers())
            self._scored = self.objective.scored
            self._watched.arrange(self.result_names, y_shapes, outputs)
        return arrays

    def _source(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        batch_size: int | None,
        steps: int | None = None,
        shuffle: bool = False,
        class_weight: Any = None,
        like: list[NDArray[Any]] | None = None,
        split: float = 0.0,
        split_batch_size: int | None = None,
    ) -> tuple[Source, Source | None, Batch]:
        """Batches to train or test on, those held out by `split`, and some checked arrays that stand for all."""
        intake.check_one_kind_of_weights(class_weight, sample_weight)
        if is_stream(x):
            return self._stream(x, y, sample_weight, batch_size, steps, shuffle, class_weight, split)
        size = self._batch_size(x, batch_size, steps)
        arrays = self._checked(x, y, sample_weight, like, size)
        held_out: Source | None = None
        if split:
            arrays, rest = train_validation_split(arrays, split)
            held_out = Arrays(rest[0], rest[1], rest[2], split_batch_size or size)
        arrays = intake.with_class_weights(arrays, class_weight)  # of training only
        return Arrays(*arrays, size, shuffle, steps), held_out, arrays

    def _stream(self, x, y, sample_weight, batch_size, steps, shuffle, class_weight, split):
        for name, given in (("y", y), ("sample_weight", sample_weight), ("batch_size", batch_size)):
            if given is not None:
                raise ValueError(f"{name} must be left out when x is a {type(x).__name__}, which gives whole batches")
        if split:
            raise ValueError("validation_split needs arrays; pass validation_data with a stream of batches")

        def clean(batch: Any) -> Batch:
            if isinstance(batch, list):
                raise TypeError(f"x: got a batch as a list of {len(batch)}, expected a tuple; yield a tuple (x, y)")
            return intake.with_class_weights(self._checked(*unpack(batch)), class_weight)

        source = Stream(x, clean, shuffle, steps)
        return source, None, source.first()

    def _batch_size(self, x: Any, batch_size: int | None, steps: int | None) -> int:
        """Rows of a batch: as given, else what lets `steps` cover all rows, else Keras's 32."""
        if batch_size is None and steps:
            return -(-len(intake.inputs(self, x)[0]) // steps)
        return boundary.check_batch_size(batch_size)

    def _held_out(self, data: Any, batch_size: Any, steps: int | None, like: list[NDArray[Any]]) -> Source:
        """The batches of `validation_data`."""
        if is_stream(data):
            return self._source(data, None, None, None, steps)[0]
        if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
            raise ValueError("validation_data must be a tuple (x, y) or (x, y, sample_weight)")
        boundary.check_batch_size(batch_size, "validation_batch_size")
        x, y, sample_weight = (*data, None)[:3]
        return self._source(x, y, sample_weight, batch_size, steps, like=like)[0]

    def _batches_at_once(self, source: Source, callbacks: Any) -> int:
        """How many batches `predict` may compute in one go: several small ones, if nobody can tell the difference.

        That is if no callback is told of each, no layer keeps states, and each row is treated by itself, as it is by
        all of minirnn's layers.
        """
        if callbacks or not isinstance(source, Arrays) or source.steps_per_epoch is not None:
            return 1
        if any(tensor.shape[0] is not None for tensor in self.graph.inputs):
            return 1
        layers = list(with_sublayers(self))
        if not all(type(layer).__module__.startswith("minirnn.") for layer in layers):
            return 1
        if any(getattr(layer, "stateful", False) for layer in layers):
            return 1
        bytes_of_row = sum(x.nbytes for x in source.arrays[0]) // source.rows
        return max(1, min(ROWS_AT_ONCE, BYTES_AT_ONCE // max(1, bytes_of_row)) // source.batch_size)

    def _prediction_source(self, x: Any, batch_size: int | None, steps: int | None) -> Source:
        if not is_stream(x):
            size = self._batch_size(x, batch_size, steps)
            xs = self._inputs(x, size)
            return Arrays(xs, [None], [np.zeros(0)], size, steps_per_epoch=steps)
        source = Stream(x, lambda batch: (self._inputs(unpack(batch)[0]), [], []), steps_per_epoch=steps)
        source.first()
        return source
