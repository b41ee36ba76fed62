"""Numbers too small for a full exponent (float32: below 1.2e-38) count as zero inside kernels.

Gradients that vanish over many steps become such *denormal* numbers. An x86 processor works on each of them by a
routine of its own, some hundred times as long as on others, and a model that forgets would train the slower the more it
has forgotten. As TensorFlow and JAX do in their threads, a kernel sets the two bits of the control register MXCSR that
take denormal operands and results for zero, and leaves the register as it found it: NumPy, on the same thread, goes on
as before. (Not where NUMBA_BOUNDSCHECK ends a kernel by an error.)
"""

from __future__ import annotations

import platform

from llvmlite import ir as llvm_ir
from numba.core import cgutils, ir
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.typed_passes import NativeLowering

ON_X86 = platform.machine().lower() in ("x86_64", "amd64")
FLUSH = 0x8000 | 0x0040  # results to zero, operands to zero
_I8, _I32 = llvm_ir.IntType(8), llvm_ir.IntType(32)


def _control_register(builder, instruction, place):
    """`stmxcsr` writes the register to a place in memory, `ldmxcsr` reads it from there."""
    function_type = llvm_ir.FunctionType(llvm_ir.VoidType(), [_I8.as_pointer()])
    function = cgutils.get_or_insert_function(builder.module, function_type, f"llvm.x86.sse.{instruction}")
    builder.call(function, [builder.bitcast(place, _I8.as_pointer())])


class KernelLower(Lower):
    """Numba's lowering to LLVM, with the register set at the start and put back before each return."""

    def extract_function_arguments(self):
        arguments = super().extract_function_arguments()
        self._found, ours = (cgutils.alloca_once(self.builder, _I32) for _ in range(2))
        _control_register(self.builder, "stmxcsr", self._found)
        self.builder.store(self.builder.or_(self.builder.load(self._found), llvm_ir.Constant(_I32, FLUSH)), ours)
        _control_register(self.builder, "ldmxcsr", ours)
        return arguments

    def lower_inst(self, inst):
        if isinstance(inst, ir.Return):
            _control_register(self.builder, "ldmxcsr", self._found)
        super().lower_inst(inst)


@register_pass(mutates_CFG=True, analysis_only=False)
class KernelLowering(NativeLowering):
    """The pass that lowers a kernel."""

    _name = "minirnn_kernel_lowering"

    @property
    def lowering_class(self):
        return KernelLower if ON_X86 else Lower


class KernelCompiler(CompilerBase):
    """Numba's compiler for kernels."""

    def define_pipelines(self):
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.passes = [(KernelLowering if p is NativeLowering else p, why) for p, why in passes.passes]
        return [passes]
