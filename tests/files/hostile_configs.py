"""What ill will writes into `config.json`."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from good import Good

SHELL = "__import__('os').system('touch /tmp/owned')"


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
        "outputs_of_no_call": lambda c: c["config"].update(output_layers=["out", 7, 0]),
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


def dense_chain() -> dict:
    layers = [_entry("InputLayer", name="i", batch_shape=[None, 64])]
    layers += [_entry("Dense", name=f"d{n}", units=64, use_bias=False) for n in range(20)]
    return _entry("Sequential", "keras", name="s", layers=layers)


def costly_chain() -> dict:
    """A model without weights that computes 2 ** 30 numbers of three."""
    layers = [_entry("InputLayer", name="i", batch_shape=[None, 3]), _entry("RepeatVector", name="r", n=2**24)]
    layers += [_entry("UpSampling1D", name="u", size=64), _entry("GlobalMaxPooling1D", name="g")]
    return _entry("Sequential", "keras", name="s", layers=layers)
