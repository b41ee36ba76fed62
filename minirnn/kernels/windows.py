"""Windows along time: side by side, so that a convolution is one matrix product, or the largest step of each.

x (B, T, F) is a sequence. Of windows (B, N, size * F), window n is the steps n * stride + tap * dilation - left of x,
tap = 0 .. size - 1; steps before the first and behind the last of x are zeros. Calls work on samples b0 .. b1-1.
"""

from __future__ import annotations

from minirnn.jit import shared_kernel


@shared_kernel
def unfold(x, stride, dilation, left, windows, b0, b1):
    """Fill the windows from x."""
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


@shared_kernel
def fold(d_windows, stride, dilation, left, dx, b0, b1):
    """dx becomes at each step the sum over the places where `unfold` put it: the transpose of `unfold`."""
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


@shared_kernel
def largest(x, size, stride, left, y, winner, b0, b1):
    """y (B, N, F) becomes the largest of the steps in each window, winner (B, N, F) which step of x, the first such."""
    T, F = x.shape[1], x.shape[2]
    for b in range(b0, b1):
        for n in range(y.shape[1]):
            first, last = max(0, n * stride - left), min(T, n * stride - left + size)
            for f in range(F):
                y[b, n, f] = x[b, first, f]
                winner[b, n, f] = first
            for t in range(first + 1, last):
                for f in range(F):
                    if x[b, t, f] > y[b, n, f]:
                        y[b, n, f] = x[b, t, f]
                        winner[b, n, f] = t


@shared_kernel
def to_largest(dy, winner, dx, b0, b1):
    """dx (B, T, F) becomes at each step the sum of dy over the windows whose largest it is."""
    for b in range(b0, b1):
        for t in range(dx.shape[1]):
            for f in range(dx.shape[2]):
                dx[b, t, f] = 0.0
        for n in range(dy.shape[1]):
            for f in range(dy.shape[2]):
                dx[b, winner[b, n, f], f] += dy[b, n, f]
