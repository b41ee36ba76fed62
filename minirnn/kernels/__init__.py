"""Floor 2: the equations of `minirnn.gates` at full speed. Arrays in, arrays out; no strings, no checks, no layers."""

from minirnn.kernels import elementary  # noqa: F401  teaches the compiler exp, tanh, where .. before any kernel needs them
