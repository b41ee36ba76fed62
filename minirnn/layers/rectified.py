"""Rectified units as layers: ReLU, LeakyReLU, PReLU with a slope that is learned, ELU."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import constraints, initializers, regularizers
from minirnn.layers.layer import Layer, Tape
from minirnn.layers.weight import PlainLayout, zeros


def not_negative(value: Any, owner: str, name: str) -> float:
    """`value` as it is. Raises ValueError unless it is a finite number of at least 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 <= value < np.inf:
        raise ValueError(f"{owner} {name} must be a number of at least 0, got {value!r:.60}")
    return value if isinstance(value, int) else float(value)


class _Sloped(Layer):
    """Base: `apply` writes y = f(x), and f'(x) to `slope` if there is such an array; so dx = dy f'(x)."""

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        slope = zeros(shape, self.dtype) if training else None
        return Tape(y=zeros(shape, self.dtype), slope=slope)

    def forward(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool) -> NDArray[Any]:
        self.apply(x, tape.y, tape.slope)
        return tape.y

    def apply(self, x: NDArray[Any], y: NDArray[Any], slope: NDArray[Any] | None) -> None:
        raise NotImplementedError

    def backward(self, dy: NDArray[Any], tape: Tape, need_dx: bool) -> NDArray[Any] | None:
        return dy * tape.slope if need_dx else None


class ReLU(_Sloped):
    """y = max_value for x >= max_value, x for threshold <= x, else negative_slope * (x - threshold).

    f' is `negative_slope`, 1 and 0 on these parts. At their edges it is what Keras on TensorFlow takes: 1 at max_value,
    but 0 for relu6 (max_value=6); 0 at the threshold, but `negative_slope` for the plain leaky form without the other
    two. Raises ValueError for a negative argument.
    """

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.max_value = None if max_value is None else not_negative(max_value, "ReLU", "max_value")
        self.negative_slope = not_negative(negative_slope, "ReLU", "negative_slope")
        self.threshold = not_negative(threshold, "ReLU", "threshold")

    def apply(self, x: NDArray[Any], y: NDArray[Any], slope: NDArray[Any] | None) -> None:
        above = x > self.threshold
        below = self.negative_slope * (x - self.threshold)
        np.copyto(y, np.where(above, x, below))
        if self.max_value is not None:
            np.minimum(y, self.max_value, out=y)
        if slope is not None:
            self._derive(x, above, slope)

    def _derive(self, x: NDArray[Any], above: NDArray[Any], slope: NDArray[Any]) -> None:
        leaky = self.max_value is None and self.threshold == 0
        is_below = ~above if leaky else x < self.threshold
        is_relu6 = self.max_value == 6 and self.threshold == 0 and self.negative_slope == 0
        within = above
        if self.max_value is not None:
            within = above & (x < self.max_value if is_relu6 else x <= self.max_value)
        np.copyto(slope, np.where(is_below, self.negative_slope, 0.0))
        slope[within] = 1.0

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }


class LeakyReLU(_Sloped):
    """y = x for x >= 0, negative_slope * x below (Maas et al. 2013). `alpha` is the slope's name in older scripts.

    At 0 the derivative is negative_slope, as on TensorFlow. Raises ValueError for a negative slope.
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.negative_slope = not_negative(negative_slope, "LeakyReLU", "negative_slope")

    def apply(self, x: NDArray[Any], y: NDArray[Any], slope: NDArray[Any] | None) -> None:
        positive = x > 0
        np.copyto(y, np.where(positive, x, self.negative_slope * x))
        if slope is not None:
            np.copyto(slope, np.where(positive, 1.0, self.negative_slope))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"negative_slope": self.negative_slope}


class ELU(_Sloped):
    """y = x for x >= 0, alpha * (e**x - 1) below (Clevert et al. 2016, eq. 16); there f' = alpha e**x."""

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(alpha, bool) or not isinstance(alpha, (int, float, np.number)) or not np.isfinite(alpha):
            raise ValueError(f"ELU alpha must be a finite number, got {alpha!r:.60}")
        self.alpha = float(alpha)

    def apply(self, x: NDArray[Any], y: NDArray[Any], slope: NDArray[Any] | None) -> None:
        positive, low = x > 0, np.minimum(x, 0)
        np.copyto(y, np.where(positive, x, self.alpha * np.expm1(low)))
        if slope is not None:
            np.copyto(slope, np.where(positive, 1.0, self.alpha * np.exp(low)))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"alpha": self.alpha}


class PReLU(Layer):
    """y = x for x > 0, alpha x below, with a learned alpha of its own at each place (He et al. 2015, eq. 1).

    Weight: alpha, of the input's shape without the batch; along each of `shared_axes`, counted with the batch as 0, it
    has size 1 and holds for all. Then

        dx = dy for x > 0, dy alpha for x < 0, 0 at 0;   dalpha = sum of dy min(x, 0) over the batch and shared axes

    Raises ValueError for an unknown initializer, regularizer or constraint, axes that the input does not have, and an
    axis of unknown size that is not shared.
    """

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer: Any = initializers.get(alpha_initializer)
        self.alpha_regularizer: Any = regularizers.get(alpha_regularizer)
        self.alpha_constraint: Any = constraints.get(alpha_constraint)
        axes = shared_axes if shared_axes is None or isinstance(shared_axes, (list, tuple)) else [shared_axes]
        self.shared_axes = None if axes is None else list(axes)

    def _alpha_shape(self, shape: tuple[int | None, ...]) -> tuple[int, ...]:
        sizes = list(shape[1:])
        for axis in self.shared_axes or ():
            if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)) or not 0 < axis < len(shape):
                raise ValueError(f"{self.name} cannot share axis {axis!r} of shape {tuple(shape)}; the first is 1")
            sizes[axis - 1] = 1
        if None in sizes:
            raise ValueError(
                f"{self.name} needs a known size of each axis, got shape {tuple(shape)}; share the others "
                "by shared_axes=[1]"
            )
        return tuple(n for n in sizes if n is not None)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        shape = self._alpha_shape(input_shape)
        rules = {"regularizer": self.alpha_regularizer, "constraint": self.alpha_constraint}
        self._alpha = self.add_weight("alpha", shape, self.alpha_initializer, PlainLayout(self.dtype), **rules)
        super().build(input_shape)

    def check_input(self, shape: tuple[int | None, ...]) -> None:
        """Raise ValueError if arrays of this shape do not fit alpha."""
        expected = self._alpha.shape if self.built else ()
        if self.built and self._alpha_shape(shape) != expected:
            raise ValueError(f"{self.name} was built for alpha of shape {expected}, got input of shape {tuple(shape)}")

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        alpha = self._alpha
        summed = tuple(a + 1 for a, (n, m) in enumerate(zip(alpha.shape, shape[1:], strict=True)) if n != m)
        return Tape(
            alpha=alpha.layout.view(alpha.packed, alpha.shape),
            dalpha=alpha.layout.view(alpha.gradient, alpha.shape),
            summed=summed,
        )

    def forward(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool) -> NDArray[Any]:
        tape.positive, tape.low = x > 0, np.minimum(x, 0)
        return np.where(tape.positive, x, tape.alpha * tape.low)

    def backward(self, dy: NDArray[Any], tape: Tape, need_dx: bool) -> NDArray[Any] | None:
        if self.trainable:
            d = (dy * tape.low).sum(axis=(0, *tape.summed), keepdims=True)
            np.copyto(tape.dalpha, d[0])
        if not need_dx:
            return None
        return np.where(tape.positive, dy, np.where(tape.low < 0, dy * tape.alpha, dy.dtype.type(0)))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }
