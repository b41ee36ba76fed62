"""How a kernel calls another one by the address of its machine code, on arrays that it knows by their addresses.

A stream's step is one call of one kernel, which runs the layers' own kernels: not a copy of them that is compiled again
and may round otherwise, but the very machine code that `predict` runs. These primitives do nothing without the JIT.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils

from minirnn.jit import ArrayType
from minirnn.kernels.simd import pointer
from minirnn.kernels.vec import I64, primitive


def array_at(words, at, axes, like):
    """The C-contiguous array, of `like`'s dtype and with len(axes) axes, that words[at:] name: its address and shape.

    `record` writes such words.
    """


def record(arrays):
    """The words that name arrays, one after the other, for `array_at`; they do not keep the arrays alive."""
    return [word for array in arrays for word in (array.ctypes.data, *array.shape)]


def _type_array_at(words, at, axes, like):
    array = ArrayType(like.dtype, axes.count)

    def emit(context, builder, data, first, _axes, _like):
        place = pointer(context, builder, words, data, first, 1 + axes.count)
        address, *shape = (builder.load(builder.gep(place, [ir.Constant(I64, k)])) for k in range(1 + axes.count))
        made = cgutils.create_struct_proxy(array)(context, builder)
        made.data = builder.inttoptr(address, made.data.type)
        made.shape = cgutils.pack_array(builder, shape, I64)
        return made._getvalue()

    return array, (words, types.intp, axes, like), emit


primitive(array_at, _type_array_at)


def no_mask():
    """The mask (0, 0) of a kernel that has none."""


_MASK = ArrayType(types.boolean, 2)
primitive(
    no_mask,
    lambda: (_MASK, (), lambda context, builder: ir.Constant(context.get_value_type(_MASK), None)),
)


def call_at(address, *arguments):
    """Call the kernel whose machine code begins at an address, and which was compiled for arguments of these types.

    None stands for a `Static`, which has no content.
    """


def _type_call_at(address, *arguments):
    plain = tuple(types.unliteral(argument) for argument in arguments)

    def emit(context, builder, at, *values):
        convention = context.call_conv
        function = builder.inttoptr(at, convention.get_function_type(types.none, plain).as_pointer())
        status, _ = convention.call_function(builder, function, types.none, plain, values)
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return types.void, (types.intp, *plain), emit


primitive(call_at, _type_call_at)
