"""The primitives that move data in and out of SIMD registers.

Offsets count elements from the start of a C-contiguous array of any rank. Each primitive is written twice, side by
side: a NumPy body, which *is* the primitive when the JIT is off, and below it what the compiler emits.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from minirnn.jit import inline
from minirnn.kernels.vec import I64, VecType, element_bytes, join, lanes, parts, primitive, splat, vec_of

# --- what the compiler emits --------------------------------------------------------------------------------------


def pointer(context, builder, array_type, array, offset, reach=None):
    """Address of element `offset`; with NUMBA_BOUNDSCHECK on, offset + reach must lie within the array."""
    parts = context.data_model_manager[array_type]  # (`make_array` copies them all, only to be optimized away)
    if context.enable_boundscheck and reach is not None:
        size, shape = ir.Constant(I64, 1), parts.get(builder, array, "shape")
        for axis in range(array_type.ndim):
            size = builder.mul(size, builder.extract_value(shape, axis))
        end = builder.add(offset, reach if isinstance(reach, ir.Value) else ir.Constant(I64, reach))
        before = builder.icmp_signed("<", offset, ir.Constant(I64, 0))
        outside = builder.or_(before, builder.icmp_signed(">", end, size))
        with builder.if_then(outside, likely=False):
            message = ("SIMD access outside the array",)
            context.call_conv.return_user_exc(builder, IndexError, message)
    return builder.gep(parts.get(builder, array, "data"), [offset], inbounds=True)


def load_vec(builder, address, vec, step=0):
    """Read a register at an address, `step` elements further on; no alignment beyond the element's is assumed."""
    address = builder.gep(address, [ir.Constant(I64, step)], inbounds=True)
    loaded = builder.load(builder.bitcast(address, vec.as_pointer()))
    loaded.align = element_bytes(vec)
    return loaded


def store_vec(builder, value, address, step=0):
    """Write a register at an address, `step` elements further on."""
    address = builder.gep(address, [ir.Constant(I64, step)], inbounds=True)
    builder.store(value, builder.bitcast(address, value.type.as_pointer())).align = element_bytes(value.type)


def lane_mask(builder, count, width):
    """Lanes 0 .. count-1 on, the others off."""
    index = ir.Constant(ir.VectorType(I64, width), list(range(width)))
    return builder.icmp_signed("<", index, splat(builder, count, width))


def masked_load(builder, address, vec, count):
    """The first `count` lanes from memory, zeros in the others; nothing beyond them is touched."""
    mask = lane_mask(builder, count, vec.count)
    at = builder.bitcast(address, vec.as_pointer())
    size = element_bytes(vec)
    function_type = ir.FunctionType(vec, [at.type, ir.IntType(32), mask.type, vec])
    name = f"llvm.masked.load.v{vec.count}f{8 * size}.p0"
    function = cgutils.get_or_insert_function(builder.module, function_type, name)
    return builder.call(function, [at, ir.Constant(ir.IntType(32), size), mask, ir.Constant(vec, None)])


def masked_store(builder, value, address, count):
    """The first `count` lanes to memory; nothing beyond them is touched."""
    vec = value.type
    mask = lane_mask(builder, count, vec.count)
    at = builder.bitcast(address, vec.as_pointer())
    size = element_bytes(vec)
    function_type = ir.FunctionType(ir.VoidType(), [vec, at.type, ir.IntType(32), mask.type])
    name = f"llvm.masked.store.v{vec.count}f{8 * size}.p0"
    function = cgutils.get_or_insert_function(builder.module, function_type, name)
    builder.call(function, [value, at, ir.Constant(ir.IntType(32), size), mask])


# --- primitives ---------------------------------------------------------------------------------------------------


def width(array):
    """W, the lanes of a register that holds elements of this array."""
    return lanes(array.dtype)


primitive(
    width,
    lambda array: (
        types.intp,
        (array,),
        lambda context, builder, _: ir.Constant(I64, vec_of(array).count),
    ),
)


def load(array, offset):
    """W elements from `offset` on."""
    return array.reshape(-1)[offset : offset + width(array)]


def _type_load(array, offset):
    vec = vec_of(array)

    def emit(context, builder, data, at):
        address = pointer(context, builder, array, data, at, vec.count)
        return load_vec(builder, address, context.get_value_type(vec))

    return vec, (array, types.intp), emit


primitive(load, _type_load)


def prefetch(array, offset):
    """Ask for the cache line of element `offset`, into the second-level cache: only the time of later loads changes."""


def emit_prefetch(builder, address):
    """A request for the line at an address, to read it, into the second-level cache."""
    address = builder.bitcast(address, ir.IntType(8).as_pointer())
    flag = ir.IntType(32)
    function_type = ir.FunctionType(ir.VoidType(), [address.type, flag, flag, flag])
    function = cgutils.get_or_insert_function(builder.module, function_type, "llvm.prefetch.p0")
    to_read, second_level, data_cache = (ir.Constant(flag, n) for n in (0, 2, 1))
    builder.call(function, [address, to_read, second_level, data_cache])


def _type_prefetch(array, offset):
    def emit(context, builder, data, at):
        emit_prefetch(builder, pointer(context, builder, array, data, at, 1))
        return context.get_dummy_value()

    return types.void, (array, types.intp), emit


primitive(prefetch, _type_prefetch)


def load_part(array, offset, count):
    """`count` elements (at most W) from `offset` on, zeros in the lanes after them."""
    part = np.zeros(width(array), array.dtype)
    part[: max(count, 0)] = array.reshape(-1)[offset : offset + min(count, len(part))]
    return part


def _type_load_part(array, offset, count):
    vec = vec_of(array)

    def emit(context, builder, data, at, n):
        address = pointer(context, builder, array, data, at, n)
        return masked_load(builder, address, context.get_value_type(vec), n)

    return vec, (array, types.intp, types.intp), emit


primitive(load_part, _type_load_part)


def store(array, offset, vec):
    """Write the W lanes of `vec` from `offset` on."""
    array.reshape(-1)[offset : offset + width(array)] = vec


def _type_store(array, offset, vec):
    if not isinstance(vec, VecType):
        return None

    def emit(context, builder, data, at, value):
        store_vec(builder, value, pointer(context, builder, array, data, at, vec.count))
        return context.get_dummy_value()

    return types.void, (array, types.intp, vec), emit


primitive(store, _type_store)


def store_part(array, offset, vec, count):
    """Write the first `count` lanes of `vec` (at most W) from `offset` on."""
    array.reshape(-1)[offset : offset + count] = vec[:count]


def _type_store_part(array, offset, vec, count):
    if not isinstance(vec, VecType):
        return None

    def emit(context, builder, data, at, value, n):
        masked_store(builder, value, pointer(context, builder, array, data, at, n), n)
        return context.get_dummy_value()

    return types.void, (array, types.intp, vec, types.intp), emit


primitive(store_part, _type_store_part)


def element(array, offset):
    """The number at `offset`."""
    return array.reshape(-1)[offset]


def _type_element(array, offset):
    def emit(context, builder, data, at):
        return builder.load(pointer(context, builder, array, data, at, 1))

    return array.dtype, (array, types.intp), emit


primitive(element, _type_element)


def zeros(array):
    """A register of zeros for elements of this array."""
    return np.zeros(width(array), array.dtype)


primitive(
    zeros,
    lambda array: (
        vec_of(array),
        (array,),
        lambda context, builder, _: ir.Constant(context.get_value_type(vec_of(array)), None),
    ),
)


def first_lanes(vec, count):
    """The first `count` lanes of `vec` (all of them if it has no more), zeros in the lanes after them."""
    return np.where(np.arange(len(vec)) < count, vec, vec.dtype.type(0))


def _type_first_lanes(vec, count):
    if not isinstance(vec, VecType):
        return None

    def emit(context, builder, value, n):
        return builder.select(lane_mask(builder, n, vec.count), value, ir.Constant(value.type, None))

    return vec, (vec, types.intp), emit


primitive(first_lanes, _type_first_lanes)


# --- several rows at once, side by side: the instructions of one fill the waiting times of another --------------------


def load_rows(rows, array, offset, stride):
    """W elements from `offset` + r * `stride` on for each of `rows`, one row's lanes behind the other's."""
    flat, count = array.reshape(-1), width(array)
    return np.concatenate([flat[offset + r * stride : offset + r * stride + count] for r in range(len(rows))])


def _type_load_rows(rows, array, offset, stride):
    vec = vec_of(array)
    together = VecType(vec.dtype, vec.count * rows.count)

    def emit(context, builder, _rows, data, at, step):
        loaded = []
        for r in range(rows.count):
            start = builder.add(at, builder.mul(step, ir.Constant(I64, r)))
            address = pointer(context, builder, array, data, start, vec.count)
            loaded.append(load_vec(builder, address, context.get_value_type(vec)))
        return join(builder, loaded)

    return together, (rows, array, types.intp, types.intp), emit


primitive(load_rows, _type_load_rows)


def store_rows(rows, array, offset, stride, vec, count):
    """Write what `load_rows` would read: of each row the first `count` lanes, and zeros behind them."""
    flat, W = array.reshape(-1), width(array)
    for r in range(len(rows)):
        flat[offset + r * stride : offset + r * stride + W] = first_lanes(vec[r * W : (r + 1) * W], count)


def _type_store_rows(rows, array, offset, stride, vec, count):
    if not isinstance(vec, VecType):
        return None
    W = vec_of(array).count

    def emit(context, builder, _rows, data, at, step, value, n):
        mask = lane_mask(builder, n, W)
        for r, row in enumerate(parts(builder, value, W)):
            start = builder.add(at, builder.mul(step, ir.Constant(I64, r)))
            row = builder.select(mask, row, ir.Constant(row.type, None))
            store_vec(builder, row, pointer(context, builder, array, data, start, W))
        return context.get_dummy_value()

    return types.void, (rows, array, types.intp, types.intp, vec, types.intp), emit


primitive(store_rows, _type_store_rows)


def add_lanes(vec):
    """Sum of the lanes."""
    return vec.sum()


def _type_add_lanes(vec):
    if not isinstance(vec, VecType):
        return None

    def emit(context, builder, value):
        suffix = "f32" if vec.dtype is types.float32 else "f64"
        scalar = value.type.element
        function_type = ir.FunctionType(scalar, [scalar, value.type])
        name = f"llvm.vector.reduce.fadd.v{vec.count}{suffix}"
        function = cgutils.get_or_insert_function(builder.module, function_type, name)
        return builder.call(function, [ir.Constant(scalar, -0.0), value], fastmath=["reassoc"])

    return vec.dtype, (vec,), emit


primitive(add_lanes, _type_add_lanes)


@inline
def copy_row(source, source_at, target, target_at, count):
    """`count` numbers from one place to another."""
    whole = count - count % width(source)
    for k in range(0, whole, width(source)):
        store(target, target_at + k, load(source, source_at + k))
    if whole < count:
        store_part(target, target_at + whole, load_part(source, source_at + whole, count - whole), count - whole)
