"""What kernels are compiled with, beside Numba's own."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from minirnn.jit import kernel

pytestmark = pytest.mark.needs_jit


@kernel
def extremes(x, n, y):
    y[0], y[1] = min(x[0], x[1]), max(x[0], x[1])
    y[2], y[3] = min(x[0], 0.5), max(n, x[0])
    y[4], y[5] = min(n, 7), max(n, 7)


@pytest.mark.parametrize("x", [(1.0, 2.0), (2.0, 1.0), (np.nan, 1.0), (1.0, np.nan), (-np.inf, np.inf)])
@pytest.mark.parametrize("n", [3, 9])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_min_and_max_are_those_of_python(x, n, dtype):
    x, y, expected = np.array(x, dtype), np.empty(6, dtype), np.empty(6, dtype)
    extremes(x, n, y)
    extremes.function(x, n, expected)
    np.testing.assert_array_equal(y, expected)


AFTER_A_KERNEL = """
import numpy as np
from numba import njit
from minirnn.kernels.finite import all_finite

@njit
def other(x, text):
    return min(x), np.median(x), np.linalg.norm(x), text.upper().startswith("A"), [len(word) for word in text.split()]

x = np.array([4.0, 3.0])
numbers = all_finite(x), other(x, "a word"), all_finite(x.astype(np.float32))
print(numbers)
"""


def test_what_others_compile_with_numba_is_unchanged(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIRNN_CACHE_DIR", str(tmp_path))
    done = subprocess.run([sys.executable, "-c", AFTER_A_KERNEL], capture_output=True, text=True, check=True)
    assert done.stdout == "(True, (3.0, 3.5, 5.0, True, [1, 4]), True)\n"
