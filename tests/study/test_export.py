"""Traces elsewhere: as a dict, in a file of NumPy's, as a table of pandas's."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from trace_cases import BATCH, FEATURES, STEPS, UNITS, layer_of, numbers, stack


@pytest.fixture
def trace():
    return layer_of("GRU").trace(numbers(BATCH, STEPS, FEATURES), steps=[1, 3])


def test_a_dict_has_the_arrays_by_name(trace):
    found = trace.to_dict()
    assert list(found) == list(trace) and all(found[name] is trace[name] for name in found)


def test_a_file_has_the_arrays_and_what_they_are_of(trace, tmp_path):
    trace.to_npz(tmp_path / "trace.npz")
    with np.load(tmp_path / "trace.npz") as found:
        assert set(found) == {*trace, "rows", "steps", "units"}
        assert np.array_equal(found["z"], trace.z) and found["steps"].tolist() == [1, 3]


def test_a_file_of_a_model_names_the_layers(tmp_path):
    trace = stack().trace(numbers(BATCH, STEPS, FEATURES))
    trace.to_npz(tmp_path / "trace.npz")
    assert trace.to_dict()["last/f"] is trace["last"].f
    with np.load(tmp_path / "trace.npz") as found:
        assert np.array_equal(found["last/f"], trace["last"].f) and found["gru/units"].tolist() == list(range(UNITS))


def test_a_table_has_a_line_for_each_row_step_and_unit(trace):
    pytest.importorskip("pandas")
    table = trace.to_dataframe()
    assert table.shape == (BATCH * 2 * UNITS, len(trace)) and list(table.index.names) == ["row", "step", "unit"]
    assert table.loc[(2, 3, 4), "r"] == trace.r[2, 1, 4]


def test_a_table_of_a_model_has_the_layers_below_each_other():
    pytest.importorskip("pandas")
    trace = stack().trace(numbers(BATCH, STEPS, FEATURES), steps=0)
    table = trace.to_dataframe()
    assert table.loc[("last", 0, 0, 1), "f"] == trace["last"].f[0, 0, 1]


def test_without_pandas_one_line_says_what_to_install(trace, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas") as caught:
        trace.to_dataframe()
    assert "\n" not in str(caught.value)
