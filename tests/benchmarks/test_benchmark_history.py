"""A run set against an earlier one."""

from __future__ import annotations

import pytest

from benchmarks import history

MACHINE = {"processor": "p", "threads": 2, "python": "3", "versions": {"torch": "2", "numpy": "2"}}


def run(cases: dict[str, dict[str, list[float]]], **machine) -> dict:
    """A run as JSON has it: seconds by case and contender."""
    told = [
        {"case": case, "contenders": {name: {"seconds": taken} for name, taken in of.items()}}
        for case, of in cases.items()
    ]
    return {"cases": told, "machine": MACHINE | machine}


def change(old: list[float], new: list[float], old_torch=(1.0,), new_torch=(1.0,)) -> history.Change:
    one = run({"a": {"minirnn": old, "torch": list(old_torch)}})
    (found,) = history.changes(one, run({"a": {"minirnn": new, "torch": list(new_torch)}}))
    return found


def test_slower_beyond_the_spread_and_the_threshold_fails():
    found = change([1.0, 1.01, 1.02], [1.3, 1.31, 1.32])
    assert found.ratio == pytest.approx(1.31 / 1.01)
    assert (found.word, found.fails(0.10), found.fails(0.50)) == ("slower", True, False)
    assert history.rows([found], 0.10)[1][0][-1] == "slower (fails)"


def test_slower_within_the_spread_does_not_fail():
    found = change([1.0, 1.2, 1.5], [1.1, 1.4, 1.6])
    assert found.ratio > 1.1
    assert (found.word, found.fails(0.10)) == ("as before", False)


def test_a_slow_day_of_the_machine_is_seen_in_the_peers():
    found = change([1.0, 1.0, 1.0], [1.5, 1.5, 1.5], [2.0], [3.0])
    assert found.ratio == pytest.approx(1.0)
    assert not found.fails(0.10)
    hidden = change([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [3.0], [2.0])  # a faster day, and no faster
    assert hidden.ratio == pytest.approx(1.5)
    assert hidden.fails(0.10)


def test_faster_is_told_and_does_not_fail():
    found = change([2.0, 2.0], [1.0, 1.0])
    assert (found.word, found.fails(0.0)) == ("faster", False)


def test_only_cases_that_both_runs_timed_are_compared_and_without_peers_seconds_alone():
    one = run({"a": {"minirnn": [1.0]}, "b": {"minirnn": [1.0]}, "c": {"torch": [1.0]}})
    other = run({"b": {"minirnn": [2.0], "torch": [1.0]}, "c": {"minirnn": [1.0]}, "d": {"minirnn": [1.0]}})
    (found,) = history.changes(one, other)
    assert (found.case, found.peers, found.ratio) == ("b", None, 2.0)
    assert history.failed([found], 0.10) == [found]


def test_what_differs_between_the_runs_beside_minirnn_is_told():
    assert history.same_conditions(run({}), run({})) == []
    lines = history.same_conditions(run({}), run({}, threads=1, versions={"torch": "3", "numpy": "2"}))
    assert lines == ["the earlier run had threads 2, this one 1", "the earlier run had torch 2, this one 3"]


@pytest.mark.parametrize("text", ["", "[]", '{"cases": 1}', '{"cases": [1]}', '{"cases": [{"case": "a"}]}'])
def test_a_file_that_is_no_run_is_refused_in_one_line(tmp_path, text):
    file = tmp_path / "run.json"
    file.write_text(text)
    with pytest.raises(ValueError, match="run.json: .*give a file that --json wrote") as refused:
        history.read(file)
    assert "\n" not in str(refused.value)
