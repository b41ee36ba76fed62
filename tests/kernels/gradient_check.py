"""Gradients against central differences: a random upstream gradient, a random direction for each quantity."""

from __future__ import annotations

import numpy as np

STEP = 1e-4
# Differences of fourth order err by STEP**4 times a fifth derivative, and by the rounding of the sum, 1e-15 / STEP.
TOLERANCE = 1e-9


def check_vjp(case, step: float = STEP) -> None:
    """Each gradient of `case`, along a random direction, equals the difference of sum(outputs * upstream)."""
    layer = case.layer
    dx, d_weights, d_states = case.vjp()
    quantities = {"x": (case.x, dx)}
    quantities |= {w.name: (w.numpy(), d) for w, d in zip(layer.weights, d_weights, strict=True)}
    quantities |= {f"{n}0": (s, d) for n, s, d in zip("hc", case.states, d_states, strict=False)}
    random = np.random.default_rng(7)
    for name, (value, gradient) in quantities.items():
        assert gradient.shape == value.shape and gradient.dtype == value.dtype, name
        direction = random.normal(0, 1, value.shape)
        h = step * min(1.0, 100 / np.sqrt(value.size))  # many numbers at once go far with small steps
        at = [value_at(case, name, value + k * h * direction) for k in (-2, -1, 1, 2)]
        slope = (8 * (at[2] - at[1]) - (at[3] - at[0])) / (12 * h)
        found = float(np.sum(gradient * direction))
        assert abs(found - slope) <= TOLERANCE * max(1, abs(slope)), f"{name}: {found}, expected {slope}"


def value_at(case, name: str, value: np.ndarray) -> float:
    """sum(outputs * upstream gradients) with one quantity replaced."""
    x, states, weights = case.x, list(case.states), case.layer.get_weights()
    replaced = list(weights)
    if name == "x":
        x = value
    elif name in ("h0", "c0"):
        states["hc".index(name[0])] = value
    else:
        replaced[[w.name for w in case.layer.weights].index(name)] = value
    case.layer.set_weights(replaced)
    y, *last = case.layer(x, initial_state=states, mask=case.mask, training=case.training)
    case.layer.set_weights(weights)
    return float(np.sum(y * case.dy) + sum(np.sum(a * d) for a, d in zip(last, case.d_states, strict=True)))
