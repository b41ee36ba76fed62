"""Random numbers of a known seed, and a Keras without a rounded constant."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture(autouse=True)
def _precise_logarithm_of_two(request, monkeypatch):
    """Keras subtracts log(2) of float32 in log_cosh, whatever its dtype: here the logarithm of a number is a double."""
    if "keras" in request.fixturenames:
        ops = request.getfixturevalue("keras").src.losses.losses.ops
        log = ops.log
        monkeypatch.setattr(ops, "log", lambda x: np.log(x) if isinstance(x, float) else log(x))
