"""What is measured beside the race: the machine's peak, cold starts, the split of a call."""

from __future__ import annotations

import json
import sys
import threading
import time

import numpy as np
import pytest
from numba import config

from benchmarks import coldstart, curves, footprint, long_sequence, machine, roofline, stream_command
from benchmarks.cases import find
from benchmarks.overhead import Stopwatch, split, watched
from benchmarks.process import WorkerFailed
from benchmarks.profile import PARTS, Stopwatches, profile, without_gates
from benchmarks.results import CaseResult, Entry
from benchmarks.work import flops, intensity

FIT = """
def task(self, case, data, setting):
    return Task(lambda: 0.5)
"""


@pytest.mark.skipif(config.DISABLE_JIT, reason="the loop exists as machine code only")
@pytest.mark.parametrize("lanes", machine.LANES)
def test_the_fma_loop_does_every_multiplication_and_addition(lanes):
    loop = machine.fma_loop(lanes)
    expected = sum(range(machine.ACCUMULATORS)) * 0.5**3 + machine.ACCUMULATORS * 0.25 * (1 + 0.5 + 0.5**2)
    assert loop(3, np.float32(0.5), np.float32(0.25)) == pytest.approx(expected, rel=1e-6)


def test_a_rate_is_the_work_over_the_time_of_the_fastest_run():
    assert machine.rate(lambda: None, flops=1e9, seconds=0.01) > 1


def test_the_processor_has_a_name():
    assert machine.processor()


def test_what_others_take_is_the_busy_time_of_the_cores_less_our_own(monkeypatch):
    others = machine.OtherPrograms(threads=2)
    others.start = (0.0, 0.0, 0.0)
    monkeypatch.setattr(others, "_counters", lambda: (20.0, 12.0, 7.0))
    assert others.share() == 0.25
    monkeypatch.setattr(others, "_counters", lambda: (20.0, 12.0, 12.1))
    assert others.share() == 0.0
    monkeypatch.setattr(others, "_counters", lambda: None)
    assert others.share() is None


def test_the_counters_of_this_system_give_a_share_or_nothing():
    others = machine.OtherPrograms(threads=1)
    end = time.monotonic() + 0.05
    while time.monotonic() < end:
        pass
    share = others.share()
    assert share is None or 0 <= share <= 1


def test_a_cold_start_is_measured_in_fresh_processes(contender):
    start = coldstart.cold_start(contender("quick", FIT), threads=1, repeats=1)
    assert start.error is None
    assert start.first_fit_seconds > 0
    assert start.process_seconds > start.import_seconds
    assert start.memory > start.memory_of_step >= 0


def test_the_first_process_finds_an_empty_home_and_later_ones_what_it_left(contender):
    body = """
def fit(self, case, data):
    import os, pathlib
    kept = pathlib.Path(os.environ["MINIRNN_CACHE_DIR"], "kept")
    assert kept.parent == pathlib.Path(os.environ["HOME"])
    if not kept.exists():
        assert not list(kept.parent.iterdir())
        kept.touch()
        time.sleep(0.5)

def task(self, case, data, setting):
    return Task(lambda: 0.5)
"""
    start = coldstart.cold_start(contender("caching", body), threads=1, repeats=1)
    assert start.error is None
    assert start.later_fit_seconds < 0.5 <= start.first_fit_seconds


def test_a_contender_without_training_has_only_an_import_time(contender):
    start = coldstart.cold_start(contender("infers", "modes = ('inference',)\n" + FIT), threads=1, repeats=1)
    assert start.error is None
    assert start.import_seconds is not None
    assert start.first_fit_seconds is None


def test_a_cold_start_that_fails_is_told_in_one_line(contender):
    start = coldstart.cold_start(contender("missing", "import nowhere_to_be_found"), threads=1)
    assert start.error == "ModuleNotFoundError: No module named 'nowhere_to_be_found'"
    assert json.dumps(coldstart.asdict(start))


class FakeKernel:
    """A kernel as the overhead part knows it: `specialise` gives the entry point."""

    def specialise(self, *arguments):
        return lambda a, b: a + b


def test_a_watched_kernel_works_as_before_and_every_call_is_counted():
    stopwatch, original = Stopwatch(), FakeKernel.specialise
    with watched(FakeKernel, stopwatch):
        entry = FakeKernel().specialise(1, 2)
        assert [entry(1, 2), entry(3, 4)] == [3, 7]
    assert stopwatch.calls == 2
    assert stopwatch.nanoseconds > 0
    assert FakeKernel.specialise is original


def test_minirnns_public_calls_are_seen_entering_kernels():
    from benchmarks.contenders.minirnn import Entrant
    from minirnn.jit import Kernel

    seen = split(Entrant(1), Kernel, "stream-simple_rnn-inference", rounds=1, seconds=0.001)
    assert seen.entries >= 1
    assert seen.call > 0


def test_stopwatches_add_up_by_name_and_leave_other_threads_out():
    watches = Stopwatches()
    work = watches.around("work", lambda seconds: time.sleep(seconds) or seconds)
    other = threading.Thread(target=work, args=(0.2,))
    other.start()
    assert work(0.02) == 0.02
    other.join()
    assert watches.calls == 1
    assert 0.02e9 <= watches.nanoseconds["work"] < 0.2e9


@pytest.mark.skipif(config.DISABLE_JIT, reason="without machine code there are no entry points")
def test_a_profile_splits_a_call_into_its_parts():
    from benchmarks.contenders.minirnn import Entrant

    one = profile(Entrant(1), "small-simple_rnn-training", seconds=0.1, rounds=5)
    assert sum(one[part] for part in PARTS) == pytest.approx(one["call"], rel=0.01)
    assert one["call"] > 0 and min(one[part] for part in PARTS) >= 0
    assert one["hand-over"] == 0


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "SimpleRNN"])
def test_without_gates_every_function_of_gates_is_another_and_none_is_new(cell):
    from minirnn import layers
    from minirnn.kernels import two_pass

    def members(**options):
        return vars(getattr(layers, cell)(3, **options).cell())

    before, reset_before = members(), vars(two_pass).copy()
    with without_gates():
        bare, bare_reset_before = members(), vars(two_pass).copy()
    assert set(bare) == set(before)
    assert {name for name in before if bare[name] is not before[name]} == {"key", "rows", "row_backward"}
    rows = {name for name in reset_before if name.startswith("gru_") and "row" in name}
    assert {name for name in rows if bare_reset_before[name] is not reset_before[name]} == rows
    assert vars(two_pass) == reset_before
    assert members() == before


@pytest.mark.skipif(config.DISABLE_JIT, reason="without machine code there is nothing to take gates out of")
def test_without_gates_a_state_is_its_pre_activation():
    import minirnn

    def predicted():
        ones = {"kernel_initializer": "ones", "bias_initializer": "ones"}
        layer = minirnn.layers.GRU(3, reset_after=False, recurrent_initializer="zeros", **ones)
        layers = [minirnn.Input((2, 1)), layer, minirnn.layers.Dense(1, **ones)]
        return minirnn.Sequential(layers).predict(np.ones((4, 2, 1)), verbose=0)

    with without_gates():
        np.testing.assert_array_equal(predicted(), 3 * (1 + 1) + 1)
    assert (predicted() < 3 + 1).all()


def test_a_slope_is_that_of_the_upper_half_in_log_log():
    sizes = [1, 2, 4, 8, 16, 32]
    assert curves.slope(sizes, [3.0 * n**2 for n in sizes]) == pytest.approx(2.0)
    assert curves.slope(sizes, [5.0, 5.0, 5.0, 5.0 * 8, 5.0 * 16, 5.0 * 32]) == pytest.approx(1.0)
    assert curves.slope([1, 4], [1.0, 2.0]) == pytest.approx(0.5)


def test_a_curve_runs_through_one_size_and_holds_the_others(contender):
    body = "def task(self, case, data, setting):\n    return Task(lambda: time.sleep(1e-4) or [0.5])"
    found = curves.measure({"flat": contender("flat", body)}, 1, ["gru"], ["inference", "fit"])
    assert [(curve["mode"], curve["axis"], tuple(curve["sizes"])) for curve in found] == [
        ("inference", axis, sizes) for axis, sizes in curves.SIZES.items()
    ]
    case = curves.case_of("units", 64, "gru", "inference")
    assert (case.batch, case.time, case.features, case.units) == (32, 100, 32, 64)
    assert find(case.name) == case
    assert len(curves.rows(found)[1]) == 4


def test_the_roof_is_the_slope_of_the_memory_up_to_the_ridge_and_flat_behind():
    assert roofline.ridge(peak=200.0, bandwidth=10.0) == 20.0
    assert [roofline.roof(x, 200.0, 10.0) for x in (0.5, 20.0, 1000.0)] == [5.0, 200.0, 200.0]


def test_a_point_of_the_roofline_is_the_cases_intensity_and_rate():
    case = find("medium-lstm-inference")
    names = {"minirnn": Entry([flops(case) / 50e9])}
    results = [CaseResult(case, "minirnn", names), CaseResult(find("medium-masked-lstm-inference"), "minirnn", names)]
    about = {"threads": 2, "peak_gflops": {"1": 60.0, "2": 100.0}, "bandwidth": {"1": 5.0, "2": 8.0}}
    (point,) = roofline.points(results, about)
    assert (point.name, point.gflops, point.roof) == (case.name, pytest.approx(50.0), 100.0)
    assert point.intensity == intensity(case)
    assert roofline.rows([point])[1][0][-1] == "50 %"


def test_copying_has_a_rate():
    assert machine.copying(threads=2, size=1 << 16) > 0


class FakeDistribution:
    """A distribution as importlib.metadata knows it: what it needs, and its files."""

    def __init__(self, requires, files=()):
        self.requires, self.files, self.metadata = requires, files, {"Name": "nowhere_to_be_found"}

    def read_text(self, name):
        return None


def test_install_sizes_follow_what_holds_here_and_count_each_distribution_once(monkeypatch):
    everything = {
        "a": FakeDistribution(["b>=1", "c ; python_version < '3'", "d ; extra == 'test'", "B[x]"]),
        "b": FakeDistribution(None),
    }
    monkeypatch.setattr(footprint.importlib.metadata, "distribution", everything.__getitem__)
    assert set(footprint.closure(["A"])) == {"a", "b"}
    monkeypatch.setattr(footprint, "size", lambda distribution: 3 * 2**20)
    monkeypatch.setitem(footprint.DISTRIBUTIONS, "both", ("a", "b"))
    assert footprint.sizes({"both": "module", "unknown": "module"}) == {"both": 6.0}


def test_the_size_of_a_distribution_is_that_of_its_files():
    import importlib.metadata

    numpy = importlib.metadata.distribution("numpy")
    assert footprint.size(numpy) > 5 * 2**20
    assert footprint.size(importlib.metadata.distribution("minirnn")) > 2**19  # from a working tree, too


STREAM = "import sys\nfor line in sys.stdin:\n    print(line.strip(), flush=True)"


def test_lines_through_a_command_are_counted_and_timed():
    assert stream_command.lines_per_second(2_000, [sys.executable, "-c", STREAM]) > 100


@pytest.mark.parametrize(
    "script", ["import sys; sys.exit('broken')", STREAM + "\n    if line[:3] == '0.9': sys.exit('broken')"]
)
def test_a_command_that_ends_early_is_told_of_with_its_last_words(script):
    with pytest.raises(WorkerFailed, match="broken"):
        stream_command.lines_per_second(2_000, [sys.executable, "-c", script])


def test_memory_beside_input_and_output_is_read_from_a_process_of_its_own():
    assert long_sequence.run_apart("benchmarks.long_sequence", [1000], 1) < 100
