"""How rows are covered with tiles, as high as the registers allow, and with gates, four rows at once."""

from __future__ import annotations

from llvmlite import ir
from numba import types

from minirnn.jit import inline
from minirnn.kernels.tiles import ROWS_1, ROWS_4
from minirnn.kernels.vec import REGISTERS, primitive

# Rows of the tall and of the middle tile by columns: as many as leave room for one side of the tile and a register of
# the other. 3 x 4 sums, 3 and 1 fit 16 registers; 6 x 4 sums, 4 and 1 fit 32. A processor has about 8 products under
# way, so fewer sums than that wait for themselves.
HEIGHTS = {
    32: {4: (6, 4), 3: (6, 4), 2: (8, 4), 1: (8, 4)},
    16: {4: (3, 2), 3: (4, 2), 2: (6, 4), 1: (8, 4)},
}[REGISTERS]


def heights(columns: int) -> tuple[int, int]:
    """Rows of the tall and of the middle tile of so many columns."""
    return HEIGHTS[min(max(columns, 1), max(HEIGHTS))]


def tall(columns):
    """The rows of a tall tile of these columns."""
    return (0,) * heights(len(columns))[0]


def middle(columns):
    """The rows of a middle tile of these columns."""
    return (0,) * heights(len(columns))[1]


def _type_height(which):
    def typing(columns):
        rows = types.UniTuple(types.intp, len(which((0,) * columns.count)))
        return rows, (columns,), lambda context, builder, _: ir.Constant(context.get_value_type(rows), None)

    return typing


primitive(tall, _type_height(tall))
primitive(middle, _type_height(middle))


@inline
def takes_tall(left, tall_rows, middle_rows):
    """Whether the next of so many rows go into a tall tile: unless two middle ones leave fewer single rows."""
    fewer = tall_rows < 2 * middle_rows <= left < tall_rows + middle_rows
    return left >= tall_rows and not fewer


@inline
def for_rows(body, columns, start, stop, arguments):
    """Cover rows start .. stop-1 with tiles that are high for so many columns: body(rows, first row, *arguments)."""
    tall_rows, middle_rows = tall(columns), middle(columns)
    i = start
    while takes_tall(stop - i, len(tall_rows), len(middle_rows)):
        body(tall_rows, i, *arguments)
        i += len(tall_rows)
    while stop - i >= len(middle_rows):
        body(middle_rows, i, *arguments)
        i += len(middle_rows)
    while stop - i >= 1:
        body(ROWS_1, i, *arguments)
        i += 1


@inline
def for_gates(body, start, stop, arguments):
    """Cover rows start .. stop-1, four at once as long as there are so many: body(rows, first row, *arguments).

    The functions in a gate are long chains in which each result waits for the one before; four rows fill the time.
    """
    i = start
    while stop - i >= len(ROWS_4):
        body(ROWS_4, i, *arguments)
        i += len(ROWS_4)
    while stop - i >= 1:
        body(ROWS_1, i, *arguments)
        i += 1
