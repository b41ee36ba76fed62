"""What every kernel does before its first statement and after its last one, added where Numba makes LLVM code of it."""

from __future__ import annotations

import llvmlite.binding as llvm
from numba.core import config, ir
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering

from minirnn.jit.denormals import Flushing
from minirnn.jit.inlining import MeltingLibrary
from minirnn.jit.lean import LeanLower
from minirnn.jit.sharing import Sharing
from minirnn.jit.steps import LeanCompiler


class KernelLower(LeanLower):
    """Lowering to LLVM; denormal numbers count as zero."""

    def extract_function_arguments(self):
        arguments = super().extract_function_arguments()
        self._align_stack()
        self._flushing = Flushing(self.builder)
        self._flushing.begin()
        return arguments

    def _align_stack(self) -> None:
        """So that no register that is put away on the stack lies across two cache lines."""
        attributes = self.function.attributes
        attributes.add("nounwind")  # (llvmlite leaves out the alignment where it stands alone)
        attributes.alignstack = 64

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


class KernelLibrary(MeltingLibrary):
    """The code of a kernel and of all that melts into it."""

    def _optimize_final_module(self) -> None:
        """Melt all into the kernel, then optimize it; loops unrolled would be twice the code, and no faster."""
        options = llvm.create_pipeline_tuning_options(min(config.OPT, 2))
        options.loop_vectorization, options.slp_vectorization = bool(config.LOOP_VECTORIZE), False
        options.loop_unrolling = False
        builder = llvm.create_pass_builder(self._codegen._tm, options)
        melting = llvm.create_new_module_pass_manager()
        melting.add_always_inliner_pass()
        melting.add_global_dead_code_eliminate_pass()
        melting.run(self._final_module, builder)
        builder.getModulePassManager().run(self._final_module, builder)


def _compiler(lower: type[LeanLower]) -> type[LeanCompiler]:
    """Numba's compiler with this lowering."""

    @register_pass(mutates_CFG=True, analysis_only=False)
    class Lowering(NativeLowering):
        _name = f"minirnn_{lower.__name__}"
        lowering_class = lower

    class Compiler(LeanCompiler):
        lowering = Lowering

        def _compile_core(self):
            state = self.state
            state.library = KernelLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
            state.library.enable_object_caching()
            return super()._compile_core()

    return Compiler


KernelCompiler, SharedKernelCompiler = _compiler(KernelLower), _compiler(SharedKernelLower)
