"""What an array is to a kernel: the address of its elements, and its shape.

Numba's own array type has the strides as well, an owner, a count of references: twice as many values, which every
function that is given an array takes apart and puts together again, only for the optimizer to drop them. Arrays of
kernels are C-contiguous, aligned and in native byte order, and belong to who called.
"""

from __future__ import annotations

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_builtin, lower_getattr
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_global, signature
from numba.extending import NativeValue, infer_getattr, models, register_model, unbox

_I8, _I32, _I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
# How NumPy's array object begins: Python's part, address of the elements, number of axes, address of the shape.
_OBJECT = ir.LiteralStructType([ir.ArrayType(_I8, object.__basicsize__), _I8.as_pointer(), _I32, _I64.as_pointer()])


class ArrayType(types.Type):
    """The Numba type of arrays of one dtype and number of axes."""

    def __init__(self, dtype: types.Type, ndim: int) -> None:
        self.dtype, self.ndim = dtype, ndim
        super().__init__(name=f"Array({dtype} x {ndim})")


@register_model(ArrayType)
class _ArrayModel(models.StructModel):
    def __init__(self, manager, array):
        members = [("data", types.CPointer(array.dtype)), ("shape", types.UniTuple(types.intp, array.ndim))]
        super().__init__(manager, array, members)


@unbox(ArrayType)
def _unbox_array(array, obj, c):
    builder = c.builder
    parts = builder.bitcast(obj, _OBJECT.as_pointer())
    data, axes, lengths = (builder.load(builder.gep(parts, [_I32(0), _I32(k)])) for k in (1, 2, 3))
    wrong = builder.icmp_signed("!=", axes, _I32(array.ndim))
    with builder.if_then(wrong, likely=False):
        c.pyapi.err_set_string("PyExc_TypeError", f"a kernel was given what is no array of {array.ndim} axes")
    nothing = cgutils.alloca_once_value(builder, ir.Constant(ir.ArrayType(_I64, array.ndim), [0] * array.ndim))
    lengths = builder.select(wrong, builder.bitcast(nothing, lengths.type), lengths)
    shape = [builder.load(builder.gep(lengths, [_I32(axis)])) for axis in range(array.ndim)]
    made = cgutils.create_struct_proxy(array)(c.context, builder)
    made.data = builder.bitcast(data, made.data.type)
    made.shape = cgutils.pack_array(builder, shape, _I64)
    return NativeValue(made._getvalue(), is_error=wrong)


# --- attributes -----------------------------------------------------------------------------------------------------


@infer_getattr
class _ArrayAttributes(AttributeTemplate):
    key = ArrayType

    def resolve_shape(self, array):
        return types.UniTuple(types.intp, array.ndim)

    def resolve_size(self, array):
        return types.intp

    def resolve_dtype(self, array):
        return types.DType(array.dtype)


@lower_getattr(ArrayType, "shape")
def _lower_shape(context, builder, array, value):
    return context.data_model_manager[array].get(builder, value, "shape")


@lower_getattr(ArrayType, "size")
def lower_size(context, builder, array, value):
    """The product of the shape."""
    size = _I64(1)
    for length in cgutils.unpack_tuple(builder, _lower_shape(context, builder, array, value), array.ndim):
        size = builder.mul(size, length)
    return size


@lower_getattr(ArrayType, "dtype")
@lower_getattr(types.DType, "type")
def _lower_dtype(context, builder, array, value):
    return context.get_dummy_value()


# --- elements, by as many whole numbers as there are axes -----------------------------------------------------------


def _index_type(array, index):
    """The type of an index, made of plain whole numbers; None if it names no element."""
    numbers = tuple(index) if isinstance(index, types.BaseTuple) else (index,)
    if len(numbers) != array.ndim or not all(isinstance(types.unliteral(n), types.Integer) for n in numbers):
        return None
    return types.UniTuple(types.intp, array.ndim) if isinstance(index, types.BaseTuple) else types.intp


@infer_global(operator.getitem)
class _GetItem(AbstractTemplate):
    def generic(self, args, kws):
        array, index = args
        index = _index_type(array, index) if isinstance(array, ArrayType) else None
        return None if index is None else signature(array.dtype, array, index)


@infer_global(operator.setitem)
class _SetItem(AbstractTemplate):
    def generic(self, args, kws):
        array, index, _ = args
        index = _index_type(array, index) if isinstance(array, ArrayType) else None
        return None if index is None else signature(types.none, array, index, array.dtype)


def _element(context, builder, array, value, index_type, index):
    """The address of an element."""
    numbers = cgutils.unpack_tuple(builder, index) if isinstance(index_type, types.BaseTuple) else [index]
    lengths = cgutils.unpack_tuple(builder, _lower_shape(context, builder, array, value), array.ndim)
    at = _I64(0)
    for number, length in zip(numbers, lengths, strict=True):
        if context.enable_boundscheck:
            with builder.if_then(builder.icmp_unsigned(">=", number, length), likely=False):
                context.call_conv.return_user_exc(builder, IndexError, ("index outside the array",))
        at = builder.add(builder.mul(at, length), number)
    data = context.data_model_manager[array].get(builder, value, "data")
    return builder.gep(data, [at], inbounds=True)


@lower_builtin(operator.getitem, ArrayType, types.intp)
@lower_builtin(operator.getitem, ArrayType, types.UniTuple)
def _lower_get(context, builder, sig, args):
    (array, index_type), (value, index) = sig.args, args
    return context.unpack_value(builder, array.dtype, _element(context, builder, array, value, index_type, index))


@lower_builtin(operator.setitem, ArrayType, types.intp, types.Any)
@lower_builtin(operator.setitem, ArrayType, types.UniTuple, types.Any)
def _lower_set(context, builder, sig, args):
    (array, index_type, _), (value, index, item) = sig.args, args
    address = _element(context, builder, array, value, index_type, index)
    context.pack_value(builder, array.dtype, item, address)
    return context.get_dummy_value()
