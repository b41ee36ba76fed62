"""Numbers that are read from a race, and the tables that show them."""

from __future__ import annotations

import pytest

from benchmarks.cases import find
from benchmarks.machine import PEAK_CALL
from benchmarks.report import (
    case_table,
    digits,
    disturbance,
    duration,
    failures,
    markdown_table,
    percent,
    price_rows,
    summary_rows,
)
from benchmarks.results import PEAK, PLAIN, CaseResult, Entry, spread
from benchmarks.work import flops


def result(**entries: Entry) -> CaseResult:
    return CaseResult(find("medium-lstm-inference"), "minirnn", entries)


def test_a_ratio_is_the_median_of_the_rounds_ratios_not_the_ratio_of_the_medians():
    raced = result(minirnn=Entry([1.0, 5.0, 4.0]), torch=Entry([1.0, 10.0, 2.0]))
    assert raced.ratios("torch") == [1.0, 2.0, 0.5]
    assert raced.ratio("torch") == 1.0
    assert raced.entries["torch"].median / raced.entries["minirnn"].median == 0.5


def test_the_baseline_is_once_itself():
    assert result(minirnn=Entry([1.0, 5.0])).ratio("minirnn") == 1.0


def test_a_contender_that_failed_has_no_ratio_and_a_failed_baseline_leaves_none_to_anyone():
    failed = Entry([1.0], error="RuntimeError: out of memory")
    assert result(minirnn=Entry([1.0]), torch=failed).ratio("torch") is None
    assert result(minirnn=failed, torch=Entry([1.0])).ratio("torch") is None
    assert result(torch=Entry([1.0])).ratio("torch") is None


def test_gflops_are_the_useful_operations_over_the_median_time():
    raced = result(minirnn=Entry([9.0, 0.5, 1.0]))
    assert raced.gflops("minirnn") == pytest.approx(flops(raced.case) / 1e9)


def test_json_holds_raw_seconds_ratios_of_rounds_and_the_share_of_the_peak():
    raced = result(minirnn=Entry([1.0, 2.0]), torch=Entry([3.0, 4.0]), keras=Entry(error="ImportError: no keras"))
    told = raced.as_dict(peak_gflops=10.0)
    assert told["case"] == "medium-lstm-inference"
    assert told["contenders"]["torch"]["seconds"] == [3.0, 4.0]
    assert told["contenders"]["torch"]["ratios"] == [3.0, 2.0]
    assert told["contenders"]["torch"]["ratio"] == 2.5
    assert told["contenders"]["minirnn"]["share_of_peak"] == pytest.approx(flops(raced.case) / 1.5e9 / 10)
    assert told["contenders"]["keras"]["error"] == "ImportError: no keras"
    assert "seconds" not in told["contenders"]["keras"]


def test_a_failure_is_told_in_one_line_that_names_the_contender():
    raced = result(minirnn=Entry([1.0]), torch=Entry(error="RuntimeError: out of memory"))
    assert failures(raced) == ["torch: RuntimeError: out of memory"]


def test_the_table_of_a_case_has_a_row_for_each_contender_that_was_timed():
    raced = result(minirnn=Entry([1.0]), torch=Entry(error="broken"), keras=Entry([2.0]))
    assert case_table(raced, peak=1.0).row_count == 2


def test_the_summary_shows_the_baseline_and_a_dash_where_there_is_no_ratio():
    raced = result(minirnn=Entry([1.0]), torch=Entry([2.0]))
    other = CaseResult(
        find("small-gru-training"), "minirnn", {"minirnn": Entry([1e-3]), "torch": Entry(error="broken")}
    )
    headings, rows = summary_rows([raced, other], peak=raced.gflops("minirnn"))
    assert headings == ["case", "minirnn", "of peak", "torch"]
    assert rows[0] == ["medium-lstm-inference", "1.00 s", "100 %", "2.00x"]
    assert rows[1][0::3] == ["small-gru-training", "-"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.04e-6, "2.04 us"), (999.4e-6, "999 us"), (999.9e-6, "1.00 ms"), (0.0123, "12.3 ms"), (61.0, "61.0 s")],
)
def test_durations_have_three_digits_in_the_unit_that_suits_them(seconds, text):
    assert duration(seconds) == text


def test_small_numbers_do_not_turn_into_zero():
    assert digits(0.0031) == "0.0031"
    assert percent(0.0004) == "0.04 %"
    assert percent(0.523) == "52 %"


def test_a_markdown_table_has_its_first_column_to_the_left_and_numbers_to_the_right():
    assert markdown_table(["case", "time"], [["small", "1 ms"]]).splitlines() == [
        "| case | time |",
        "| --- | ---: |",
        "| small | 1 ms |",
    ]


def test_other_programs_are_told_of_when_they_take_enough_to_matter():
    assert disturbance(None) == disturbance(0.01) == []
    assert "took 37 % of the cores" in disturbance(0.37)[0]


def test_what_a_variant_adds_is_told_of_those_who_ran_both_cases():
    names = ("medium-lstm-training", "medium-dropout-lstm-training", "small-dropout-lstm-training")
    times = ({"minirnn": [2.0], "torch": [5.0]}, {"minirnn": [2.2], "torch": []}, {"minirnn": [1.0], "torch": [1.0]})
    results = [
        CaseResult(find(name), "minirnn", {key: Entry(list(seconds)) for key, seconds in of.items()})
        for name, of in zip(names, times, strict=True)
    ]
    assert price_rows(results) == (["case", "minirnn"], [["medium-dropout-lstm-training", "+10 %"]])
    assert price_rows(results[:1]) == (["case"], [])


def test_the_baselines_price_is_that_of_the_same_rounds_not_of_two_cases():
    case = find("medium-dropout-lstm-training")
    mine, other = {"minirnn": Entry([3.0, 2.0])}, {"minirnn": Entry([1.0, 1.0])}
    priced = CaseResult(case, "minirnn", mine, {PLAIN: Entry([2.0, 1.0])})
    plain = CaseResult(find(case.plain.name), "minirnn", other)
    assert priced.prices() == [1.5, 2.0]
    assert price_rows([plain, priced])[1] == [["medium-dropout-lstm-training", "+75 %"]]


def test_the_share_of_the_peak_is_that_of_the_same_round():
    case = find("medium-lstm-inference")
    peak_seconds = [PEAK_CALL.flops * 2 / 100e9, PEAK_CALL.flops * 2 / 50e9]  # 100, then 50 GFLOP/s on two threads
    mine = Entry([flops(case) / 50e9] * 2)
    raced = CaseResult(case, "minirnn", {"minirnn": mine}, {PEAK: Entry(peak_seconds)})
    assert raced.shares_of_peak(threads=2) == pytest.approx([0.5, 1.0])
    assert CaseResult(case, "minirnn", {"minirnn": mine}, {PEAK: Entry(error="gone")}).shares_of_peak(2) == []


def test_a_spread_is_the_median_and_the_quartiles():
    assert spread([4.0, 1.0, 2.0, 3.0, 5.0]) == (3.0, 2.0, 4.0)
    assert spread([2.0]) == (2.0, 2.0, 2.0)
    assert spread([]) is None


def test_the_fastest_peer_is_the_one_with_the_smallest_median_ratio():
    raced = result(minirnn=Entry([1.0, 1.0]), torch=Entry([3.0, 2.0]), keras=Entry([9.0, 9.0]), onnx=Entry(error="no"))
    assert raced.fastest_peer() == "torch"
    assert result(minirnn=Entry([1.0])).fastest_peer() is None
