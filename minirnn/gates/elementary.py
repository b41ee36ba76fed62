"""The functions that gate equations are made of, besides + - * /.

Here they are NumPy; `minirnn.kernels.elementary` teaches the compiler the same names for numbers and SIMD registers.
"""

import math

import numpy as np


def exp(x):
    """e**x. Too large an x gives inf without a warning."""
    with np.errstate(over="ignore"):
        return np.exp(x)


def expm1(x):
    """e**x - 1, accurate for small x; the gates need it for x <= 0 only."""
    return np.expm1(x)


def tanh(x):
    """Hyperbolic tangent."""
    return np.tanh(x)


def log1p(x):
    """log(1 + x), accurate for small x."""
    return np.log1p(x)


_erf = np.frompyfunc(math.erf, 1, 1)


def erf(x):
    """Error function 2/sqrt(pi) * integral of exp(-t**2) from 0 to x."""
    x = np.asarray(x)
    return _erf(x).astype(x.dtype)[()] if x.ndim else x.dtype.type(math.erf(x))


def absolute(x):
    """|x|."""
    return np.abs(x)


def where(condition, x, y):
    """x where the condition holds, y elsewhere."""
    return np.where(condition, x, y)
