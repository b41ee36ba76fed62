"""A file that loads, in parts: what ill will begins with."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from structures import arrays_of, in_chunks

import minirnn
from minirnn.files import archive
from minirnn.files.hdf5_writer import write_hdf5

CONFIG, METADATA, WEIGHTS = archive.CONFIG, archive.METADATA, archive.WEIGHTS


class Good:
    """The parts of a file that loads: config, metadata, arrays; `plain` has none of minirnn's marks."""

    def __init__(self, model: Any, folder: Path) -> None:
        path = folder / "good.keras"
        model.save(path)
        with zipfile.ZipFile(path) as file:
            self.members = {name: file.read(name) for name in archive.MEMBERS}
        self.config = json.loads(self.members[CONFIG])
        self.plain = {"keras_version": "3.15.0", "date_saved": "2026-01-01@00:00:00"}
        self.arrays = self._arrays()
        self.h5 = bytes(write_hdf5(self.arrays))
        self.chunked = in_chunks(self.h5)

    def _arrays(self) -> dict[str, np.ndarray]:
        found = arrays_of(self.members[WEIGHTS])
        return {path: array for path, array in found.items() if not path.startswith("minirnn/")}

    def file(self, config: Any = None, arrays: Any = None, metadata: Any = None, h5: Any = None) -> bytes:
        """A `.keras` file without minirnn's marks, some parts replaced."""
        config = self.config if config is None else config
        parts = {
            METADATA: as_text(self.plain if metadata is None else metadata),
            CONFIG: as_text(config),
            WEIGHTS: bytes(write_hdf5(self.arrays if arrays is None else arrays)) if h5 is None else h5,
        }
        return b"".join(bytes(piece) for piece in archive.write_archive(parts))


def as_text(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def good_model() -> Any:
    """Small, with every kind of entry that configurations have."""
    x = minirnn.Input((4, 3), name="x")
    h = minirnn.layers.LSTM(2, return_sequences=True, kernel_regularizer="l2", name="lstm")(x)
    h = minirnn.layers.Dense(2, kernel_constraint="max_norm", activation="relu", name="dense")(h)
    h = minirnn.layers.GRU(2, name="gru")(h)
    model = minirnn.Model(x, minirnn.layers.Dense(1, name="out")(h), name="good")
    model.compile("adam", "mse", metrics=["mae"])
    model.train_on_batch(np.ones((2, 4, 3)), np.ones((2, 1)))
    return model
