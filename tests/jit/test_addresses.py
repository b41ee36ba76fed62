"""Machine code has an address, compiled a moment ago or found on disk, and a kernel can call it there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from minirnn.jit import JIT_ENABLED, kernel
from minirnn.kernels.calling import array_at, call_at, record
from minirnn.kernels.dense import softmax_forward
from minirnn.kernels.streaming import AXES_2

pytestmark = pytest.mark.skipif(not JIT_ENABLED, reason="there is no machine code")

PROGRAM = """
import numpy as np
from minirnn.kernels.dense import softmax_forward as k
x = np.zeros((2, 3))
print(k.address(x, x) != 0)
"""


@kernel
def call_there(like, address, words):
    call_at(address, array_at(words, 0, AXES_2, like), array_at(words, 3, AXES_2, like))


def test_a_kernel_calls_another_by_its_address_on_arrays_by_theirs():
    x = np.random.default_rng(0).normal(size=(4, 5))
    y, expected = np.zeros_like(x), np.zeros_like(x)
    softmax_forward(x, expected)
    call_there(x, softmax_forward.address(x, y), np.array(record([x, y]), np.int64))
    assert y.tobytes() == expected.tobytes() and y.any()


def test_there_is_an_address_also_for_code_from_the_disk(tmp_path):
    environment = {**os.environ, "MINIRNN_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    said = [subprocess.check_output([sys.executable, "-c", PROGRAM], env=environment, text=True) for _ in range(2)]
    assert [line.split()[0] for line in said] == ["True", "True"]
    assert len(list(tmp_path.rglob("softmax_forward-*.bin"))) == 1
