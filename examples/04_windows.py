"""4. From one series to rows: windows.

4. 시계열 하나를 여러 행으로 자르기: 윈도우.
"""

import numpy as np

from minirnn.utils import sliding_windows

series = np.arange(1, 11)

# 1..10 in windows of 4: six rows of four numbers, and the number after each. / 크기 4의 윈도우: x는 6행 4열, y는 6개.
x, y = sliding_windows(series, 4)
print("x", x.shape)
print("y", y.shape)
for row, target in zip(x, y, strict=True):
    print(row.ravel(), "->", target)

# Two numbers a step instead of one. / 한 시점에 값 두 개씩.
x2, y2 = sliding_windows(series, 4, chunk=2)
print("two a step:", x2.shape, y2.shape)

# The next three numbers instead of one. / 다음 값 세 개를 한꺼번에 예측.
x3, y3 = sliding_windows(series, 4, horizon=3)
print("three ahead:", x3.shape, y3.shape)

# Two columns side by side. / 두 개의 열.
both = np.stack([series, series * 10], axis=1)
x4, y4 = sliding_windows(both, 4)
print("two columns:", x4.shape, y4.shape)

# A window that is longer than the series is an error that says so. / 시계열보다 긴 윈도우는 오류.
try:
    sliding_windows(series, 11)
except ValueError as error:
    print(error)
