"""Settings that hold for the whole process: the default dtype."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minirnn.choices import one_of
from minirnn.compat.modules import names_of

_floatx = "float32"

if not TYPE_CHECKING:  # for which every name would be there
    __getattr__ = names_of(__name__)


def floatx() -> str:
    """The dtype of layers that name none: 'float32' or 'float64'."""
    return _floatx


def set_floatx(value: str) -> None:
    """Set the default dtype. Raises ValueError unless it is 'float32' or 'float64'."""
    global _floatx
    _floatx = check_dtype(value)


def epsilon() -> float:
    """Keras's fuzz factor, 1e-7."""
    return 1e-7


def check_dtype(dtype: Any) -> str:
    """'float32' or 'float64' from a name, a NumPy dtype, a policy's configuration, or None for the default."""
    if dtype is None:
        return _floatx
    if isinstance(dtype, dict):
        dtype = dtype.get("config", {}).get("name", dtype)
    try:
        name = np.dtype(dtype).name
    except TypeError:
        name = str(dtype)
    return one_of(name, "dtype", ("float32", "float64"))


def dtype_policy(dtype: str) -> dict[str, Any]:
    """The configuration of a dtype in Keras's form, which `check_dtype` reads."""
    return {"module": "keras", "class_name": "DTypePolicy", "config": {"name": dtype}, "registered_name": None}
