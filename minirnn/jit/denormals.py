"""Numbers too small for a full exponent (float32: below 1.2e-38) count as zero inside kernels.

Gradients that vanish over many steps become such *denormal* numbers. An x86 processor works on each of them by a
routine of its own, some hundred times as long as on others, and a model that forgets would train the slower the more it
has forgotten. As TensorFlow and JAX do in their threads, a kernel sets the two bits of the control register MXCSR that
take denormal operands and results for zero, and leaves the register as it found it: NumPy, on the same thread, goes on
as before. (Not where NUMBA_BOUNDSCHECK ends a kernel by an error.)
"""

from __future__ import annotations

import platform

from llvmlite import ir
from numba.core import cgutils

ON_X86 = platform.machine().lower() in ("x86_64", "amd64")
FLUSH = 0x8000 | 0x0040  # results to zero, operands to zero
_I8, _I32 = ir.IntType(8), ir.IntType(32)


def _control_register(builder, instruction, place):
    """`stmxcsr` writes the register to a place in memory, `ldmxcsr` reads it from there."""
    function_type = ir.FunctionType(ir.VoidType(), [_I8.as_pointer()])
    function = cgutils.get_or_insert_function(builder.module, function_type, f"llvm.x86.sse.{instruction}")
    builder.call(function, [builder.bitcast(place, _I8.as_pointer())])


class Flushing:
    """What `KernelLower` adds to every kernel: `begin` at its start, `end` before each return."""

    def __init__(self, builder) -> None:
        self.builder = builder

    def begin(self) -> None:
        """Set the two bits."""
        if ON_X86:
            builder = self.builder
            self._found, ours = (cgutils.alloca_once(builder, _I32) for _ in range(2))
            _control_register(builder, "stmxcsr", self._found)
            builder.store(builder.or_(builder.load(self._found), ir.Constant(_I32, FLUSH)), ours)
            _control_register(builder, "ldmxcsr", ours)

    def end(self) -> None:
        """Put the register back."""
        if ON_X86:
            _control_register(self.builder, "ldmxcsr", self._found)
