"""Fixtures of older Keras versions by their names: files, inputs, outputs. `make_fixtures.py` made them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "fixtures"
# Files in which Keras 1 and 2 mean 0.2 x + 0.5.
HARD = {"hard", "hard_zip", *(f"2.2.4/{name}" for name in ("bidirectional", "masked", "states", "stateful"))}
HARD |= {f"1.2.2/{name}" for name in ("old_lstm", "old_embedding", "weights_only")}


class Case:
    """A file of some Keras, `version/name.ending`: inputs `x`, outputs `y`, and `z` after a batch with targets `t`."""

    def __init__(self, version: str, member: str, data: bytes, arrays: bytes) -> None:
        self.version, self.member, self.data, self._arrays = version, member, data, arrays
        self.name = member.partition(".")[0]
        self.major = int(version.partition(".")[0])

    def __repr__(self) -> str:
        return f"{self.version}/{self.member}"

    @property
    def is_hard(self) -> bool:
        """Whether loading tells that a hard sigmoid became another."""
        return self.major < 3 and bool({self.name, f"{self.version}/{self.name}"} & HARD)

    def arrays(self, kind: str) -> list[np.ndarray]:
        """Inputs "x", outputs "y" .."""
        with np.load(io.BytesIO(self._arrays)) as found:
            return [found[name] for name in sorted(found) if name[0] == kind]

    def write(self, folder: Path) -> Path:
        path = folder / self.member
        path.write_bytes(self.data)
        return path

    def away(self, outputs: Any, kind: str = "y") -> float:
        """How far outputs are from those of that Keras, as `reference.tolerances` measures it."""
        ours = outputs if isinstance(outputs, list) else [outputs]
        pairs = zip(ours, self.arrays(kind), strict=True)
        return max(float(np.abs(one - other).max()) / max(1.0, float(np.abs(other).max())) for one, other in pairs)


def cases() -> Iterator[Case]:
    """All of them."""
    for path in sorted(FOLDER.glob("keras-*.zip")):
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if not member.endswith(".npz"):
                    arrays = archive.read(f"{member.partition('.')[0]}.npz")
                    yield Case(path.stem.removeprefix("keras-"), member, archive.read(member), arrays)


def case(name: str) -> Case:
    """The case of a name, "2.2.4/cudnn.h5"."""
    return next(found for found in cases() if repr(found) == name)
