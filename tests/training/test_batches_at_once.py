"""`predict` computes small batches together where nobody can tell, and one by one where somebody could."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn as keras
from minirnn import layers
from minirnn.training import feeding

ROWS = np.random.default_rng(0).normal(size=(300, 6, 3)).astype("float32")


class Watch(keras.callbacks.Callback):
    """Keeps the outputs of each batch."""

    def __init__(self):
        super().__init__()
        self.outputs = []

    def on_predict_batch_end(self, batch, logs=None):
        assert batch == len(self.outputs)
        self.outputs.append(np.array(logs["outputs"]))


class Sizes(layers.Layer):
    """Hands its input on, and keeps how many rows came at a time."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def call(self, x):
        self.seen.append(len(x))
        return x

    def compute_output_shape(self, shape):
        return shape


def model(*between, **options):
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((6, 3), **options), *between, layers.Dense(2)])


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.LSTM(9),
        lambda: layers.GRU(9, reset_after=False),
        lambda: layers.SimpleRNN(9),
        lambda: layers.Bidirectional(layers.GRU(5)),
    ],
)
@pytest.mark.parametrize("batch_size", [1, 7, 32, 299])
def test_the_bits_are_those_of_each_batch(layer, batch_size):
    both = model(layer())
    together = both.predict(ROWS, batch_size=batch_size, verbose=0)
    watch = Watch()
    apart = both.predict(ROWS, batch_size=batch_size, verbose=0, callbacks=[watch])
    np.testing.assert_array_equal(together, apart)
    np.testing.assert_array_equal(np.concatenate(watch.outputs), apart)
    assert len(watch.outputs) == -(-300 // batch_size) and len(watch.outputs[0]) == batch_size


def test_small_batches_are_computed_together(monkeypatch):
    taken = []
    one = model(layers.LSTM(4))
    of = one._runs.of
    monkeypatch.setattr(one._runs, "of", lambda key: taken.append(key[0][0][0]) or of(key))
    one.predict(ROWS, verbose=0)
    assert taken == [256, 44]
    taken.clear()
    monkeypatch.setattr(feeding, "BYTES_AT_ONCE", 100 * ROWS[0].nbytes)
    one.predict(ROWS, verbose=0)
    assert taken == [96, 96, 96, 12]


def test_layers_that_keep_states_and_layers_of_ones_own_see_each_batch():
    keeps = model(layers.LSTM(4, stateful=True), batch_size=50)
    first = keeps.predict(ROWS, batch_size=50, verbose=0)
    keeps.reset_states()
    second = np.concatenate([keeps.predict_on_batch(ROWS[k : k + 50]) for k in range(0, 300, 50)])
    np.testing.assert_array_equal(first, second)
    own = Sizes()
    seen = model(own, layers.LSTM(4))
    own.seen.clear()
    seen.predict(ROWS, verbose=0)
    assert own.seen[-10:] == [32] * 9 + [12]


def test_the_bar_counts_batches_of_the_size_asked_for(capsys):
    model(layers.LSTM(4)).predict(ROWS, verbose=1)
    assert "10/10" in capsys.readouterr().out
