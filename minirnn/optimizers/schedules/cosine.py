"""Schedules that fall along a cosine (Loshchilov & Hutter 2017, SGDR, equation 5), once or again and again."""

from __future__ import annotations

import math

from minirnn.optimizers.checks import not_negative, positive
from minirnn.optimizers.schedules.schedule import Decay


class CosineDecay(Decay):
    """From `initial_learning_rate` to `alpha` times it in `decay_steps`, along half a cosine; it stays there.

    With a `warmup_target` it first runs straight from `initial_learning_rate` to that target, in `warmup_steps` (Goyal
    et al. 2017), and falls from there.

    >>> CosineDecay(0.5, decay_steps=10)(5)
    0.25
    >>> CosineDecay(0.0, decay_steps=10, warmup_target=0.5, warmup_steps=4)(2)
    0.25
    """

    arguments = ("initial_learning_rate", "decay_steps", "alpha", "name", "warmup_target", "warmup_steps")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        not_negative(initial_learning_rate, "initial_learning_rate")
        positive(decay_steps, "decay_steps")
        not_negative(alpha, "alpha")
        not_negative(warmup_steps, "warmup_steps")
        if warmup_target is not None:
            not_negative(warmup_target, "warmup_target")
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.alpha, self.name = alpha, name
        self.warmup_target, self.warmup_steps = warmup_target, warmup_steps

    def at(self, step: float) -> float:
        top = self.initial_learning_rate
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return float(top + (self.warmup_target - top) * step / self.warmup_steps)
            top, step = self.warmup_target, step - self.warmup_steps
        return float(top * _left(min(step / self.decay_steps, 1.0), self.alpha))


class CosineDecayRestarts(Decay):
    """Half cosines one after another: the first takes `first_decay_steps`, each next one `t_mul` times as long, and
    starts `m_mul` times as high. `alpha` is the share of the initial rate that it never goes below.

    >>> [round(CosineDecayRestarts(0.5, first_decay_steps=10, m_mul=0.5)(step), 4) for step in (0, 5, 10, 20)]
    [0.5, 0.25, 0.25, 0.125]
    """

    arguments = ("initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        not_negative(initial_learning_rate, "initial_learning_rate")
        positive(first_decay_steps, "first_decay_steps")
        if not_negative(t_mul, "t_mul") < 1:
            raise ValueError(f"t_mul must be at least 1, got {t_mul!r}: ever shorter periods come to an end")
        not_negative(m_mul, "m_mul")
        not_negative(alpha, "alpha")
        self.initial_learning_rate, self.first_decay_steps = initial_learning_rate, first_decay_steps
        self.t_mul, self.m_mul, self.alpha, self.name = t_mul, m_mul, alpha, name

    def at(self, step: float) -> float:
        period, share = self._place(step / self.first_decay_steps)
        return float(self.initial_learning_rate * _left(share, self.alpha, self.m_mul**period))

    def _place(self, time: float) -> tuple[int, float]:
        """(which period, share of it that is over) at a time that is told in first periods."""
        t = self.t_mul
        if t == 1:
            return math.floor(time), time % 1.0

        def start(period: int) -> float:
            return (t**period - 1.0) / (t - 1.0)

        period = math.floor(math.log(1.0 + time * (t - 1.0)) / math.log(t))
        # The logarithms may round across a restart.
        while start(period + 1) <= time:
            period += 1
        while start(period) > time:
            period -= 1
        return period, (time - start(period)) / t**period


def _left(share: float, alpha: float, height: float = 1.0) -> float:
    """What is left after this share of half a cosine that falls from `height` to 0, with a floor of alpha."""
    return (1.0 - alpha) * 0.5 * height * (1.0 + math.cos(math.pi * share)) + alpha
