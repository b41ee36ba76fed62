"""The steps of compiling a function: of Numba's some thirty, those that kernels need.

The others look for what is not in kernels (closures, array expressions, generators, `with`, what may be None), or look
over the function once more after each step.
"""

from __future__ import annotations

from collections.abc import Callable

from numba.core.compiler import CompilerBase
from numba.core.compiler_lock import global_compiler_lock
from numba.core.compiler_machinery import _pass_registry
from numba.core.ir import FunctionIR
from numba.core.typed_passes import NoPythonBackend, NopythonTypeInference
from numba.core.untyped_passes import FixupArgs, GenericRewrites, IRProcessing, TranslateByteCode

from minirnn.jit.contexts import kernel_contexts

_read: dict[Callable, FunctionIR] = {}


class Steps:
    """What Numba's `PassManager` is to its compiler."""

    pipeline_name = "minirnn"

    def __init__(self, lowering: type) -> None:
        self.exec_times: dict = {}
        self._reading = _instances(TranslateByteCode, IRProcessing, GenericRewrites)
        self._compiling = _instances(FixupArgs, NopythonTypeInference, lowering, NoPythonBackend)

    @global_compiler_lock
    def run(self, state) -> None:
        """Compile the function of a compiler's state; its bytecode is read once, whatever types it is compiled for."""
        function = state.func_id.func
        if function not in _read:
            for step in self._reading:
                step.run_pass(state)
            _read[function] = state.func_ir
        state.func_ir = _read[function].copy()
        for step in self._compiling:
            step.run_pass(state)


def read_anew() -> None:
    """Forget how functions read: what they call by a name may be another function now."""
    _read.clear()


def _instances(*steps: type) -> list:
    return [_pass_registry.get(step).pass_inst for step in steps]


class LeanCompiler(CompilerBase):
    """Numba's compiler with these steps."""

    lowering: type

    def __init__(self, typing_context, target_context, *rest) -> None:
        super().__init__(*kernel_contexts(), *rest)

    def define_pipelines(self):
        return [Steps(self.lowering)]
