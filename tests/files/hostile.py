"""Files of ill will and broken ones: `corpus(folder)` writes more than 120, each by a name that says what is wrong.

`python tests/files/hostile.py FOLDER` writes them to look at. They are made from two good files, of minirnn and of the
form in which Keras writes; nothing but minirnn and the standard library is needed.
"""

from __future__ import annotations

import copy
import io
import json
import os
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import minirnn
from minirnn.files import archive, hdf5_writer, weights_file
from minirnn.files.hdf5_reader import Hdf5Reader
from minirnn.files.hdf5_writer import write_hdf5

CONFIG, METADATA, WEIGHTS = archive.CONFIG, archive.METADATA, archive.WEIGHTS
SHELL = "__import__('os').system('touch /tmp/owned')"


class Good:
    """The parts of a file that loads: config, metadata, arrays; `plain` has none of minirnn's marks."""

    def __init__(self, model: Any, folder: Path) -> None:
        path = folder / "good.keras"
        model.save(path)
        with zipfile.ZipFile(path) as file:
            self.members = {name: file.read(name) for name in archive.MEMBERS}
        self.config = json.loads(self.members[CONFIG])
        self.plain = {"keras_version": "3.15.0", "date_saved": "2026-01-01@00:00:00"}
        self.arrays = self._arrays()
        self.h5 = bytes(write_hdf5(self.arrays))

    def _arrays(self) -> dict[str, np.ndarray]:
        reader = Hdf5Reader(self.members[WEIGHTS])
        found: dict[str, np.ndarray] = {}

        def walk(path: str) -> None:
            for name in reader.group(path) or ():
                inner = f"{path}/{name}" if path else name
                if inner == "minirnn":
                    continue
                try:
                    found[inner] = reader.array(inner, None, ("float32", "float64", "int64")).copy()
                except ValueError:
                    walk(inner)

        walk("")
        return found

    def file(self, config: Any = None, arrays: Any = None, metadata: Any = None, h5: Any = None) -> bytes:
        """A `.keras` file without minirnn's marks, some parts replaced."""
        config = self.config if config is None else config
        parts = {
            METADATA: _text(self.plain if metadata is None else metadata),
            CONFIG: _text(config),
            WEIGHTS: bytes(write_hdf5(self.arrays if arrays is None else arrays)) if h5 is None else h5,
        }
        return b"".join(bytes(piece) for piece in archive.write_archive(parts))


def _text(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def good_model() -> Any:
    """Small, with every kind of entry that configurations have."""
    x = minirnn.Input((4, 3), name="x")
    h = minirnn.layers.LSTM(2, return_sequences=True, kernel_regularizer="l2", name="lstm")(x)
    h = minirnn.layers.Dense(2, kernel_constraint="max_norm", activation="relu", name="dense")(h)
    h = minirnn.layers.GRU(2, name="gru")(h)
    model = minirnn.Model(x, minirnn.layers.Dense(1, name="out")(h), name="good")
    model.compile("adam", "mse", metrics=["mae"])
    model.train_on_batch(np.ones((2, 4, 3)), np.ones((2, 1)))
    return model


# --- configurations ---


def _layer(config: dict, number: int = 1) -> dict:
    return config["config"]["layers"][number]


def _settings(config: dict, number: int = 1) -> dict:
    return _layer(config, number)["config"]


def _entry(class_name: str, module: str = "keras.layers", registered: Any = None, **config: Any) -> dict:
    return {"module": module, "class_name": class_name, "config": config, "registered_name": registered}


def _lambda(code: Any) -> dict:
    return _entry("Lambda", name="l", function={"class_name": "__lambda__", "config": {"code": code}})


def _deep(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = [value]
    return value


def _doubling(levels: int) -> dict:
    """Each model calls the one within it twice: 2 ** levels calls from a few lines."""
    inner: dict = _entry("Dense", name="d", units=3, trainable=True, dtype="float32")
    for level in range(levels):
        ends = {"args": [_tensor("x", 0)], "kwargs": {}}
        again = {"args": [_tensor(f"m{level}", 0)], "kwargs": {}}
        inner = _entry(
            "Functional", "keras.src.models.functional", "Functional", name=f"m{level + 1}", trainable=True,
            layers=[
                {**_entry("InputLayer", name="x", batch_shape=[None, 3], dtype="float32"), "name": "x",
                 "inbound_nodes": []},
                {**copy.deepcopy(inner), "name": f"m{level}", "inbound_nodes": [ends, again]},
            ],
            input_layers=["x", 0, 0], output_layers=[f"m{level}", 2 if level else 1, 0],
        )  # fmt: skip
    return inner


def _tensor(name: str, call: Any, number: Any = 0) -> dict:
    history = {"shape": [None, 3], "dtype": "float32", "keras_history": [name, call, number]}
    return {"class_name": "__keras_tensor__", "config": history}


def _wrapped(levels: int) -> dict:
    inner: dict = _entry("Dense", name="d", units=3)
    for level in range(levels):
        inner = _entry("TimeDistributed", name=f"t{level}", layer=inner)
    return inner


Change = Callable[[dict], Any]


def config_changes() -> dict[str, Change]:
    """What is done to the configuration of a good file."""
    function = {"class_name": "function", "module": "builtins", "registered_name": "function"}
    changes: dict[str, Change] = {
        "lambda_layer": lambda c: c["config"]["layers"].insert(1, _lambda(SHELL)),
        "lambda_bytecode": lambda c: _layer(c).update(_lambda(["4wEAAAAAAAAAAAAAAAEAAAABAAAAQwAAAHMEAAAAfABT"])),
        "lambda_as_activation": lambda c: _settings(c, 2).update(activation=_lambda(SHELL)),
        "pickle_as_layer": lambda c: _layer(c).update(class_name="__pickle__", config={"value": "gASVIAAAAAAA"}),
        "class_os_system": lambda c: _layer(c).update(module="os", class_name="system", config={"command": "id"}),
        "class_subprocess": lambda c: _layer(c).update(module="subprocess", class_name="Popen", config={"args": "id"}),
        "class_builtins_eval": lambda c: _layer(c).update(module="builtins", class_name="eval", config={"s": SHELL}),
        "module_not_keras": lambda c: _layer(c).update(module="torch.nn"),
        "module_keras_utils": lambda c: _layer(c).update(module="keras.utils", class_name="get_file"),
        "module_keras_src_utils": lambda c: _layer(c).update(module="keras.src.utils", class_name="get_file"),
        "module_numpy": lambda c: _layer(c).update(module="numpy", class_name="load"),
        "module_is_a_number": lambda c: _layer(c).update(module=7),
        "registered_as_another": lambda c: _layer(c).update(registered_name="Evil>LSTM"),
        "class_of_python": lambda c: _layer(c).update(class_name="__class__"),
        "class_unknown": lambda c: _layer(c).update(class_name="LSTN"),
        "class_is_a_list": lambda c: _layer(c).update(class_name=["LSTM"]),
        "class_missing": lambda c: _layer(c).pop("class_name"),
        "class_layer_base": lambda c: _layer(c).update(class_name="Layer"),
        "class_text_vectorization": lambda c: _layer(c).update(
            class_name="TextVectorization", config={"vocabulary": "/etc/passwd", "name": "t"}),
        "class_string_lookup_url": lambda c: _layer(c).update(
            class_name="StringLookup", config={"vocabulary": "https://example.com/v.txt", "name": "t"}),
        "class_tf_op_layer": lambda c: _layer(c).update(class_name="TFSMLayer", config={"filepath": "/tmp/model"}),
        "class_feature_space": lambda c: _layer(c).update(module="keras.utils", class_name="FeatureSpace"),
        "operation_in_the_graph": lambda c: c["config"]["layers"].append(
            {**_entry("Print", "keras.src.ops.core", "Print", name="p"), "name": "p", "inbound_nodes": []}),
        "operation_named_as_a_layer": lambda c: _layer(c).update(module="keras.src.ops.numpy", class_name="NotEqual"),
        "config_missing": lambda c: _layer(c).pop("config"),
        "config_is_a_list": lambda c: _layer(c).update(config=[1, 2]),
        "config_is_text": lambda c: _layer(c).update(config="/etc/passwd"),
        "key_unknown": lambda c: _settings(c).update(evil=1),
        "key_unknown_in_entry": lambda c: _layer(c).update(evil=1),
        "key_unknown_in_model": lambda c: c["config"].update(evil=1),
        "key_dunder": lambda c: _settings(c).update(__reduce__=SHELL),
        "units_negative": lambda c: _settings(c).update(units=-2),
        "units_zero": lambda c: _settings(c).update(units=0),
        "units_fraction": lambda c: _settings(c).update(units=2.5),
        "units_true": lambda c: _settings(c).update(units=True),
        "units_text": lambda c: _settings(c).update(units="2"),
        "units_huge": lambda c: _settings(c).update(units=2**24),
        "units_beyond_all": lambda c: _settings(c).update(units=10**30),
        "units_of_no_array": lambda c: _settings(c).update(units=3),
        "units_null": lambda c: _settings(c).update(units=None),
        "no_bias": lambda c: _settings(c).update(use_bias=False),
        "bias_text": lambda c: _settings(c).update(use_bias="yes"),
        "activation_by_path": lambda c: _settings(c, 2).update(activation="os.system"),
        "activation_function": lambda c: _settings(c, 2).update(activation={**function, "config": "system"}),
        "activation_class": lambda c: _settings(c, 2).update(activation=_entry("ReLU")),
        "initializer_foreign": lambda c: _settings(c).update(kernel_initializer=_entry("system", "os", command="id")),
        "initializer_function": lambda c: _settings(c).update(kernel_initializer={**function, "config": SHELL}),
        "initializer_unknown": lambda c: _settings(c).update(kernel_initializer="evil"),
        "initializer_key": lambda c: _settings(c)["kernel_initializer"]["config"].update(evil=1),
        "regularizer_foreign": lambda c: _settings(c).update(kernel_regularizer=_entry("L2", "os", l2=1)),
        "regularizer_negative": lambda c: _settings(c)["kernel_regularizer"]["config"].update(l2=-1.0),
        "constraint_layer": lambda c: _settings(c, 2).update(kernel_constraint=_entry("Dense", name="d", units=1)),
        "dtype_half": lambda c: _settings(c).update(dtype="float16"),
        "dtype_complex": lambda c: _settings(c).update(dtype="complex64"),
        "dtype_object": lambda c: _settings(c).update(dtype="object"),
        "dtype_mixed": lambda c: _settings(c)["dtype"]["config"].update(name="mixed_float16"),
        "dtype_wide": lambda c: _settings(c).update(dtype="float64"),
        "dropout_one": lambda c: _settings(c).update(dropout=1.0),
        "dropout_list": lambda c: _settings(c).update(dropout=[0.1]),
        "seed_text": lambda c: _settings(c).update(seed="now"),
        "seed_huge": lambda c: _settings(c).update(seed=10**400),
        "name_path": lambda c: _settings(c).update(name="../../etc/passwd"),
        "name_long": lambda c: _settings(c).update(name="x" * 100_000),
        "name_control": lambda c: _settings(c).update(name="a\x1b[31mb"),
        "name_surrogate": lambda c: _settings(c).update(name="\ud800"),
        "name_number": lambda c: _settings(c).update(name=5),
        "name_twice": lambda c: (_layer(c, 2).update(name="lstm"), _settings(c, 2).update(name="lstm")),
        "lora": lambda c: _settings(c, 2).update(lora_rank=4),
        "quantized": lambda c: _settings(c, 2).update(quantization_config={"mode": "int8"}),
        "input_huge": lambda c: _settings(c, 0).update(batch_shape=[None, 2**24, 2**24]),
        "input_many_axes": lambda c: _settings(c, 0).update(batch_shape=[1] * 40),
        "input_batch_huge": lambda c: _settings(c, 0).update(batch_shape=[2**30, 4, 3]),
        "input_negative": lambda c: _settings(c, 0).update(batch_shape=[None, -4, 3]),
        "input_zero": lambda c: _settings(c, 0).update(batch_shape=[None, 0, 3]),
        "input_sparse": lambda c: _settings(c, 0).update(sparse=True),
        "input_two_axes": lambda c: _settings(c, 0).update(batch_shape=[None, 3]),
        "input_features": lambda c: _settings(c, 0).update(batch_shape=[None, 4, 5]),
        "input_unknown_features": lambda c: _settings(c, 0).update(batch_shape=[None, 4, None]),
        "call_of_nothing": lambda c: _layer(c)["inbound_nodes"][0].update(args=[_tensor("nobody", 0)]),
        "call_of_itself": lambda c: _layer(c)["inbound_nodes"][0].update(args=[_tensor("lstm", 0)]),
        "call_negative": lambda c: _layer(c)["inbound_nodes"][0].update(args=[_tensor("x", -1)]),
        "call_output_9": lambda c: _layer(c)["inbound_nodes"][0].update(args=[_tensor("x", 0, 9)]),
        "call_cycle": lambda c: _layer(c)["inbound_nodes"][0].update(args=[_tensor("out", 0)]),
        "call_without_tensor": lambda c: _layer(c)["inbound_nodes"][0].update(args=[1.5]),
        "call_keyword": lambda c: _layer(c)["inbound_nodes"][0].update(kwargs={"evil": 1}),
        "call_keyword_state": lambda c: _layer(c)["inbound_nodes"][0].update(kwargs={"initial_state": [1, 2]}),
        "call_class_in_arguments": lambda c: _layer(c)["inbound_nodes"][0].update(args=[_lambda(SHELL)]),
        "call_is_text": lambda c: _layer(c).update(inbound_nodes=["x"]),
        "calls_missing": lambda c: _layer(c).update(inbound_nodes=[]),
        "layers_missing": lambda c: c["config"].pop("layers"),
        "layers_empty": lambda c: c["config"].update(layers=[]),
        "layers_text": lambda c: c["config"].update(layers="lstm"),
        "outputs_missing": lambda c: c["config"].pop("output_layers"),
        "outputs_unknown": lambda c: c["config"].update(output_layers=["nobody", 0, 0]),
        "outputs_empty": lambda c: c["config"].update(output_layers=[]),
        "inputs_of_a_layer": lambda c: c["config"].update(input_layers=["lstm", 0, 0]),
        "many_layers": lambda c: c["config"].update(
            layers=[{**_entry("Identity", name=f"i{n}"), "name": f"i{n}"} for n in range(3000)]),
        "many_calls": lambda c: _layer(c, 2).update(inbound_nodes=_layer(c, 2)["inbound_nodes"] * 6000),
        "models_doubling": lambda c: (c.clear(), c.update(_doubling(11))),
        "models_nested_deep": lambda c: _layer(c).update(_wrapped(40)),
        "model_is_a_layer": lambda c: (c.clear(), c.update(_entry("Dense", name="d", units=3))),
        "model_sequential_of_nothing": lambda c: (
            c.clear(), c.update(_entry("Sequential", "keras", name="s", layers=[], build_input_shape=[None, 4, 3]))),
        "model_subclassed": lambda c: c.update(class_name="MyModel", module="__main__", registered_name="MyModel"),
        "embedding_huge": lambda c: _layer(c).update(
            _entry("Embedding", name="lstm", input_dim=2**24, output_dim=2**24)),
        "repeat_then_normalize": lambda c: (c.clear(), c.update(_entry("Sequential", "keras", name="s", layers=[
            _entry("InputLayer", name="i", batch_shape=[None, 16777216]),
            _entry("Normalization", name="n", axis=-1, mean=[1.0], variance=[1.0])]))),
        "normalization_mean_text": lambda c: _layer(c).update(
            _entry("Normalization", name="lstm", axis=-1, mean="/etc/passwd", variance=[1.0])),
        "conv_groups": lambda c: _layer(c).update(
            _entry("Conv1D", name="lstm", filters=7, kernel_size=[1], groups=2)),
        "bidirectional_of_dense": lambda c: _layer(c).update(
            _entry("Bidirectional", name="lstm", layer=_entry("Dense", name="d", units=2))),
        "rnn_cell_layer": lambda c: _layer(c).update(
            _entry("RNN", name="lstm", cell=_entry("Flatten", name="f"))),
        "optimizer_foreign": lambda c: c["compile_config"].update(optimizer=_entry("system", "os", command="id")),
        "optimizer_key": lambda c: c["compile_config"]["optimizer"]["config"].update(evil=1),
        "optimizer_rate": lambda c: c["compile_config"]["optimizer"]["config"].update(learning_rate=-1.0),
        "optimizer_rate_function": lambda c: c["compile_config"]["optimizer"]["config"].update(
            learning_rate={**function, "config": "system"}),
        "optimizer_slots": lambda c: c["compile_config"]["optimizer"]["config"].update(amsgrad=True),
        "loss_function": lambda c: c["compile_config"].update(loss={**function, "config": "os.system"}),
        "loss_lambda": lambda c: c["compile_config"].update(loss=_lambda(SHELL)),
        "loss_unknown": lambda c: c["compile_config"].update(loss="evil"),
        "metric_foreign": lambda c: c["compile_config"].update(metrics=[_entry("Mean", "evil.metrics", name="m")]),
        "metric_wrapper": lambda c: c["compile_config"].update(
            metrics=[_entry("MeanMetricWrapper", "keras.metrics", name="m", fn={**function, "config": "system"})]),
        "metric_deep": lambda c: c["compile_config"].update(metrics=_deep(60)),
        "compile_key": lambda c: c["compile_config"].update(evil=1),
        "compile_list": lambda c: c.update(compile_config=[1]),
    }  # fmt: skip
    return changes


def texts(good: Good) -> dict[str, bytes]:
    """Config members that are no good JSON."""
    text = json.dumps(good.config)
    return {
        "json_empty": b"",
        "json_not_json": b"\x80\x04\x95 a pickle",
        "json_cut_off": text[: len(text) // 2].encode(),
        "json_trailing": text.encode() + b"{}",
        "json_latin": text.replace("good", "g\u00f6d").encode("latin-1"),
        "json_bom_16": text.encode("utf-16"),
        "json_nan": text.replace('"units": 2', '"units": NaN', 1).encode(),
        "json_infinity": text.replace('"units": 2', '"units": -Infinity', 1).encode(),
        "json_overflow": text.replace('"units": 2', '"units": 1e999', 1).encode(),
        "json_long_number": text.replace('"units": 2', f'"units": {"9" * 100_000}', 1).encode(),
        "json_key_twice": text.replace('"units": 2', '"units": 2, "units": 3', 1).encode(),
        "json_deep_lists": b"[" * 200_000 + b"]" * 200_000,
        "json_deep_objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        "json_many_values": b'{"a":[' + b"[]," * 1_200_000 + b"[]]}",
        "json_many_keys": b"{" + b",".join(b'"%d":0' % n for n in range(300_000)) + b"}",
        "json_large": b'{"a":"' + b"x" * (5 * 2**20) + b'"}',
        "json_quotes": b'"' * (3 * 2**20),
        "json_list": b"[1, 2]",
        "json_null": b"null",
        "json_tuple": json.dumps(good.config | {"config": {"class_name": "__tuple__", "items": "abc"}}).encode(),
    }


# --- archives ---


def archives(good: Good) -> dict[str, bytes]:
    """Files that are no archive as Keras writes it."""
    whole = good.file()
    members = {METADATA: _text(good.plain), CONFIG: _text(good.config), WEIGHTS: bytes(write_hdf5(good.arrays))}
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
    found["zip_size_lies"] = _with(whole, directory + 20, struct.pack("<LL", 2**31, 2**31))
    found["zip_offset_lies"] = _with(whole, directory + 42, struct.pack("<L", len(whole) - 50))
    found["zip_overlap"] = _with(whole, directory + 42, struct.pack("<L", 0))
    found["zip_directory_offset"] = _with(whole, len(whole) - 6, struct.pack("<L", 2**32 - 1))
    found["zip_disks"] = _with(whole, len(whole) - 18, struct.pack("<HH", 3, 3))
    return found


def _with(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def _patched(data: bytes, name: str, offset: int, flags: int) -> bytes:
    """Flags of a member in its header and in the directory."""
    local, entry = data.index(name.encode()) - 30, data.rindex(name.encode()) - 46
    data = _with(data, local + offset - 2, struct.pack("<H", flags))
    return _with(data, entry + offset, struct.pack("<H", flags))


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


# --- arrays ---

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
        "h5_version_3": _with(h5, 8, b"\3"),
        "h5_offsets_of_4": _with(h5, 13, b"\4"),
        "h5_base_address": _with(h5, 24, struct.pack("<Q", 8)),
        "h5_end_beyond": _with(h5, 40, struct.pack("<Q", 2**40)),
        "h5_root_beyond": _with(h5, 64, struct.pack("<Q", 2**62)),
        "h5_root_is_itself": _with(h5, 64, struct.pack("<Q", 0)),
        "h5_data_beyond": _with(h5, layout + 2, struct.pack("<Q", len(h5) - 4)),
        "h5_data_far_beyond": _with(h5, layout + 2, struct.pack("<Q", 2**64 - 8)),
        "h5_size_lies": _with(h5, layout + 10, struct.pack("<Q", 2**40)),
        "h5_layout_chunked": _with(h5, layout + 1, b"\2"),
        "h5_layout_virtual": _with(h5, layout + 1, b"\3"),
        "h5_layout_version": _with(h5, layout, b"\4"),
        "h5_axes_255": _with(h5, space + 1, b"\xff"),
        "h5_shape_bomb": _with(h5, space + 8, struct.pack("<QQ", 2**40, 2**40)),
        "h5_may_grow": _with(h5, space + 2, b"\1"),
        "h5_type_complex": _with(h5, kind, b"\x16"),
        "h5_type_string": _with(h5, kind, b"\x13"),
        "h5_type_reference": _with(h5, kind, b"\x17"),
        "h5_type_varying": _with(h5, kind, b"\x19"),
        "h5_type_big_endian": _with(h5, kind + 1, b"\x21"),
        "h5_type_of_1_byte": _with(h5, kind + 4, struct.pack("<I", 1)),
        "h5_message_filters": _with(h5, kind - 8, struct.pack("<H", 0xB)),
        "h5_message_external": _with(h5, kind - 8, struct.pack("<H", 0x7)),
        "h5_message_shared": _with(h5, kind - 4, b"\2"),
        "h5_message_twice": _with(h5, kind - 8, struct.pack("<H", 1)),
        "h5_message_long": _with(h5, kind - 6, struct.pack("<H", 0xFFF0)),
        "h5_header_loop": _loop(h5, header),
        "h5_header_long": _with(h5, header + 8, struct.pack("<I", 2**32 - 1)),
        "h5_soft_link": _linked(h5, "lstm"),
        "h5_tree_loop": _tree_loop(h5),
        "h5_tree_wide": _with(h5, h5.rindex(b"TREE") + 6, b"\xff\xff"),
        "h5_symbols_many": _with(h5, h5.rindex(b"SNOD") + 6, b"\xff\xff"),
        "h5_heap_beyond": _with(h5, h5.rindex(b"HEAP") + 24, struct.pack("<Q", 2**50)),
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
    return _with(h5, header + 16, again)


def _linked(h5: bytes, name: str) -> bytes:
    """The entry of a group turned into a soft link."""
    reader = Hdf5Reader(h5)
    group = reader.group("layers")
    assert group is not None
    at = h5.index(struct.pack("<QI4x", group[name][0], 1))
    return _with(h5, at + 8, struct.pack("<I", 2))


def _tree_loop(h5: bytes) -> bytes:
    """Nodes of a tree that are their own children."""
    at = h5.rindex(b"TREE")
    return _with(_with(h5, at + 5, b"\3"), at + 32, struct.pack("<Q", at))


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


def _dense_chain() -> dict:
    layers = [_entry("InputLayer", name="i", batch_shape=[None, 64])]
    layers += [_entry("Dense", name=f"d{n}", units=64, use_bias=False) for n in range(20)]
    return _entry("Sequential", "keras", name="s", layers=layers)


# --- all of them ---


def corpus(folder: Path) -> Iterator[tuple[str, Path]]:
    """Write every file; (name, path) of each."""
    folder.mkdir(parents=True, exist_ok=True)
    good = Good(good_model(), folder)

    def put(name: str, data: bytes, ending: str = ".keras") -> tuple[str, Path]:
        path = folder / f"{name}{ending}"
        path.write_bytes(data)
        return name, path

    for name, change in config_changes().items():
        config = copy.deepcopy(good.config)
        change(config)
        yield put(name, good.file(config))
    for name, text in texts(good).items():
        yield put(name, good.file(text))
    for name, data in archives(good).items():
        yield put(name, data)
    for name, data in weights(good).items():
        config = _dense_chain() if name == "h5_one_array_for_all" else None
        yield put(name, good.file(config, h5=data))
        if not name.startswith("h5_slots") and name not in ("h5_steps_negative", "h5_one_array_for_all"):
            yield put(f"weights_{name}", data, ".weights.h5")
    yield put("metadata_text", good.file(metadata=b"version 3"))
    yield put("metadata_digest_wrong", good.file(metadata={"minirnn": {"sha256": {CONFIG: "0", WEIGHTS: "0"}}}))
    yield put("metadata_digest_missing", good.file(metadata={"minirnn": {}}))
    yield put("metadata_digest_list", good.file(metadata={"minirnn": [1]}))
    sealed = weights_file.sealed({**good.arrays, f"{weights_file.VECTOR}/0": np.full(1, 7.0, "float32")})
    yield put("vector_wrong", good.file(h5=bytes(sealed)))
    sealed = weights_file.sealed({**good.arrays, f"{weights_file.VECTOR}/0": np.zeros((100, 100), "float32")})
    yield put("vector_large", good.file(h5=bytes(sealed)))
    yield put(
        "digest_wrong", good.file(h5=bytes(write_hdf5({**good.arrays, weights_file.DIGEST: np.zeros(32, np.uint8)})))
    )
    yield put(
        "digest_short", good.file(h5=bytes(write_hdf5({**good.arrays, weights_file.DIGEST: np.zeros(3, np.uint8)})))
    )
    yield "no_file", folder / "nobody.keras"
    (folder / "folder.keras").mkdir(exist_ok=True)
    yield "a_folder", folder / "folder.keras"
    if hasattr(os, "mkfifo"):
        pipe = folder / "pipe.keras"
        if not pipe.exists():
            os.mkfifo(pipe)
        yield "a_pipe", pipe
        yield "a_device", Path("/dev/zero")


if __name__ == "__main__":
    print(f"{sum(1 for _ in corpus(Path(sys.argv[1])))} files in {sys.argv[1]}, CRC of zlib {zlib.ZLIB_VERSION}")
