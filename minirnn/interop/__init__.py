"""Models to and from other libraries. Each of them is imported only where it is asked for.

`from_torch` and `to_torch` carry weights and models across from PyTorch and back; `load_safetensors` and
`save_safetensors` do so by a file, without PyTorch. `to_onnx` writes a model for ONNX Runtime and others to infer with.
"""

from __future__ import annotations

from minirnn.compat.modules import names_of
from minirnn.files.errors import ModelFileError
from minirnn.interop.keras_to_onnx import to_onnx
from minirnn.interop.keras_to_torch import to_torch
from minirnn.interop.safetensors import load_safetensors, save_safetensors
from minirnn.interop.torch_to_keras import from_torch, load_torch_weights

__all__ = [
    "ModelFileError", "from_torch", "load_safetensors", "load_torch_weights", "save_safetensors", "to_onnx",
    "to_torch",
]  # fmt: skip

__getattr__ = names_of(__name__)
