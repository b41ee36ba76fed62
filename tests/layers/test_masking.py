"""`Masking` in a model: the steps are marked once a pass, and the mask is that of `compute_mask`."""

from __future__ import annotations

import numpy as np
import pytest

from minirnn import Input, Model, Sequential, layers
from minirnn.kernels.masking import mark_steps
from minirnn.layers import shaping


class Second(layers.Masking):
    """A mask of one's own: every second step counts."""

    def compute_mask(self, x, mask):
        return np.broadcast_to(np.arange(x.shape[1]) % 2 == 0, x.shape[:2]).copy()


@pytest.fixture
def x():
    values = np.random.default_rng(3).normal(size=(3, 6, 2)).astype("float32")
    values[0, 4:] = values[2, 1] = 0.0
    return values


@pytest.mark.parametrize("as_chain", [True, False])
def test_the_steps_are_marked_once_in_a_pass(monkeypatch, x, as_chain):
    marked = []
    monkeypatch.setattr(shaping, "mark_steps", lambda *arguments: marked.append(1) or mark_steps(*arguments))
    tail = [layers.Masking(), layers.LSTM(2), layers.Dense(1)]
    if as_chain:
        model = Sequential([Input((6, 2)), *tail])
    else:
        taken = Input((6, 2))
        masked = tail[0](taken)
        model = Model(taken, tail[2](layers.Concatenate()([tail[1](masked), tail[1](masked)])))
    model.compile("sgd", "mse")
    model.predict_on_batch(x)
    assert len(marked) == 1
    model.train_on_batch(x, np.ones((3, 1)))
    assert len(marked) == 2


def test_a_mask_of_one_s_own_is_the_one_that_counts(x):
    lstm = layers.LSTM(2)
    own, plain = Sequential([Input((6, 2)), Second(), lstm]), Sequential([Input((6, 2)), layers.Masking(), lstm])
    counts = Second().compute_mask(x, None)
    zeroed = np.where((x != 0).any(-1, keepdims=True), x, 0)
    np.testing.assert_array_equal(own.predict(x, verbose=0), lstm(zeroed, mask=counts))
    np.testing.assert_array_equal(plain.predict(x, verbose=0), lstm(x, mask=(x != 0).any(-1)))
    assert (own.predict(x, verbose=0) != plain.predict(x, verbose=0)).all()


def test_masks_are_those_of_each_batch(x):
    model = Sequential([Input((6, 2)), layers.Masking(), layers.LSTM(2)])
    first, second = (model.predict_on_batch(batch).copy() for batch in (x, x[::-1].copy()))
    np.testing.assert_array_equal(second, first[::-1])
