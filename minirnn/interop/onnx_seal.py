"""What an ONNX file tells of itself beside its graph: a digest of its bytes, and a test vector.

Both are entries of `metadata_props`, texts by names that runtimes hand on and compute nothing with. "minirnn.sha256" is
the SHA-256 of the whole file with these digits, its last bytes, as zeros. "minirnn.test_vector" is JSON: for each input
the shape of the test input of `minirnn.files.probe` and what its whole numbers are below, for each output the numbers
that were kept.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.files import probe
from minirnn.files.errors import ModelFileError, named, shown
from minirnn.files.json_text import read_json
from minirnn.files.limits import MOST_PROBED
from minirnn.files.source import read_file
from minirnn.files.weights_file import Verified

ENDING, PRODUCER = ".onnx", "minirnn"
DIGEST, VECTOR = "minirnn.sha256", "minirnn.test_vector"
_DIGITS = 64
_ZEROS = "0" * _DIGITS
_DTYPES = {"tensor(float)": "float32", "tensor(int32)": "int32", "tensor(int64)": "int64"}
_NEEDED = "saving.verify of an ONNX file needs {}, which is not installed: pip install 'minirnn[onnx]'"


# --- writing ---


def sealed(made: Any, model: Any) -> bytes:
    """The bytes of a model of ONNX, with the digest of them and the test vector of the minirnn model it was made of."""
    vector = _vector(model)
    if vector is not None:
        made.metadata_props.add(key=VECTOR, value=json.dumps(vector))
    made.metadata_props.add(key=DIGEST, value=_ZEROS)
    data = made.SerializeToString(deterministic=True)
    assert data.endswith(_ZEROS.encode())  # the last value of the last field
    return data[:-_DIGITS] + hashlib.sha256(data).hexdigest().encode()


def _vector(model: Any) -> dict[str, Any] | None:
    """The test vector as JSON."""
    kept = probe.finite_vector(model)
    if kept is None:
        return None
    inputs = [
        {"shape": list(shape), "below": probe.index_limit(model, number)}
        for number, shape in enumerate(probe.input_shapes(model) or ())
    ]
    return {"inputs": inputs, "outputs": [numbers.tolist() for numbers in kept]}


# --- reading ---


def verify_onnx(path: Any, max_bytes: int | None = None) -> Verified:
    """What is verified of a file: its digest, then what ONNX Runtime computes for the test input.

    Raises ModelFileError, a ValueError of one line, for a file that is none, was changed, or computes other numbers,
    and ImportError without ONNX and its runtime.
    """
    try:
        import onnx
    except ImportError:
        raise ImportError(_NEEDED.format("ONNX")) from None
    with named(path):
        data = read_file(path, max_bytes)
        try:
            made = onnx.load_model_from_string(data)
        except Exception as error:  # of protobuf
            raise ModelFileError("", shown(str(error)), "an ONNX file") from None
        told = {_text(entry.key): _text(entry.value) for entry in made.metadata_props}
        if not _is_sealed(data, told, made.producer_name == PRODUCER):
            return Verified(False, False)
        if VECTOR not in told:
            return Verified(True, False)
        inputs, outputs = _told_vector(read_json(told[VECTOR].encode(), VECTOR))
        _check_plain(made)
        probe.compare([probe.kept_of(y) for y in _run(data, inputs)], outputs, VECTOR)
        return Verified(True, True)


def _text(value: Any) -> str:
    """A string of a protobuf; where its bytes are no UTF-8, some versions give them as bytes."""
    return value if isinstance(value, str) else bytes(value).decode("utf-8", "replace")


def _is_sealed(data: bytes, told: Mapping[str, str], ours: bool) -> bool:
    """Whether there is a digest, as in every file of ours. ModelFileError for a wrong one."""
    digest = told.get(DIGEST, "").encode()
    if not digest and not ours:
        return False
    found = hashlib.sha256(data[:-_DIGITS] + _ZEROS.encode()).hexdigest().encode()
    if found != digest or not data.endswith(digest):
        raise ModelFileError("", "bytes that do not give the digest that was saved with them", "an undamaged file")
    return True


def _told_vector(told: Mapping[str, Any]) -> tuple[list[tuple[tuple[int, ...], int]], list[NDArray[Any]]]:
    """Shape and limit of each test input, and the numbers of each output."""
    inputs, outputs = told.get("inputs"), told.get("outputs")
    try:
        found = [(tuple(map(int, given["shape"])), int(given["below"])) for given in inputs]  # type: ignore[union-attr]
        with np.errstate(over="ignore"):
            kept = [np.array(numbers, np.float32) for numbers in outputs]  # type: ignore[union-attr]
    except (TypeError, ValueError, LookupError, OverflowError):
        raise ModelFileError(VECTOR, shown(told), "inputs and outputs as minirnn writes them") from None
    small = all(min(shape, default=1) > 0 and math.prod(shape) <= MOST_PROBED and below > 0 for shape, below in found)
    if not small or any(numbers.ndim != 1 or not np.isfinite(numbers).all() for numbers in kept):
        raise ModelFileError(VECTOR, shown(told), f"at most {MOST_PROBED:,} numbers of an input, and finite outputs")
    return found, kept


def _check_plain(made: Any) -> None:
    """ModelFileError for what minirnn never writes and a runtime would follow: other files, code, graphs in graphs."""
    strange = [node.op_type for node in made.graph.node if node.domain]
    strange += ["a function" for _ in made.functions]
    strange += [a.name for node in made.graph.node for a in node.attribute if a.HasField("g") or a.graphs]
    if strange:
        raise ModelFileError("graph", shown(strange[0]), "operators of ONNX alone")
    if any(array.external_data or array.data_location for array in made.graph.initializer):
        raise ModelFileError("graph", "arrays in another file", "arrays in the file itself")


def _run(data: bytes, inputs: list[tuple[tuple[int, ...], int]]) -> list[NDArray[Any]]:
    """What ONNX Runtime computes for the test inputs."""
    try:
        import onnxruntime
    except ImportError:
        raise ImportError(_NEEDED.format("ONNX Runtime")) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        taken = session.get_inputs()
        values = [
            probe.test_input(shape, _DTYPES[each.type], below)
            for each, (shape, below) in zip(taken, inputs, strict=True)
        ]
        return session.run(None, {each.name: value for each, value in zip(taken, values, strict=True)})
    except Exception as error:  # of many classes, some of them of the runtime's own
        raise ModelFileError("graph", shown(str(error)), "a graph that ONNX Runtime runs on its test input") from None
