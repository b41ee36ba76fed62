"""ONNX files carry a digest and a test vector: `saving.verify` compares both, and runtimes read over them."""

from __future__ import annotations

import builtins
import hashlib
import json

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from onnx_cases import CASES, seeded  # noqa: E402

import minirnn  # noqa: E402
from minirnn import interop, layers, saving  # noqa: E402
from minirnn.interop import onnx_seal  # noqa: E402


@pytest.fixture
def path(tmp_path):
    x = layers.Input((None, 1))
    interop.to_onnx(seeded(minirnn.Model(x, layers.GRU(1, name="g")(x), name="m")), tmp_path / "m.onnx")
    return tmp_path / "m.onnx"


def changed(path, change, seal=True):
    """The file after a change of its model, with a right digest if it is to be sealed again."""
    made = onnx.load(path)
    change(made)
    data = made.SerializeToString(deterministic=True)
    if seal:
        assert made.metadata_props[-1].key == onnx_seal.DIGEST
        data = data[:-64] + hashlib.sha256(data[:-64] + b"0" * 64).hexdigest().encode()
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", CASES)
def test_the_runtime_gives_the_test_vector_of_every_model(tmp_path, name):
    interop.to_onnx(seeded(CASES[name]()), tmp_path / "m.onnx")
    assert saving.verify(tmp_path / "m.onnx") == (True, True)


def test_every_flipped_byte_is_noticed(path):
    data, noticed = path.read_bytes(), 0
    for place in range(len(data)):
        for mask in (0xFF, 1 << place % 8):
            path.write_bytes(data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :])
            # The producer and the digest's name both say that there has to be one: either would do.
            with pytest.raises(saving.ModelFileError) as error:
                saving.verify(path)
            assert len(str(error.value)) < 500 and "\n" not in str(error.value)
            noticed += 1
    assert noticed == 2 * len(data) > 1000


def other_weights(made):
    array = next(each for each in made.graph.initializer if each.name.endswith("W"))
    array.CopyFrom(onnx.numpy_helper.from_array(2 * onnx.numpy_helper.to_array(array), array.name))


def other_graph(made):
    made.graph.node[0].op_type = "Nothing"


def outside(made):
    array = made.graph.initializer[0]
    array.ClearField("raw_data")
    array.data_location = onnx.TensorProto.EXTERNAL
    array.external_data.add(key="location", value="/etc/passwd")


def within(made):
    made.graph.node[0].attribute.append(onnx.helper.make_attribute("body", onnx.GraphProto(name="inner")))


def test_functions_are_refused_wherever_they_stand_in_the_file(path):
    data = onnx.ModelProto(functions=[onnx.FunctionProto(name="f")]).SerializeToString() + path.read_bytes()[:-64]
    path.write_bytes(data + hashlib.sha256(data + b"0" * 64).hexdigest().encode())
    with pytest.raises(saving.ModelFileError, match="found 'a function'|found a function"):
        saving.verify(path)


def told(**changes):
    def change(made):
        entry = next(each for each in made.metadata_props if each.key == onnx_seal.VECTOR)
        entry.value = json.dumps({**json.loads(entry.value), **changes})

    return change


ILL = {
    "weights": (other_weights, "output 0 of the test vector"),
    "an unknown operator": (other_graph, "a graph that ONNX Runtime runs"),
    "another file": (outside, "arrays in another file"),
    "a graph within": (within, "operators of ONNX alone"),
    "a domain": (lambda made: setattr(made.graph.node[0], "domain", "evil"), "operators of ONNX alone"),
    "fewer inputs": (told(inputs=[]), "a graph that ONNX Runtime runs"),
    "a huge input": (told(inputs=[{"shape": [1, 2**40, 1], "below": 9}]), "at most 2,097,152 numbers"),
    "no shape": (told(inputs=[{"below": 9}]), "as minirnn writes them"),
    "inputs of another kind": (told(inputs=7), "as minirnn writes them"),
    "infinite outputs": (told(outputs=[[1e39]]), "finite outputs"),
    "fewer outputs": (told(outputs=[]), "test vector that does not fit"),
    "other outputs": (told(outputs=[[0.5] * 4]), "test vector"),
}


@pytest.mark.parametrize("what", ILL)
def test_what_is_wrong_is_told_in_one_line_although_the_digest_is_right(path, what):
    change, said = ILL[what]
    with pytest.raises(saving.ModelFileError, match=said) as error:
        saving.verify(changed(path, change))
    assert "\n" not in str(error.value) and str(path) in str(error.value)


def test_a_file_that_was_changed_without_a_new_digest_is_refused(path):
    with pytest.raises(saving.ModelFileError, match="bytes that do not give the digest"):
        saving.verify(changed(path, other_weights, seal=False))
    with pytest.raises(saving.ModelFileError, match="bytes that do not give the digest"):
        saving.verify(changed(path, lambda made: made.ClearField("metadata_props"), seal=False))


def test_files_of_others_have_neither(path):
    def foreign(made):
        made.producer_name = "pytorch"
        made.ClearField("metadata_props")

    assert str(saving.verify(changed(path, foreign, seal=False))) == "digest not verified, test vector not verified"
    path.write_bytes(b"no protobuf")
    with pytest.raises(saving.ModelFileError, match="expected an ONNX file"):
        saving.verify(path)
    with pytest.raises(saving.ModelFileError, match="no such file"):
        saving.verify(path.with_name("none.onnx"))
    with pytest.raises(saving.ModelFileError, match="at most 5"):
        saving.verify(path, max_bytes=5)


def test_a_model_that_costs_too_much_or_overflows_has_a_digest_alone(tmp_path):
    huge = {"units": 2, "kernel_initializer": minirnn.initializers.Constant(1e30)}
    model = minirnn.Sequential([layers.Input((3,)), layers.Dense(**huge), layers.Dense(**huge)])
    interop.to_onnx(model, tmp_path / "m.onnx")
    assert saving.verify(tmp_path / "m.onnx") == (True, False)
    model.layers[0]._kernel.packed[...] = np.nan
    with pytest.raises(ValueError, match="holds NaN or infinity"):
        interop.to_onnx(model, tmp_path / "m.onnx")
    assert saving.verify(tmp_path / "m.onnx") == (True, False)


@pytest.mark.parametrize("missing, named", [("onnx", "ONNX"), ("onnxruntime", "ONNX Runtime")])
def test_it_says_what_to_install(path, monkeypatch, missing, named):
    real = builtins.__import__

    def without(name, *rest):
        if name == missing:
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=f"needs {named}, which is not installed: pip install") as error:
        saving.verify(path)
    assert "\n" not in str(error.value)
