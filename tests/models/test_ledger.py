"""The parameter ledger: formulas that come to the count, Keras's counts, bytes, multiply-adds and shares."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import layers
from minirnn.models.ledger import ledger, ledger_text


def stack(package):
    own = package.layers
    return package.Sequential(
        [
            package.Input((12,)),
            own.Embedding(20, 6, name="words"),
            own.Bidirectional(own.LSTM(5, return_sequences=True, name="lstm"), name="both"),
            own.GRU(4, return_sequences=True, name="gru"),
            own.GRU(4, reset_after=False, return_sequences=True, name="before"),
            own.Conv1D(3, 2, name="conv"),
            own.SimpleRNN(7, use_bias=False, name="simple"),
            own.BatchNormalization(name="norm"),
            own.Dropout(0.1, name="drop"),
            own.Dense(2, name="dense"),
        ],
        name="stack",
    )


def test_every_layer_counts_what_keras_counts(keras):
    ours, theirs = ledger(stack(minirnn)), stack(keras)
    assert sum(entry.count for entry in ours) == theirs.count_params()
    counts = {entry.name: entry.count for entry in ours}
    for layer in theirs.layers:
        assert sum(n for name, n in counts.items() if name.split("/")[0] == layer.name) == layer.count_params()
    shapes = [line.shape for entry in ours for line in entry.lines]
    assert shapes == [tuple(weight.shape) for weight in theirs.weights]


SIBLINGS = [layers.PeepholeLSTM, layers.CoupledLSTM, layers.LayerNormLSTM, layers.ZoneoutLSTM]


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("kind", [layers.LSTM, layers.GRU, layers.SimpleRNN, layers.Dense, *SIBLINGS])
def test_a_formula_with_numbers_comes_to_the_count(kind, use_bias):
    model = minirnn.Sequential([minirnn.Input((3,) if kind is layers.Dense else (4, 3)), kind(7, use_bias=use_bias)])
    (entry,) = ledger(model)
    letters, numbers, count = entry.formula.split(" = ")
    assert "units" in letters and "input" in letters
    assert eval(numbers.replace("[", "(").replace("]", ")"), {"__builtins__": {}}) == model.count_params()
    assert int(count.replace(",", "")) == entry.count == model.count_params()


def test_layers_without_a_formula_of_their_own_list_the_sizes_of_their_weights():
    found = {entry.name: entry.formula for entry in ledger(stack(minirnn))}
    assert found["words"] == "embeddings = 20 * 6 = 120"
    assert found["conv"] == "kernel + bias = 2 * 4 * 3 + 3 = 27"
    assert found["gru"] == "3 * [(units + input + 2) * units] = 3 * [(4 + 10 + 2) * 4] = 192"
    assert found["before"] == "3 * [(units + input + 1) * units] = 3 * [(4 + 4 + 1) * 4] = 108"


def test_multiply_adds_of_a_step_are_those_of_its_matrix_products():
    found = {entry.name: entry.products for entry in ledger(stack(minirnn))}
    assert found["words"] == 0 and found["norm"] == 0 and found["dense"] == 7 * 2
    assert found["both/forward_lstm"] == 4 * 5 * (6 + 5) and found["conv"] == 2 * 4 * 3


def test_a_weight_that_two_layers_share_is_counted_once():
    shared, x = layers.LSTM(4, name="shared"), minirnn.Input((3, 2))
    inner = minirnn.Model(x, shared(x), name="inner")
    z = minirnn.Input((3, 2))
    model = minirnn.Model(z, layers.Add()([inner(z), shared(z)]))
    assert sum(entry.count for entry in ledger(model)) == model.count_params() == 112


def test_the_ledger_stands_below_the_table_and_fits_80_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    model, printed = stack(minirnn), []
    model.summary(ledger=True, print_fn=printed.append)
    (text,) = printed
    table, own = text.split('\nLedger of "stack"\n')
    assert "Total params" in table and max(map(len, own.splitlines())) <= 80
    wanted = "  4 * [(units + input + 1) * units] = 4 * [(5 + 6 + 1) * 5] = 240"
    assert wanted in own.splitlines() and f"Total: {model.count_params():,} params" in own
    assert "Ledger of" not in _printed(model)


def _printed(model):
    lines = []
    model.summary(print_fn=lines.append)
    return lines[0]


def test_bytes_follow_the_dtype_and_shares_come_to_one():
    for dtype, size in (("float32", 4), ("float64", 8)):
        model = minirnn.Sequential([minirnn.Input((3, 1), dtype=dtype), layers.LSTM(8, dtype=dtype),
                                    layers.Dense(1, dtype=dtype)])  # fmt: skip
        entries = ledger(model)
        assert sum(entry.size for entry in entries) == size * 329
        shares = [float(line.split("params,")[1].strip(" %")) for line in ledger_text(model).splitlines()
                  if line.endswith("%")]  # fmt: skip
        np.testing.assert_allclose(shares, [100 * 320 / 329, 100 * 9 / 329], atol=0.05)


def test_a_model_that_is_not_built_has_no_ledger():
    with pytest.raises(ValueError, match="no weights to list yet: give it an Input, or call it, first"):
        ledger(minirnn.Sequential([layers.LSTM(3)]))
