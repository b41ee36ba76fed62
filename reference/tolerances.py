"""The one table of what may differ, and by how much.

How each difference is measured:

- outputs: max |ours - Keras's| / max(1, max |Keras's|), over one array. At unit scale (|values| <= 1, the range of tanh
  and sigmoid) this is the plain difference.
- gradients: max |ours - Keras's| / max |Keras's|, over the gradient of one weight, of x, or of one initial state.
  Layers drawn at random may have arrays of one number, a sum that cancels or the slope of a gate that is nearly shut:
  their float32 gradients are relative to the largest of the draw, at least 1, the scale of what arrives; the float64
  ones are not.
- losses: the largest |ours - Keras's| / |Keras's| of a training run, over its epochs.
- truth: for each array (the output, the gradient of each weight and of x) the root mean square of its float32 error
  over `DRAWS` draws of weights and data, relative to the largest |truth|; then the geometric mean of the arrays. What
  is bounded is minirnn's number divided by Keras's.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tolerance:
    """The largest difference that still passes, and why it is that large."""

    allowed: float
    reason: str


TOLERANCES: dict[str, dict[str, Tolerance]] = {
    "float32": {
        "outputs": Tolerance(
            1e-6,
            "8 units in the last place at 1; Keras itself comes that near to it where sums have thousands of products",
        ),
        "gradients": Tolerance(
            1e-5,
            "84 units in the last place; the errors of every step add up over time and batch",
        ),
        "losses": Tolerance(
            1e-4,
            "100 Adam steps: where a gradient is near zero its sign is rounding, and Adam steps by the sign",
        ),
    },
    "float64": {
        "outputs": Tolerance(1e-12, "4,500 units in the last place at 1: far above rounding, far below any real error"),
        "gradients": Tolerance(1e-10, "as for outputs, with room for the sums over time and batch"),
        "losses": Tolerance(1e-9, "100 Adam steps enlarge a rounding error some thousand times"),
    },
}

TRUTH_RATIO: dict[str, Tolerance] = {
    "all models": Tolerance(1.0, "minirnn's float32 is no further from the truth than Keras's"),
    "one model": Tolerance(1.1, "the same for each, with room for chance: other draws move a ratio by some hundredths"),
}

DRAWS = 6
