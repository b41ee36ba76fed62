"""Files that are no archive as Keras writes it."""

from __future__ import annotations

import io
import struct
import zipfile

from good import CONFIG, METADATA, WEIGHTS, Good, as_text

from minirnn.files.hdf5_writer import write_hdf5


def archives(good: Good) -> dict[str, bytes]:
    """Files that are no archive as Keras writes it."""
    whole = good.file()
    members = {METADATA: as_text(good.plain), CONFIG: as_text(good.config), WEIGHTS: bytes(write_hdf5(good.arrays))}
    found = {
        "zip_empty_file": b"",
        "zip_text": b"This is no model.\n" * 100,
        "zip_cut_off": whole[:-200],
        "zip_cut_in_half": whole[: len(whole) // 2],
        "zip_comment": whole[:-2] + struct.pack("<H", 5) + b"hello",
        "zip_before": b"#!/bin/sh\nrm -rf ~\n" + whole,
        "zip_after": whole + b"more",
        "zip_pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
        "zip_tar": b"config.json".ljust(257, b"\0") + b"ustar" + bytes(1000),
        "zip_only_h5": members[WEIGHTS],
        "zip_deflated": _zip(members, zipfile.ZIP_DEFLATED),
        "zip_bomb": _zip({**members, CONFIG: b" " * (64 * 2**20)}, zipfile.ZIP_DEFLATED),
        "zip_bzip2": _zip(members, zipfile.ZIP_BZIP2),
        "zip_member_more": _zip({**members, "evil.py": b"import os"}),
        "zip_member_assets": _zip({**members, "assets/vocabulary.txt": b"/etc/passwd"}),
        "zip_member_parent": _zip({METADATA: b"{}", "../config.json": members[CONFIG], WEIGHTS: members[WEIGHTS]}),
        "zip_member_absolute": _zip({METADATA: b"{}", "/config.json": members[CONFIG], WEIGHTS: members[WEIGHTS]}),
        "zip_member_case": _zip({METADATA: b"{}", "CONFIG.json": members[CONFIG], WEIGHTS: members[WEIGHTS]}),
        "zip_member_npz": _zip({METADATA: b"{}", CONFIG: members[CONFIG], "model.weights.npz": b"PK"}),
        "zip_no_config": _zip({METADATA: b"{}", WEIGHTS: members[WEIGHTS]}),
        "zip_no_weights": _zip({METADATA: b"{}", CONFIG: members[CONFIG]}),
        "zip_of_nothing": b"PK\5\6" + bytes(18),
        "zip_links": _links(members),
        "zip_folder_entry": _zip({**members, "folder/": b""}),
        "zip_config_twice": _twice(members),
        "zip_encrypted": _patched(whole, CONFIG, 8, 1),
        "zip_descriptor": _patched(whole, CONFIG, 8, 8),
        "zip_zip64": _zip(members, zipfile.ZIP_STORED, force=True),
        "zip_crc": whole.replace(b"LSTM", b"LSTN", 1),
        "zip_many": _zip({f"m{n}": b"" for n in range(20_000)}),
    }
    directory = whole.rindex(b"PK\1\2")
    found["zip_size_lies"] = put_at(whole, directory + 20, struct.pack("<LL", 2**31, 2**31))
    found["zip_offset_lies"] = put_at(whole, directory + 42, struct.pack("<L", len(whole) - 50))
    found["zip_overlap"] = put_at(whole, directory + 42, struct.pack("<L", 0))
    found["zip_directory_offset"] = put_at(whole, len(whole) - 6, struct.pack("<L", 2**32 - 1))
    found["zip_disks"] = put_at(whole, len(whole) - 18, struct.pack("<HH", 3, 3))
    return found


def put_at(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def _patched(data: bytes, name: str, offset: int, flags: int) -> bytes:
    """Flags of a member in its header and in the directory."""
    local, entry = data.index(name.encode()) - 30, data.rindex(name.encode()) - 46
    data = put_at(data, local + offset - 2, struct.pack("<H", flags))
    return put_at(data, entry + offset, struct.pack("<H", flags))


def _zip(members: dict[str, bytes], method: int = zipfile.ZIP_STORED, force: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, data in members.items():
            with file.open(name, "w", force_zip64=force) as member:
                member.write(data)
    return out.getvalue()


def _links(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o120777 if name == CONFIG else 0o100600) << 16
            file.writestr(info, b"/etc/passwd" if name == CONFIG else data)
    return out.getvalue()


def _twice(members: dict[str, bytes]) -> bytes:
    whole = _zip({METADATA: b"{}", CONFIG: members[CONFIG], "c0nfig.json": members[CONFIG]})
    return whole.replace(b"c0nfig.json", b"config.json")
