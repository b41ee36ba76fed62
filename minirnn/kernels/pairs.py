"""Pairs of tiles: the product of few columns, for two unit tiles at once.

One or two columns make tiles of few sums, which read as many numbers as they multiply. The same columns of two unit
tiles side by side read each number of a once for both; their registers of b stand at two places.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types

from minirnn.jit import inline
from minirnn.kernels.simd import load_vec, pointer
from minirnn.kernels.tiles import add_terms, emit_rank1, is_tile, row_address
from minirnn.kernels.vec import primitive


def tile_pair(left, right):
    """Two tiles of one size side by side."""
    return np.concatenate([left, right], axis=1)


def _type_pair(left, right):
    if not is_tile(left) or left != right:
        return None
    rows, columns = left.count, left.dtype.count
    pair = types.UniTuple(types.UniTuple(left.dtype.dtype, 2 * columns), rows)

    def emit(context, builder, one, other):
        result = ir.Constant(context.get_value_type(pair), ir.Undefined)
        for r in range(rows):
            for v in range(columns):
                result = builder.insert_value(result, builder.extract_value(one, [r, v]), [r, v])
                result = builder.insert_value(result, builder.extract_value(other, [r, v]), [r, columns + v])
        return result

    return pair, (left, right), emit


primitive(tile_pair, _type_pair)


def tile_half(pair, which):
    """The left tile of a pair if `which` is COLUMNS_0, the right one if it is COLUMNS_1."""
    columns = pair.shape[1] // 2
    return pair[:, len(which) * columns : (len(which) + 1) * columns].copy()


def _type_half(pair, which):
    if not is_tile(pair):
        return None
    rows, columns = pair.count, pair.dtype.count // 2
    half = types.UniTuple(types.UniTuple(pair.dtype.dtype, columns), rows)

    def emit(context, builder, value, _which):
        result = ir.Constant(context.get_value_type(half), ir.Undefined)
        for r in range(rows):
            for v in range(columns):
                register = builder.extract_value(value, [r, which.count * columns + v])
                result = builder.insert_value(result, register, [r, v])
        return result

    return half, (pair, which), emit


primitive(tile_half, _type_half)


def pair_rank1(pair, a, a_offset, a_stride, b, left_offset, right_offset):
    """`tile_rank1` of a pair of tiles, whose registers of b stand at two places."""
    rows, columns, width = pair.shape
    a_column = a.reshape(-1)[a_offset + a_stride * np.arange(rows)][:, None, None]
    flat, count = b.reshape(-1), columns // 2 * width
    halves = [flat[at : at + count].reshape(-1, width) for at in (left_offset, right_offset)]
    return pair + a_column * np.concatenate(halves)


def _type_pair_rank1(pair, a, a_offset, a_stride, b, left_offset, right_offset):
    if not is_tile(pair):
        return None
    half = pair.dtype.count // 2

    def emit(context, builder, value, a_data, a_at, a_step, b_data, left_at, right_at):
        vec = context.get_value_type(pair.dtype.dtype)
        addresses = [pointer(context, builder, b, b_data, at, half * vec.count) for at in (left_at, right_at)]

        def left_of(r):
            return builder.load(row_address(context, builder, a, a_data, a_at, a_step, r, 1))

        def right_of(v):
            return load_vec(builder, addresses[v // half], vec, v % half * vec.count)

        return emit_rank1(builder, vec, pair, value, 0, 2 * half, left_of, right_of)

    return pair, (pair, a, types.intp, types.intp, b, types.intp, types.intp), emit


primitive(pair_rank1, _type_pair_rank1)


@inline
def pair_term(pair, k, a, a_offset, a_stride, b, left, right, b_row):
    """pair += column k of A times row k of B, whose halves begin at left and right."""
    return pair_rank1(pair, a, a_offset + k, a_stride, b, left + k * b_row, right + k * b_row)


@inline
def pair_matmul(pair, a, a_offset, a_stride, b, left, right, b_row, n):
    """pair += A B over n terms: `tiles.matmul` of a pair; the rows of B's halves are b_row apart."""
    return add_terms(pair, n, pair_term, (a, a_offset, a_stride, b, left, right, b_row))
