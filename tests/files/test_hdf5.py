"""The reader and the writer of HDF5 against libhdf5, where it is installed."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from minirnn.files.errors import ModelFileError
from minirnn.files.hdf5_attributes import Attributes
from minirnn.files.hdf5_reader import Hdf5Reader
from minirnn.files.hdf5_writer import write_hdf5

DTYPES = ("float32", "float64", "int64", "int32", "uint8")
names = st.text("abz_019", min_size=1, max_size=12)
some_array = arrays_of.arrays(
    st.sampled_from(DTYPES), arrays_of.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
)
TREE = st.dictionaries(names, st.dictionaries(names, some_array, max_size=20), max_size=6)


def flat(tree):
    return {f"{group}/{name}": array for group, members in tree.items() for name, array in members.items()}


@pytest.fixture(scope="module")
def h5py():
    return pytest.importorskip("h5py")


@given(TREE)
def test_libhdf5_reads_what_is_written_and_so_does_the_reader(h5py, tree):
    data = bytes(write_hdf5(flat(tree), tuple(tree)))
    reader = Hdf5Reader(data)
    with h5py.File(io.BytesIO(data)) as file:
        assert sorted(file) == sorted(tree)
        for path, array in flat(tree).items():
            assert file[path].dtype == array.dtype
            np.testing.assert_array_equal(file[path][()], array)
            np.testing.assert_array_equal(reader.array(path, array.shape, (array.dtype.name,)), array)


@given(TREE)
def test_the_reader_reads_what_libhdf5_writes(h5py, tree):
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        for path, array in flat(tree).items():
            file[path] = array
        file.attrs["of"] = "nobody's interest"
    reader = Hdf5Reader(out.getvalue())
    for path, array in flat(tree).items():
        np.testing.assert_array_equal(reader.array(path, array.shape, (array.dtype.name,)), array)


@pytest.mark.parametrize("count", [0, 1, 8, 9, 256, 257, 1200])
def test_groups_of_any_size(h5py, count):
    values = {f"g/{n}": np.array(n) for n in range(count)}
    data = bytes(write_hdf5(values, ("g",)))
    with h5py.File(io.BytesIO(data)) as file:
        assert sorted(map(int, file["g"])) == list(range(count))
        assert all(file[f"g/{n}"][()] == n for n in range(count))
    assert len(Hdf5Reader(data).group("g")) == count


def test_libhdf5_may_go_on_writing_into_our_files(h5py, tmp_path):
    path = tmp_path / "w.h5"
    path.write_bytes(write_hdf5({f"g/{n}": np.ones(n) for n in range(30)}))
    with h5py.File(path, "a") as file:
        file["g/more"], file["h/new"] = np.ones(3), np.ones(2)
        del file["g/7"]
    reader = Hdf5Reader(path.read_bytes())
    assert sorted(reader.group("g")) == sorted({"more", *map(str, range(30))} - {"7"})
    np.testing.assert_array_equal(reader.array("h/new", (2,), ("float64",)), np.ones(2))


def refused(h5py, write, path="x"):
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        write(file)
    with pytest.raises(ModelFileError) as error:
        Hdf5Reader(out.getvalue()).array(path, (4,), ("float32",))
    return str(error.value)


FOUR = np.ones(4, "float32")
REFUSED = {
    "soft link": (lambda h, f: f.update({"y": FOUR, "x": h.SoftLink("/y")}), "a link to another place"),
    "external link": (lambda h, f: f.update({"x": h.ExternalLink("other.h5", "/x")}), "expected a symbol table alone"),
    "lzf": (lambda h, f: f.create_dataset("x", data=FOUR, compression="lzf"), "the filter lzf"),
    "scaleoffset": (lambda h, f: f.create_dataset("x", data=FOUR, scaleoffset=2), "the filter scaleoffset"),
    "chunks never written": (lambda h, f: f.create_dataset("x", (4,), "f4", chunks=(2,)), "found 0 chunks, expected 2"),
    "external": (
        lambda h, f: f.create_dataset("x", (4,), "f4", external=[("/etc/passwd", 0, 16)]),
        "data in another file",
    ),
    "virtual": (
        lambda h, f: f.create_virtual_dataset("x", _virtual(h), fillvalue=0),
        "virtual data",
    ),
    "half": (lambda h, f: f.create_dataset("x", data=FOUR.astype("f2")), "floats of another kind"),
    "big endian": (lambda h, f: f.create_dataset("x", data=FOUR.astype(">f4")), "floats of another kind"),
    "complex": (lambda h, f: f.create_dataset("x", data=FOUR.astype("c8")), "compound of another kind"),
    "text": (lambda h, f: f.create_dataset("x", data="text"), "sequences of varying length"),
    "reference": (lambda h, f: f.create_dataset("x", data=f.ref, dtype=h.ref_dtype), "references"),
    "group": (lambda h, f: f.create_group("x"), "an array: its space, type and layout"),
    "missing": (lambda h, f: None, "no such array"),
    "never written": (lambda h, f: f.create_dataset("x", (4,), "f4"), "bytes"),
}


def _virtual(h5py):
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
    return layout


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_plain_array_is_refused_by_its_name(h5py, what):
    write, said = REFUSED[what]
    assert re.search(said, refused(h5py, lambda file: write(h5py, file)))


def test_arrays_may_not_have_more_bytes_than_the_file():
    data = bytes(write_hdf5({"x": FOUR}))
    reader = Hdf5Reader(data)
    for _ in range(len(data) // FOUR.nbytes):
        reader.array("x", (4,), ("float32",))
    with pytest.raises(ModelFileError, match="share their bytes"):
        reader.array("x", (4,), ("float32",))


# --- attributes ---

texts = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=40)
ATTRIBUTES = st.dictionaries(names, st.one_of(texts, st.lists(names, max_size=5)), max_size=5)


@given(ATTRIBUTES, ATTRIBUTES)
def test_libhdf5_reads_attributes_that_are_written_and_so_does_the_reader(h5py, root, group):
    data = bytes(write_hdf5({"g/x": np.ones(2)}, (), {"": root, "g": group}))
    attributes = Attributes(Hdf5Reader(data))
    with h5py.File(io.BytesIO(data)) as file:
        for path, values in (("", root), ("g", group)):
            found = file[path or "/"].attrs
            assert sorted(found) == sorted(values)
            for name, value in values.items():
                if isinstance(value, str):
                    assert found[name] == value == (attributes.text(path, name) or b"").decode()
                else:
                    assert [each.decode() for each in found[name]] == value == attributes.names(path, name)
    assert attributes.text("g", "nothing") is attributes.names("nowhere", "x") is None


@given(st.dictionaries(names, st.lists(names, min_size=1, max_size=5), max_size=5), texts)
def test_the_reader_reads_attributes_that_libhdf5_writes(h5py, lists, text):
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        group = file.create_group("g")
        for name, value in lists.items():
            group.attrs[f"{name}-fixed"] = np.array([each.encode() for each in value])
            group.attrs[f"{name}-varying"] = [each.encode() for each in value]
        group.attrs["text-8"], group.attrs["text-ascii"] = text, b"{}"
        group.attrs["text-fixed"], group.attrs["none"] = np.bytes_(b"fixed"), []
    attributes = Attributes(Hdf5Reader(out.getvalue()))
    for name, value in lists.items():
        assert attributes.names("g", f"{name}-fixed") == attributes.names("g", f"{name}-varying") == value
    assert (attributes.text("g", "text-8") or b"").decode() == text
    assert attributes.text("g", "text-ascii") == b"{}" and attributes.text("g", "text-fixed") == b"fixed"
    assert attributes.names("g", "none") == []


def test_texts_may_not_have_more_bytes_than_the_file():
    data = bytes(write_hdf5({}, (), {"": {f"t{n}": "x" * 3000 for n in range(40)}}))
    attributes = Attributes(Hdf5Reader(data))  # one text in the heap, to which all of them point
    with pytest.raises(ModelFileError, match="each byte to belong to one text"):
        for n in range(40):
            attributes.text("", f"t{n}")
