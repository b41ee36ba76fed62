"""The steps of compiling a function: of Numba's some thirty, those that kernels need.

The others look for what is not in kernels (closures, array expressions, generators, `with`, what may be None), or look
over the function once more after each step.
"""

from __future__ import annotations

from numba.core.compiler_lock import global_compiler_lock
from numba.core.compiler_machinery import _pass_registry
from numba.core.typed_passes import NoPythonBackend, NopythonTypeInference
from numba.core.untyped_passes import FixupArgs, GenericRewrites, IRProcessing, TranslateByteCode


class Steps:
    """What Numba's `PassManager` is to its compiler."""

    pipeline_name = "minirnn"

    def __init__(self, lowering: type) -> None:
        self.exec_times: dict = {}
        self._steps = [
            _pass_registry.get(step).pass_inst
            for step in (
                TranslateByteCode, FixupArgs, IRProcessing, GenericRewrites, NopythonTypeInference, lowering,
                NoPythonBackend,
            )
        ]  # fmt: skip

    @global_compiler_lock
    def run(self, state) -> None:
        """Compile the function of a compiler's state."""
        for step in self._steps:
            step.run_pass(state)
