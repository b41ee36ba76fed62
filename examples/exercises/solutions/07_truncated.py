"""The loop of the whole gradient, ended early; `fit(truncate=k)` trains so on long series.

전체 기울기를 구하는 반복문을 일찍 끝낸 것이다. `fit(truncate=k)`가 긴 시계열을 이렇게 학습한다.
"""

import numpy as np


def truncated_dU(h, U, dh, k):
    dU = np.zeros_like(U)
    last = len(h) - 1
    for t in range(last - 1, last - 1 - k, -1):
        da_h = dh * (1 - h[t + 1] ** 2)
        dU += np.outer(h[t], da_h)
        dh = da_h @ U.T
    return dU
