"""`metadata.json` of a `.keras` file: which Keras wrote it, or minirnn, with the digests of the other members."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from minirnn.files import archive
from minirnn.files.errors import ModelFileError, shown
from minirnn.files.json_text import read_json

KERAS_VERSION = "3.15.0"  # whose configurations are written
FORMAT = 1  # of what minirnn adds


def written(config: bytes, weights: bytes) -> bytes:
    """The text for these other members."""
    digests = {archive.CONFIG: _digest(config), archive.WEIGHTS: _digest(weights)}
    return json.dumps({"keras_version": KERAS_VERSION, "minirnn": {"format": FORMAT, "sha256": digests}}).encode()


def check(members: Mapping[str, memoryview]) -> tuple[bool, bool]:
    """Whether minirnn wrote the file (its digests are right then), and whether Keras 2 did."""
    metadata = read_json(members[archive.METADATA], archive.METADATA)
    own = metadata.get("minirnn")
    if own is None:
        return False, str(metadata.get("keras_version")).startswith("2.")
    digests = own.get("sha256") if isinstance(own, dict) else None
    if not isinstance(digests, dict) or set(digests) != {archive.CONFIG, archive.WEIGHTS}:
        raise ModelFileError(archive.METADATA, shown(own), "minirnn's digests of the other members")
    for name, digest in digests.items():
        if digest != _digest(members[name]):
            raise ModelFileError(name, "bytes that do not give the digest of metadata.json", "an undamaged file")
    return True, False


def _digest(member: bytes | memoryview) -> str:
    return hashlib.sha256(member).hexdigest()
