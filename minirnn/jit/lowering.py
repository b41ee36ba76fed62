"""What every kernel does before its first statement and after its last one, added where Numba makes LLVM code of it."""

from __future__ import annotations

from numba.core import ir
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.typed_passes import NativeLowering

from minirnn.jit.denormals import Flushing
from minirnn.jit.sharing import Sharing


class KernelLower(Lower):
    """Numba's lowering to LLVM; denormal numbers count as zero."""

    def extract_function_arguments(self):
        arguments = super().extract_function_arguments()
        self._flushing = Flushing(self.builder)
        self._flushing.begin()
        return arguments

    def lower_inst(self, inst):
        if isinstance(inst, ir.Return):
            self._before_return()
        super().lower_inst(inst)

    def _before_return(self) -> None:
        self._flushing.end()


class SharedKernelLower(KernelLower):
    """The same for a kernel that hands pieces to other threads."""

    def extract_function_arguments(self):
        arguments = super().extract_function_arguments()
        self._sharing = Sharing(self.builder, self.function, self.fndesc.llvm_func_name)
        self.fnargs = [*arguments[:-1], self._sharing.begin()]
        return self.fnargs

    def _before_return(self) -> None:
        self._sharing.end()
        super()._before_return()


def _compiler(lower: type[Lower]) -> type[CompilerBase]:
    """Numba's compiler with this lowering."""

    @register_pass(mutates_CFG=True, analysis_only=False)
    class Lowering(NativeLowering):
        _name = f"minirnn_{lower.__name__}"
        lowering_class = lower

    class Compiler(CompilerBase):
        def define_pipelines(self):
            passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
            passes.passes = [(Lowering if p is NativeLowering else p, why) for p, why in passes.passes]
            return [passes]

    return Compiler


KernelCompiler, SharedKernelCompiler = _compiler(KernelLower), _compiler(SharedKernelLower)
