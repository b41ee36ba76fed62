"""Activation functions, each beside its derivative.

The derivative `d_f(y, a)` is written from the output y = f(a) wherever y determines it, because y is what training
keeps; only swish and gelu, which take the same value at two places, look at the pre-activation a.

A slope can have no more digits than the y it is written from. Its absolute error is about one eps (1.2e-7 in float32),
but where y comes near a limit other than zero (tanh and sigmoid far out, elu and selu far below zero), the slope is
what little is left between them: in float32 it has lost half of its digits at |a| = 5 for tanh, at a = 9 for sigmoid
and a = -9 for elu and selu, and is zero or noise beyond twice that. Other libraries do the same; such a unit learns
nothing either way. Errors of each function over -30 .. 30 are in `tests/gates/test_activation_functions.py`.

Every function runs on NumPy arrays in plain Python, on numbers and on SIMD registers inside the kernels.
"""

from minirnn.gates.elementary import absolute, erf, exp, expm1, log1p, tanh, where
from minirnn.jit import inline

SELU_SCALE = 1.0507009873554805  # Klambauer et al. 2017, eq. 14 and appendix
SELU_ALPHA = 1.6732632423543772
INVERSE_SQRT_2 = 0.7071067811865476
INVERSE_SQRT_2_PI = 0.3989422804014327
SQRT_2_OVER_PI = 0.7978845608028654


@inline
def linear(a):
    """y = a"""
    return a


@inline
def d_linear(y, a):
    """dy/da = 1"""
    return y * 0.0 + 1.0


@inline
def d_tanh(y, a):
    """dy/da = 1 - y**2, for y = tanh(a)"""
    return 1.0 - y * y


@inline
def sigmoid(a):
    """y = 1 / (1 + e**-a)"""
    return 1.0 / (1.0 + exp(-a))


@inline
def d_sigmoid(y, a):
    """dy/da = y (1 - y)"""
    return y * (1.0 - y)


@inline
def hard_sigmoid(a):
    """y = a/6 + 1/2, clipped to 0 .. 1 (Keras 3; Keras 2 had 0.2 a + 0.5)"""
    y = a * (1.0 / 6.0) + 0.5
    return where(y < 0.0, 0.0, where(y > 1.0, 1.0, y))


@inline
def d_hard_sigmoid(y, a):
    """dy/da = 1/6 inside the clip, 0 outside"""
    return where(y <= 0.0, 0.0, where(y >= 1.0, 0.0, y * 0.0 + 1.0 / 6.0))


@inline
def relu(a):
    """y = max(a, 0)"""
    return where(a > 0.0, a, a * 0.0)


@inline
def d_relu(y, a):
    """dy/da = 1 where y > 0, else 0"""
    return where(y > 0.0, y * 0.0 + 1.0, y * 0.0)


@inline
def relu6(a):
    """y = min(max(a, 0), 6)"""
    return where(a < 0.0, 0.0, where(a > 6.0, 6.0, a))


@inline
def d_relu6(y, a):
    """dy/da = 1 where 0 < y < 6, else 0"""
    return where(y <= 0.0, 0.0, where(y >= 6.0, 0.0, y * 0.0 + 1.0))


@inline
def leaky_relu(a):
    """y = a where a > 0, else 0.2 a (Keras's slope)"""
    return where(a > 0.0, a, 0.2 * a)


@inline
def d_leaky_relu(y, a):
    """dy/da = 1 where y > 0, else 0.2"""
    return where(y > 0.0, y * 0.0 + 1.0, y * 0.0 + 0.2)


@inline
def elu(a):
    """y = a where a > 0, else e**a - 1"""
    return where(a > 0.0, a, expm1(where(a > 0.0, a * 0.0, a)))


@inline
def d_elu(y, a):
    """dy/da = 1 where y > 0, else y + 1"""
    return where(y > 0.0, y * 0.0 + 1.0, y + 1.0)


@inline
def selu(a):
    """y = scale * (a where a > 0, else alpha (e**a - 1))"""
    return SELU_SCALE * where(a > 0.0, a, SELU_ALPHA * expm1(where(a > 0.0, a * 0.0, a)))


@inline
def d_selu(y, a):
    """dy/da = scale where y > 0, else y + scale * alpha"""
    return where(y > 0.0, y * 0.0 + SELU_SCALE, y + SELU_SCALE * SELU_ALPHA)


@inline
def softplus(a):
    """y = log(1 + e**a), as max(a, 0) + log(1 + e**-|a|)"""
    return where(a > 0.0, a, a * 0.0) + log1p(exp(-absolute(a)))


@inline
def d_softplus(y, a):
    """dy/da = sigmoid(a) = 1 - e**-y

    For a far below zero, y is tiny, and the subtraction would leave no digits (none at all below -17 in float32);
    expm1 keeps them: a relative error below 3 eps for a in -30 .. 30.
    """
    return -expm1(-y)


@inline
def softsign(a):
    """y = a / (1 + |a|)"""
    return a / (1.0 + absolute(a))


@inline
def d_softsign(y, a):
    """dy/da = (1 - |y|)**2

    1 - |y| is 1 / (1 + |a|) and inherits y's rounding: the relative error grows as (1 + |a|) eps, 24 eps (3e-6 in
    float32) at the worst of |a| <= 30. That is less than tanh or sigmoid lose, so a need not be kept for it.
    """
    return (1.0 - absolute(y)) * (1.0 - absolute(y))


@inline
def exponential(a):
    """y = e**a"""
    return exp(a)


@inline
def d_exponential(y, a):
    """dy/da = y"""
    return y


@inline
def swish(a):
    """y = a sigmoid(a); also called silu"""
    return a * sigmoid(a)


@inline
def d_swish(y, a):
    """dy/da = y + sigmoid(a) (1 - y)"""
    return y + sigmoid(a) * (1.0 - y)


@inline
def gelu(a):
    """y = a Phi(a), Phi the normal distribution function (Hendrycks & Gimpel 2016)"""
    return 0.5 * a * (1.0 + erf(a * INVERSE_SQRT_2))


@inline
def d_gelu(y, a):
    """dy/da = Phi(a) + a phi(a), phi the normal density"""
    return 0.5 * (1.0 + erf(a * INVERSE_SQRT_2)) + a * INVERSE_SQRT_2_PI * exp(-0.5 * a * a)


@inline
def gelu_tanh(a):
    """y = a/2 (1 + tanh(sqrt(2/pi) (a + 0.044715 a**3))), gelu's approximate form"""
    return 0.5 * a * (1.0 + tanh(SQRT_2_OVER_PI * (a + 0.044715 * a * a * a)))


@inline
def d_gelu_tanh(y, a):
    """dy/da = (1 + t)/2 + a/2 (1 - t**2) sqrt(2/pi) (1 + 3 * 0.044715 a**2), t the tanh above"""
    t = tanh(SQRT_2_OVER_PI * (a + 0.044715 * a * a * a))
    return 0.5 * (1.0 + t) + 0.5 * a * (1.0 - t * t) * SQRT_2_OVER_PI * (1.0 + 0.134145 * a * a)
