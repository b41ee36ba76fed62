"""exp, tanh, erf ... for numbers and SIMD registers: the compiled meaning of `minirnn.gates.elementary`.

Numbers take the C library's functions. Registers take the polynomials below, written in ordinary arithmetic on `Vec`;
the coefficients are our own Chebyshev fits. Worst errors found over a fine grid are in `tests/kernels`: exp, tanh and
sigmoid stay within 2.5 ulp in float32 and 4 ulp in float64.
"""

from __future__ import annotations

import math

from numba import types
from numba.extending import overload

from minirnn.gates import elementary
from minirnn.jit import INLINE_OPTIONS, inline
from minirnn.kernels.instructions import (
    ROUNDER_32,
    ROUNDER_64,
    at_least,
    at_most,
    half_power_of_two,
    power_of_two,
    with_sign,
)
from minirnn.kernels.vec import VecType

# --- exp and expm1: x = n ln(2) + r with |r| <= ln(2)/2, and a polynomial for q = 2 (e**r - 1) -----------------------
#
# Twice e**r, because 2**(n - 1) is a number even where e**x is one and 2**n is no longer. Polynomials are summed up in
# steps of r**2, two terms at once, one of which need not wait for the step before.


@inline
def reduce_float32(x):
    """n, as ROUNDER_32 + n, and q of x = n ln(2) + r, for -87 <= x <= 89.

    At -87 the n nearest to x / ln(2) = 1.4427 x would be -126, and 2**(n - 1) no normal number.
    """
    rounded = x * 1.4425 + ROUNDER_32
    n = rounded - ROUNDER_32
    r = x - n * 0.693359375 + n * 2.12194440e-4
    s = r * r
    p = 0.00277650521 * s + (0.016733093954 * r + 0.08333440118)
    p = p * s + (0.3333308684 * r + 0.999999963)
    return rounded, p * s + (r + r)


@inline
def exp_float32(x):
    rounded, q = reduce_float32(at_most(at_least(x, -87.0), 89.0))
    return (q + 2.0) * half_power_of_two(rounded)


@inline
def expm1_float32(x):
    """For x <= 0."""
    rounded, q = reduce_float32(at_least(x, -87.0))
    return q * half_power_of_two(rounded) + (power_of_two(rounded) - 1.0)


@inline
def reduce_float64(x):
    """n, as ROUNDER_64 + n, and q of x = n ln(2) + r, for -708 <= x <= 710."""
    rounded = x * 1.4426950408889634074 + ROUNDER_64
    n = rounded - ROUNDER_64
    r = x - n * 6.93145751953125e-1 - n * 1.42860682030941723212e-6
    s = r * r
    p = 5.0200945011389992006e-8 * r + 5.5240403182063097584e-7
    p = p * s + (5.5114536553811392374e-6 * r + 0.000049603042115736410397)
    p = p * s + (0.00039682539726343112053 * r + 0.0027777777834734161123)
    p = p * s + (0.016666666666660076395 * r + 0.083333333333247641063)
    p = p * s + (0.3333333333333333492 * r + 1.0000000000000002063)
    return rounded, p * s + (r + r)


@inline
def exp_float64(x):
    rounded, q = reduce_float64(at_most(at_least(x, -708.0), 710.0))
    return (q + 2.0) * half_power_of_two(rounded)


@inline
def expm1_float64(x):
    """For x <= 0."""
    rounded, q = reduce_float64(at_least(x, -708.0))
    return q * half_power_of_two(rounded) + (power_of_two(rounded) - 1.0)


# --- tanh |x| = m / (m + 1) with m = (e**2|x| - 1) / 2, where rounding m + 1 would cost a bit or two -----------------
#
# With u = m for m < 1 and u = 1 beyond, that is u - u u / (m + 1): what is divided is the smaller part of the result.
# 2|x| = n ln(2) + 2 r, and r r p + r is (e**2r - 1) / 2.


@inline
def tanh_float32(x):
    a = at_most(elementary.absolute(x), 10.0)
    rounded = a * 2.885390082 + ROUNDER_32
    r = a - (rounded - ROUNDER_32) * 0.34657359
    s = r * r
    p = 0.04442416816 * s + (0.133864752 * r + 0.3333376047)
    p = p * s + (0.6666617682 * r + 0.999999963)
    scale = power_of_two(rounded)
    m = (s * p + r) * scale + (0.5 * scale - 0.5)
    u = at_most(m, 1.0)
    return with_sign(u - u * (u / (m + 1.0)), x)


@inline
def tanh_float64(x):
    a = at_most(elementary.absolute(x), 20.0)
    rounded = a * 2.8853900817779268147 + ROUNDER_64
    n = rounded - ROUNDER_64
    r = a - n * 3.465728759765625e-1 - n * 7.14303410154708616060e-7
    s = r * r
    p = 0.000025702883845831675907 * r + 0.00014141543214608152981
    p = p * s + (0.00070546606788878582238 * r + 0.0031745946954071302654)
    p = p * s + (0.012698412712429795857 * r + 0.044444444535574657797)
    p = p * s + (0.13333333333328061116 * r + 0.33333333333299056425)
    p = p * s + (0.66666666666666669839 * r + 1.0000000000000002063)
    scale = power_of_two(rounded)
    m = (s * p + r) * scale + (0.5 * scale - 0.5)
    u = at_most(m, 1.0)
    return with_sign(u - u * (u / (m + 1.0)), x)


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
    return elementary.where(a < 1.0, near, with_sign(far, x))


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
    return elementary.where(a < 1.0, near, with_sign(far, x))


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
