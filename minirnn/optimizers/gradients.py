"""Clipping: what an optimizer does to gradients before it uses them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from minirnn.kernels.optimizer_options import clip, scale, square_sum
from minirnn.training.arena import Stretch


def clip_by_value(stretches: Sequence[Stretch], limit: float) -> None:
    """Every number to -limit .. limit."""
    for stretch in stretches:
        clip(stretch.gradients, limit, 0, stretch.gradients.size)


def clip_by_norm(stretches: Sequence[Stretch], limit: float) -> None:
    """The gradient of each weight, scaled down to a norm of `limit` if it is longer."""
    for stretch in stretches:
        for start, stop in stretch.segments:
            _limit_norm(stretch, math.sqrt(square_sum(stretch.gradients, start, stop)), limit, start, stop)


def clip_by_global_norm(stretches: Sequence[Stretch], limit: float) -> None:
    """All gradients, scaled down together to a norm of `limit` if it is longer."""
    norm = math.sqrt(sum(square_sum(s.gradients, 0, s.gradients.size) for s in stretches))
    for stretch in stretches:
        _limit_norm(stretch, norm, limit, 0, stretch.gradients.size)


def _limit_norm(stretch: Stretch, norm: float, limit: float, start: int, stop: int) -> None:
    if norm > limit:
        scale(stretch.gradients, limit / norm, start, stop)
