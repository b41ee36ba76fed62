from __future__ import annotations

import pytest


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
