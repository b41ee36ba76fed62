"""`verify`: what a file tells of itself beside its numbers, and whether it is right."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from minirnn.files.errors import named
from minirnn.files.model_file import opened
from minirnn.files.weights_file import Verified
from minirnn.files.weights_loading import check_built, verify_weights
from minirnn.interop import safetensors
from minirnn.interop.onnx_seal import ENDING, verify_onnx
from minirnn.interop.torch_to_keras import found_weights

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
    | `.safetensors` | yes | with `model`, if the file was saved with it: arrays by names belong to none by themselves |

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
        return _verify_safetensors(filepath, model, max_bytes)
    if model is not None or name.endswith(WEIGHTS):
        return verify_weights(model, filepath, max_bytes)
    return opened(filepath, custom_objects, False, max_bytes)[1]


def _verify_safetensors(filepath: Any, model: Any, max_bytes: int | None) -> Verified:
    held = safetensors.opened(filepath, max_bytes)
    if model is None:
        return Verified(held.is_sealed, False)
    check_built(model)
    with named(filepath):
        found = found_weights(model, held, None)
        found.try_on(model, "")
    return Verified(found.digest, found.vector is not None)
