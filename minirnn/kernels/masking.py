"""Which steps of a sequence count, and the sequence without the others, in one pass over it."""

from __future__ import annotations

from minirnn.jit import shared_kernel


@shared_kernel
def mark_steps(x, mask_value, counts, y, r0, r1):
    """counts[i, t] = whether any feature of x[i, t] is other than `mask_value`; y = x there, and zero elsewhere.

    x (B, T, F), counts (B, T) and y (B, T, F) or (0, 0, 0), of batch rows r0 .. r1-1. NaN is other than any value.
    """
    for i in range(r0, r1):
        for t in range(x.shape[1]):
            other = 0
            for k in range(x.shape[2]):
                other += x[i, t, k] != mask_value
            counts[i, t] = other > 0
            if y.size > 0:
                for k in range(x.shape[2]):
                    y[i, t, k] = x[i, t, k] if other > 0 else 0.0
