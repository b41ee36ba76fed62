"""Register tiles: the matrix product of every kernel.

A tile is `rows` x `columns` registers that stay in the CPU's register file while a sum runs over k:

    tile[r][v] += a[r, k] * b[k, v]        one broadcast of a, one register of b, one fused multiply-add

Sizes are part of the type: `rows` and `columns` are tuples whose *length* counts (`ROWS_3`, `COLUMNS_4`), so each size
is compiled for itself and no branch is left. Under the JIT a tile is a tuple of tuples of `Vec`; without it, a NumPy
array (rows, columns, W). A tile is never changed, only replaced.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types

from minirnn.jit import ArrayType, inline
from minirnn.kernels.simd import emit_prefetch, load_vec, masked_store, pointer, prefetch, store_vec, width
from minirnn.kernels.vec import I64, VecType, lanes, llvm_function, primitive, splat, vec_of

ROWS_4, ROWS_3, ROWS_2, ROWS_1 = ((0,) * n for n in (4, 3, 2, 1))
COLUMNS_4, COLUMNS_3, COLUMNS_2, COLUMNS_1, COLUMNS_0 = ((0,) * n for n in (4, 3, 2, 1, 0))


def tile_type(array: ArrayType, rows: int, columns: int) -> types.UniTuple:
    return types.UniTuple(types.UniTuple(vec_of(array), columns), rows)


def is_tile(typ) -> bool:
    nested = isinstance(typ, types.UniTuple) and isinstance(typ.dtype, types.UniTuple)
    return nested and isinstance(typ.dtype.dtype, VecType)


def tile_zeros(rows, columns, array):
    """A tile of zeros for elements of this array."""
    return np.zeros((len(rows), len(columns), lanes(array.dtype)), array.dtype)


def _type_zeros(rows, columns, array):
    tile = tile_type(array, rows.count, columns.count)

    def emit(context, builder, *_):
        return ir.Constant(context.get_value_type(tile), None)

    return tile, (rows, columns, array), emit


primitive(tile_zeros, _type_zeros)


def tile_load(rows, columns, array, offset, stride):
    """Row r of the tile from array[offset + r * stride :]."""
    count = len(columns) * lanes(array.dtype)
    flat = array.reshape(-1)
    read = [flat[offset + r * stride : offset + r * stride + count] for r in range(len(rows))]
    return np.array(read).reshape(len(rows), len(columns), -1)


def row_address(context, builder, array_type, array, offset, stride, r, reach):
    at = builder.add(offset, builder.mul(stride, ir.Constant(I64, r)))
    return pointer(context, builder, array_type, array, at, reach)


def _type_load(rows, columns, array, offset, stride):
    tile = tile_type(array, rows.count, columns.count)

    def emit(context, builder, _rows, _columns, data, at, step):
        vec = context.get_value_type(tile.dtype.dtype)
        result = ir.Constant(context.get_value_type(tile), ir.Undefined)
        for r in range(tile.count):
            address = row_address(context, builder, array, data, at, step, r, tile.dtype.count * vec.count)
            for v in range(tile.dtype.count):
                result = builder.insert_value(result, load_vec(builder, address, vec, v * vec.count), [r, v])
        return result

    return tile, (rows, columns, array, types.intp, types.intp), emit


primitive(tile_load, _type_load)


def tile_prefetch(rows, columns, array, offset, stride):
    """Ask for what `tile_load` will read: by the time a product is done it is in the second-level cache."""


def _type_tile_prefetch(rows, columns, array, offset, stride):
    def emit(context, builder, _rows, _columns, data, at, step):
        width = vec_of(array).count
        for r in range(rows.count):
            address = row_address(context, builder, array, data, at, step, r, columns.count * width)
            for v in range(columns.count):
                emit_prefetch(builder, builder.gep(address, [ir.Constant(I64, v * width)]))
        return context.get_dummy_value()

    return types.void, (rows, columns, array, types.intp, types.intp), emit


primitive(tile_prefetch, _type_tile_prefetch)


def tile_store(tile, array, offset, stride):
    """Row r of the tile to array[offset + r * stride :]."""
    flat = array.reshape(-1)
    for r in range(len(tile)):
        flat[offset + r * stride : offset + r * stride + tile[r].size] = tile[r].reshape(-1)


def _type_store(tile, array, offset, stride):
    if not is_tile(tile):
        return None

    def emit(context, builder, value, data, at, step):
        columns, width = tile.dtype.count, tile.dtype.dtype.count
        for r in range(tile.count):
            address = row_address(context, builder, array, data, at, step, r, columns * width)
            for v in range(columns):
                store_vec(builder, builder.extract_value(value, [r, v]), address, v * width)
        return context.get_dummy_value()

    return types.void, (tile, array, types.intp, types.intp), emit


primitive(tile_store, _type_store)


def tile_store_part(tile, array, offset, stride, count):
    """The first `count` elements of row r of the tile to array[offset + r * stride :]."""
    flat = array.reshape(-1)
    for r in range(len(tile)):
        part = tile[r].reshape(-1)[: max(count, 0)]
        flat[offset + r * stride : offset + r * stride + len(part)] = part


def _type_store_part(tile, array, offset, stride, count):
    if not is_tile(tile):
        return None

    def emit(context, builder, value, data, at, step, n):
        columns, width = tile.dtype.count, tile.dtype.dtype.count
        full = ir.Constant(I64, columns * width)
        n = builder.select(builder.icmp_signed("<", n, full), n, full)
        for r in range(tile.count):
            address = row_address(context, builder, array, data, at, step, r, n)
            for v in range(columns):
                left = builder.sub(n, ir.Constant(I64, v * width))
                to = builder.gep(address, [ir.Constant(I64, v * width)])
                masked_store(builder, builder.extract_value(value, [r, v]), to, left)
        return context.get_dummy_value()

    return types.void, (tile, array, types.intp, types.intp, types.intp), emit


primitive(tile_store_part, _type_store_part)


def tile_add(tile, first, columns, b, offset):
    """Every row's columns first, first + 1, .. plus the same `columns` registers b[offset :]."""
    count = len(columns) * tile.shape[2]
    result = tile.copy()
    added = b.reshape(-1)[offset : offset + count].reshape(len(columns), -1)
    result[:, len(first) : len(first) + len(columns)] += added
    return result


def _type_add(tile, first, columns, b, offset):
    if not is_tile(tile):
        return None

    def emit(context, builder, value, _first, _columns, b_data, at):
        vec = context.get_value_type(tile.dtype.dtype)
        address = pointer(context, builder, b, b_data, at, columns.count * vec.count)
        for v in range(columns.count):
            row = load_vec(builder, address, vec, v * vec.count)
            for r in range(tile.count):
                place = [r, first.count + v]
                value = builder.insert_value(value, builder.fadd(builder.extract_value(value, place), row), place)
        return value

    return tile, (tile, first, columns, b, types.intp), emit


primitive(tile_add, _type_add)


def tile_rank1(tile, first, columns, a, a_offset, a_stride, b, b_offset):
    """tile[r][first + v] += a[a_offset + r * a_stride] * b[b_offset + v * W :], fused, for v over `columns`."""
    rows, _, width = tile.shape
    left = a.reshape(-1)[a_offset + a_stride * np.arange(rows)][:, None, None]
    right = b.reshape(-1)[b_offset : b_offset + len(columns) * width].reshape(len(columns), width)
    result = tile.copy()
    result[:, len(first) : len(first) + len(columns)] += left * right
    return result


def emit_rank1(builder, vec, tile, value, first, columns, left_of, right_of):
    """Columns first .. of a tile plus the products of left_of(r), spread over a register, and right_of(v)."""
    fused = llvm_function(builder, "fmuladd", vec, 3)
    # The shorter side of the tile stays in registers, the longer passes by: 3 x 4 sums, 3 and 1 just fit 16.
    places = [(r, v) for r in range(tile.count) for v in range(columns)]
    if tile.count < columns:
        places.sort(key=lambda place: place[1])
    left, right = {}, {}
    for r, v in places:
        if r not in left:
            left[r] = splat(builder, left_of(r), vec.count)
        if v not in right:
            right[v] = right_of(v)
        place = [r, first + v]
        total = builder.call(fused, [left[r], right[v], builder.extract_value(value, place)])
        value = builder.insert_value(value, total, place)
    return value


def _type_rank1(tile, first, columns, a, a_offset, a_stride, b, b_offset):
    if not is_tile(tile):
        return None

    def emit(context, builder, value, _first, _columns, a_data, a_at, a_step, b_data, b_at):
        vec = context.get_value_type(tile.dtype.dtype)
        b_address = pointer(context, builder, b, b_data, b_at, columns.count * vec.count)

        def left_of(r):
            return builder.load(row_address(context, builder, a, a_data, a_at, a_step, r, 1))

        def right_of(v):
            return load_vec(builder, b_address, vec, v * vec.count)

        return emit_rank1(builder, vec, tile, value, first.count, columns.count, left_of, right_of)

    return tile, (tile, first, columns, a, types.intp, types.intp, b, types.intp), emit


primitive(tile_rank1, _type_rank1)


def tile_blank(tile):
    """A tile of zeros of the same size."""
    return np.zeros_like(tile)


primitive(
    tile_blank,
    lambda tile: (
        tile,
        (tile,),
        lambda context, builder, _: ir.Constant(context.get_value_type(tile), None),
    ),
)


def tile_plus(tile, other):
    """The sum of two tiles of one size."""
    return tile + other


def tile_times(tile, other):
    """The product, element by element, of two tiles of one size."""
    return tile * other


def _type_elementwise(operation):
    def typing(tile, other):
        if not is_tile(tile) or tile != other:
            return None

        def emit(context, builder, left, right):
            for r in range(tile.count):
                for v in range(tile.dtype.count):
                    a, b = (builder.extract_value(value, [r, v]) for value in (left, right))
                    left = builder.insert_value(left, operation(builder, a, b), [r, v])
            return left

        return tile, (tile, other), emit

    return typing


primitive(tile_plus, _type_elementwise(lambda builder, a, b: builder.fadd(a, b)))
primitive(tile_times, _type_elementwise(lambda builder, a, b: builder.fmul(a, b)))

SUM_LENGTH = 256  # terms that are summed one after the other; rounding errors then meet in the sum of such sums


@inline
def pace(b):
    """How many numbers of the next panel a tile fetches at each term of its own: a quarter of a register.

    More would wait for memory before what the tile needs itself.
    """
    return max(1, width(b) // 4)


@inline
def next_panel(rows, i, r0, columns, j, panels, n, b):
    """Where the tile of rows i, i+1, .. of r0, .. fetches its share of the panel of B that is needed after panel j.

    Panels of n terms x `columns` stand one behind the other in b. A tile gets through the terms of panel j too fast for
    the third-level cache, so the tiles of a panel share the fetching of the next.
    """
    share = n * pace(b)
    shares = len(columns) * width(b) // pace(b)
    after = j + 1 if j + 1 < panels else 0
    return (after * shares + (i - r0) // len(rows) % shares) * share


@inline
def add_terms(tile, n, term, arguments):
    """tile plus n terms, each added by term(tile, k, *arguments): SUM_LENGTH on top of it, the others in own sums."""
    for k in range(min(n, SUM_LENGTH)):
        tile = term(tile, k, *arguments)
    for start in range(SUM_LENGTH, n, SUM_LENGTH):
        part = tile_blank(tile)
        for k in range(start, min(start + SUM_LENGTH, n)):
            part = term(part, k, *arguments)
        tile = tile_plus(tile, part)
    return tile


@inline
def product_term(tile, k, first, columns, a, a_offset, a_stride, a_step, b, b_offset, ahead):
    """tile += column k of A times row k of B."""
    prefetch(b, ahead + k * pace(b))
    at = b_offset + k * len(columns) * width(b)
    return tile_rank1(tile, first, columns, a, a_offset + k * a_step, a_stride, b, at)


@inline
def matmul(tile, first, columns, a, a_offset, a_stride, a_step, b, b_offset, n, ahead):
    """tile += A B over n terms k.

    A[r, k] stands at a_offset + r * a_stride + k * a_step; the rows of B, of `columns`, one behind the other from
    b_offset on. Meanwhile numbers of b from `ahead` on are fetched, `pace` at each term (`next_panel`).
    """
    of_term = (first, columns, a, a_offset, a_stride, a_step, b, b_offset, ahead)
    return add_terms(tile, n, product_term, of_term)
