"""The formula of a layer's parameters, with its numbers."""

from __future__ import annotations

import pytest

from reference import cases, suite
from reference.parameters import count


def test_the_formula_is_spelled_out_with_its_numbers():
    assert count("LSTM", 256, 4096) == (
        4_457_472,
        "4 * [(units + input + 1) * units] = 4 * [(256 + 4096 + 1) * 256] = 4,457,472",
    )
    assert count("LSTM", 8, 1) == (320, "4 * [(units + input + 1) * units] = 4 * [(8 + 1 + 1) * 8] = 320")


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("SimpleRNN", {}, 8 * (3 + 8 + 1)),
        ("SimpleRNN", {"use_bias": False}, 8 * (3 + 8)),
        ("GRU", {"reset_after": True}, 3 * 8 * (3 + 8 + 2)),
        ("GRU", {"reset_after": False}, 3 * 8 * (3 + 8 + 1)),
        ("GRU", {"reset_after": True, "use_bias": False}, 3 * 8 * (3 + 8)),
        ("LSTM", {"use_bias": False}, 4 * 8 * (3 + 8)),
        ("Dense", {}, 8 * (3 + 1)),
        ("Dense", {"use_bias": False}, 8 * 3),
    ],
    ids=str,
)
def test_the_count_is_what_the_weights_hold(kind, options, expected):
    total, text = count(kind, units=8, input_size=3, **options)
    assert total == expected
    numbers = text.split(" = ")[1].replace("[", "(").replace("]", ")")
    assert eval(numbers) == expected


@pytest.mark.parametrize("case", cases.COUNTS, ids=lambda case: f"{case.kind} {case.arguments} on {case.features}")
def test_minirnn_keras_and_the_formula_count_the_same(keras, case):
    import minirnn

    row = suite.count_row(case, minirnn)
    assert row.ours == row.keras == row.expected


def test_a_layer_without_a_formula_is_refused():
    with pytest.raises(ValueError, match="kind='Conv1D' has no parameter formula; expected Dense"):
        count("Conv1D", 1, 1)
