"""The registry of cases and the arithmetic of their FLOPs."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.cases import CASES, EPOCHS, GATES, QUICK, SHAPES, STEPPED, VARIANTS, Case, find, modes_of, select
from benchmarks.data import case_data


def test_every_shape_runs_with_every_cell_in_every_mode_under_a_name_of_its_own():
    assert len({case.name for case in CASES}) == len(CASES)
    assert {(case.shape, case.cell, case.mode) for case in CASES} == {
        (shape, cell, mode)
        for shape in SHAPES
        for cell in ("lstm", "gru", "simple_rnn")
        for mode in modes_of(shape)
    }
    assert modes_of("medium") == modes_of("medium-masked") == ("inference", "training")
    assert modes_of("small-dropout") == ("training",)
    assert (modes_of("rows6"), modes_of("rows1000")) == (("fit",), ("predict",))


def test_a_step_of_a_stream_is_one_step_of_time():
    assert all(SHAPES[shape][1] == 1 for shape in STEPPED)


def test_a_case_with_dropout_or_masks_stands_beside_the_same_case_without():
    for case in CASES:
        kind = case.shape.partition("-")[2]
        assert (case.dropout > 0, case.masked) == (kind == "dropout", kind == "masked")
        assert SHAPES[case.shape] == SHAPES[find(case.plain).shape]
    assert {case.shape for case in CASES if case.masked} == {f"{shape}-masked" for shape in VARIANTS["masked"]}
    assert find("medium-dropout-lstm-training").plain == "medium-lstm-training"
    assert [case.name for case in select(["medium*dropout*"], ["lstm"])] == ["medium-dropout-lstm-training"]


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
    assert fit.flops == 6 * EPOCHS * find("seed1-lstm-training").flops
    assert predict.flops == Case("one batch", "gru", "inference", 1000, 24, 3, 48).flops


def test_a_case_has_the_sizes_of_its_shape():
    case = find("wide-gru-training")
    assert (case.batch, case.time, case.features, case.units) == (32, 16, 4096, 256)
    assert all(min(case.batch, case.time, case.features, case.units) >= 1 for case in CASES)


def test_the_quick_cases_are_in_the_registry():
    assert [find(name).name for name in QUICK] == list(QUICK)


@pytest.mark.parametrize(
    ("cell", "mode", "flops"),
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
def test_flops_agree_with_a_count_by_hand(cell, mode, flops):
    assert Case("by hand", cell, mode, 2, 3, 5, 7).flops == flops


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
    assert Case("by loop", "lstm", "inference", batch, time, features, units).flops == operations


def test_patterns_cells_and_modes_narrow_the_selection():
    assert select() == list(CASES)
    assert [case.name for case in select(["medium"], ["lstm"], ["training"])] == ["medium-lstm-training"]
    assert {case.shape for case in select(["seed*"])} == {"seed1", "seed32", "seed1-dropout"}
    assert {case.cell for case in select(["*-gru-*"])} == {"gru"}


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
