"""A SIMD register as a Numba type, with its operators.

`Vec` is a row of W lanes, W set by the host (16 float32 lanes for AVX-512, 8 for AVX2, 4 for SSE and NEON; half for
float64). `+ - * /` and comparisons work on it, with numbers spread over the lanes. When the JIT is off a Vec is a NumPy
array of W elements, and a kernel can be stepped through in a debugger.
"""

from __future__ import annotations

import operator
import platform

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils, config
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import models, register_model

from minirnn.jit import ArrayType

I64 = ir.IntType(64)


def _register_file() -> tuple[int, int]:
    """(bytes in a SIMD register, number of registers) of the CPU that Numba compiles for."""
    if platform.machine().lower() in ("arm64", "aarch64"):
        return 16, 32
    if config.CPU_NAME is not None:
        known = {"haswell": (32, 16), "skylake-avx512": (64, 32)}
        return known.get(config.CPU_NAME, (16, 16))
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return 64, 32
    return (32, 16) if features.get("avx2") else (16, 16)


VECTOR_BYTES, REGISTERS = _register_file()


def lanes(dtype) -> int:
    """Lanes of a register of this dtype."""
    return VECTOR_BYTES // np.dtype(dtype).itemsize


class VecType(types.Type):
    def __init__(self, dtype: types.Type, count: int) -> None:
        self.dtype, self.count = dtype, count
        super().__init__(name=f"Vec({dtype} x {count})")


@register_model(VecType)
class _VecModel(models.PrimitiveModel):
    def __init__(self, manager, vec):
        element = ir.IntType(1) if vec.dtype is types.boolean else manager.lookup(vec.dtype).get_value_type()
        super().__init__(manager, vec, ir.VectorType(element, vec.count))


def vec_of(array: ArrayType) -> VecType:
    """The register type that holds elements of this array."""
    return VecType(array.dtype, lanes(str(array.dtype)))


# --- what the compiler emits --------------------------------------------------------------------------------------


def element_bytes(vec) -> int:
    """Bytes of one lane of an LLVM vector type."""
    return 4 if str(vec.element) == "float" else 8


def splat(builder, scalar, count):
    """All lanes equal to an LLVM scalar."""
    vec = ir.VectorType(scalar.type, count)
    first = builder.insert_element(ir.Constant(vec, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    lane_of = ir.Constant(ir.VectorType(ir.IntType(32), count), [0] * count)
    return builder.shuffle_vector(first, ir.Constant(vec, ir.Undefined), lane_of)


def as_vec(context, builder, value, typ, vec):
    """`value` itself if it is a register, else the number spread over the lanes of `vec`."""
    if isinstance(typ, VecType):
        return value
    return splat(builder, context.cast(builder, value, typ, vec.dtype), vec.count)


def llvm_function(builder, name, vec, arguments=1):
    """The LLVM intrinsic `name` over registers (llvmlite cannot name those by itself)."""
    suffix = {"float": "f32", "double": "f64"}[str(vec.element)]
    function_type = ir.FunctionType(vec, [vec] * arguments)
    return cgutils.get_or_insert_function(builder.module, function_type, f"llvm.{name}.v{vec.count}{suffix}")


def primitive(function, typing):
    """Teach the compiler a Python function: `typing(*types)` gives (result type, argument types, emitter) or None."""

    @infer_global(function)
    class _Template(AbstractTemplate):
        def generic(self, args, kws):
            found = typing(*args)
            return None if found is None else signature(found[0], *found[1])

    @lower_builtin(function, types.VarArg(types.Any))
    def _lower(context, builder, sig, args):
        return typing(*sig.args)[2](context, builder, *args)


# --- division -----------------------------------------------------------------------------------------------------


def divide(builder, x, y):
    """x / y; float32 on AVX-512 within 1 ulp in a third of a division's time, everything else correctly rounded.

    AVX-512 estimates r = 1/y to 14 bits; q = x r then has 14, and q + (x - q y) r twice as many, before it is rounded.
    Where x or y is infinite or y is zero, x - q y is NaN and q the answer as it is.
    """
    width = VECTOR_BYTES // 4
    if VECTOR_BYTES < 64 or element_bytes(y.type) != 4 or y.type.count % width:
        return builder.fdiv(x, y)
    part = ir.VectorType(y.type.element, width)
    function_type = ir.FunctionType(part, [part, part, ir.IntType(16)])
    estimate = cgutils.get_or_insert_function(builder.module, function_type, "llvm.x86.avx512.rcp14.ps.512")
    nothing, every_lane = ir.Constant(part, ir.Undefined), ir.Constant(ir.IntType(16), -1)
    r = join(builder, [builder.call(estimate, [p, nothing, every_lane]) for p in parts(builder, y, width)])
    q = builder.fmul(x, r)
    fused = llvm_function(builder, "fma", y.type, 3)
    rest = builder.call(fused, [builder.fneg(q), y, x])
    return builder.select(builder.fcmp_ordered("==", rest, rest), builder.call(fused, [rest, r, q]), q)


def parts(builder, value, width):
    """The registers of `width` lanes that a long vector is made of."""
    undefined = ir.Constant(value.type, ir.Undefined)
    return [
        builder.shuffle_vector(value, undefined, _lane_numbers(range(k, k + width)))
        for k in range(0, value.type.count, width)
    ]


def join(builder, vectors):
    """One long vector of registers, side by side."""
    while len(vectors) > 1:
        left, right = vectors[:2]
        count = left.type.count + right.type.count
        if right.type.count < left.type.count:
            lanes_of_left = [min(k, right.type.count) for k in range(left.type.count)]
            right = builder.shuffle_vector(right, ir.Constant(right.type, ir.Undefined), _lane_numbers(lanes_of_left))
        vectors = [builder.shuffle_vector(left, right, _lane_numbers(range(count))), *vectors[2:]]
    return vectors[0]


def _lane_numbers(numbers):
    return ir.Constant(ir.VectorType(ir.IntType(32), len(numbers)), list(numbers))


# --- operators ----------------------------------------------------------------------------------------------------


def _unliteral(typ):
    return typ if isinstance(typ, VecType) else types.unliteral(typ)


def _binary(op, emit, boolean=False):
    def lower(context, builder, sig, args):
        vec = sig.args[0] if isinstance(sig.args[0], VecType) else sig.args[1]
        left, right = (as_vec(context, builder, a, t, vec) for a, t in zip(args, sig.args, strict=True))
        return emit(builder, left, right)

    @infer_global(op)
    class _Operator(AbstractTemplate):
        def generic(self, args, kws):
            vec = next((a for a in args if isinstance(a, VecType)), None)
            if vec is None or len(args) != 2:
                return None
            if not all(a == vec or isinstance(a, (types.Number, types.Literal)) for a in args):
                return None
            result = VecType(types.boolean, vec.count) if boolean else vec
            return signature(result, *(_unliteral(a) for a in args))

    for left, right in ((VecType, VecType), (VecType, types.Number), (types.Number, VecType)):
        lower_builtin(op, left, right)(lower)


# A product that is added to something becomes one fused operation where the processor has one: the left one if there
# are two. The optimizer could choose as well, but not always alike for long vectors and for short ones.


def _add(builder, x, y):
    if _is_product(x):
        return _fused(builder, *x.operands, y)
    if _is_product(y):
        return _fused(builder, *y.operands, x)
    return builder.fadd(x, y)


def _subtract(builder, x, y):
    if _is_product(x):
        return _fused(builder, *x.operands, builder.fneg(y))
    if _is_product(y):
        return _fused(builder, builder.fneg(y.operands[0]), y.operands[1], x)
    return builder.fsub(x, y)


def _is_product(value):
    return isinstance(value, ir.Instruction) and value.opname == "fmul"


def _fused(builder, a, b, c):
    return builder.call(llvm_function(builder, "fmuladd", a.type, 3), [a, b, c])


_binary(operator.add, _add)
_binary(operator.sub, _subtract)
_binary(operator.mul, lambda b, x, y: b.fmul(x, y))
_binary(operator.truediv, divide)
_binary(operator.lt, lambda b, x, y: b.fcmp_ordered("<", x, y), boolean=True)
_binary(operator.le, lambda b, x, y: b.fcmp_ordered("<=", x, y), boolean=True)
_binary(operator.gt, lambda b, x, y: b.fcmp_ordered(">", x, y), boolean=True)
_binary(operator.ge, lambda b, x, y: b.fcmp_ordered(">=", x, y), boolean=True)


@infer_global(operator.neg)
class _Negate(AbstractTemplate):
    def generic(self, args, kws):
        return signature(args[0], args[0]) if isinstance(args[0], VecType) else None


@lower_builtin(operator.neg, VecType)
def _lower_negate(context, builder, sig, args):
    return builder.fneg(args[0])
