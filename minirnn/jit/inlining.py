"""`inline` functions are not compiled to machine code by themselves, only as parts of the kernels they melt into.

Numba makes a *library* of each function that it compiles: it links the libraries of all that the function calls into
it, optimizes the whole, emits machine code, and links it into the callers' libraries, where all of it is optimized and
inlined once more. A chain of inline functions, exp in sigmoid in a gate in a row in a tile in a step, is so optimized
and emitted at every link of the chain, though only what the kernel at its end makes of it ever runs. An
`InlineLibrary` does none of that: the kernel links all that melts into it and optimizes the whole, once.
"""

from __future__ import annotations

from llvmlite import ir
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_machinery import register_pass
from numba.core.imputils import user_function
from numba.core.typed_passes import NativeLowering

from minirnn.jit.lean import LeanLower, place_for
from minirnn.jit.steps import LeanCompiler


class MeltingLibrary(JITCodeLibrary):
    """The code of a function, and a list of all inline functions that melt into it, however deep."""

    def add_linking_library(self, library) -> None:
        """Note a function that is called, and what that one calls."""
        melting = library._linking_libraries if isinstance(library, InlineLibrary) else []
        for each in (library, *melting):
            if each not in self._linking_libraries:
                super().add_linking_library(each)

    def _optimize_functions(self, module) -> None:
        """Left to the kernel, which sees them all together."""
        module.data_layout = self._codegen._data_layout


class InlineLibrary(MeltingLibrary):
    """The code of an inline function, to be linked into that of a kernel."""

    def finalize(self) -> None:
        """Ready to be linked."""
        self._raise_if_finalized()
        for function in self._final_module.functions:
            if not function.is_declaration:
                function.linkage = "linkonce_odr"
        self._shared_module = self._final_module
        self._finalized = True


class InlineLower(LeanLower):
    """Lowering of an inline function; its library tells whether it ever returns an error."""

    def lower(self):
        super().lower()
        ends = [block.terminator for block in self.function.blocks]
        codes = [end.return_value for end in ends if isinstance(end, ir.Ret)]
        self.library.may_fail = any(getattr(code, "constant", 1) != 0 for code in codes)


@register_pass(mutates_CFG=True, analysis_only=False)
class InlineLowering(NativeLowering):
    """The pass that lowers an inline function."""

    _name = "minirnn_inline_lowering"
    lowering_class = InlineLower


class InlineCompiler(LeanCompiler):
    """The compiler of a function that has an `InlineLibrary`."""

    lowering = InlineLowering

    def _compile_core(self):
        state = self.state
        state.library = InlineLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True  # and so without an address
        compiled = super()._compile_core()
        # In place of an address: Numba looks a function up by an object of its own, which has to be a built-in one.
        key = [].append
        call = _caller(compiled.fndesc, compiled.library)
        state.targetctx._defns[key].append(call, call.signature)
        return compiled._replace(entry_point=key)


def _caller(described, library):
    """What a caller's lowering does where it calls an inline function."""
    checked = user_function(described, [library])
    if library.may_fail:
        return checked

    def call(context, builder, sig, args):
        function = context.declare_function(builder.module, described)
        result, error, *_ = function.args
        place = place_for(builder, result.type.pointee)
        packed = context.call_conv._get_arg_packer(described.argtypes).as_arguments(builder, args)
        builder.call(function, [place, ir.Constant(error.type, None), *packed])
        return context.data_model_manager[described.restype].from_return(builder, builder.load(place))

    call.signature, call.libs = checked.signature, checked.libs
    return call
