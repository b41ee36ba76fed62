"""The arrays of a state dict: NumPy's, or tensors of PyTorch, which need not be known to be asked for their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.files.errors import ModelFileError, shown

DTYPES = ("float32", "float64")


def as_arrays(state: Any) -> dict[str, NDArray[Any]]:
    """Copies of a state dict's arrays or tensors, in its order. ModelFileError for what is none, and other dtypes."""
    if not isinstance(state, Mapping):
        what = f"a {type(state).__name__}"
        raise ModelFileError("", what, "a state dict, a module of PyTorch, or the path of a .safetensors file")
    return {_name(name): _array(_name(name), value) for name, value in state.items()}


def _name(name: Any) -> str:
    if not isinstance(name, str):
        raise ModelFileError("", f"the name {shown(name)}", "names of text")
    return name


def _array(name: str, value: Any) -> NDArray[Any]:
    dtype = getattr(value, "dtype", type(value).__name__)
    dtype = getattr(dtype, "name", None) or str(dtype).removeprefix("torch.")
    if dtype not in DTYPES:
        mend = "; in PyTorch module.float() converts" if "float" in dtype else ""
        raise ModelFileError(name, f"dtype {shown(dtype)}", f"an array of float32 or float64{mend}")
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    return np.array(value, dtype)
