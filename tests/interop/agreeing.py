"""A model beside what another library computed: outputs, final states, loss and the gradient of the input."""

from __future__ import annotations

from typing import Any

import numpy as np

from minirnn.utils.nested import flatten
from reference.compare import compare_arrays, require


def agrees(model: Any, expected: dict[str, np.ndarray]) -> None:
    """Mismatch unless the model gives the output `y`, the `loss` (mse) and its gradient `dx` of PyTorch."""
    dtype = expected["y"].dtype.name
    model.compile("sgd", "mse")
    loss, _, dx = model.compute_gradients(expected["x"], expected["target"])
    y = model.predict_on_batch(expected["x"])
    checks = [compare_arrays("outputs", "y", y, expected["y"], dtype)]
    checks.append(compare_arrays("outputs", "loss", loss, expected["loss"][0], dtype))
    if "dx" in expected:
        checks.append(compare_arrays("gradients", "dx", dx, expected["dx"], dtype))
    require(checks)


def states_agree(model: Any, expected: dict[str, np.ndarray]) -> None:
    """Mismatch unless the states that follow the output are those that PyTorch stacks in h_n and c_n."""
    _, *states = flatten(model.predict_on_batch(expected["x"]))
    kinds = [kind for kind in "hc" if kind in expected]
    assert len(states) == len(kinds) * len(expected["h"]) > 0
    stacks = [np.stack(states[number :: len(kinds)]) for number in range(len(kinds))]
    dtype = expected["y"].dtype.name
    require(compare_arrays("outputs", k, own, expected[k], dtype) for k, own in zip(kinds, stacks, strict=True))
