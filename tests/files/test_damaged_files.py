"""Damage: a flipped byte, anywhere, is noticed or does not matter; random damage ends in the one error."""

from __future__ import annotations

import os
import warnings

import numpy as np
import pytest
from fuzz import findings
from legacy_cases import case

import minirnn
from minirnn import layers, saving

SECONDS = float(os.environ.get("MINIRNN_FUZZ_SECONDS", "10"))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A small model, its two files and their bytes."""
    folder = tmp_path_factory.mktemp("small")
    model = minirnn.Sequential([layers.Input((2, 1)), layers.SimpleRNN(1, use_bias=False, name="r")], name="m")
    model.save(folder / "m.keras")
    model.save_weights(folder / "m.weights.h5")
    return model, folder


def survivors(path, load, same):
    """Places of the bytes that were turned around, or one bit of them, unnoticed; what was loaded is the same then."""
    found, data = set(), path.read_bytes()
    flipped = path.with_name(f"flipped-{path.name}")
    flipped.write_bytes(data)
    with flipped.open("r+b", buffering=0) as file:  # to write all of it anew takes ten times as long as to load it
        for place, byte in enumerate(data):
            for mask in (0xFF, 1 << place % 8, 0):
                file.seek(place)
                file.write(bytes([byte ^ mask]))
                try:
                    loaded = load(flipped) if mask else None
                except saving.ModelFileError:
                    continue
                if loaded is not None:
                    found.add(place)
                    for ours, wanted in zip(loaded, same, strict=True):
                        np.testing.assert_array_equal(ours, wanted, err_msg=f"byte {place}")
    assert flipped.read_bytes() == data
    return found


def test_every_flipped_byte_of_a_model_file_is_noticed_or_harmless(small):
    model, folder = small
    unnoticed = survivors(folder / "m.keras", lambda path: saving.load_model(path).get_weights(), model.get_weights())
    # Dates, versions and rights that a zip archive keeps of each member, twice.
    assert len(unnoticed) < 3 * 40


def test_every_flipped_byte_of_a_weights_file_is_noticed_or_harmless(small):
    model, folder = small
    other = minirnn.models.clone_model(model)

    def load(path):
        before = other.get_weights()
        try:
            other.load_weights(path)
        except saving.ModelFileError:
            for ours, wanted in zip(other.get_weights(), before, strict=True):
                np.testing.assert_array_equal(ours, wanted)
            raise
        return other.get_weights()

    unnoticed = survivors(folder / "m.weights.h5", load, model.get_weights())
    # Without its name the group of the digest is none of ours any more.
    data = (folder / "m.weights.h5").read_bytes()
    assert len(unnoticed) <= 16 and data.count(b"minirnn\0") == 1


def test_every_flipped_byte_of_our_file_in_the_older_format_is_noticed_or_harmless(small):
    model, folder = small
    model.save(folder / "m.h5")
    unnoticed = survivors(folder / "m.h5", lambda path: saving.load_model(path).get_weights(), model.get_weights())
    assert not unnoticed  # an attribute says that there has to be a digest


@pytest.mark.parametrize("name, step", [("2.15.0/stateful.h5", 61), ("1.2.2/old_embedding.h5", 151)])
def test_a_flipped_byte_of_a_file_of_keras_2_is_refused_or_gives_a_model(name, step, tmp_path):
    found = case(name)
    path, refused, outcomes = found.write(tmp_path), 0, 0
    with path.open("r+b", buffering=0) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for place in range(step // 2, len(found.data), step):
            for value in (found.data[place] ^ 0xFF, found.data[place] ^ 1 << place % 8, found.data[place]):
                file.seek(place)
                file.write(bytes([value]))
                outcomes += 1
                try:
                    model = saving.load_model(path)
                except saving.ModelFileError as error:
                    refused += 1
                    assert len(str(error)) < 500
                else:
                    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    assert path.read_bytes() == found.data
    assert outcomes // 20 < refused < outcomes


def test_random_damage_ends_in_the_one_error(tmp_path):
    *wrong, (count, _) = findings(SECONDS, 0, tmp_path)
    assert not wrong, wrong[0][0]
    assert int(count.split()[0]) > 5 * SECONDS
