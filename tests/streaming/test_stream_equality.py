"""After any steps, however taken, a stream's outputs are those of `predict` on the sequence so far, bit by bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirnn.jit import JIT_ENABLED
from minirnn.utils.nested import flatten
from tests.streaming.stream_models import MODELS, inputs, part, predictions

STEPS = 9
_made: dict = {}


def made(name):
    if name not in _made:
        _made[name] = MODELS[name]()
    return _made[name]


def same(found, expected, place):
    for number, (a, b) in enumerate(zip(found, expected, strict=True)):
        assert a.dtype == b.dtype and a.shape == b.shape, f"output {number} after step {place}: {a.shape}, {b.shape}"
        assert a.tobytes() == b.tobytes(), f"output {number} after step {place} differs by {np.abs(a - b).max()}"


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", MODELS)
def test_steps_and_runs_give_what_predict_gives(name, batch):
    model = made(name)
    xs = inputs(model, batch, STEPS)
    stream = model.stream(batch)
    expected = [predictions(model, xs, t + 1) for t in range(STEPS)]
    for t in range(STEPS):
        same(flatten(stream.step(part(xs, t))), expected[t], t)
    stream.reset()
    ys = flatten(stream.run(part(xs, slice(None))))
    for t in range(STEPS):
        same([y[:, t] for y in ys], expected[t], t)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=8), st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_portions_of_any_size_make_no_difference(portions, seed):
    """0 stands for a `step`, other sizes for a `run`."""
    total = sum(max(1, size) for size in portions)
    for name in ("lstm_chain", "masked", "causal_convolution", "several"):
        model = made(name)
        xs = inputs(model, 2, total, seed)
        stream, t = model.stream(2), 0
        whole = flatten(model.stream(2).run(part(xs, slice(None))))
        for size in portions:
            if size == 0:
                ys = [y[:, None] for y in flatten(stream.step(part(xs, t)))]
            else:
                ys = flatten(stream.run(part(xs, slice(t, t + size))))
            t += max(1, size)
            same(ys, [np.ascontiguousarray(y[:, t - ys[0].shape[1] : t]) for y in whole], t)
        same([y[:, -1] for y in whole], predictions(model, xs, total), total)


@pytest.mark.parametrize("name", ["lstm_chain", "double_chain", "deep_chain", "gru_reset_before", "wide_input"])
@pytest.mark.skipif(not JIT_ENABLED, reason="without the JIT there is one way only")
def test_chains_of_recurrent_and_dense_layers_have_the_fast_way(name):
    assert made(name).stream()._fast is not None


def test_blocks_that_run_takes_together_leave_no_seam(monkeypatch):
    model = made("deep_chain")
    xs = inputs(model, 1, 50)
    monkeypatch.setattr("minirnn.streaming.stream.ROWS_AT_ONCE", 8)
    ys = model.stream().run(xs[0])
    assert ys.tobytes() == model.predict(xs[0], verbose=0).tobytes()
