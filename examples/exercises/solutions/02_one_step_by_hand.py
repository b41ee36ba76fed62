"""Sums first, then gates, then c, then h; and back in the opposite order.

합, 게이트, c, h의 순서로 계산하고, 거꾸로 갈 때는 반대 순서로 계산한다.
"""

FORWARD = {
    "a_i": 0, "a_f": 1.5, "a_g": 4, "a_o": -1.5,
    "i": 1 / 2, "f": 3 / 4, "g": 4, "o": 1 / 4,
    "c": 17 / 4,  # 3/4 * 3 + 1/2 * 4
    "h": 17 / 16,
}  # fmt: skip
BACKWARD = {
    "da_i": 1 / 6,  # dc = 1/4, di = 1/4 * 4 = 1, slope 1/6
    "da_f": 1 / 8,  # df = 1/4 * 3
    "da_g": 1 / 8,  # dg = 1/4 * 1/2, slope 1
    "da_o": 17 / 24,  # do = 17/4
    "dc_prev": 3 / 16,  # dc f
}
