"""`verify`: what a file tells of itself beside its numbers, and whether it is right."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from minirnn.files.model_file import opened
from minirnn.files.weights_file import Verified
from minirnn.files.weights_loading import verify_weights
from minirnn.interop import safetensors
from minirnn.interop.onnx_seal import ENDING, verify_onnx

WEIGHTS = ".weights.h5"


def verify(
    filepath: Any, custom_objects: Mapping[str, Any] | None = None, *, model: Any = None, max_bytes: int | None = None
) -> Verified:
    """Load a file of any kind that minirnn writes, and say what was verified of it: `digest`, `test_vector`.

    Both are False for files of others, which have neither.

    | file | digest | test vector |
    |---|---|---|
    | `.keras`, `.h5` | yes | yes, computed by the model of the file |
    | `.weights.h5` | yes | with `model`, if it is the one that was saved but for names; it is as before afterwards |
    | `.onnx` | yes | yes, computed by ONNX Runtime |
    | `.safetensors` | yes | no: arrays by names, which no model belongs to |

    Models that cost much to ask, and those with classes of your own, have no test vector. Raises ModelFileError, a
    ValueError of one line, as loading does, and ImportError for an ONNX file where `pip install 'minirnn[onnx]'` is
    missing. ONNX and its runtime are native code, which is not as careful with a file of a stranger: the digest is
    compared before the runtime sees it, and keeps mistakes out, not ill will.

    >>> verify("model.keras")  # doctest: +SKIP
    Verified(digest=True, test_vector=True)
    """
    name = os.fsdecode(filepath).lower() if isinstance(filepath, (str, bytes, os.PathLike)) else ""
    if name.endswith(ENDING):
        return verify_onnx(filepath, max_bytes)
    if name.endswith(safetensors.ENDING):
        return Verified(safetensors.is_sealed(filepath, max_bytes), False)
    if model is not None or name.endswith(WEIGHTS):
        return verify_weights(model, filepath, max_bytes)
    return opened(filepath, custom_objects, False, max_bytes)[1]
