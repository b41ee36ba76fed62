"""exp, tanh, erf ... for numbers and SIMD registers: the compiled meaning of `minirnn.gates.elementary`.

Numbers take the C library's functions. Registers take the polynomials below, written in ordinary arithmetic on `Vec`;
the coefficients are our own Chebyshev fits. Worst errors found over a fine grid are in `tests/kernels`: exp, tanh and
sigmoid stay within 2.5 ulp in float32 and 4 ulp in float64.
"""

from __future__ import annotations

import math

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import overload

from minirnn.gates import elementary
from minirnn.jit import INLINE_OPTIONS, inline
from minirnn.kernels.vec import VecType, as_vec, element_bytes, llvm_function, primitive

# --- one instruction each -------------------------------------------------------------------------------------------


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
    return times_power_of_two(np.ones_like(rounded), rounded)


def times_power_of_two(x, rounded):
    """x * 2**n for the whole number n = rounded - ROUNDER, added to the exponent's bits; it must be a normal number."""
    return np.ldexp(x, (rounded - (ROUNDER_32 if x.dtype == np.float32 else ROUNDER_64)).astype(np.int32))


def _add_to_exponent(builder, value, rounded):
    bits, mantissa = (32, 23) if element_bytes(value.type) == 4 else (64, 52)
    integer = ir.VectorType(ir.IntType(bits), value.type.count)
    exponent = builder.shl(builder.bitcast(rounded, integer), ir.Constant(integer, [mantissa] * integer.count))
    return builder.bitcast(builder.add(builder.bitcast(value, integer), exponent), value.type)


def _type_power_of_two(rounded):
    def emit(context, builder, value):
        return _add_to_exponent(builder, ir.Constant(value.type, [1.0] * value.type.count), value)

    return (rounded, (rounded,), emit) if isinstance(rounded, VecType) else None


def _type_times_power_of_two(x, rounded):
    return x, (x, rounded), lambda context, builder, value, power: _add_to_exponent(builder, value, power)


primitive(power_of_two, _type_power_of_two)
primitive(times_power_of_two, _type_times_power_of_two)


def copysign(x, sign):
    """|x| with the sign of `sign`."""
    return np.copysign(x, sign)


def _type_copysign(x, sign):
    def emit(context, builder, value, other):
        return builder.call(llvm_function(builder, "copysign", value.type, 2), [value, other])

    return (x, (x, sign), emit) if isinstance(x, VecType) else None


primitive(copysign, _type_copysign)

@inline
def at_least(x, lowest):
    """x or `lowest`, whichever is larger; NaN where x is: one instruction."""
    return elementary.where(x < lowest, lowest, x)


@inline
def at_most(x, highest):
    """x or `highest`, whichever is smaller; NaN where x is: one instruction."""
    return elementary.where(x > highest, highest, x)


# --- exp and expm1: x = n ln(2) + r with |r| <= ln(2)/2, and a polynomial for e**r - 1 -------------------------------


@inline
def reduce_float32(x):
    """n, as ROUNDER_32 + n, and e**r - 1 of x = n ln(2) + r, for -87 <= x <= 88.72."""
    rounded = x * 1.44269504 + ROUNDER_32
    n = rounded - ROUNDER_32
    r = x - n * 0.693359375 + n * 2.12194440e-4
    p = 0.001388252605 * r + 0.008366546977
    p = p * r + 0.04166720059
    p = p * r + 0.1666654342
    p = p * r + 0.4999999815
    return rounded, r * r * p + r


@inline
def exp_float32(x):
    rounded, p = reduce_float32(at_least(x, -87.0))
    return elementary.where(x <= 88.72, times_power_of_two(p + 1.0, rounded), x + np.inf)


@inline
def expm1_float32(x):
    """For x <= 0."""
    rounded, p = reduce_float32(at_least(x, -87.0))
    scale = power_of_two(rounded)
    return scale * p + (scale - 1.0)


@inline
def reduce_float64(x):
    """n, as ROUNDER_64 + n, and e**r - 1 of x = n ln(2) + r, for -708 <= x <= 709.78."""
    rounded = x * 1.4426950408889634074 + ROUNDER_64
    n = rounded - ROUNDER_64
    r = x - n * 6.93145751953125e-1 - n * 1.42860682030941723212e-6
    p = 2.0875322495285103498e-9 * r + 2.5109022926232970803e-8
    p = p * r + 2.7557402771254995318e-7
    p = p * r + 2.7557244258724382321e-6
    p = p * r + 0.000024801587172273046222
    p = p * r + 0.00019841269886068739052
    p = p * r + 0.0013888888888962559566
    p = p * r + 0.0083333333333216561727
    p = p * r + 0.041666666666666508294
    p = p * r + 0.16666666666666676544
    p = p * r + 0.50000000000000000085
    return rounded, r * r * p + r


@inline
def exp_float64(x):
    rounded, p = reduce_float64(at_least(x, -708.0))
    return elementary.where(x <= 709.78, times_power_of_two(p + 1.0, rounded), x + np.inf)


@inline
def expm1_float64(x):
    """For x <= 0."""
    rounded, p = reduce_float64(at_least(x, -708.0))
    scale = power_of_two(rounded)
    return scale * p + (scale - 1.0)


# --- tanh |x| = m / (m + 1) with m = (e**2|x| - 1) / 2, where rounding m + 1 would cost a bit or two -----------------
#
# With u = m for m < 1 and u = 1 beyond, that is u - u u / (m + 1): what is divided is the smaller part of the result.


@inline
def tanh_float32(x):
    a = at_most(elementary.absolute(x), 10.0)
    rounded = a * 2.885390082 + ROUNDER_32
    r = a - (rounded - ROUNDER_32) * 0.34657359
    p = 0.04442416816 * r + 0.133864752
    p = p * r + 0.3333376047
    p = p * r + 0.6666617682
    p = p * r + 0.999999963
    scale = power_of_two(rounded)
    m = (r * r * p + r) * scale + (0.5 * scale - 0.5)
    u = at_most(m, 1.0)
    return copysign(u - u * (u / (m + 1.0)), x)


@inline
def tanh_float64(x):
    a = at_most(elementary.absolute(x), 20.0)
    rounded, p = reduce_float64(a + a)
    scale = 0.5 * power_of_two(rounded)
    m = p * scale + (scale - 0.5)
    u = at_most(m, 1.0)
    return copysign(u - u * (u / (m + 1.0)), x)


# --- erf: x * P(x**2) up to 1, then 1 - e**-x**2 * Q(2 / (2 + x)) ---------------------------------------------------


@inline
def erf_float32(x):
    a = elementary.absolute(x)
    s = x * x
    p = 7.875875063e-5 * s - 0.0008016864287
    p = p * s + 0.005189087423
    p = p * s - 0.02685421201
    p = p * s + 0.1128359472
    p = p * s - 0.3761262667
    p = p * s + 1.128379166
    near = x * p
    t = 2.0 / (2.0 + a)
    p = 0.01699323133 * t + 0.05201381481
    p = p * t - 0.3554683971
    p = p * t + 0.4505856585
    p = p * t - 0.03563352567
    p = p * t + 0.3217831579
    p = p * t + 0.2658592558
    p = p * t + 0.2840830539
    p = p * t - 0.0001058098308
    far = elementary.where(a > 4.2, 1.0, 1.0 - exp_float32(-s) * p)
    return elementary.where(a < 1.0, near, copysign(far, x))


@inline
def erf_float64(x):
    a = elementary.absolute(x)
    s = x * x
    p = 5.9571761477489114044e-11 * s - 1.137284885679167367e-9
    p = p * s + 1.4659775274047435814e-8
    p = p * s - 1.6350312701054695011e-7
    p = p * s + 1.6461000484121368033e-6
    p = p * s - 0.000014925595266831181565
    p = p * s + 0.00012055331111642710923
    p = p * s - 0.00085483269808337899052
    p = p * s + 0.0052239776248180144673
    p = p * s - 0.026866170645076793248
    p = p * s + 0.11283791670954878666
    p = p * s - 0.37612638903183748056
    p = p * s + 1.1283791670955125738
    near = x * p
    t = 2.0 / (2.0 + a)
    p = -0.10206267712162306186 * t + 0.92473382534652052739
    p = p * t - 3.8875591281410871328
    p = p * t + 10.010162177510761695
    p = p * t - 17.541716619378850484
    p = p * t + 21.993555362301818425
    p = p * t - 20.26246156669736699
    p = p * t + 14.028369123825959625
    p = p * t - 7.5839293159830583214
    p = p * t + 3.3581158042273397909
    p = p * t - 1.1551804625114657135
    p = p * t + 0.26934878962279646323
    p = p * t - 0.12941966011469056343
    p = p * t + 0.0086104997259889866984
    p = p * t + 0.081921102359952739881
    p = p * t + 0.17650457284377939355
    p = p * t + 0.24681764523221860092
    p = p * t + 0.2820956108659463225
    p = p * t + 0.28209476537990778904
    p = p * t + 3.7552198961190866371e-10
    far = elementary.where(a > 6.2, 1.0, 1.0 - exp_float64(-s) * p)
    return elementary.where(a < 1.0, near, copysign(far, x))


# --- log1p for 0 <= x <= 1, all that softplus needs: 2 atanh(s) with s = x / (2 + x) --------------------------------


@inline
def log1p_float32(x):
    s = x / (2.0 + x)
    z = s * s
    p = 0.1219695404 * z + 0.1069928025
    p = p * z + 0.143101037
    p = p * z + 0.1999935562
    p = p * z + 0.3333333951
    p = p * z + 0.9999999999
    return 2.0 * s * p


@inline
def log1p_float64(x):
    s = x / (2.0 + x)
    z = s * s
    p = 0.082441429656947843109 * z + 0.034901952491662160103
    p = p * z + 0.054883083189737470326
    p = p * z + 0.058576373340552126418
    p = p * z + 0.066684384078719176769
    p = p * z + 0.076922235302299837772
    p = p * z + 0.090909117112476262459
    p = p * z + 0.11111111059551837201
    p = p * z + 0.14285714286311463983
    p = p * z + 0.1999999999999643338
    p = p * z + 0.33333333333333341662
    p = p * z + 0.99999999999999999997
    return 2.0 * s * p


def _by_type(function, of_number, of_float32, of_float64):
    @overload(function, jit_options=INLINE_OPTIONS)
    def choose(x):
        if isinstance(x, types.Float):
            return lambda x: of_number(x)
        if isinstance(x, VecType):
            return of_float32 if x.dtype is types.float32 else of_float64
        return None


_by_type(elementary.exp, math.exp, exp_float32, exp_float64)
_by_type(elementary.expm1, math.expm1, expm1_float32, expm1_float64)
_by_type(elementary.tanh, math.tanh, tanh_float32, tanh_float64)
_by_type(elementary.erf, math.erf, erf_float32, erf_float64)
_by_type(elementary.log1p, math.log1p, log1p_float32, log1p_float64)


@overload(elementary.absolute, jit_options=INLINE_OPTIONS)
def _absolute(x):
    return (lambda x: abs(x)) if isinstance(x, types.Float) else None


@overload(elementary.where, jit_options=INLINE_OPTIONS)
def _where(condition, x, y):
    return (lambda condition, x, y: x if condition else y) if isinstance(condition, types.Boolean) else None
