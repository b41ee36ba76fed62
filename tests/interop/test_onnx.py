"""Models as files of ONNX, run by ONNX Runtime: the same numbers, for any batch and any number of steps."""

from __future__ import annotations

import os

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from onnx_cases import CASES, inputs_of, seeded  # noqa: E402

import minirnn  # noqa: E402
from minirnn import interop, layers  # noqa: E402
from minirnn.utils.nested import flatten, pack_like  # noqa: E402
from reference.compare import compare_arrays, require  # noqa: E402


def session_of(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("name", CASES)
def test_onnx_runtime_gives_what_the_model_gives(tmp_path, name):
    model = seeded(CASES[name]())
    interop.to_onnx(model, tmp_path / "model.onnx")
    session = session_of(tmp_path / "model.onnx")
    assert [each.name for each in session.get_inputs()] == model.input_names
    for batch, steps in ((1, 5), (3, 7)):
        xs = inputs_of(model, batch, steps)
        ys = flatten(model.predict_on_batch(xs[0] if len(xs) == 1 else pack_like(model.input, xs)))
        found = session.run(None, dict(zip(model.input_names, xs, strict=True)))
        assert len(found) == len(ys)
        names = [each.name for each in session.get_outputs()]
        require(compare_arrays("outputs", *each, "float32") for each in zip(names, found, ys, strict=True))


def test_inputs_and_outputs_have_the_names_and_open_sizes_of_the_model(tmp_path):
    x = layers.Input((None, 3), name="series")
    h = layers.LSTM(4, return_sequences=True, name="lstm")(x)
    model = minirnn.Model(x, [layers.Dense(2, name="steps")(h), layers.LSTM(1, name="last")(h)])
    interop.to_onnx(model, tmp_path / "model.onnx")
    session = session_of(tmp_path / "model.onnx")
    shapes = {each.name: each.shape for each in (*session.get_inputs(), *session.get_outputs())}
    assert shapes == {
        "series": ["batch", "series_axis1", 3], "steps": ["batch", "steps_axis1", 2], "last": ["batch", 1]
    }  # fmt: skip


def node_of(path, operator):
    nodes = [node for node in onnx.load(path).graph.node if node.op_type == operator]
    return nodes, [{a.name: onnx.helper.get_attribute_value(a) for a in node.attribute} for node in nodes]


@pytest.mark.parametrize("reset_after", [True, False])
def test_recurrent_layers_are_one_node_each_that_says_its_direction_and_convention(tmp_path, reset_after):
    model = minirnn.Sequential([
        layers.Input((None, 3)), layers.Bidirectional(layers.GRU(4, return_sequences=True, reset_after=reset_after)),
        layers.LSTM(2, return_sequences=True, go_backwards=True), layers.SimpleRNN(2),
    ])  # fmt: skip
    interop.to_onnx(model, tmp_path / "model.onnx")
    for operator, direction in (("GRU", b"bidirectional"), ("LSTM", b"reverse"), ("RNN", b"forward")):
        (node,), (options,) = node_of(tmp_path / "model.onnx", operator)
        assert options["direction"] == direction and len(node.input) <= 4  # no initial state: zeros
        if operator == "GRU":
            assert options["linear_before_reset"] == int(reset_after)


def test_a_layer_that_is_called_twice_has_its_weights_in_the_file_once(tmp_path):
    interop.to_onnx(seeded(CASES["shared and nested"]()), tmp_path / "model.onnx")
    names = [each.name for each in onnx.load(tmp_path / "model.onnx").graph.initializer]
    assert len(names) == len(set(names)) and sum(name.startswith("shared/") for name in names) == 3
    assert sum(name.startswith("shared_dense") and name.endswith("kernel") for name in names) == 2  # of one name


# --- what is refused ---


class OwnCell(layers.Layer):
    state_size = output_size = 2

    def build(self, input_shape):
        self.built = True

    def call(self, x, states):
        return states[0] + x[:, :2], [states[0] + x[:, :2]]



def refused():
    yield "a Masking", [layers.Masking(name="bad"), layers.LSTM(2)], "layer bad makes a mask (Masking)"
    yield "stateful", [layers.LSTM(2, stateful=True, name="bad")], "layer bad has stateful=True"
    yield "gelu inside", [layers.GRU(2, activation="gelu", name="bad")], "layer bad has the activation 'gelu'"
    yield "an own cell", [layers.PeepholeLSTM(2, name="bad")], "layer bad is a PeepholeLSTM, which to_onnx does not"
    yield "an own cell over time", [layers.RNN(OwnCell(), name="bad")], "layer bad is an RNN of a OwnCell"
    yield "stateful cells", [layers.RNN(layers.GRUCell(2), stateful=True, name="bad")], "layer bad has stateful=True"
    unlike = layers.Bidirectional(layers.LSTM(2), backward_layer=layers.GRU(2, go_backwards=True), name="bad")
    yield "two kinds", [unlike], "layer bad has two different"
    yield "a layer at each step", [layers.Reshape((2, 2, 3)), layers.TimeDistributed(layers.LSTM(2), name="bad")], "bad"
    yield "float64", [layers.LSTM(2, dtype="float64")], "computes in float64; to_onnx takes float32 alone"
    yield "an axis", [layers.LayerNormalization(axis=1, name="bad")], "layer bad normalizes along axis [1]"
    yield "a slope", [layers.ReLU(negative_slope=0.1, name="bad")], "layer bad has a slope or threshold"
    yield "a function", [layers.Lambda(lambda x: x, name="bad")], "layer bad is a Lambda"


@pytest.mark.parametrize("given", list(refused()), ids=lambda given: given[0])
def test_what_onnx_has_not_is_refused_by_name_and_leaves_the_old_file(tmp_path, given):
    _, chosen, said = given
    shape = {"batch_size": 2} if "stateful" in said else {}
    model = minirnn.Sequential([layers.Input((4, 3), **shape), *chosen])
    (tmp_path / "model.onnx").write_bytes(b"old")
    with pytest.raises(ValueError, match="bad|float64") as raised:
        interop.to_onnx(model, tmp_path / "model.onnx")
    assert said in str(raised.value) and "\n" not in str(raised.value)
    assert (tmp_path / "model.onnx").read_bytes() == b"old" and os.listdir(tmp_path) == ["model.onnx"]


def test_an_embedding_with_a_mask_is_refused(tmp_path):
    model = minirnn.Sequential([layers.Input((4,)), layers.Embedding(5, 2, mask_zero=True, name="bad"), layers.GRU(2)])
    with pytest.raises(ValueError, match="layer bad makes a mask"):
        interop.to_onnx(model, tmp_path / "model.onnx")


def test_paths_and_failures_are_those_of_every_saving(tmp_path, monkeypatch):
    model = minirnn.Sequential([layers.Input((None, 3)), layers.LSTM(2)])
    path = tmp_path / "model.onnx"
    with pytest.raises(ValueError, match=r"ends in '\.onnx'"):
        interop.to_onnx(model, tmp_path / "model.pt")
    with pytest.raises(ValueError, match="has no weights yet"):
        interop.to_onnx(minirnn.Sequential([layers.LSTM(2)]), path)
    interop.to_onnx(model, path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="overwrite=True"):
        interop.to_onnx(model, path, overwrite=False)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    model.set_weights([0 * w for w in model.get_weights()])
    with pytest.raises(OSError, match="No space"):
        interop.to_onnx(model, path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["model.onnx"]


def test_the_same_model_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        interop.to_onnx(seeded(CASES["stack"]()), tmp_path / f"{name}.onnx")
    graphs = [onnx.load(tmp_path / f"{name}.onnx").graph for name in ("a", "b")]
    arrays = [[onnx.numpy_helper.to_array(each).tobytes() for each in graph.initializer] for graph in graphs]
    assert arrays[0] == arrays[1] and np.size(arrays[0])
