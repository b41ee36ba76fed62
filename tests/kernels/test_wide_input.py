"""x W computed before the time loop: the same bits as inside it."""

from __future__ import annotations

import numpy as np
import pytest
from numba import config
from recurrent_cases import CELLS, make
from shared_pieces import machine_code_shares

from minirnn.layers import recurrent_tape

# With bounds checked, branches stand between operations that the compiler fuses otherwise: then to rounding only.
TOLERANCE = {"float32": 3e-6, "float64": 1e-14} if config.BOUNDSCHECK else {"float32": 0, "float64": 0}


def results(case, wide, monkeypatch):
    monkeypatch.setattr(recurrent_tape, "WIDE_PANEL_BYTES", 0 if wide else 1 << 40)
    monkeypatch.setattr(recurrent_tape, "WIDE_FEATURES_OF_FEW_ROWS", 0 if wide else 1 << 40)
    monkeypatch.setattr(recurrent_tape, "CHUNK_ROWS", 21)  # chunks of 3 to 21 steps, the last one shorter
    dx, d_weights, d_states = case.vjp()
    return [*case.output(), dx, *d_weights, *d_states]


@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("batch", [1, 7], ids=["steps share the panel", "rows share it"])
@pytest.mark.parametrize("cell", CELLS)
def test_the_time_of_the_product_changes_no_bit(cell, batch, go_backwards, dtype, monkeypatch):
    options = dict(batch=batch, time=23, features=261, units=5, dtype=dtype, go_backwards=go_backwards)
    case = make(cell, mask=True, return_sequences=True, **options)
    inside, before = (results(case, wide, monkeypatch) for wide in (False, True))
    for a, b in zip(inside, before, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=TOLERANCE[dtype] * max(1, np.abs(b).max()))


@machine_code_shares
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("batch", [7, 29], ids=["steps share the panel", "rows share it"])
@pytest.mark.parametrize("cell", CELLS)
def test_two_kernels_under_one_order_give_the_same_bits_for_every_number_of_threads(
    cell, batch, go_backwards, dtype, monkeypatch, same_bits
):
    options = dict(batch=batch, time=23, features=261, units=20, dtype=dtype, go_backwards=go_backwards)
    case = make(cell, mask=True, return_sequences=True, **options)
    same_bits(lambda: results(case, True, monkeypatch))


def test_wide_panels_and_few_rows_take_the_product_before():
    layer = make("LSTM", features=64, units=5).layer
    assert "product_before" in layer.new_tape((1, 2, 64), False).forward_arguments[0].key
    assert "product_before" not in layer.new_tape((32, 2, 64), False).forward_arguments[0].key
    assert "product_before" not in layer.new_tape((1, 1, 64), False).forward_arguments[0].key
