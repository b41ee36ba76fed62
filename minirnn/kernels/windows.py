"""Windows along time side by side, so that a convolution is one matrix product; and the way back, their transpose.

x (B, T, F) is a sequence. Of windows (B, N, size * F), window n is the steps n * stride + tap * dilation - left of x,
tap = 0 .. size - 1; steps before the first and behind the last of x are zeros.
"""

from __future__ import annotations

from minirnn.jit import kernel


@kernel
def unfold(x, stride, dilation, left, windows, b0, b1):
    """Fill the windows of samples b0 .. b1-1 from x."""
    T, F = x.shape[1], x.shape[2]
    size = windows.shape[2] // F
    for b in range(b0, b1):
        for n in range(windows.shape[1]):
            for tap in range(size):
                t = n * stride + tap * dilation - left
                if 0 <= t < T:
                    for f in range(F):
                        windows[b, n, tap * F + f] = x[b, t, f]
                else:
                    for f in range(F):
                        windows[b, n, tap * F + f] = 0.0


@kernel
def fold(d_windows, stride, dilation, left, dx, b0, b1):
    """dx of samples b0 .. b1-1 becomes at each step the sum over the places where `unfold` put it."""
    T, F = dx.shape[1], dx.shape[2]
    size = d_windows.shape[2] // F
    for b in range(b0, b1):
        for t in range(T):
            for f in range(F):
                dx[b, t, f] = 0.0
        for n in range(d_windows.shape[1]):
            for tap in range(size):
                t = n * stride + tap * dilation - left
                if 0 <= t < T:
                    for f in range(F):
                        dx[b, t, f] += d_windows[b, n, tap * F + f]
