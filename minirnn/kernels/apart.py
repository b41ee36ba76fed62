"""Rows of different threads, apart from each other in memory.

A processor fetches more than it is asked for: the lines behind those that are read one after the other. Where the last
row of a thread is followed by the first of another one, it takes from that one, again and again, lines it is about to
write. So what a pass writes anew at every step, its states of two slots and its scratch, has ROOM times its rows: the
piece of a call that begins at batch row r0 > 0 of B has its row i in row B + r0 + i, and the rows before, in which
states come in and go out, are touched at its beginning and end only.
"""

from __future__ import annotations

from numba import types
from numba.core import cgutils

from minirnn.jit import ArrayType, inline
from minirnn.kernels.simd import copy_row
from minirnn.kernels.vec import primitive

ROOM = 3


@inline
def rows_away(rows, batch, r0):
    """How far from its batch row a piece that begins at row r0 has its rows, in arrays of so many."""
    return batch + r0 if r0 > 0 and rows > batch else 0


def moved(array, elements):
    """The array whose first element is element `elements` of this one.

    The array itself where every access is checked, and without the JIT.
    """
    return array


def _type_moved(array, elements):
    if not isinstance(array, ArrayType):
        return None

    def emit(context, builder, value, count):
        made = cgutils.create_struct_proxy(array)(context, builder, value=value)
        if not context.enable_boundscheck:
            made.data = builder.gep(made.data, [count])
        return made._getvalue()

    return array, (array, types.intp), emit


primitive(moved, _type_moved)


@inline
def move_state(source, target, slot, i):
    """State `slot` of row i, from one place to the other."""
    if source.size > 0:
        at = (slot * source.shape[1] + i) * source.shape[2]
        copy_row(source, at, target, at, source.shape[2])
