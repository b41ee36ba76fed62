"""`.safetensors` files that lie: about their header, about where arrays lie, and about what they are."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from minirnn.interop.safetensors import DIGEST, METADATA, ORDER

# An LSTM of two units on three features.
SHAPES = {"weight_ih_l0": (8, 3), "weight_hh_l0": (8, 2), "bias_ih_l0": (8,), "bias_hh_l0": (8,)}
FIRST = "weight_ih_l0"


def header() -> dict[str, Any]:
    """The header of a file that loads."""
    found, start = {}, 0
    for name, shape in SHAPES.items():
        stop = start + 4 * int(np.prod(shape))
        found[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [start, stop]}
        start = stop
    return found


def data() -> bytes:
    return np.linspace(-1, 1, sum(int(np.prod(shape)) for shape in SHAPES.values())).astype("<f4").tobytes()


def file(head: Any, body: bytes | None = None, length: int | None = None) -> bytes:
    """A file with this header (an object, or a text as it is), which may lie about its length."""
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + (data() if body is None else body)


def _with(**changes: Any) -> bytes:
    """A file whose first array is described in another way."""
    return file({**header(), FIRST: {**header()[FIRST], **changes}})


def safetensors() -> dict[str, bytes]:
    """Files that `from_torch` refuses, each by a name that says what is wrong."""
    good, text = file(header()), json.dumps(header()).encode()
    numbers = np.frombuffer(data(), "<f4").copy()
    nan, infinite = numbers.copy(), numbers.copy()
    nan[5], infinite[5] = np.nan, -np.inf
    renamed = {f"fc.{name}": entry for name, entry in header().items()}
    found = {
        "empty": b"",
        "seven_bytes": bytes(7),
        "length_alone": bytes(8),
        "length_zero": file(header(), length=0),
        "length_huge": file(header(), length=2**63),
        "length_past_the_end": file(header(), length=len(good)),
        "length_short": file(header(), length=len(text) - 3),
        "length_long": file(header(), length=len(text) + 3),
        "header_of_spaces": file(b" " * 40),
        "header_list": file([1, 2]),
        "header_text": file(b"hello, this is no json"),
        "header_empty": file({}),
        "header_empty_alone": file({}, b""),
        "header_not_utf8": file(text.replace(b"F32", b"F\xff2", 1)),
        "header_nan": file(text.replace(b"[0, 96]", b"[NaN, 96]", 1)),
        "header_deep": file(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"),
        "header_large": file(b"{" + b" " * (5 * 2**20) + text[1:]),
        "header_of_many": file({f"w{n}": header()[FIRST] for n in range(60_000)}),
        "header_number_long": file(text.replace(b"[0, 96]", b"[0, " + b"9" * 6000 + b"]", 1)),
        "key_twice": file(text.replace(b"weight_hh_l0", b"weight_ih_l0", 1)),
        "key_in_entry_twice": file(text.replace(b'"dtype": "F32"', b'"dtype": "F32", "dtype": "F32"', 1)),
        "name_empty": file({**header(), "": header()[FIRST]}),
        "name_long": file({**header(), "w" * 300: header()[FIRST]}),
        "name_control": file({**header(), "w\n\x1b[2J": header()[FIRST]}),
        "name_path": file({f"../../etc/passwd.{name}x": entry for name, entry in header().items()}),
        "entry_list": file({**header(), FIRST: [0, 96]}),
        "entry_null": file({**header(), FIRST: None}),
        "entry_key_more": _with(compression="zip"),
        "entry_key_missing": file({**header(), FIRST: {"dtype": "F32", "shape": [8, 3]}}),
        "half": _with(dtype="F16", shape=[8, 6]),
        "bfloat": _with(dtype="BF16", shape=[8, 6]),
        "integers": _with(dtype="I32"),
        "dtype_object": _with(dtype="O"),
        "dtype_list": _with(dtype=["F32"]),
        "dtype_lower": _with(dtype="f32"),
        "shape_lies": _with(shape=[16, 3]),
        "shape_negative": _with(shape=[-8, -3]),
        "shape_zero": _with(shape=[0, 3], data_offsets=[0, 0]),
        "shape_float": _with(shape=[8.0, 3]),
        "shape_bool": _with(shape=[True, 24]),
        "shape_text": _with(shape="83"),
        "shape_huge": _with(shape=[2**62, 2**62]),
        "shape_overflows_to_fit": _with(shape=[2**32, 2**32, 24]),
        "shape_of_nine_axes": _with(shape=[8, 3, 1, 1, 1, 1, 1, 1, 1]),
        "shape_of_many_axes": _with(shape=[24] + [1] * 50_000),
        "shape_flat": _with(shape=[24]),
        "offsets_overlap": file({**header(), "weight_hh_l0": {**header()["weight_hh_l0"], "data_offsets": [32, 96]}}),
        "offsets_hole": file({n: e for n, e in header().items() if n != "weight_hh_l0"}),
        "offsets_backward": _with(data_offsets=[96, 0]),
        "offsets_negative": _with(data_offsets=[-96, 0]),
        "offsets_past_the_end": _with(data_offsets=[2**40, 2**40 + 96]),
        "offsets_one": _with(data_offsets=[0]),
        "offsets_three": _with(data_offsets=[0, 96, 96]),
        "offsets_float": _with(data_offsets=[0, 96.0]),
        "data_cut_off": good[:-4],
        "data_more": good + b"more",
        "data_nan": file(header(), nan.tobytes()),
        "data_infinite": file(header(), infinite.tobytes()),
        "metadata_list": file({METADATA: [], **header()}),
        "metadata_number": file({METADATA: {"format": 1}, **header()}),
        "metadata_twice": file(text.replace(b"{", b'{"__metadata__": {}, "__metadata__": {}, ', 1)),
        "order_no_json": file({METADATA: {ORDER: "import os"}, **header()}),
        "order_short": file({METADATA: {ORDER: '["weight_ih_l0"]'}, **header()}),
        "order_twice": file({METADATA: {ORDER: json.dumps([FIRST, *SHAPES])}, **header()}),
        "order_of_numbers": file({METADATA: {ORDER: "[1, 2, 3, 4]"}, **header()}),
        "order_escapes": file({METADATA: {ORDER: '[], "order": []'}, **header()}),
        "digest_wrong": file({METADATA: {DIGEST: "0" * 64}, **header()}),
        "pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
        "zip": b"PK\x03\x04" + good,
        "projection": file({n.replace("bias_hh", "weight_hr"): e for n, e in header().items()}),
        "layer_far_above": file({n.replace("bias_hh_l0", "bias_hh_l9999"): e for n, e in header().items()}),
        "layer_number_long": file({n.replace("bias_hh_l0", f"bias_hh_l{'9' * 40}"): e for n, e in header().items()}),
        "two_modules_in_no_order": file({**renamed, "a.weight": header()[FIRST]}),
        "gates_of_another": _with(shape=[24, 1]),
    }
    return found
