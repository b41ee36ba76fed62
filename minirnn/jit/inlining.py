"""`inline` functions are not compiled to machine code by themselves, only as parts of the kernels they melt into.

Numba makes a *library* of each function that it compiles: it links the libraries of all that the function calls into
it, optimizes the whole, emits machine code, and links it into the callers' libraries, where all of it is optimized and
inlined once more. A chain of inline functions, exp in sigmoid in a gate in a row in a tile in a step, is so optimized
and emitted at every link of the chain, though only what the kernel at its end makes of it ever runs. An
`InlineLibrary` does nothing but link, and leaves the rest to the kernel; that is half of the time to compile one.
"""

from __future__ import annotations

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler


class InlineLibrary(JITCodeLibrary):
    """The code of an inline function and of all that it calls, to be linked into that of a kernel."""

    def finalize(self) -> None:
        """Link what the function calls, as Numba does; neither optimize it further nor emit it."""
        self._raise_if_finalized()
        for library in dict.fromkeys(self._linking_libraries):
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True


class InlineCompiler(Compiler):
    """Numba's compiler for a function that has an `InlineLibrary`."""

    def _compile_core(self):
        state = self.state
        state.library = InlineLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True  # and so without an address
        compiled = super()._compile_core()
        # In place of an address: Numba looks a function up by an object of its own, which has to be a built-in one.
        key = [].append
        state.targetctx.insert_user_function(key, compiled.fndesc, [compiled.library])
        return compiled._replace(entry_point=key)
