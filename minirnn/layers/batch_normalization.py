"""BatchNormalization: each feature brought to mean 0 and variance 1 over the batch, then to where training wants it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import config, initializers
from minirnn.boundary import as_mask
from minirnn.layers.arguments import passed_on
from minirnn.layers.batch_renormalization import Renormalization
from minirnn.layers.layer import Tape
from minirnn.layers.scaling import AlongOneAxis, Scaled, seen, sizes_along, total, whole_axes
from minirnn.layers.symbolic import Shape
from minirnn.layers.weight import PlainLayout, zeros

Array = NDArray[Any]


class BatchNormalization(AlongOneAxis, Scaled):
    """Batch normalization (Ioffe and Szegedy 2015, algorithm 1):

        z = (x - mean) / sqrt(variance + epsilon)
        y = gamma z + beta

    Any shape in, the same out. `axis` (-1: the features) is the one along which mean and variance are of their own;
    they are taken over all others. In training they are those of the batch (of its steps that the mask does not leave
    out, if there is one), and the moving ones follow; otherwise the moving ones are used:

        moving = momentum moving + (1 - momentum) that of the batch

    With `trainable = False` the moving ones are used in training, too, and stay as they are. Weights, each of the size
    of the axis: gamma, beta; and two that no optimizer moves, moving_mean and moving_variance.

    With `renorm` training corrects z by what earlier batches were like (`Renormalization`, with `renorm_clipping` and
    `renorm_momentum`), and three more weights follow: moving_stddev, of which moving_variance is made, renorm_mean and
    renorm_stddev.

    `synchronized` concerns several devices, and changes nothing. Raises TypeError or ValueError for an axis that is no
    whole number, not in the input, or the batch, a momentum outside [0, 1], an epsilon below 0, and as
    `Renormalization` does.
    """

    takes_mask = True

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        own = ("axis", "momentum", "moving_mean_initializer", "moving_variance_initializer", "renorm")
        super().__init__(**passed_on(locals(), "own", *own, "renorm_clipping", "renorm_momentum", "synchronized"))
        if isinstance(axis, (list, tuple)):
            raise TypeError(f"BatchNormalization: axis must be one whole number, got {axis!r:.60}")
        self.axis: Any = whole_axes(axis, type(self).__name__)
        self.momentum = float(momentum)
        if not 0 <= self.momentum <= 1:
            raise ValueError(f"BatchNormalization: momentum must be from 0 to 1, got {momentum!r}")
        self.moving_mean_initializer: Any = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer: Any = initializers.get(moving_variance_initializer)
        self.renorm, self.renorm_clipping, self.renorm_momentum = bool(renorm), renorm_clipping, renorm_momentum
        self._renorm = Renormalization(renorm_clipping, renorm_momentum) if renorm else None
        if self._renorm is not None:
            self.renorm_clipping = self._renorm.limits
        self.synchronized = bool(synchronized)

    def build(self, input_shape: Shape) -> None:
        sizes = sizes_along(input_shape, (self.axis,), self.name)
        self.add_scale(sizes, self.scale, self.center)
        layout, new = PlainLayout(self.dtype), {"trainable": False}
        self._mean = self.add_weight("moving_mean", sizes, self.moving_mean_initializer, layout, **new)
        self._variance = self.add_weight("moving_variance", sizes, self.moving_variance_initializer, layout, **new)
        self._variance.least = 0.0
        if self._renorm is not None:
            of_stddev = self._stddev_initializer
            self._stddev = self.add_weight("moving_stddev", sizes, of_stddev, layout, **new)
            self._renorm_mean = self.add_weight("renorm_mean", sizes, self.moving_mean_initializer, layout, **new)
            self._renorm_stddev = self.add_weight("renorm_stddev", sizes, of_stddev, layout, **new)
        super().build(input_shape)

    def _stddev_initializer(self, shape: tuple[int, ...], dtype: Any = None) -> Array:
        return np.sqrt(self.moving_variance_initializer(shape, dtype=dtype))

    # --- the two passes ---

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        t, axis = Tape(), self.axis % len(shape)
        t.axes = tuple(a for a in range(len(shape)) if a != axis)
        own = tuple(n if a == axis else 1 for a, n in enumerate(shape))
        t.count = float(np.prod([shape[a] for a in t.axes]))
        t.gamma, t.beta = self.scale_views(own)
        t.mean, t.variance = seen(self._mean).reshape(own), seen(self._variance).reshape(own)
        if self._renorm is not None:
            followed = (self._stddev, self._renorm_mean, self._renorm_stddev)
            t.stddev, t.renorm_mean, t.renorm_stddev = (seen(weight).reshape(own) for weight in followed)
        t.z, t.y = zeros(shape, self.dtype), zeros(shape, self.dtype)
        t.dx = zeros(shape, self.dtype) if training else None
        return t

    def forward(self, x: Array, mask: Array | None, tape: Tape, training: bool) -> Array:
        t = tape
        t.of_batch = training and self.trainable
        mean, variance = self._moments(x, mask, t) if t.of_batch else (t.mean, t.variance)
        stddev = np.sqrt(variance + self.epsilon)
        t.rate = 1 / stddev
        t.r, t.d = 1.0, 0.0
        if t.of_batch:
            if self._renorm is not None:
                followed = (t.renorm_mean, t.renorm_stddev)
                t.r, t.d = self._renorm.correction(mean, stddev, followed, np.sqrt(self.epsilon))
            self._follow(mean, variance, stddev, t)
        np.subtract(x, mean, out=t.z)
        np.multiply(t.z, t.rate, out=t.z)
        np.multiply(t.z, t.r * t.gamma, out=t.y)
        return np.add(t.y, t.d * t.gamma + t.beta, out=t.y)

    def _follow(self, mean: Array, variance: Array, stddev: Array, t: Tape) -> None:
        """Let the moving statistics follow those of the batch."""
        _move(t.mean, mean, self.momentum)
        if self._renorm is None:
            _move(t.variance, variance, self.momentum)
            return
        _move(t.stddev, stddev, self.momentum)
        np.maximum(t.stddev * t.stddev - self.epsilon, 0, out=t.variance)
        _move(t.renorm_mean, mean, self._renorm.momentum)
        _move(t.renorm_stddev, stddev, self._renorm.momentum)

    def _moments(self, x: Array, mask: Array | None, t: Tape) -> tuple[Array, Array]:
        """Mean and variance of the batch.

        Under a mask both are sums over count + 1e-7, as in Keras, so that a batch without a step has moments, too.
        """
        t.counts = None if mask is None else as_mask(mask, x.shape[:-1])[..., None]  # type: ignore[arg-type]
        if t.counts is None:
            t.extra, t.n = 0.0, t.count
        else:
            t.extra = config.epsilon()
            t.n = total(np.broadcast_to(t.counts, x.shape).astype(self.dtype), t.axes) + t.extra
            x = np.where(t.counts, x, x.dtype.type(0))
        t.batch_mean = total(x, t.axes) / t.n
        np.subtract(x, t.batch_mean, out=t.z)
        if t.counts is not None:
            t.z *= t.counts
        return t.batch_mean, total(np.square(t.z), t.axes) / t.n

    def backward(self, dy: Array, tape: Tape, need_dx: bool) -> Array | None:
        t = tape
        d_beta = total(dy, t.axes)  # y = gamma (r z + d) + beta
        along_z = total(dy * t.z, t.axes)
        self.set_gradients(t.r * along_z + t.d * d_beta, d_beta)
        if not need_dx:
            return None
        scale = t.r * t.gamma
        np.multiply(dy, scale, out=t.dx)  # dz
        if t.of_batch:
            # What z gains through the batch's mean and variance: with sums over all places, n those that count,
            # through the mean     -(sum of dz) / n
            # through the variance -z (sum of dz z) / n, and what the mean does to it where n is more than the places
            through_mean, through_variance = scale * d_beta / t.n, scale * along_z / t.n
            shared = through_mean + (t.z - t.rate * t.batch_mean * t.extra / t.n) * through_variance
            t.dx -= shared if t.counts is None else shared * t.counts
        return np.multiply(t.dx, t.rate, out=t.dx)  # z = (x - mean) rate

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "axis": self.axis,
            "momentum": self.momentum,
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "renorm": self.renorm,
            "renorm_clipping": self.renorm_clipping,
            "renorm_momentum": self.renorm_momentum,
            "synchronized": self.synchronized,
        }


def _move(moving: Array, new: Array, momentum: float) -> None:
    """moving = momentum moving + (1 - momentum) new"""
    moving *= momentum
    moving += (1 - momentum) * new
