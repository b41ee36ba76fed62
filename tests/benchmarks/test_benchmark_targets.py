"""What is promised, and whether it was kept."""

from __future__ import annotations

import pytest

from benchmarks import check, targets
from benchmarks.cases import CASES, GATES, find
from benchmarks.check import Verdict, case_verdicts, cold_verdicts, long_verdict, stream_verdict, summary
from benchmarks.machine import PEAK_CALL
from benchmarks.results import ONE_THREAD, PEAK, PLAIN, CaseResult, Entry, spread
from benchmarks.work import flops

# Batch, time, features, units of each row; at least so many times as fast as the fastest peer, by mode.
PROMISED = [
    ((1, 1, 8, 32), {"inference": 1.5, "step": 4.0}),
    ((1, 4, 1, 10), {"inference": 2.0, "training": 10.0}),
    ((32, 4, 1, 10), {"inference": 2.0, "training": 10.0}),
    ((32, 50, 8, 32), {"inference": 2.0, "training": 4.0}),
    ((17, 37, 5, 100), {"inference": 1.5, "training": 2.0}),
    ((32, 100, 32, 128), {"inference": 1.3, "training": 1.8}),
    ((64, 100, 256, 512), {"inference": 1.15, "training": 1.5}),
    ((32, 16, 4096, 256), {"inference": 1.1, "training": 1.3}),
    ((1, 4, 1, 10), {"fit": 15.0}),
    ((32, 24, 3, 48), {"predict": 2.0}),
]


def test_every_row_of_what_is_promised_has_a_case_of_every_cell_held_against_its_number():
    for sizes, by_mode in PROMISED:
        for mode, wanted in by_mode.items():
            for cell in GATES:
                held = [
                    targets.against_peers(case)
                    for case in CASES
                    if (case.batch, case.time, case.features, case.units) == sizes
                    and (case.cell, case.mode, case.variant) == (cell, mode, "")
                ]
                assert held == [wanted], (sizes, cell, mode)


def test_variants_are_held_against_the_plain_numbers_or_against_the_plain_case():
    of = {case.variant: case for case in CASES if case.base == "medium" and case.mode == "training"}
    assert {name: targets.against_peers(case) for name, case in of.items()} == {
        "": 1.8, "sequences": 1.8, "stacked": 1.8, "masked": None, "dropout": None, "float64": None,
    }  # fmt: skip
    assert (targets.PRICE, targets.RATE_OF_FLOAT64) == ({"masked": 1.15, "dropout": 1.15}, 0.40)


def test_the_share_of_the_peak_is_promised_at_the_two_shapes_that_multiply_adds_bound():
    shares = {case.name: targets.share_of_peak(case) for case in CASES if targets.share_of_peak(case)}
    modes = ("inference", "training")
    assert set(shares) == {f"{s}-{c}-{m}" for s in ("medium", "large") for c in GATES for m in modes}
    assert {shares[f"{s}-lstm-inference"] for s in ("medium", "large")} == {0.80}
    assert {shares[f"{s}-lstm-training"] for s in ("medium", "large")} == {0.75}


def raced(name: str, beside: dict[str, list[float]] | None = None, **seconds: list[float]) -> CaseResult:
    entries = {key: Entry(list(taken)) for key, taken in seconds.items()}
    return CaseResult(find(name), "minirnn", entries, {key: Entry(taken) for key, taken in (beside or {}).items()})


def test_a_case_is_held_against_the_fastest_peer_round_by_round():
    result = raced("odd-lstm-training", minirnn=[1.0, 2.0, 1.0], torch=[2.5, 4.2, 2.0], keras=[9.0, 9.0, 9.0])
    (verdict,) = case_verdicts(result, threads=1)
    assert verdict.met and verdict.measured.median == 2.1
    assert verdict.text[:3] == ("met", "odd-lstm-training", "2.10x")
    assert verdict.text[4] == "at least 2.00x of torch"

    slower = raced("odd-lstm-training", minirnn=[1.0, 2.0, 1.0], torch=[2.5, 3.8, 1.9])
    (verdict,) = case_verdicts(slower, threads=1)
    assert (verdict.met, verdict.text[0], verdict.text[2]) == (False, "missed", "1.90x")


def test_what_was_not_measured_is_not_met():
    (alone,) = case_verdicts(raced("odd-gru_reset_before-training", minirnn=[1.0]), threads=1)
    assert (alone.met, alone.text[0]) == (False, "not measured")
    assert "none was timed" in alone.text[4]
    broken = CaseResult(find("odd-simple_rnn-training"), "minirnn", {"minirnn": Entry(error="wrong result: 2")})
    (verdict,) = case_verdicts(broken, threads=1)
    assert (verdict.met, verdict.note) == (False, "(wrong result: 2)")
    absent = raced("odd-simple_rnn-training", torch=[1.0])
    absent.baseline = "torch"
    assert [verdict.met for verdict in case_verdicts(absent, threads=1)] == [False]


@pytest.mark.parametrize(("rate", "met"), [(0.81, True), (0.79, False)])
def test_the_share_of_the_peak_decides(rate, met):
    seconds = flops(find("large-simple_rnn-inference")) / (rate * 100e9)
    beside = {PEAK: [PEAK_CALL.flops * 2 / 100e9]}
    result = raced("large-simple_rnn-inference", beside, minirnn=[seconds], torch=[2 * seconds])
    against, share = case_verdicts(result, threads=2)
    assert (against.met, share.met, share.text[2]) == (True, met, f"{100 * rate:.0f} %")


@pytest.mark.parametrize(("variant", "seconds", "met"), [
    ("masked", 1.14, True), ("masked", 1.16, False), ("dropout", 1.16, False),
    ("float64", 2.4, True), ("float64", 2.6, False),
])  # fmt: skip
def test_the_price_of_a_variant_decides(variant, seconds, met):
    (verdict,) = case_verdicts(raced(f"medium-{variant}-lstm-training", {PLAIN: [1.0]}, minirnn=[seconds]), threads=1)
    assert verdict.met == met


@pytest.mark.parametrize(("one", "met"), [
    ([1.9, 1.8, 1.7], True),
    ([0.99, 1.01, 0.98], True),  # within the spread, and close
    ([0.98, 0.985, 0.99], False),  # hardly slower, but in every round
    ([0.80, 1.05, 0.90], False),  # a wide spread does not hide what is far off
])  # fmt: skip
def test_more_threads_are_never_slower_than_one(one, met):
    result = raced("small-lstm-training", {ONE_THREAD: one}, minirnn=[1.0] * 3, torch=[9.0] * 3)
    assert [verdict.met for verdict in case_verdicts(result, threads=2)] == [True, met]


def test_cold_starts_and_memory_decide():
    mine = {"first_fit_seconds": 5.0, "later_fit_seconds": 0.4, "memory_of_step": 200.0, "error": None}
    assert [v.met for v in cold_verdicts({"minirnn": mine, "torch": {"memory_of_step": 400.0}})] == [True, False, True]
    hungry = cold_verdicts({"minirnn": mine, "torch": {"memory_of_step": 150.0}})[-1]
    assert (hungry.met, hungry.text[2]) == (False, "1.33x")
    unknown = cold_verdicts({"minirnn": mine})[-1]
    assert (unknown.met, unknown.note) == (False, "(torch was not measured)")
    failed = cold_verdicts({"minirnn": {"error": "MemoryError"}, "torch": {"memory_of_step": 1.0}})
    assert [(v.met, "MemoryError" in v.note) for v in failed] == [(False, True)] * 3


def test_streams_and_long_sequences_decide():
    assert stream_verdict([60_000.0, 61_000.0]).met
    assert not stream_verdict([49_000.0]).met
    assert stream_verdict([], "ended with code 1").text[0] == "not measured"
    assert [long_verdict(growth).met for growth in (3.0, 30.0, None)] == [True, False, False]


def test_the_summary_counts_and_names_what_was_missed():
    verdicts = [Verdict("a", 1.0, spread([2.0])), Verdict("b", 1.0, spread([0.5]), note="of torch")]
    assert summary(verdicts) == ["1 of 2 targets met", "  missed: b, 0.50x, wanted at least 1.00x of torch"]
    assert [row[0] for row in check.rows(verdicts)[1]] == ["met", "missed"]
    assert [told["met"] for told in map(Verdict.as_dict, verdicts)] == [True, False]
