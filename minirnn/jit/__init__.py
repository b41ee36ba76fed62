"""Floor 0: how Python functions become machine code. The one place where compiler options are decided.

- `inline` marks a function that other compiled functions may call: gates, activations, register tiles. Called from
  plain Python it is the plain function, on NumPy arrays; inside a kernel it melts into the caller.
  `INLINE_OPTIONS` make that of Numba's own `overload`.
- `kernel` marks an entry point: a function that Python calls with arrays and that is compiled once for each set of
  argument types and kept on disk.
- `shared_kernel` marks one whose last two arguments are a range that threads may share.
- `compiled_together` compiles what something needs on two processors.
- `ArrayType` is what an array is to them: the address of its elements and its shape.
- `Static` is an argument that a kernel is compiled *for* (which cell, which activation), not one that it reads.
"""

from minirnn.jit.arrays import ArrayType
from minirnn.jit.compiler import INLINE_OPTIONS, JIT_ENABLED, Kernel, inline, kernel, shared_kernel
from minirnn.jit.static import Static
from minirnn.jit.together import compiled_together

__all__ = [
    "ArrayType", "INLINE_OPTIONS", "JIT_ENABLED", "Kernel", "Static", "compiled_together", "inline", "kernel",
    "shared_kernel",
]  # fmt: skip
