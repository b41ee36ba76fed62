"""What all tests share: Keras if it is installed, the `needs_jit` marker, hypothesis's settings."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from minirnn.jit import JIT_ENABLED
from minirnn.kernels import threads

# The same few examples in every run; HYPOTHESIS_PROFILE=thorough looks for new ones.
settings.register_profile("quick", max_examples=10, deadline=None, derandomize=True, database=None)
settings.register_profile("thorough", max_examples=300, deadline=None, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


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
