"""Random changes of good files, of bytes and of structure, loaded over and over: anything but a ModelFileError or the
model is a finding.

`python tests/files/fuzz.py --seconds 60` runs by itself; findings are kept in the folder that `--keep` names, and the
exit code tells whether there were any. Cases depend on `--seed` alone.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import struct
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from good import Good, good_model
from hostile_configs import config_changes
from hostile_safetensors import file, header
from legacy_good import LegacyGood
from structures import hdf5_changed, tree_changed, zip_changed

from minirnn import interop, saving
from minirnn.files.legacy_weights import MODEL, WEIGHTS

SLOWEST = 5.0  # seconds of work for one file
WORDS = [b"\xff" * 8, bytes(8), struct.pack("<Q", 2**63), struct.pack("<Q", 1), b"\x7f\xff\xff\xff", b"NaN", b"1e999"]


def mutated(data: bytes, rng: random.Random) -> bytes:
    """A few changes of a file: bytes, bits, words, pieces moved, doubled, and cut out."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at = rng.randrange(len(found))
        kind = rng.randrange(7)
        if kind == 0:
            found[at] = rng.randrange(256)
        elif kind == 1:
            found[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            word = rng.choice(WORDS)
            found[at : at + len(word)] = word
        elif kind == 3:
            other, size = rng.randrange(len(found)), rng.choice((1, 4, 8, 40))
            found[at : at + size] = found[other : other + size]
        elif kind == 4:
            del found[at : at + rng.choice((1, 8, 100))]
        elif kind == 5:
            found[at:at] = found[at : at + rng.choice((1, 8, 100))]
        else:
            found[at & ~7 : (at & ~7) + 8] = struct.pack("<Q", rng.randrange(len(data)))
        if not found:
            return b""
    return bytes(found)


def changed(good: Good, rng: random.Random) -> bytes:
    """A whole file in which one part was changed and the others, checksums too, are right."""
    kind = rng.randrange(8)
    if kind == 0:
        return good.file(mutated(good.members["config.json"], rng))
    if kind == 1:
        return good.file(h5=mutated(good.h5, rng))
    if kind == 2:
        config = copy.deepcopy(good.config)
        for change in rng.sample(list(config_changes().values()), 2):
            try:
                change(config)
            except (AttributeError, IndexError, KeyError, TypeError):
                pass  # it needed what the one before it took away
        return good.file(config)
    if kind in (3, 4):
        return good.file(tree_changed(good.config, rng))
    if kind == 5:
        return good.file(h5=hdf5_changed(rng.choice((good.h5, good.chunked)), rng))
    if kind == 6:
        return zip_changed(good.file(), rng)
    return mutated(good.file(), rng)


def changed_weights(good: Good, rng: random.Random) -> bytes:
    """A file of weights, in one piece or in chunks, changed in its bytes or its structure."""
    return rng.choice((mutated, hdf5_changed))(rng.choice((good.h5, good.chunked)), rng)


def problem(load: Callable[[Path], Any], path: Path, refused: Callable[[Any], Any] = str) -> str:
    """What is wrong with how a file is refused; nothing if it loads, or is refused in one short line.

    `refused` is called with the error then.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", UserWarning)  # what a damaged file may be told of
            load(path)
    except saving.ModelFileError as error:
        refused(error)
        return "a long line" if len(str(error)) >= 500 or "\n" in str(error) else ""
    except Exception:
        return traceback.format_exc()
    return ""


def changed_legacy(good: LegacyGood, rng: random.Random) -> bytes:
    """The same for a file of Keras 2, which has no checksums."""
    kind = rng.randrange(6)
    if kind == 0:
        text = mutated(json.dumps(good.config).encode(), rng)
        return good.file(text.decode("latin-1").replace("\0", "?"))
    if kind == 1:
        names = {WEIGHTS: [n for n in good.attributes[f"{MODEL}/lstm"][WEIGHTS] if rng.randrange(4)]}
        return mutated(good.file(attributes={f"{MODEL}/{rng.choice(('lstm', 'dense'))}": names}), rng)
    if kind == 2:
        return good.file(tree_changed(good.config, rng).decode())
    if kind == 3:
        return hdf5_changed(good.case.data, rng)
    return mutated(good.file() if kind == 4 else good.case.data, rng)


def findings(seconds: float, seed: int, folder: Path) -> Iterator[tuple[str, bytes]]:
    """What went wrong, and the file that did it, for as long as there is time; the last one is the count."""
    rng, end, count = random.Random(seed), time.monotonic() + seconds, 0
    model = good_model()
    good = Good(model, folder)
    legacy = LegacyGood("2.15.0/lstm.h5")
    path, weights, tensors = (folder / f"case{ending}" for ending in (".keras", ".weights.h5", ".safetensors"))
    kept = model.get_weights()
    while time.monotonic() < end:
        data = changed(good, rng) if rng.randrange(3) else changed_legacy(legacy, rng)
        start = time.process_time()
        path.write_bytes(data)
        weights.write_bytes(changed_weights(good, rng))
        tensors.write_bytes(mutated(file(header()), rng))
        count += 1
        for load, changed_file in ((saving.load_model, path), (interop.from_torch, tensors)):
            wrong = problem(load, changed_file)
            if wrong:
                yield f"case {count}: {wrong}", changed_file.read_bytes()
        refused = []
        wrong = problem(model.load_weights, weights, refused.append)
        if refused and any((a != b).any() for a, b in zip(kept, model.get_weights(), strict=True)):
            wrong = "weights changed by a refused file"
        if wrong:
            yield f"case {count}: {wrong}", weights.read_bytes()
        if not all(np.isfinite(w).all() for w in model.get_weights()):
            yield f"case {count}: weights that are not finite", weights.read_bytes()
        model.set_weights(kept)
        if time.process_time() - start > SLOWEST:
            yield f"case {count}: {time.process_time() - start:.1f} s", data
    yield f"{count} cases", b""


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("findings"))
    options = parser.parse_args()
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        for text, data in findings(options.seconds, options.seed, Path(folder)):
            print(text, flush=True)
            if data:
                found += 1
                options.keep.mkdir(exist_ok=True)
                (options.keep / f"{options.seed}-{found}").write_bytes(data)
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
