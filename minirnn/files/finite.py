"""Files hold finite numbers: what else a model has learnt is not written, and what else a file holds is not read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.files.errors import ModelFileError


def refuse_non_finite(model: Any) -> None:
    """ValueError for a model that has learnt NaN or infinity: no file of it would load. The old file is as before."""
    for weight in model.weights:
        if not np.isfinite(weight.numpy()).all():
            raise ValueError(
                f"model {model.name} was not saved: {weight.path} holds NaN or infinity, which no file may; "
                "go back to an earlier file, and train with a smaller learning rate or clipnorm"
            )


def finite(array: NDArray[Any], where: str, least: float = -np.inf) -> NDArray[Any]:
    """`array`; ModelFileError if it holds NaN, infinity or a number below `least`."""
    low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)
    if not np.isfinite([low, high]).all() or low < least:  # NaN is its own minimum
        what = f"numbers from {low:g} to {high:g}"
        raise ModelFileError(where, what, "finite numbers" if least == -np.inf else f"at least {least:g}")
    return array
