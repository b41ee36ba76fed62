"""Kernels take denormal numbers for zero, and leave the rest of the thread as it was."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from minirnn import layers
from minirnn.jit import Static, kernel
from minirnn.jit.denormals import ON_X86
from minirnn.kernels.simd import load, store, width

pytestmark = [pytest.mark.needs_jit, pytest.mark.skipif(not ON_X86, reason="only x86 works so slowly on them")]

VERSION = Static((hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16],))


@kernel
def halve(version, x, y):
    for k in range(0, x.size, width(x)):
        store(y, k, 0.5 * load(x, k))


@kernel
def halve_unless_large(version, x, y):
    if x[0] > 1.0:
        return
    store(y, 0, 0.5 * load(x, 0))


def test_denormal_results_and_operands_are_zero_in_kernels(dtype):
    tiny = np.finfo(dtype).tiny
    x = np.array([tiny, 4 * tiny, tiny / 1024, -tiny] * 8, dtype)
    y = np.empty_like(x)
    halve(VERSION, x, y)
    np.testing.assert_array_equal(y[:4], np.array([0, 2 * tiny, 0, 0], dtype))


def test_numpy_keeps_them_after_a_kernel(dtype):
    tiny = np.finfo(dtype).tiny
    x = np.full(32, tiny, dtype)
    halve(VERSION, x, x.copy())
    for first in (tiny, 2.0):  # either way out of the kernel
        x[0] = first
        halve_unless_large(VERSION, x, x.copy())
        assert (x * x.dtype.type(0.5) > 0).all()


def test_a_gradient_that_vanishes_is_zero_at_last_and_never_denormal():
    """The gradient of a unit that keeps a hundredth of its state, 40 steps back."""
    layer = layers.SimpleRNN(8, activation="linear")
    layer.build((None, 40, 2))
    layer.set_weights([np.ones((2, 8)), 0.01 * np.eye(8), np.zeros(8)])
    dx, _, _ = layer.vjp(np.zeros((3, 40, 2)), np.ones((3, 8)))
    sizes = np.abs(dx[np.nonzero(dx)])
    assert (dx[:, -1] == 8).all() and (dx[:, 0] == 0).all()
    assert sizes.min() >= np.finfo("float32").tiny
