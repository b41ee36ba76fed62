"""Normalization: inputs brought to mean 0 and variance 1 by what was seen of the data beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import config, initializers
from minirnn.boundary import as_input
from minirnn.layers.layer import Layer, Tape
from minirnn.layers.moments import Moments
from minirnn.layers.planning import claim
from minirnn.layers.weight import PlainLayout, Weight, assign_all, zeros
from minirnn.utils.notices import warn_caller

Shape = tuple[int | None, ...]


class Normalization(Layer):
    """y = (x - mean) / max(sqrt(variance), 1e-7); with `invert` the way back, y = mean + x max(sqrt(variance), 1e-7).

    Any shape in, the same out. `axis` names the axis or axes at each place of which mean and variance are of their
    own: -1 (the features) by default, None for one of each for all numbers. They are computed by `adapt(data)`, or
    given as `mean` and `variance`, which stretch to the sizes of these axes. Adapted ones are weights that training
    leaves alone: mean and variance of these sizes, and count, (), which stays 0 and is there because Keras has it.

    >>> import numpy as np
    >>> layer = Normalization()
    >>> layer.adapt(np.array([[0.0, 7.0], [2.0, 9.0], [0.0, 7.0], [2.0, 9.0]]))
    >>> print(layer(np.array([[0.0, 9.0]])))
    [[-1.  1.]]
    >>> layer.count_params()
    5

    A network answers anything, also for inputs unlike all it was trained on, and says nothing. So with `warn_outside`
    a call, `predict` and `evaluate` warn (a UserWarning at the caller's line, which Python shows once) of inputs
    outside the range that `adapt` saw; `outside(x)` tells which. Not in training, nor with `invert`, whose inputs are
    not of that range. The range, `seen`, is no weight and stands in no configuration or file; other statistics set
    over the adapted ones end it.

    Better than Keras: weights that are set are used by the next call (Keras's go on with the old statistics); an axis
    that is the batch's is refused (Keras subtracts each sample from itself: zeros); `adapt` refuses NaN; inputs are
    never stretched to the statistics' shape.

    Raises TypeError or ValueError for an axis that is no whole number, for only one of `mean` and `variance`, ones of
    different shapes or that are not finite, and a negative variance.
    """

    def __init__(
        self,
        axis: int | Iterable[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        *,
        warn_outside: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis = _axes(axis)
        self.input_mean, self.input_variance = _given(mean, variance, len(self.axis))
        self.invert, self.warn_outside = bool(invert), bool(warn_outside)
        self.seen: tuple[NDArray[Any], NDArray[Any]] | None = None  # lowest and highest, in the shape of `mean`
        self._seen_with = b""  # the mean that came with them
        self._constants: tuple[NDArray[Any], ...] = ()  # mean and variance, where they were given
        self._mean_weight: Weight | None = None
        self._variance_weight: Weight | None = None

    # --- shapes ---

    def _kept(self, shape: Shape) -> tuple[int, ...]:
        """The axes of this batch shape that keep their own statistics, ascending. ValueError if it has none such."""
        for axis in self.axis:
            if not -len(shape) <= axis < len(shape):
                raise ValueError(f"{self.name} has no axis {axis} in an input of shape {shape}; choose another axis")
            if axis % len(shape) == 0:
                raise ValueError(f"{self.name}: axis {axis} of shape {shape} is the batch; take axis=None for one mean")
            if shape[axis] is None:
                raise ValueError(f"{self.name} needs a known size of axis {axis}, got shape {shape}")
        kept = tuple(sorted(axis % len(shape) for axis in self.axis))
        if len(set(kept)) < len(kept):
            raise ValueError(f"{self.name}: axis {self.axis} names one axis of shape {shape} twice")
        return kept

    def build(self, input_shape: Shape) -> None:
        shape = tuple(input_shape)
        kept = self._kept(shape)
        sizes = tuple(shape[a] or 0 for a in kept)
        self._broadcast_shape = tuple((n or 0) if a in kept else 1 for a, n in enumerate(shape))
        if self.input_mean is None:
            layout = PlainLayout(self.dtype)
            new = {"trainable": False}
            self._mean_weight = self.add_weight("mean", sizes, initializers.get("zeros"), layout, **new)
            self._variance_weight = self.add_weight("variance", sizes, initializers.get("ones"), layout, **new)
            self._variance_weight.least = 0.0
            self.add_weight("count", (), initializers.get("zeros"), PlainLayout("int64"), **new)
        else:
            self._constants = tuple(self._stretched(v, sizes) for v in (self.input_mean, self.input_variance))
        super().build(shape)

    def _stretched(self, value: NDArray[Any], sizes: tuple[int, ...]) -> NDArray[Any]:
        claim(self.name, sizes)
        try:
            return np.broadcast_to(value, sizes).astype(self.dtype)
        except ValueError:
            raise ValueError(
                f"{self.name}: mean and variance of shape {value.shape} do not stretch to the input's {sizes}"
            ) from None

    def check_input(self, shape: Shape) -> None:
        """Raise ValueError if arrays of this shape do not fit the statistics, which align with the last axes."""
        if not self.built:
            self._kept(shape)
            return
        own = self._broadcast_shape
        while own and own[0] == 1:
            own = own[1:]
        last = shape[len(shape) - len(own) :]
        if len(shape) < len(own) or any(o not in (1, n) for o, n in zip(own, last, strict=True)):
            wanted = ("..", *("any" if o == 1 else o for o in own))
            raise ValueError(
                f"{self.name} was built for inputs of shape ({', '.join(map(str, wanted))}), got {tuple(shape)}"
            )

    # --- statistics ---

    @property
    def mean(self) -> NDArray[Any] | None:
        """The mean, a new array that stretches to the input: (1, features). None before the layer is built."""
        return self._broadcast(0).copy() if self.built else None

    @property
    def variance(self) -> NDArray[Any] | None:
        """The variance, a new array that stretches to the input: (1, features). None before the layer is built."""
        return self._broadcast(1).copy() if self.built else None

    def _broadcast(self, which: int) -> NDArray[Any]:
        weight = (self._mean_weight, self._variance_weight)[which]
        value = self._constants[which] if weight is None else weight.layout.view(weight.packed, weight.shape)
        return value.reshape(self._broadcast_shape)

    def adapt(self, data: Any) -> None:
        """Compute mean, variance and range of data, in float64; what an earlier call saw is forgotten.

        `data` is an array (samples, ..), or gives batches: a `PyDataset`, or anything else that can be iterated over
        and ends. Of a batch (x, y) or (x, y, sample_weight) x is taken. Call before the model is trained or used.

        Raises ValueError for data without numbers, NaN or infinity, and for a shape that does not fit the axis or the
        layer; TypeError for what is no array and gives none. The statistics then stay as they were.
        """
        if self.input_mean is not None:
            raise ValueError(f"{self.name} has the mean and variance it was given; adapt a layer made without them")
        moments: Moments | None = None
        for batch in _batches(data):
            array = as_input(batch, f"data of {self.name}", "float64")
            if moments is None:
                kept, shape = self._kept(array.shape), array.shape
                expected = self._mean_weight.shape if self._mean_weight else tuple(shape[a] for a in kept)
            if array.ndim != len(shape) or tuple(array.shape[a] for a in kept) != expected:
                raise ValueError(
                    f"{self.name}: got data of shape {array.shape}, expected {expected} along axis {self.axis}"
                )
            reduced = tuple(a for a in range(array.ndim) if a not in kept)
            with np.errstate(over="ignore", invalid="ignore"):  # an infinite variance is refused below
                new = Moments.of(array, reduced)
                moments = new if moments is None else moments.joined(new)
        if moments is None:
            raise ValueError(f"{self.name}: got data without a batch, expected at least one")
        if not self.built:
            self.build((None, *shape[1:]))
        assign_all(self.weights[:2], [moments.mean, moments.variance], self.name)
        # Rounding keeps order: numbers that adapt saw are within the rounded range once they are rounded, too.
        low, high = (edge.astype(self.dtype).reshape(self._broadcast_shape) for edge in (moments.low, moments.high))
        self.seen, self._seen_with = (low, high), self._broadcast(0).tobytes()

    def outside(self, x: Any) -> NDArray[np.bool_]:
        """Which numbers of an array lie outside the range that `adapt` saw: booleans of its shape.

        Raises ValueError if nothing was adapted, or other statistics were set since.
        """
        if self.seen is None or not self._range_holds():
            raise ValueError(f"{self.name} knows no range: call adapt(data) first")
        x = self.prepare(x)
        low, high = self.seen
        return ((x < low) | (x > high)).reshape(x.shape)

    def _range_holds(self) -> bool:
        """Whether the statistics are still those that came with the range."""
        return self._broadcast(0).tobytes() == self._seen_with

    def _warn_if_outside(self, x: NDArray[Any]) -> None:
        if self.seen is None or not self._range_holds():
            return
        low, high = self.seen
        if not ((x < low).any() or (x > high).any()):
            return
        seen = f" ({low.item():g} to {high.item():g})" if low.size == 1 else ""
        warn_caller(
            f"{self.name}: inputs lie outside the range that adapt saw{seen}, where a model was never trained; "
            f"{self.name}.outside(x) shows which"
        )

    # --- the two passes ---

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        tape = Tape()
        # Views, so that what is set later counts. Leading axes of length 1 go: inputs may have fewer than adapt's data.
        own = self._broadcast_shape[max(0, len(self._broadcast_shape) - len(shape)) :]
        tape.mean, tape.variance = (self._broadcast(i).reshape(own) for i in (0, 1))
        tape.y = zeros(shape, self.dtype)
        tape.dx = zeros(shape, self.dtype) if training else None
        return tape

    def forward(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool) -> NDArray[Any]:
        if self.warn_outside and not training and not self.invert:
            self._warn_if_outside(x)
        tape.scale = np.maximum(np.sqrt(tape.variance), x.dtype.type(config.epsilon()))
        if self.invert:
            np.multiply(x, tape.scale, out=tape.y)
            return np.add(tape.y, tape.mean, out=tape.y)
        np.subtract(x, tape.mean, out=tape.y)
        return np.divide(tape.y, tape.scale, out=tape.y)

    def backward(self, dy: NDArray[Any], tape: Tape, need_dx: bool) -> NDArray[Any] | None:
        if not need_dx:
            return None
        return (np.multiply if self.invert else np.divide)(dy, tape.scale, out=tape.dx)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "axis": self.axis,
            "invert": self.invert,
            "mean": None if self.input_mean is None else self.input_mean.tolist(),
            "variance": None if self.input_variance is None else self.input_variance.tolist(),
        }


def _axes(axis: Any) -> tuple[int, ...]:
    axes = () if axis is None else (axis,) if np.ndim(axis) == 0 else tuple(axis)
    for a in axes:
        if isinstance(a, (bool, np.bool_)) or not isinstance(a, (int, np.integer)):
            raise TypeError(f"Normalization: axis must be None, a whole number or several, got {axis!r:.60}")
    return tuple(int(a) for a in axes)


def _given(mean: Any, variance: Any, axes: int) -> tuple[Any, Any]:
    """Mean and variance as float64 arrays, or None and None."""
    if (mean is None) != (variance is None):
        raise ValueError("Normalization takes mean and variance together, got only one of them")
    if mean is None:
        return None, None
    values = []
    for name, value in (("mean", mean), ("variance", variance)):
        single = np.ndim(value) == 0
        array = as_input([value] if single else value, name, "float64")
        values.append(array[0] if single else array)
    mean, variance = map(np.asarray, values)
    if mean.shape != variance.shape:
        raise ValueError(
            f"Normalization: mean of shape {mean.shape} and variance of shape {variance.shape} must have one shape"
        )
    if mean.ndim > axes:
        raise ValueError(f"Normalization: mean of shape {mean.shape} has more axes than axis names, which is {axes}")
    if (variance < 0).any():
        raise ValueError(f"Normalization: variance must be at least 0, got {variance.min():g}")
    return mean, variance


def _batches(data: Any) -> Iterator[Any]:
    """The arrays that data is made of."""
    if hasattr(data, "__array__"):
        yield data
        return
    if isinstance(data, (str, bytes)) or not hasattr(data, "__iter__"):
        raise TypeError(f"adapt takes an array or batches of arrays, got {type(data).__name__}")
    if getattr(data, "num_batches", 0) is None:
        raise ValueError(f"adapt needs data that ends, got a {type(data).__name__} without a number of batches")
    for batch in data:
        x = batch[0] if isinstance(batch, tuple) else batch
        if not hasattr(x, "__array__"):
            raise TypeError(f"adapt takes an array or batches of arrays, got {type(x).__name__} in place of a batch")
        yield x
