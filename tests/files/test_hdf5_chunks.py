"""Arrays in chunks: what h5py writes is read to the bit; what is wrong with it is refused before it costs anything."""

from __future__ import annotations

import io
import itertools
import struct
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minirnn
from minirnn import layers, saving
from minirnn.files import hdf5_bytes, hdf5_chunks, hdf5_filters
from minirnn.files.errors import ModelFileError
from minirnn.files.hdf5_reader import Hdf5Reader

h5py = pytest.importorskip("h5py")

FILTERS = {
    "plain": {}, "growing": {"maxshape": None}, "gzip": {"compression": "gzip"}, "shuffle": {"shuffle": True},
    "fletcher32": {"fletcher32": True}, "gzip and shuffle": {"compression": "gzip", "shuffle": True},
    "all": {"compression": "gzip", "shuffle": True, "fletcher32": True},
}  # fmt: skip
DTYPES = ("float32", "float64", "int64", "int32", "uint8")


def written(value, chunks, **options):
    out = io.BytesIO()
    if "maxshape" in options:
        options["maxshape"] = (None,) * value.ndim
    with h5py.File(out, "w") as file:
        file.create_dataset("g/x", data=value, chunks=chunks, **options)
    return bytearray(out.getvalue())


def read(data):
    return Hdf5Reader(bytes(data)).array("g/x", None, DTYPES)


@pytest.mark.parametrize("how", FILTERS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_chunks_of_every_kind_are_read_to_the_bit(how, dtype):
    rng = np.random.default_rng(0)
    for shape, chunks in (((7,), (3,)), ((5, 9), (2, 4)), ((4, 4, 3), (4, 1, 2)), ((6, 6), (6, 6)), ((1,), (1,))):
        value = (100 * rng.normal(size=shape)).astype(dtype)
        found = read(written(value, chunks, **FILTERS[how]))
        assert found.dtype == value.dtype and not found.flags.writeable
        np.testing.assert_array_equal(found, value)


@given(st.data())
@settings(max_examples=60)
def test_drawn_chunks_are_read_to_the_bit(data):
    shape = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=4).map(tuple))
    chunks = tuple(data.draw(st.integers(1, n)) for n in shape)
    options = FILTERS[data.draw(st.sampled_from(sorted(FILTERS)))]
    value = np.arange(np.prod(shape)).astype(data.draw(st.sampled_from(DTYPES))).reshape(shape)
    np.testing.assert_array_equal(read(written(value, chunks, **options)), value)


def test_trees_of_several_levels_and_chunks_that_were_left_uncompressed_are_read():
    value = np.arange(3000, dtype="float32")
    np.testing.assert_array_equal(read(written(value, (3,))), value)  # 1,000 chunks, 64 to a node
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        array = file.create_dataset("g/x", (8,), "float32", chunks=(4,), compression="gzip", shuffle=True)
        array[:] = value[:8]
        array.id.write_direct_chunk((4,), value[4:8].tobytes(), filter_mask=0b11)
    np.testing.assert_array_equal(read(out.getvalue()), value[:8])


def test_arrays_without_numbers_need_no_chunks():
    assert read(written(np.zeros((0, 3), "float32"), (2, 3), maxshape=None)).shape == (0, 3)


def test_checksums_are_those_of_libhdf5():
    rng = np.random.default_rng(1)
    for size in (1, 2, 7, 360, 361, 721, 2**16, 2**17 + 3):
        for content in (rng.bytes(size), bytes(size), b"\xff" * size):
            data = written(np.frombuffer(content, "uint8"), (size,), fletcher32=True)
            np.testing.assert_array_equal(read(data), np.frombuffer(content, "uint8"))


@pytest.mark.parametrize("options", [{}, {"compression": "gzip", "shuffle": True, "fletcher32": True}])
def test_a_model_whose_arrays_are_in_chunks_loads(tmp_path, options):
    model = minirnn.Sequential([layers.Input((4, 3)), layers.LSTM(8), layers.Dense(2)])
    plain, chunked = tmp_path / "plain.weights.h5", tmp_path / "chunked.weights.h5"
    model.save_weights(plain)
    with h5py.File(plain) as source, h5py.File(chunked, "w") as target:

        def copy(name, entry):
            if isinstance(entry, h5py.Dataset) and not name.startswith("minirnn"):
                target.create_dataset(name, data=entry[()], chunks=tuple(-(-n // 2) for n in entry.shape), **options)
            elif isinstance(entry, h5py.Group) and not name.startswith("minirnn"):
                target.require_group(name)

        source.visititems(copy)
    other = minirnn.models.clone_model(model)
    other.load_weights(chunked)
    for ours, theirs in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


# --- ill will ---

VALUE = np.arange(16, dtype="float32").reshape(4, 4)
CHUNKS = (2, 2)


class File:
    """A file of an array in four chunks, with the places of what says so."""

    def __init__(self, **options):
        self.data = written(VALUE, CHUNKS, **options)
        reader = Hdf5Reader(bytes(self.data))
        self.layout = reader.messages(reader.address("g/x"), "x")[hdf5_bytes.LAYOUT][0]
        self.space = reader.messages(reader.address("g/x"), "x")[hdf5_bytes.DATASPACE][0]
        self.filters = reader.messages(reader.address("g/x"), "x").get(hdf5_bytes.FILTERS, (0,))[0]
        self.tree = reader.describe("g/x").chunks.tree
        self.keys = [self.tree + 24 + 40 * n for n in range(4)]  # size, mask, three offsets; then the address

    def put(self, at, layout, *values):
        struct.pack_into("<" + layout, self.data, at, *values)

    def get(self, at, layout):
        return struct.unpack_from("<" + layout, self.data, at)[0]




def lengthened(file):
    """A byte more behind the last chunk, which is the end of the file."""
    file.data.append(0)
    file.put(file.keys[3], "I", file.get(file.keys[3], "I") + 1)


ILL = {
    "overlapping": ({}, lambda f: f.put(f.keys[1] + 32, "Q", f.get(f.keys[0] + 32, "Q") + 4), "in another one"),
    "the same twice": ({}, lambda f: f.put(f.keys[1] + 32, "Q", f.get(f.keys[0] + 32, "Q")), "in another one"),
    "missing": ({}, lambda f: f.put(f.tree + 6, "H", 3), "found 3 chunks, expected 4"),
    "none": ({}, lambda f: f.put(f.layout + 3, "Q", 2**64 - 1), "found 0 chunks, expected 4"),
    "outside": ({}, lambda f: f.put(f.keys[2] + 32, "Q", len(f.data) - 8), "16 bytes inside the file"),
    "far outside": ({}, lambda f: f.put(f.keys[2] + 32, "Q", 2**64 - 8), "16 bytes inside the file"),
    "size lies": ({}, lambda f: f.put(f.keys[1], "I", 12), "a chunk of 12 bytes"),
    "size huge": ({"compression": "gzip"}, lambda f: f.put(f.keys[1], "I", 2**32 - 1), "inside the file"),
    "off the grid": ({}, lambda f: f.put(f.keys[1] + 16, "Q", 1), r"a chunk at \(0, 1\)"),
    "beyond the array": ({}, lambda f: f.put(f.keys[3] + 8, "Q", 4), r"a chunk at \(4, 2\)"),
    "place twice": ({}, lambda f: f.put(f.keys[1] + 16, "Q", 0), "once each"),
    "element offset": ({}, lambda f: f.put(f.keys[1] + 24, "Q", 1), "once each"),
    "mask without filters": ({}, lambda f: f.put(f.keys[1] + 4, "I", 1), "without filters 0b1"),
    "circular": ({}, lambda f: (f.put(f.tree + 5, "BH", 3, 1), f.put(f.keys[0] + 32, "Q", f.tree)), "lower than above"),
    "tree of a group": ({}, lambda f: f.put(f.tree + 4, "B", 0), "a tree node of type 0"),
    "no tree": ({}, lambda f: f.put(f.layout + 3, "Q", 8), "the signature 'TREE'"),
    "tree outside": ({}, lambda f: f.put(f.layout + 3, "Q", 2**63), "the signature 'TREE'"),
    "tree wide": ({}, lambda f: f.put(f.tree + 6, "H", 65535), "x: found"),
    "chunk of nothing": ({}, lambda f: f.put(f.layout + 11, "I", 0), r"chunks \(0, 2\)"),
    "chunk huge": ({}, lambda f: f.put(f.layout + 11, "II", 2**32 - 1, 2**32 - 1), "a chunk of 16 bytes"),
    "chunk huge, compressed": (
        {"compression": "gzip"},
        lambda f: f.put(f.layout + 11, "II", 2**32 - 1, 2**32 - 1),
        "bytes in compressed chunks",
    ),
    "chunks of one axis": ({}, lambda f: f.put(f.layout + 2, "B", 2), "chunks of 1 axes"),
    "chunks of 200 axes": ({}, lambda f: f.put(f.layout + 2, "B", 201), "chunks of 200 axes"),
    "elements of 8 bytes": ({}, lambda f: f.put(f.layout + 19, "I", 8), "of elements of 8 bytes"),
    "array huge": ({}, lambda f: f.put(f.space + 8, "QQ", 2**40, 2**40), "chunks, expected at most 50,000"),
    "array longer": ({}, lambda f: f.put(f.space + 8, "QQ", 400, 400), "found 4 chunks, expected 40000"),
    "layout 4": ({}, lambda f: f.put(f.layout, "B", 4), "chunked data, layout version 4"),
    "five filters": ({"compression": "gzip"}, lambda f: f.put(f.filters + 1, "B", 5), "5 filters"),
    "no filters": ({"compression": "gzip"}, lambda f: f.put(f.filters + 1, "B", 0), "0 filters"),
    "filter lzf": ({"compression": "gzip"}, lambda f: f.put(f.filters + 8, "H", 32000), "the filter lzf"),
    "filter unknown": ({"compression": "gzip"}, lambda f: f.put(f.filters + 8, "H", 777), "the filter 777"),
    "filter long": ({"compression": "gzip"}, lambda f: f.put(f.filters + 10, "H", 65535), "the filter gzip"),
    "shuffle of others": ({"shuffle": True}, lambda f: f.put(f.filters + 24, "I", 8), "a shuffle of other elements"),
    "shuffle of more": ({"shuffle": True}, lambda f: f.put(f.filters + 14, "H", 2), "a shuffle of other elements"),
    "gzip damaged": ({"compression": "gzip"}, lambda f: f.put(f.get(f.keys[0] + 32, "Q"), "I", 0), "no gzip"),
    "gzip cut off": ({"compression": "gzip"}, lambda f: f.put(f.keys[0], "I", f.get(f.keys[0], "I") - 3), "gzip that"),
    "gzip and more": ({"compression": "gzip"}, lengthened, "gzip that"),
    "checksum": ({"fletcher32": True}, lambda f: f.put(f.get(f.keys[0] + 32, "Q"), "I", 1), "(checksum)"),
    "checksum missing": ({"fletcher32": True}, lambda f: f.put(f.keys[0], "I", 3), "(checksum)"),
    "all filters left out": ({"shuffle": True}, lambda f: f.put(f.keys[0] + 4, "I", 3), "without filters 0b11"),
    "mask lies": ({"compression": "gzip"}, lambda f: f.put(f.keys[0] + 4, "I", 1), "of a chunk of 16"),
}  # fmt: skip


@pytest.mark.parametrize("what", ILL)
def test_what_is_wrong_is_refused_by_its_name_at_once_and_in_little_memory(what):
    options, change, said = ILL[what]
    file = File(**options)
    np.testing.assert_array_equal(read(file.data), VALUE)
    change(file)
    tracemalloc.start()
    start = time.thread_time()
    try:
        with pytest.raises(ModelFileError) as error:
            read(file.data)
        assert tracemalloc.get_traced_memory()[1] < 2**20 and time.thread_time() - start < 1
    finally:
        tracemalloc.stop()
    assert said.replace("\\", "") in str(error.value) and len(str(error.value)) < 500


def bomb(size, chunk):
    """A file of zeros, a thousandth of them in size."""
    return written(np.zeros(size, "float32"), (chunk,), compression="gzip", compression_opts=9)


def test_decompression_stops_at_the_allowance_and_at_the_size_of_a_chunk():
    most = hdf5_bytes.MOST_UNPACKED // 4
    assert read(bomb(most, most // 4)).shape == (most,)
    with pytest.raises(ModelFileError, match="bytes in compressed chunks, expected at most 16,"):
        read(bomb(2 * most, most // 4))
    file = File(compression="gzip")
    at, size = (file.get(file.keys[3] + place, layout) for place, layout in ((32, "Q"), (0, "I")))
    packed = zlib.compress(bytes(2**26), 9)
    file.data[at : at + size] = packed  # at the end of the file
    file.put(file.keys[3], "I", len(packed))
    tracemalloc.start()
    with pytest.raises(ModelFileError, match="gzip that does not give 16 bytes"):
        read(file.data)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_all_compressed_arrays_share_one_allowance(monkeypatch):
    monkeypatch.setattr(hdf5_bytes, "MOST_UNPACKED", 100)
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        for name in "abcdefgh":
            file.create_dataset(name, data=np.zeros(1000, "float32"), chunks=(1000,), compression="gzip")
    reader = Hdf5Reader(out.getvalue())
    with pytest.raises(ModelFileError, match="in compressed chunks"):
        for name in "abcdefgh":
            reader.array(name, None, ("float32",))


def test_every_cut_and_every_flipped_byte_ends_in_numbers_or_the_one_error():
    data = bytes(File(compression="gzip", shuffle=True, fletcher32=True).data)
    outcomes = set()
    for place in range(len(data)):
        for damaged in (data[:place], data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]):
            try:
                read(damaged)
                outcomes.add("read")
            except ModelFileError:
                outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_a_tree_that_visits_a_node_again_and_again_is_counted():
    file = File()
    leaf = bytes(file.data[file.tree : file.tree + 24 + 40 * 4 + 32])
    below = len(file.data)
    file.data += leaf[:5] + bytes([1]) + struct.pack("<H", 60_000) + leaf[8:24]
    file.data += (bytes(32) + struct.pack("<Q", file.tree)) * 60_000 + bytes(32)
    file.put(file.layout + 3, "Q", below)
    file.put(40, "Q", len(file.data))
    with pytest.raises(ModelFileError):
        read(file.data)


def test_a_digest_in_chunks_is_refused(tmp_path):
    model = minirnn.Sequential([layers.Input((2,)), layers.Dense(1)])
    path = tmp_path / "w.weights.h5"
    model.save_weights(path)
    with h5py.File(path, "a") as file:
        digest = file["minirnn/sha256"][()]
        del file["minirnn/sha256"]
        file.create_dataset("minirnn/sha256", data=digest, chunks=(8,))
    with pytest.raises(saving.ModelFileError, match="a digest in chunks"):
        model.load_weights(path)


def test_filters_are_undone_in_the_order_of_writing_whatever_it_is():
    content = np.arange(24, dtype="float64").tobytes()

    def shuffled(data):
        whole = len(data) - len(data) % 8
        return np.frombuffer(data, "u1", whole).reshape(-1, 8).T.tobytes() + data[whole:]

    write = {
        hdf5_filters.DEFLATE: zlib.compress,
        hdf5_filters.SHUFFLE: shuffled,
        hdf5_filters.FLETCHER32: lambda data: data + struct.pack("<I", hdf5_filters.fletcher32(data)),
    }
    for order in itertools.permutations(write):
        for skipped in range(8):
            stored = content
            for place, kind in enumerate(order):
                stored = stored if skipped >> place & 1 else write[kind](stored)
            assert hdf5_filters.undone(memoryview(stored), order, skipped, len(content), 8) == content


def test_the_most_chunks_are_read_promptly():
    count = hdf5_chunks.MOST_CHUNKS
    start = time.thread_time()
    np.testing.assert_array_equal(read(written(np.arange(count), (1,))), np.arange(count))
    assert time.thread_time() - start < 10
