"""`minirnn.ops`: Keras's operations on arrays."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import minirnn
from minirnn import ops

RNG = np.random.default_rng(5)
A = RNG.standard_normal((3, 4)).astype("float32")
B = RNG.standard_normal((3, 4)).astype("float32")
POSITIVE = np.abs(A) + np.float32(0.1)
WHOLE = np.array([[3, -7, 2, 5], [1, 0, -2, 4], [6, 6, 6, 6]], "int32")
HOLES = np.where(A > 0, A, np.float32(np.nan))
TRUE = A > 0

CALLS = [
    *[(name, (A,), {}) for name in ("abs", "absolute", "ceil", "exp", "floor", "sign", "square", "ones_like")],
    *[(name, (POSITIVE,), {}) for name in ("log", "sqrt", "zeros_like", "transpose", "shape")],
    *[(name, (HOLES,), {}) for name in ("isnan", "isfinite")],
    *[
        (name, (A, B), {})
        for name in ("add", "divide", "equal", "greater", "greater_equal", "less", "less_equal", "maximum", "minimum",
                     "multiply", "not_equal", "subtract", "mod")
    ],
    *[(name, (A,), options) for name in ("max", "mean", "min", "prod", "std", "sum", "var")
      for options in ({}, {"axis": 1}, {"axis": (0, 1), "keepdims": True})],
    *[(name, (A,), options) for name in ("argmax", "argmin") for options in ({}, {"axis": -1, "keepdims": True})],
    *[(name, (TRUE,), {"axis": 0}) for name in ("all", "any")],
    ("mean", (WHOLE,), {}), ("sqrt", (abs(WHOLE),), {}), ("divide", (WHOLE, 2), {}), ("exp", ([0, 1],), {}),
    ("add", (WHOLE, A), {}), ("maximum", (A, 0), {}), ("multiply", (2.0, A), {}), ("mean", ([1.0, 2.0],), {}),
    ("less", (A, 0.5), {}), ("power", (POSITIVE, 2), {}), ("divide_no_nan", (A, np.float32([0, 1, 2, 0])), {}),
    ("logical_and", (TRUE, B > 0), {}), ("logical_or", (TRUE, B > 0), {}), ("logical_not", (TRUE,), {}),
    ("cast", (A,), {"dtype": "int32"}), ("clip", (A,), {"x_min": -0.5, "x_max": 0.5}),
    ("round", (A,), {"decimals": 1}), ("where", (TRUE, A, 0.0), {}), ("cumsum", (A,), {"axis": 1}),
    ("reshape", (A, (2, -1)), {}), ("expand_dims", (A, 0), {}), ("squeeze", (A[:1],), {"axis": 0}),
    ("concatenate", ([A, B],), {"axis": 1}), ("stack", ([A, B],), {"axis": -1}),
    ("convert_to_tensor", ([1.5, 2.0],), {}), ("convert_to_numpy", (A,), {}),
]  # fmt: skip


def test_every_operation_is_compared():
    assert {name for name, _, _ in CALLS} == set(ops.__all__)


@pytest.mark.parametrize("name, arguments, options", CALLS, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(CALLS)])
def test_values_shapes_and_kinds_are_those_of_keras(keras, name, arguments, options):
    got = getattr(ops, name)(*arguments, **options)
    theirs = getattr(keras.ops, name)(*arguments, **options)
    if name == "shape":
        assert got == tuple(theirs)
        return
    wanted = np.asarray(theirs)
    np.testing.assert_allclose(np.asarray(got), wanted, rtol=2e-6, atol=1e-6)
    assert np.asarray(got).dtype.kind == wanted.dtype.kind
    if wanted.dtype.kind == "f":
        assert np.asarray(got).dtype == wanted.dtype


@pytest.mark.parametrize("name", ops.__all__)
def test_arguments_have_the_names_of_keras(keras, name):
    own, theirs = (list(inspect.signature(getattr(module, name)).parameters) for module in (ops, keras.ops))
    assert own == theirs[: len(own)]


def test_a_condition_alone_gives_the_indices_where_it_holds():
    np.testing.assert_array_equal(np.stack(ops.where(TRUE)), np.stack(np.nonzero(TRUE)))


def test_a_symbolic_tensor_is_sent_to_the_layers():
    with pytest.raises(TypeError, match="is symbolic and holds no numbers: use a layer"):
        ops.mean(minirnn.Input((3, 1)))
    with pytest.raises(TypeError, match="is symbolic and holds no numbers: use a layer"):
        ops.add(minirnn.Input((3, 1)), 1)
