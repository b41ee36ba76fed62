"""How much of the disk a contender takes: its wheels and those they need, as they lie in site-packages.

What a distribution needs is read from its metadata, without extras, by the markers that hold here; its size is that of
the files that its installer wrote down. One that several others need is counted once for each contender.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Iterable, Mapping
from pathlib import Path

# The distributions that a user of each contender asks pip for.
DISTRIBUTIONS = {
    "minirnn": ("minirnn",),
    "torch": ("torch", "numpy"),
    "onnxruntime": ("onnxruntime",),
    "keras-tensorflow": ("keras", "tensorflow"),
    "keras-jax": ("keras", "jax"),
    "keras-torch": ("keras", "torch"),
    "numba alone": ("numba",),
}


def needed(distribution: importlib.metadata.Distribution) -> list[str]:
    """Names of the distributions that one needs here."""
    from packaging.requirements import Requirement

    requirements = [Requirement(text) for text in distribution.requires or ()]
    return [one.name for one in requirements if one.marker is None or one.marker.evaluate({"extra": ""})]


def closure(names: Iterable[str]) -> dict[str, importlib.metadata.Distribution]:
    """The distributions of these names and all that they need, by name. Raises PackageNotFoundError."""
    from packaging.utils import canonicalize_name

    found: dict[str, importlib.metadata.Distribution] = {}
    waiting = [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = importlib.metadata.distribution(name)
            waiting += [canonicalize_name(other) for other in needed(found[name])]
    return found


def size(distribution: importlib.metadata.Distribution) -> int:
    """Bytes of its files. Of one that is installed from a working tree, those of its packages there."""
    files = [Path(str(file.locate())) for file in distribution.files or ()]
    if not any(path.suffix == ".py" and "__editable__" not in path.name for path in files):
        name = (distribution.read_text("top_level.txt") or distribution.metadata["Name"]).split()[0]
        files += _sources(name)
    return sum(path.stat().st_size for path in files if path.is_file())


def _sources(package: str) -> list[Path]:
    spec = importlib.util.find_spec(package)
    folders = [Path(place) for place in (spec.submodule_search_locations if spec else None) or ()]
    return [path for folder in folders for path in folder.rglob("*")]


def sizes(contenders: Mapping[str, str]) -> dict[str, float]:
    """MiB of each contender that is installed, by name; none of a contender of unknown distributions."""
    found = {}
    for name in contenders:
        try:
            parts = closure(DISTRIBUTIONS[name])
        except (KeyError, ImportError):  # ImportError: not installed, or `packaging` is not
            continue
        found[name] = sum(map(size, parts.values())) / 2**20
    return found
