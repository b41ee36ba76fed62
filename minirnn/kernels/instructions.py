"""What a register has one or two instructions for: the primitives that `elementary` builds its functions of."""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types

from minirnn.gates import elementary
from minirnn.jit import inline
from minirnn.kernels.vec import VecType, as_vec, element_bytes, llvm_function, primitive


def _unary(function, llvm_name):
    def typing(x):
        def emit(context, builder, value):
            return builder.call(llvm_function(builder, llvm_name, value.type), [value])

        return (x, (x,), emit) if isinstance(x, VecType) else None

    primitive(function, typing)


def sqrt(x):
    """Square root of each lane."""
    return np.sqrt(x)


_unary(sqrt, "sqrt")
_unary(elementary.absolute, "fabs")


def _type_where(condition, x, y):
    vec = next((v for v in (x, y) if isinstance(v, VecType)), None)
    if vec is None or not isinstance(condition, VecType):
        return None
    x, y = (v if isinstance(v, VecType) else types.unliteral(v) for v in (x, y))

    def emit(context, builder, mask, left, right):
        return builder.select(mask, as_vec(context, builder, left, x, vec), as_vec(context, builder, right, y, vec))

    return vec, (condition, x, y), emit


primitive(elementary.where, _type_where)


# A number this large has no digits behind the point: adding it rounds to the nearest whole number, which then stands in
# the last bits of the sum.
ROUNDER_32, ROUNDER_64 = 1.5 * 2.0**23, 1.5 * 2.0**52


def power_of_two(rounded):
    """2**n for the whole number n = rounded - ROUNDER, made of the exponent's bits; it must be a normal number."""
    n = rounded - (ROUNDER_32 if rounded.dtype == np.float32 else ROUNDER_64)
    return np.ldexp(np.ones_like(rounded), n.astype(np.int32))


def half_power_of_two(rounded):
    """2**(n - 1), otherwise as `power_of_two`."""
    return power_of_two(rounded - 1)


def _type_power(one):
    """2**n * `one`, a power of two itself: n is added to its exponent."""

    def typing(rounded):
        def emit(context, builder, value):
            integer, mantissa = _bits(value.type)
            exponent = builder.shl(builder.bitcast(value, integer), ir.Constant(integer, [mantissa] * integer.count))
            first = builder.bitcast(ir.Constant(value.type, [one] * integer.count), integer)
            return builder.bitcast(builder.add(first, exponent), value.type)

        return (rounded, (rounded,), emit) if isinstance(rounded, VecType) else None

    return typing


def _bits(vec):
    """The integers that an LLVM vector's lanes are in memory, and the bits of a lane's mantissa."""
    bits, mantissa = (32, 23) if element_bytes(vec) == 4 else (64, 52)
    return ir.VectorType(ir.IntType(bits), vec.count), mantissa


primitive(power_of_two, _type_power(1.0))
primitive(half_power_of_two, _type_power(0.5))


def with_sign(x, sign):
    """x, which has none, with the sign of `sign`."""
    return np.copysign(x, sign)


def _type_with_sign(x, sign):
    def emit(context, builder, value, other):
        integer, _ = _bits(value.type)
        only_sign = ir.Constant(integer, [-(2 ** (integer.element.width - 1))] * integer.count)
        sign_bit = builder.and_(builder.bitcast(other, integer), only_sign)
        return builder.bitcast(builder.or_(builder.bitcast(value, integer), sign_bit), value.type)

    return (x, (x, sign), emit) if isinstance(x, VecType) else None


primitive(with_sign, _type_with_sign)


@inline
def at_least(x, lowest):
    """x or `lowest`, whichever is larger; NaN where x is: one instruction."""
    return elementary.where(x < lowest, lowest, x)


@inline
def at_most(x, highest):
    """x or `highest`, whichever is smaller; NaN where x is: one instruction."""
    return elementary.where(x > highest, highest, x)
