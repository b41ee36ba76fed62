"""Files of ill will and broken ones: `corpus(folder)` writes more than 400, each by a name that says what is wrong.

`python tests/files/hostile.py FOLDER` writes them to look at. They are made from one good file, without the marks by
which minirnn knows its own; nothing but minirnn and the standard library is needed.
"""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from good import CONFIG, WEIGHTS, Good, good_model
from hostile_archives import archives
from hostile_configs import config_changes, costly_chain, dense_chain, texts
from hostile_legacy import legacy_files
from hostile_legacy import weights_files as legacy_weights
from hostile_safetensors import safetensors
from hostile_weights import weights

from minirnn.files import weights_file
from minirnn.files.hdf5_writer import write_hdf5


def corpus(folder: Path) -> Iterator[tuple[str, Path]]:
    """Write every file; (name, path) of each."""
    folder.mkdir(parents=True, exist_ok=True)
    good = Good(good_model(), folder)

    def put(name: str, data: bytes, ending: str = ".keras") -> tuple[str, Path]:
        path = folder / f"{name}{ending}"
        path.write_bytes(data)
        return name, path

    for name, change in config_changes().items():
        config = copy.deepcopy(good.config)
        change(config)
        yield put(name, good.file(config))
    changes, old = config_changes(), {"keras_version": "2.15.0"}
    for name in ("lambda_layer", "class_os_system", "units_huge", "call_cycle", "models_doubling", "optimizer_foreign"):
        config = copy.deepcopy(good.config)
        changes[name](config)
        yield put(f"keras_2_{name}", good.file(config, metadata=old))
    for name, text in texts(good).items():
        yield put(name, good.file(text))
    for name, data in archives(good).items():
        yield put(name, data)
    for name, data in weights(good).items():
        config = dense_chain() if name == "h5_one_array_for_all" else None
        yield put(name, good.file(config, h5=data))
        if not name.startswith("h5_slots") and name not in ("h5_steps_negative", "h5_one_array_for_all"):
            yield put(f"weights_{name}", data, ".weights.h5")
    for name, data in safetensors().items():
        yield put(f"safetensors_{name}", data, ".safetensors")
    for name, data in legacy_files().items():
        yield put(name, data, ".h5")
    for name, data in legacy_weights().items():
        yield put(name, data, ".weights.h5")
    yield put("metadata_text", good.file(metadata=b"version 3"))
    yield put("metadata_digest_wrong", good.file(metadata={"minirnn": {"sha256": {CONFIG: "0", WEIGHTS: "0"}}}))
    yield put("metadata_digest_missing", good.file(metadata={"minirnn": {}}))
    yield put("metadata_digest_list", good.file(metadata={"minirnn": [1]}))
    sealed = weights_file.sealed({**good.arrays, f"{weights_file.VECTOR}/0": np.full(1, 7.0, "float32")})
    yield put("vector_wrong", good.file(h5=bytes(sealed)))
    sealed = weights_file.sealed({**good.arrays, f"{weights_file.VECTOR}/0": np.zeros((100, 100), "float32")})
    yield put("vector_large", good.file(h5=bytes(sealed)))
    sealed = weights_file.sealed({f"{weights_file.VECTOR}/0": np.zeros(1, "float32")})
    yield put("vector_costly", good.file(costly_chain(), h5=bytes(sealed)))
    yield put(
        "digest_wrong", good.file(h5=bytes(write_hdf5({**good.arrays, weights_file.DIGEST: np.zeros(32, np.uint8)})))
    )
    yield put(
        "digest_short", good.file(h5=bytes(write_hdf5({**good.arrays, weights_file.DIGEST: np.zeros(3, np.uint8)})))
    )
    yield "no_file", folder / "nobody.keras"
    (folder / "folder.keras").mkdir(exist_ok=True)
    yield "a_folder", folder / "folder.keras"
    if hasattr(os, "mkfifo"):
        pipe = folder / "pipe.keras"
        if not pipe.exists():
            os.mkfifo(pipe)
        yield "a_pipe", pipe
        yield "a_device", Path("/dev/zero")


if __name__ == "__main__":
    print(f"{sum(1 for _ in corpus(Path(sys.argv[1])))} files in {sys.argv[1]}")
