"""What all tests share: Keras if it is installed, the `needs_jit` marker, hypothesis's settings."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import settings

from minirnn.jit import JIT_ENABLED, sharing
from minirnn.kernels import threads

# The same few examples in every run; HYPOTHESIS_PROFILE=thorough looks for new ones.
settings.register_profile("quick", max_examples=10, deadline=None, derandomize=True, database=None)
settings.register_profile("thorough", max_examples=300, deadline=None, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


# The tests have every processor to do already; tests/jit/test_together.py is about compiling on two.
os.environ["MINIRNN_COMPILERS"] = "1"


def pytest_configure(config):
    config.addinivalue_line("markers", "needs_jit: about machine code; skipped with NUMBA_DISABLE_JIT=1")


def pytest_collection_modifyitems(items):
    if JIT_ENABLED:
        return
    for item in items:
        if item.get_closest_marker("needs_jit"):
            item.add_marker(pytest.mark.skip(reason="about machine code, and NUMBA_DISABLE_JIT is set"))


@pytest.fixture(scope="session")
def keras():
    """Keras on TensorFlow; what needs it is skipped where the two are not installed."""
    pytest.importorskip("tensorflow")
    pytest.importorskip("keras")
    from reference import keras_side

    return keras_side.load()[0]


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture
def thread_count():
    """`set_num_threads`, undone after the test."""
    before = threads.get_num_threads()
    yield threads.set_num_threads
    threads.set_num_threads(before)


@pytest.fixture
def share_everything(monkeypatch):
    """Small work is shared too, as large work is, and all of it is of shared kernels, which know what an order is."""
    monkeypatch.setattr(threads, "WORTH_SHARING", 0)
    monkeypatch.setattr(threads, "WORTH_WAKING", 0)
    run = threads.Crew.run

    def run_and_look(crew, kernel, arguments, helpers, *pieces):
        crew.boxes[:, sharing.PIECE] = 0
        run(crew, kernel, arguments, helpers, *pieces)
        assert crew.boxes[:helpers, sharing.PIECE].all(), "not a shared kernel: it took an order for an empty range"

    monkeypatch.setattr(threads.Crew, "run", run_and_look)


@pytest.fixture
def same_bits(share_everything, thread_count):
    """A check that the arrays a function returns have the same bits for every number of threads."""

    def check(compute):
        thread_count(1)
        expected = compute()
        for count in (2, 3, 5):
            thread_count(count)
            for a, b in zip(compute(), expected, strict=True):
                np.testing.assert_array_equal(a, b)

    return check
