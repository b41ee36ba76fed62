"""Weights in unit tiles: where each number of a matrix of gates lies, and that it comes back."""

from __future__ import annotations

import numpy as np
import pytest

from minirnn import layers
from minirnn.kernels.vec import lanes
from minirnn.layers.recurrent_tape import tile_for
from minirnn.layers.weight import TileLayout, Weight


@pytest.mark.parametrize("first_panel", [1, 2, 3, None])
@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
@pytest.mark.parametrize("registers", [1, 2])
def test_each_number_lies_in_its_panel_row_and_column_and_comes_back(first_panel, order, registers, dtype):
    units, rows, width = 2 * registers * lanes(dtype) + 3, 5, registers * lanes(dtype)
    layout = TileLayout(units, [order], registers, dtype, first_panel)
    weight = Weight("w", (rows, 3 * units), layout, "layer")
    value = np.arange(1, 1 + rows * 3 * units, dtype=dtype).reshape(rows, 3 * units)
    weight.assign(value)
    np.testing.assert_array_equal(weight.numpy(), value)
    split = first_panel or 3
    for j, tile in enumerate(weight.packed.reshape(layout.tiles, -1)):
        panels = tile[: rows * split * width], tile[rows * split * width :]
        columns = np.concatenate([panel.reshape(rows, -1) for panel in panels], axis=1).reshape(rows, 3, width)
        for column, gate in enumerate(order):
            there = value[:, gate * units :][:, j * width : min((j + 1) * width, units)]
            np.testing.assert_array_equal(columns[:, column, : there.shape[1]], there)
            assert not columns[:, column, there.shape[1] :].any()


def test_a_gru_that_resets_before_keeps_the_candidates_recurrent_weights_apart():
    layer = layers.GRU(lanes("float32"), reset_after=False)
    layer.build((None, 2, 3))
    z, r, n = np.split(layer.get_weights()[1], 3, axis=1)
    (tile,) = layer._recurrent_kernel.packed
    np.testing.assert_array_equal(tile.reshape(-1), np.concatenate([np.hstack([z, r]).ravel(), n.ravel()]))


@pytest.mark.parametrize(
    ("registers", "columns"),
    [(1, 1), (2, 2), (3, 3), (4, 4), (5, 3), (6, 3), (7, 4), (8, 4), (9, 3), (13, 4), (16, 4), (17, 3), (64, 4)],
)
def test_tiles_are_wide_unless_narrower_ones_leave_fewer_registers_over(registers, columns, dtype):
    assert len(tile_for(registers * lanes(dtype), dtype)) == columns
    assert len(tile_for(registers * lanes(dtype) - 1, dtype)) == columns
