import re
from itertools import product

import pytest

from minirnn import layers
from minirnn.cli.params import count_params, weights

MAKE = {"lstm": layers.LSTM, "gru": layers.GRU, "simple_rnn": layers.SimpleRNN, "dense": layers.Dense}


@pytest.mark.parametrize(("layer", "bias", "reset_after"), list(product(MAKE, [True, False], [True, False])))
def test_the_formula_counts_what_the_layer_holds(layer, bias, reset_after):
    options = {"reset_after": reset_after} if layer == "gru" else {}
    made = MAKE[layer](7, use_bias=bias, **options)
    made.build((None, 5) if layer == "dense" else (None, None, 5))
    formula, count = count_params(layer, 7, 5, bias, reset_after)
    assert count == made.count_params()
    assert [(name, shape) for name, shape, _ in weights(layer, 7, 5, bias, reset_after)] == [
        (w.name, w.shape) for w in made.weights
    ]
    numbers = formula.split(" = ")[1].replace("[", "(").replace("]", ")")
    assert eval(numbers, {"__builtins__": {}}) == count


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            "lstm --units 256 --input 4096",
            "4 * [(units + input + 1) * units] = 4 * [(256 + 4096 + 1) * 256] = 4,457,472",
        ),
        ("lstm --units 8 --input 1", "4 * [(units + input + 1) * units] = 4 * [(8 + 1 + 1) * 8] = 320"),
        ("gru --units 8 --input 1", "3 * [(units + input + 2) * units] = 3 * [(8 + 1 + 2) * 8] = 264"),
        ("gru --units 8 --input 1 --no-reset-after", "3 * [(units + input + 1) * units] = 3 * [(8 + 1 + 1) * 8] = 240"),
        ("simple_rnn --units 8 --input 1 --no-bias", "(units + input) * units = (8 + 1) * 8 = 72"),
        ("dense --units 3 --input 8 --no-bias", "input * units = 8 * 3 = 24"),
    ],
)
def test_the_command_prints_formula_and_count_and_then_the_weights(minirnn, arguments, line):
    result = minirnn("params", *arguments.split())
    assert (result.code, result.err) == (0, "")
    first, blank, *rest = result.out.splitlines()
    assert (first, blank) == (line, "")
    counts = [int(re.search(r"\) +([\d,]+) ", row).group(1).replace(",", "")) for row in rest]
    assert sum(counts) == int(line.rpartition(" = ")[2].replace(",", ""))


def test_the_weights_are_shown_in_a_table(minirnn):
    assert minirnn("params", "lstm", "--units", "256", "--input", "4096").out.splitlines()[2:] == [
        "  kernel            (4096, 1024)  4,194,304  the input, to gates i f g o",
        "  recurrent_kernel  (256, 1024)     262,144  the last state, to gates i f g o",
        "  bias              (1024,)           1,024  added to their sum",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("lstm --units 0 --input 3", "units must be at least 1, got 0"),
        ("lstm --units 3 --input -1", "input must be at least 1, got -1"),
        ("lstm --units 3.7 --input 1", "argument --units: invalid int value: '3.7'"),
        ("lstm --units 3", "the following arguments are required: --input"),
        ("conv --units 3 --input 1", "invalid choice: 'conv'"),
        ("lstm --units 3 --input 1 --reset-after", "--reset-after is a choice of the gru only, got lstm"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_code_2(minirnn, arguments, words):
    result = minirnn("params", *arguments.split())
    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith("minirnn params: error: ")
    assert words in result.err
    assert result.err.count("\n") == 1
