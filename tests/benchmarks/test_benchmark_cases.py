"""The registry of cases and the arithmetic of their FLOPs."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.cases import CASES, EPOCHS, GATES, MODES, QUICK, REGISTRY, SHAPES, VARIANTS, Case, find, select
from benchmarks.data import case_data
from benchmarks.work import flops, intensity, parameters, traffic


def test_every_case_has_a_name_of_its_own_and_stands_in_one_row_of_the_registry():
    assert len({case.name for case in CASES}) == len(CASES)
    rows = sum(len(row.shapes) * len(row.cells) * len(row.modes) for row in REGISTRY)
    assert rows == len(CASES)
    assert all(row.shapes and set(row.cells) <= set(GATES) and set(row.modes) <= set(MODES) for row in REGISTRY)


def test_every_cell_runs_at_every_shape():
    assert {(case.base, case.cell) for case in CASES} == {(shape, cell) for shape in SHAPES for cell in GATES}


def test_a_step_of_a_stream_is_one_step_of_time():
    assert all(case.time == 1 for case in CASES if case.mode == "step")


def test_a_variant_stands_beside_the_same_case_without_it():
    for case in CASES:
        assert (case.dropout > 0, case.masked) == (case.variant == "dropout", case.variant == "masked")
        assert (case.sequences, case.layers == 2) == (case.variant == "sequences", case.variant == "stacked")
        assert (case.dtype == "float64") == (case.variant == "float64")
        plain = find(case.plain.name)
        assert (plain.variant, plain.size.split(" -> ")[:2]) == ("", case.size.split(" -> ")[:2])
    assert {case.variant for case in CASES} == {"", *VARIANTS}
    assert find("medium-dropout-lstm-training").plain.name == "medium-lstm-training"
    assert [case.name for case in select(["medium*dropout*"], ["lstm"])] == ["medium-dropout-lstm-training"]


def test_dropout_is_for_training():
    assert {case.mode for case in CASES if case.dropout} == {"training"}


def test_sequences_of_a_masked_case_end_in_zeros_and_last_half_their_steps_at_least():
    data = case_data(find("small-masked-gru-training"))
    assert data.lengths.min() >= 25
    assert len(set(data.lengths)) > 5
    steps = (data.x != 0).any(axis=2)
    np.testing.assert_array_equal(steps, np.arange(50) < data.lengths[:, None])
    assert case_data(find("small-gru-training")).lengths is None


def test_fit_and_predict_have_all_rows_and_count_their_work():
    fit, predict = find("rows6-lstm-fit"), find("rows1000-gru-predict")
    assert (len(case_data(fit).x), fit.batch, len(case_data(predict).x), predict.batch) == (6, 1, 1000, 32)
    assert flops(fit) == 6 * EPOCHS * flops(find("seed1-lstm-training"))
    assert flops(predict) == flops(Case("one batch", "gru", "inference", 1000, 24, 3, 48))


def test_a_case_has_the_sizes_of_its_shape():
    case = find("wide-gru-training")
    assert (case.batch, case.time, case.features, case.units) == (32, 16, 4096, 256)
    assert all(min(case.batch, case.time, case.features, case.units) >= 1 for case in CASES)


def test_the_quick_cases_are_in_the_registry():
    assert [find(name).name for name in QUICK] == list(QUICK)


@pytest.mark.parametrize(
    ("cell", "mode", "count"),
    [
        # B=2 T=3 F=5 U=7: x W is 2*2*3*5*7 = 420 a gate, h U is 2*2*3*7*7 = 588 a gate, the head 2*2*7 = 28.
        ("simple_rnn", "inference", 420 + 588 + 28),
        ("gru", "inference", 3 * 420 + 3 * 588 + 28),
        ("lstm", "inference", 4 * 420 + 4 * 588 + 28),
        ("lstm", "step", 4 * 420 + 4 * 588 + 28),
        # Training: x W and dW; h U, dU and dh; the head, the gradient of its kernel and of its input.
        ("simple_rnn", "training", 2 * 420 + 3 * 588 + 3 * 28),
        ("lstm", "training", 4 * (2 * 420 + 3 * 588) + 3 * 28),
    ],
)
def test_flops_agree_with_a_count_by_hand(cell, mode, count):
    assert flops(Case("by hand", cell, mode, 2, 3, 5, 7)) == count


def test_flops_are_the_multiplications_and_additions_that_loops_would_do():
    batch, time, features, units, operations = 2, 3, 4, 5, 0
    for _ in range(batch):
        for _ in range(time):
            for _ in range(4 * units):
                for _ in range(features):
                    operations += 2
                for _ in range(units):
                    operations += 2
        for _ in range(units):
            operations += 2
    assert flops(Case("by loop", "lstm", "inference", batch, time, features, units)) == operations


def test_flops_of_variants_count_what_they_add():
    sizes = (2, 3, 5, 7)  # x W is 2*2*3*5*7 = 420 a gate, h U and the x W of a second layer 2*2*3*7*7 = 588, a head 28
    assert flops(Case("s-stacked", "gru", "inference", *sizes)) == 3 * (420 + 588 + 588 + 588) + 28
    # The second layer's x W has three products in training, as its dx goes to the first layer.
    assert flops(Case("s-stacked", "gru", "training", *sizes)) == 3 * (2 * 420 + 3 * 588 + 3 * 588 + 3 * 588) + 3 * 28
    assert flops(Case("s-sequences", "lstm", "training", *sizes)) == 4 * (2 * 420 + 3 * 588) + 3 * 3 * 28


@pytest.mark.parametrize("case", [case for case in CASES if case.base in ("odd", "small")], ids=lambda case: case.name)
def test_parameters_are_the_numbers_in_the_weights_and_every_one_has_to_be_read(case):
    data = case_data(case)
    size = np.dtype(case.dtype).itemsize
    assert parameters(case) == sum(array.size for array in data.weights)
    assert {array.dtype for array in (*data.weights, data.x, *data.targets)} == {np.dtype(case.dtype)}
    assert traffic(case) >= size * (parameters(case) + data.x.size + data.targets[0].size)


def test_bytes_agree_with_a_count_by_hand():
    # SimpleRNN B=2 T=3 F=5 U=7: x 30 numbers, W 35, U 49, b 7, head 8, y 2.
    assert traffic(Case("by hand", "simple_rnn", "inference", 2, 3, 5, 7)) == 4 * (30 + 99 + 2)
    # Training: x again, weights 7 times more, gates and states (one each) of 42 steps and units written and read.
    assert traffic(Case("by hand", "simple_rnn", "training", 2, 3, 5, 7)) == 4 * (30 + 99 + 2 + 30 + 7 * 99 + 2 * 84)
    assert traffic(Case("s-float64", "simple_rnn", "inference", 2, 3, 5, 7)) == 8 * (30 + 99 + 2)


def test_a_larger_batch_makes_more_of_each_weight_that_is_read():
    one, many = (Case("any", "lstm", "inference", batch, 10, 8, 64) for batch in (1, 64))
    assert intensity(many) > 10 * intensity(one)


def test_patterns_cells_and_modes_narrow_the_selection():
    assert select() == list(CASES)
    assert [case.name for case in select(["medium"], ["lstm"], ["training"])] == ["medium-lstm-training"]
    assert {case.shape for case in select(["seed*"])} == {"seed1", "seed32", "seed1-dropout"}
    assert {case.cell for case in select(["*-gru-*"])} == {"gru"}
    assert {case.mode for case in select(modes=["step", "fit"])} == {"step", "fit"}


def test_four_sizes_are_a_case_in_every_cell():
    found = select(["8x20x3x16"], modes=["training"])
    assert [case.cell for case in found] == list(GATES)
    assert all((case.batch, case.time, case.features, case.units) == (8, 20, 3, 16) for case in found)
    assert [find(case.name) for case in found] == found
    with pytest.raises(ValueError, match="8x0x3x16 has a size of 0; give sizes of at least 1"):
        select(["8x0x3x16"])
    masked = select(["8x20x3x16-masked"], ["gru"], ["training"])
    assert [(case.masked, case.plain) for case in masked] == [(True, found[1])]
    assert {case.mode for case in select(["8x20x3x16-dropout"])} == {"training"}
    for name in ("8x20x3x16-lstm-step", "8x20x3x16-folded-lstm-training", "8x20x3-lstm-training", "medium"):
        with pytest.raises(KeyError):
            find(name)


def test_filters_that_leave_nothing_are_an_error_and_not_an_empty_run():
    with pytest.raises(ValueError, match="no case has all of stream, lstm, fit"):
        select(["stream"], ["lstm"], ["fit"])


def test_a_pattern_that_matches_nothing_is_an_error_that_says_what_there_is():
    with pytest.raises(ValueError, match="no case matches 'mediun'.*medium"):
        select(["large", "mediun"])


@pytest.mark.parametrize("cell", GATES)
def test_the_arrays_of_a_case_are_float32_of_keras_shapes_and_the_same_every_time(cell):
    case = find(f"small-{cell}-inference")
    first, second = case_data(case), case_data(case)
    gates = GATES[cell] * 32
    bias = (2, gates) if cell == "gru" else (gates,)
    assert [array.shape for array in first.weights] == [(8, gates), (32, gates), bias, (32, 1), (1,)]
    assert first.x.shape == (32, 50, 8)
    assert [target.shape for target in first.targets] == [(32, 1), (32, 1)]
    for one, other in zip(
        (*first.weights, first.x, *first.targets), (*second.weights, second.x, *second.targets), strict=True
    ):
        assert one.dtype == np.float32
        np.testing.assert_array_equal(one, other)


def test_training_uses_the_weights_of_inference():
    inference, training = (case_data(find(f"seed1-gru-{mode}")) for mode in ("inference", "training"))
    np.testing.assert_array_equal(inference.weights[1], training.weights[1])
