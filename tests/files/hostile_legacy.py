"""What ill will does to the `.h5` files of Keras 2: configurations, names, attributes, heaps."""

from __future__ import annotations

import copy
import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from hostile_archives import put_at
from hostile_configs import SHELL
from legacy_good import OPTIMIZER, LegacyGood
from structures import replaced

from minirnn.files.hdf5_writer import write_hdf5
from minirnn.files.legacy_weights import LAYERS, MODEL, WEIGHTS


def legacy_files() -> dict[str, bytes]:
    """All of them, by names that say what is wrong."""
    chain, graph = LegacyGood("2.15.0/lstm.h5"), LegacyGood("2.15.0/states.h5")
    found = {}
    for good, changes in ((chain, _of_chains()), (graph, _of_graphs())):
        for name, change in changes.items():
            config = copy.deepcopy(good.config)
            change(config)
            found[f"legacy_{name}"] = good.file(config)
    for name, change in _of_trainings().items():
        training = copy.deepcopy(chain.training)
        change(training)
        found[f"legacy_{name}"] = chain.file(training=training)
    found |= {f"legacy_{name}": data for name, data in (_of_attributes(chain) | _of_bytes(chain)).items()}
    return found | {f"legacy_{name}": data for name, data in _of_chunks(chain).items()}


def _of_chunks(good: LegacyGood) -> dict[str, bytes]:
    """Zeros without end in a small file, and chunks that are missing; nothing where h5py is not installed.

    Shapes of such files are compared after the arrays were read, so the allowance alone stands before them.
    """
    path = f"{MODEL}/lstm/{good.attributes[f'{MODEL}/lstm'][WEIGHTS][0]}"
    plain, mebibyte = good.file(), 2**18
    packed = {"compression": "gzip", "compression_opts": 9}
    found = {
        "bomb_at_the_allowance": replaced(plain, path, (16 * mebibyte,), np.float32, (mebibyte,), **packed),
        "bomb_above_the_allowance": replaced(plain, path, (64 * mebibyte,), np.float32, (mebibyte,), **packed),
        "bomb_of_one_chunk": replaced(plain, path, (64 * mebibyte,), np.float32, (64 * mebibyte,), **packed),
        "chunks_missing": replaced(plain, path, good.arrays[path].shape, None, (1, 1)),
        "chunks_many": replaced(plain, path, (60_000,), None, (1,)),
    }
    return {name: data for name, data in found.items() if data}


def weights_files() -> dict[str, bytes]:
    """Files of weights alone for the model of `good.py`."""
    names = {"": {LAYERS: ["lstm", "dense", "gru", "out"]}}
    kernel = {"lstm/k": np.zeros((3, 8), "float32")}
    return {
        "legacy_alone_nothing": bytes(write_hdf5({}, (), names)),
        "legacy_alone_few": bytes(write_hdf5(kernel, (), {**names, "lstm": {WEIGHTS: ["k"]}})),
        "legacy_alone_no_layers": bytes(write_hdf5({}, (), {"": {LAYERS: []}})),
        "legacy_alone_other_version": bytes(write_hdf5({}, (), {"": {LAYERS: [], "keras_version": "7.1"}})),
    }


Change = Callable[[Any], Any]


def _layer(config: dict, number: int = 1) -> dict:
    return config["config"]["layers"][number]


def _of_chains() -> dict[str, Change]:
    lambda_ = {"class_name": "Lambda", "config": {"name": "l", "function": [SHELL, None, None], "module": "os"}}
    function = {"class_name": "function", "config": SHELL}
    return {
        "lambda": lambda c: c["config"]["layers"].insert(1, lambda_),
        "class_os_system": lambda c: _layer(c).update(class_name="system", module="os", config={"command": "id"}),
        "class_unknown": lambda c: _layer(c).update(class_name="CuDNNLSTN"),
        "class_list": lambda c: _layer(c).update(class_name=["LSTM"]),
        "class_of_model_unknown": lambda c: c.update(class_name="MyModel"),
        "class_of_tensorflow": lambda c: _layer(c).update(class_name="TFOpLambda", config={"function": "os.system"}),
        "key_unknown": lambda c: _layer(c)["config"].update(evil=1),
        "cudnn_key": lambda c: (_layer(c).update(class_name="CuDNNLSTM"), _layer(c)["config"].update(evil=1)),
        "cudnn_gru_of_lstm": lambda c: _layer(c).update(class_name="CuDNNGRU"),
        "time_major": lambda c: _layer(c)["config"].update(time_major=True),
        "time_major_text": lambda c: _layer(c)["config"].update(time_major="yes"),
        "activation_function": lambda c: _layer(c)["config"].update(activation=function),
        "activation_hard": lambda c: _layer(c)["config"].update(activation="hard_sigmoid"),
        "initializer_foreign": lambda c: _layer(c)["config"].update(
            kernel_initializer={"class_name": "system", "module": "os", "config": {"dtype": "id"}}),
        "units_huge": lambda c: _layer(c)["config"].update(units=2**24),
        "units_true": lambda c: _layer(c)["config"].update(units=True),
        "batch_shape_huge": lambda c: _layer(c, 0)["config"].update(batch_input_shape=[None, 2**24, 2**24]),
        "batch_shape_text": lambda c: _layer(c, 0)["config"].update(batch_input_shape="/etc/passwd"),
        "batch_shape_shape": lambda c: _layer(c, 0)["config"].update(
            batch_input_shape={"class_name": "TensorShape", "items": [None, -1, 3]}),
        "layers_as_list": lambda c: c.update(config=[{"class_name": "Lambda"}, 7, None]),
        "layers_number": lambda c: c.update(config={"name": "s", "layers": 7}),
        "layers_of_nulls": lambda c: c.update(config={"name": "s", "layers": [None, [], "x"]}),
        "layers_missing": lambda c: c.update(config={"name": "s"}),
        "config_null": lambda c: c.update(config=None),
        "wrapper_of_text": lambda c: _layer(c).update(
            class_name="Bidirectional", config={"name": "b", "layer": "LSTM"}),
        "wrapper_deep": lambda c: _layer(c).update(_wrapped(30)),
        "cells_of_lambda": lambda c: _layer(c).update(
            class_name="StackedRNNCells", config={"name": "b", "cells": [lambda_]}),
    }  # fmt: skip


def _wrapped(levels: int) -> dict:
    inner: dict = {"class_name": "Dense", "config": {"name": "d", "units": 3}}
    for level in range(levels):
        inner = {"class_name": "TimeDistributed", "config": {"name": f"t{level}", "layer": inner}}
    return inner


def _of_graphs() -> dict[str, Change]:
    def call(value: Any, number: int = 3) -> Change:
        return lambda c: _layer(c, number).update(inbound_nodes=value)

    return {
        "call_of_nobody": call([[["nobody", 0, 0, {}]]]),
        "call_of_itself": call([[["lstm_1", 0, 0, {}]]]),
        "call_negative": call([[["input_2", -1, 0, {}]]]),
        "call_output_9": call([[["input_2", 0, 9, {}]]]),
        "call_huge": call([[["input_2", 10**30, 0, {}]]]),
        "call_number": call(7),
        "call_text": call(["input_2"]),
        "call_of_nothing": call([[]]),
        "call_short": call([[["input_2", 0]]]),
        "call_long": call([[["input_2", 0, 0, {}, 1]]]),
        "call_arguments_list": call([[["input_2", 0, 0, [1]]]]),
        "call_keyword": call([[["input_2", 0, 0, {"evil": 1}]]]),
        "call_keyword_class": call([[["input_2", 0, 0, {"initial_state": {"class_name": "__lambda__"}}]]]),
        "call_constants": call([[["input_2", 0, 0, {"constants": [["lstm", 0, 1]]}]]]),
        "call_in_training": call([[["input_2", 0, 0, {"training": "os.system"}]]]),
        "call_of_five_states": call([[["input_2", 0, 0, {}], *[["lstm", 0, 1, {}]] * 5]]),
        "call_of_a_model_from_9": call([[["inner", 9, 0, {}], ["inner", 12, 0, {}]]], 5),
        "calls_many": call([[["input_2", 0, 0, {}]]] * 6000),
        "ends_unknown": lambda c: c["config"].update(output_layers=[["nobody", 0, 0]]),
        "ends_of_a_model": lambda c: c["config"].update(output_layers=[["inner", 0, 0], ["inner", 9, 0]]),
        "ends_null": lambda c: c["config"].update(input_layers=None),
        "ends_empty": lambda c: c["config"].update(output_layers=[]),
        "names_equal": lambda c: (_layer(c, 2).update(name="lstm_1"), _layer(c, 2)["config"].update(name="lstm_1")),
        "name_path": lambda c: (_layer(c, 2).update(name="../x"), _layer(c, 2)["config"].update(name="../x")),
        "name_list": lambda c: _layer(c, 4).update(name=["inner"]),
        "layers_text": lambda c: c["config"].update(layers="lstm"),
    }


def _of_trainings() -> dict[str, Change]:
    return {
        "optimizer_foreign": lambda t: t.update(optimizer_config={"class_name": "system", "config": {"command": "id"}}),
        "optimizer_number": lambda t: t.update(optimizer_config=7),
        "optimizer_missing": lambda t: t.pop("optimizer_config"),
        "optimizer_class_list": lambda t: t["optimizer_config"].update(class_name=["Adam"]),
        "optimizer_rate": lambda t: t["optimizer_config"]["config"].update(learning_rate=-1.0),
        "optimizer_decay": lambda t: t["optimizer_config"]["config"].update(decay="os.system"),
        "loss_lambda": lambda t: t.update(loss={"class_name": "__lambda__", "config": {"code": SHELL}}),
        "loss_unknown": lambda t: t.update(loss="os.system"),
        "loss_wrapped": lambda t: t.update(loss={"class_name": "LossFunctionWrapper", "config": {"fn": "eval"}}),
        "metric_wrapped": lambda t: t.update(
            metrics=[[{"class_name": "MeanMetricWrapper", "config": {"fn": "os.system", "name": "m"}}]]
        ),
        "metric_number": lambda t: t.update(metrics=7),
        "training_key": lambda t: t.update(evil=1),
    }


def _of_attributes(good: LegacyGood) -> dict[str, bytes]:
    """Names and arrays that do not belong together."""
    lstm = f"{MODEL}/lstm"
    names = good.attributes[lstm][WEIGHTS]
    kernel = f"{lstm}/{names[0]}"
    slot = f"{OPTIMIZER}/{good.attributes[OPTIMIZER][WEIGHTS][1]}"
    steps = f"{OPTIMIZER}/{good.attributes[OPTIMIZER][WEIGHTS][0]}"

    def array(path: str, value: Any) -> bytes:
        return good.file(arrays={**good.arrays, path: value})

    def said(**values: Any) -> bytes:
        return good.file(attributes={"": values})

    def of_lstm(value: Any) -> bytes:
        return good.file(attributes={lstm: {WEIGHTS: value}})

    large = np.full_like(good.arrays[kernel], 3e38)
    old = json.loads(json.dumps(good.config).replace('"sigmoid"', '"hard_sigmoid"'))
    bias = np.zeros(25, "float32")
    return {
        "version_4": said(keras_version="4.0.0"),
        "version_text": said(keras_version="two"),
        "version_long": said(keras_version="2." + "1" * 60),
        "version_list": said(keras_version=["2.15.0", "2.15.0"]),
        "version_negative": said(keras_version="-2.0"),
        "config_missing": said(model_config=None),
        "config_empty": said(model_config=""),
        "config_cut_off": said(model_config=json.dumps(good.config)[:-50]),
        "config_nan": said(model_config=json.dumps(good.config).replace('"units": 3', '"units": NaN')),
        "config_twice": said(model_config=json.dumps(good.config).replace('"units": 3', '"units": 3, "units": 4')),
        "config_deep": said(model_config='{"a":' * 50_000 + "1" + "}" * 50_000),
        "config_list": said(model_config=["a", "b"]),
        "training_cut_off": said(training_config="{"),
        "training_list": said(training_config="[1]"),
        "layers_no_names": good.file(attributes={MODEL: {LAYERS: None}}),
        "layers_empty": good.file(attributes={MODEL: {LAYERS: []}}),
        "layers_twice": good.file(attributes={MODEL: {LAYERS: ["lstm", "lstm", "dense"]}}),
        "layers_other": good.file(attributes={MODEL: {LAYERS: ["lstm", "lstm_1", "nobody"]}}),
        "layers_up": good.file(attributes={MODEL: {LAYERS: ["lstm", "../optimizer_weights", "dense"]}}),
        "layers_many": good.file(attributes={MODEL: {LAYERS: [str(n) for n in range(1500)]}}),
        "layers_text": good.file(attributes={MODEL: {LAYERS: "lstm"}}),
        "weights_no_names": of_lstm(None),
        "weights_few": of_lstm(names[:2]),
        "weights_many": of_lstm([*names, names[0]]),
        "weights_thousandfold": of_lstm([names[0]] * 4000),
        "weights_unknown": of_lstm([*names[:2], "lstm/nothing"]),
        "weights_up": of_lstm([*names[:2], "../dense/dense/bias:0"]),
        "weights_absolute": of_lstm([*names[:2], "/etc/passwd"]),
        "weights_a_group": of_lstm([*names[:2], "lstm"]),
        "weights_no_name": of_lstm([*names[:2], ""]),
        "weights_turned": array(kernel, np.ascontiguousarray(good.arrays[kernel].T)),
        "weights_nan": array(kernel, np.full_like(good.arrays[kernel], np.nan)),
        "weights_double": array(kernel, good.arrays[kernel].astype("float64")),
        "weights_integer": array(kernel, good.arrays[kernel].astype("int32")),
        "weights_bias_odd": array(f"{lstm}/{names[2]}", bias),
        "weights_bias_matrix": array(f"{lstm}/{names[2]}", np.zeros((2, 12), "float32")),
        "weights_overflow": good.file(old, {**good.arrays, kernel: large}),
        "weights_of_keras_1": good.file(attributes={"": {"keras_version": "1.2.2"}}, arrays={
            **good.arrays, kernel: np.zeros((3, 3), "float32")}),
        "slots_nan": array(slot, np.full_like(good.arrays[slot], np.inf)),
        "steps_negative": array(steps, np.int64(-5)),
        "steps_infinite": array(steps, np.float32(np.inf)),
        "slots_no_names": good.file(attributes={OPTIMIZER: {WEIGHTS: None}}),
        "mark_without_digest": said(minirnn="1"),
    }  # fmt: skip


def _of_bytes(good: LegacyGood) -> dict[str, bytes]:
    """Attributes and heaps that are none."""
    h5 = good.file()
    heap = h5.index(b"GCOL")
    text = h5.index(b"model_config\0") - 8  # the message: version, reserved, three sizes
    kind, space, value = text + 8 + 16, text + 8 + 16 + 24, text + 8 + 16 + 24 + 8
    names = h5.index(b"layer_names\0") - 8
    names_kind, names_space = names + 8 + 16, names + 8 + 16 + 8
    huge = struct.pack("<Q", 2**62)
    return {
        "heap_unsigned": put_at(h5, heap, b"GCOX"),
        "heap_version": put_at(h5, heap + 4, b"\2"),
        "heap_beyond": put_at(h5, heap + 8, huge),
        "heap_empty": put_at(h5, heap + 8, struct.pack("<Q", 16)),
        "heap_object_beyond": put_at(h5, heap + 24, huge),
        "heap_object_long": put_at(h5, heap + 24, struct.pack("<Q", 2**32)),
        "heap_object_free": put_at(h5, heap + 16, struct.pack("<H", 0)),
        "heap_object_twice": put_at(h5, heap + 16, struct.pack("<H", 2)),
        "heap_elsewhere": put_at(h5, value + 4, struct.pack("<Q", 0)),
        "heap_far": put_at(h5, value + 4, huge),
        "text_long": put_at(h5, value, struct.pack("<I", 2**32 - 1)),
        "text_number": put_at(h5, value + 12, struct.pack("<I", 77)),
        "text_of_another": put_at(h5, value + 12, struct.pack("<I", 1)),
        "attribute_version": put_at(h5, text, b"\7"),
        "attribute_name_long": put_at(h5, text + 2, b"\xff\xff"),
        "attribute_type_long": put_at(h5, text + 4, b"\xff\xff"),
        "attribute_space_long": put_at(h5, text + 6, b"\xff\xff"),
        "attribute_of_numbers": put_at(h5, kind, b"\x11"),
        "attribute_of_sequences": put_at(h5, kind + 1, b"\0"),
        "attribute_of_no_bytes": put_at(h5, kind + 4, struct.pack("<I", 0)),
        "attribute_many_axes": put_at(h5, space + 1, b"\xff"),
        "attribute_space_version": put_at(h5, space, b"\2"),
        "names_many": put_at(h5, names_space + 8, huge),
        "names_long": put_at(h5, names_kind + 4, struct.pack("<I", 2**31)),
        "names_no_text": h5.replace(b"lstm_1dense\0", b"lstm_\xffdense\0"),
        "name_no_text": h5.replace(b"model_config\0", b"model_c\xff\xfeig\0\0"),
        "root_unlike": put_at(h5, struct.unpack_from("<Q", h5, 64)[0], b"\2"),
    }
