"""HDF5 that does not hold the model's arrays."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from good import Good
from hostile_archives import put_at

from minirnn.files import hdf5_writer
from minirnn.files.hdf5_reader import Hdf5Reader
from minirnn.files.hdf5_writer import write_hdf5

KERNEL = "layers/lstm/cell/vars/0"


def weights(good: Good) -> dict[str, bytes]:
    """HDF5 members that do not hold the model's arrays."""
    arrays, h5 = good.arrays, bytes(write_hdf5(good.arrays))
    kernel = arrays[KERNEL]

    def other(value: Any, path: str = KERNEL) -> bytes:
        return bytes(write_hdf5({**arrays, path: value}))

    def bad(value: float) -> bytes:
        wrong = kernel.copy()
        wrong.flat[3] = value
        return other(wrong)

    raw = kernel.tobytes()
    assert h5.count(raw) == 1
    header = _header_of(h5, KERNEL)
    layout = h5.index(b"\3\1" + struct.pack("<Q", h5.index(raw)), header)
    space = h5.index(struct.pack("<BBB5xQQ", 1, 2, 0, *kernel.shape), header)
    kind = h5.index(struct.pack("<BBBBI", 0x11, 0x20, 31, 0, 4), header)
    lstm = {path: array for path, array in arrays.items() if not path.startswith("layers/lstm/cell")}
    return {
        "h5_empty": b"",
        "h5_text": b"no HDF5" * 100,
        "h5_cut_off": h5[:-300],
        "h5_cut_to_superblock": h5[:96],
        "h5_nan": bad(np.nan),
        "h5_infinity": bad(np.inf),
        "h5_minus_infinity": bad(-np.inf),
        "h5_shape_transposed": other(kernel.T.copy()),
        "h5_shape_flat": other(kernel.reshape(-1)),
        "h5_shape_larger": other(np.zeros((3, 80), "float32")),
        "h5_shape_scalar": other(np.float32(1)),
        "h5_dtype_double": other(kernel.astype("float64")),
        "h5_dtype_integer": other(kernel.astype("int64")),
        "h5_dtype_bytes": other(kernel.astype("uint8")),
        "h5_array_missing": bytes(write_hdf5({k: v for k, v in arrays.items() if k != KERNEL})),
        "h5_array_more": other(kernel, "layers/lstm/cell/vars/3"),
        "h5_group_missing": bytes(write_hdf5(lstm)),
        "h5_group_is_an_array": bytes(write_hdf5({**lstm, "layers/lstm/cell": kernel})),
        "h5_array_is_a_group": bytes(write_hdf5({**lstm, f"{KERNEL}/0": kernel})),
        "h5_only_a_root": bytes(write_hdf5({})),
        "h5_slots_fewer": bytes(write_hdf5({k: v for k, v in arrays.items() if k != "optimizer/vars/5"})),
        "h5_slots_wrong_shape": other(np.zeros((2, 2), "float32"), "optimizer/vars/2"),
        "h5_slots_nan": other(np.full_like(arrays["optimizer/vars/2"], np.nan), "optimizer/vars/2"),
        "h5_steps_negative": other(np.int64(-5), "optimizer/vars/0"),
        "h5_version_3": put_at(h5, 8, b"\3"),
        "h5_offsets_of_4": put_at(h5, 13, b"\4"),
        "h5_base_address": put_at(h5, 24, struct.pack("<Q", 8)),
        "h5_end_beyond": put_at(h5, 40, struct.pack("<Q", 2**40)),
        "h5_root_beyond": put_at(h5, 64, struct.pack("<Q", 2**62)),
        "h5_root_is_itself": put_at(h5, 64, struct.pack("<Q", 0)),
        "h5_data_beyond": put_at(h5, layout + 2, struct.pack("<Q", len(h5) - 4)),
        "h5_data_far_beyond": put_at(h5, layout + 2, struct.pack("<Q", 2**64 - 8)),
        "h5_size_lies": put_at(h5, layout + 10, struct.pack("<Q", 2**40)),
        "h5_layout_chunked": put_at(h5, layout + 1, b"\2"),
        "h5_layout_virtual": put_at(h5, layout + 1, b"\3"),
        "h5_layout_version": put_at(h5, layout, b"\4"),
        "h5_axes_255": put_at(h5, space + 1, b"\xff"),
        "h5_shape_bomb": put_at(h5, space + 8, struct.pack("<QQ", 2**40, 2**40)),
        "h5_may_grow": put_at(h5, space + 2, b"\1"),
        "h5_type_complex": put_at(h5, kind, b"\x16"),
        "h5_type_string": put_at(h5, kind, b"\x13"),
        "h5_type_reference": put_at(h5, kind, b"\x17"),
        "h5_type_varying": put_at(h5, kind, b"\x19"),
        "h5_type_big_endian": put_at(h5, kind + 1, b"\x21"),
        "h5_type_of_1_byte": put_at(h5, kind + 4, struct.pack("<I", 1)),
        "h5_message_filters": put_at(h5, kind - 8, struct.pack("<H", 0xB)),
        "h5_message_external": put_at(h5, kind - 8, struct.pack("<H", 0x7)),
        "h5_message_shared": put_at(h5, kind - 4, b"\2"),
        "h5_message_twice": put_at(h5, kind - 8, struct.pack("<H", 1)),
        "h5_message_long": put_at(h5, kind - 6, struct.pack("<H", 0xFFF0)),
        "h5_header_loop": _loop(h5, header),
        "h5_header_long": put_at(h5, header + 8, struct.pack("<I", 2**32 - 1)),
        "h5_soft_link": _linked(h5, "lstm"),
        "h5_tree_loop": _tree_loop(h5),
        "h5_tree_wide": put_at(h5, h5.rindex(b"TREE") + 6, b"\xff\xff"),
        "h5_symbols_many": put_at(h5, h5.rindex(b"SNOD") + 6, b"\xff\xff"),
        "h5_heap_beyond": put_at(h5, h5.rindex(b"HEAP") + 24, struct.pack("<Q", 2**50)),
        "h5_names_equal": h5.replace(b"lstm\0", b"gru\0\0"),
        "h5_names_parent": h5.replace(b"lstm\0", b"../x\0"),
        "h5_one_array_for_all": _one_for_all(),
    }


def _header_of(h5: bytes, path: str) -> int:
    parent, _, name = path.rpartition("/")
    group = Hdf5Reader(h5).group(parent)
    assert group is not None
    return group[name][0]


def _loop(h5: bytes, header: int) -> bytes:
    """An object header whose first message continues it with itself."""
    again = struct.pack("<HHBxxxQQ", 0x10, 16, 0, header + 16, 64)
    return put_at(h5, header + 16, again)


def _linked(h5: bytes, name: str) -> bytes:
    """The entry of a group turned into a soft link."""
    reader = Hdf5Reader(h5)
    group = reader.group("layers")
    assert group is not None
    at = h5.index(struct.pack("<QI4x", group[name][0], 1))
    return put_at(h5, at + 8, struct.pack("<I", 2))


def _tree_loop(h5: bytes) -> bytes:
    """Nodes of a tree that are their own children."""
    at = h5.rindex(b"TREE")
    return put_at(put_at(h5, at + 5, b"\3"), at + 32, struct.pack("<Q", at))


def _one_for_all() -> bytes:
    """Many arrays in the bytes of one: a small file of a large model."""
    same = np.zeros((64, 64), "float32")
    written: dict[bytes, int] = {}

    class Once(hdf5_writer._Writer):
        def put(self, data: Any) -> int:
            if not isinstance(data, np.ndarray):
                return super().put(data)
            if data.tobytes() not in written:
                written[data.tobytes()] = super().put(data)
            return written[data.tobytes()]

    layers = {f"dense_{n}" if n else "dense": {"vars": {"0": same}} for n in range(20)}
    return bytes(Once().file({"layers": layers}))
