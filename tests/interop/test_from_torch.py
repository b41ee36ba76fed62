"""Weights that PyTorch saved, in models that compute what PyTorch computed of them; PyTorch itself is not needed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from agreeing import agrees, states_agree

import minirnn
from minirnn import interop, layers

FIXTURES = Path(__file__).parent / "fixtures"
# What the weights of a fixture do not tell; the same as in torch_cases.py, which needs PyTorch.
TOLD = {
    "lstm": {}, "gru": {}, "rnn_relu": {"nonlinearity": "relu"}, "rnn_double": {}, "lstm_double": {}, "gru_double": {},
    "chain": {"activations": {"0": "tanh"}},
    "words": {
        "order": ["emb", "encoder.gru", "head.0", "head.2"], "activations": {"head.0": "relu"}, "embeddings": ["emb"],
    },
    "last": {"order": ["lstm", "fc"], "return_sequences": False},
}  # fmt: skip
WITH_STATES = ["lstm", "gru", "rnn_relu", "rnn_double", "lstm_double", "gru_double"]

rng = np.random.default_rng(0)


def weights_of(name):
    return interop.load_safetensors(FIXTURES / f"{name}.safetensors")


def expected_of(name):
    return interop.load_safetensors(FIXTURES / f"{name}.expected.safetensors")


def arrays(**shapes):
    """A state dict of random numbers; two underscores stand for a dot."""
    return {name.replace("__", "."): rng.normal(size=shape).astype("float32") for name, shape in shapes.items()}


def of_cell(gates, units, features, end="_l0", prefix=""):
    shapes = {"weight_ih": (gates * units, features), "weight_hh": (gates * units, units)}
    shapes |= {"bias_ih": (gates * units,), "bias_hh": (gates * units,)}
    return arrays(**{f"{prefix}{name}{end}": shape for name, shape in shapes.items()})


# --- what PyTorch computed ---


def test_every_fixture_is_tested():
    assert {path.name.partition(".")[0] for path in FIXTURES.iterdir()} == set(TOLD)


@pytest.mark.parametrize("name", TOLD)
def test_outputs_loss_and_input_gradients_are_those_of_pytorch(name):
    agrees(interop.from_torch(FIXTURES / f"{name}.safetensors", **TOLD[name]), expected_of(name))


@pytest.mark.parametrize("name", WITH_STATES)
def test_final_states_are_those_of_pytorch(name):
    model = interop.from_torch(FIXTURES / f"{name}.safetensors", **TOLD[name], return_state=True)
    states_agree(model, expected_of(name))


@pytest.mark.parametrize("name", TOLD)
def test_each_weight_matters(name):
    """Were an array left out or put elsewhere, a change of it would change nothing, or agree."""
    expected, state = expected_of(name), weights_of(name)
    for key in state:
        changed = {**state, key: np.roll(state[key].ravel() + 0.01, 1).reshape(state[key].shape)}
        model = interop.from_torch(changed, **TOLD[name])
        with pytest.raises(AssertionError, match="differs"):
            agrees(model, expected)


def test_the_bias_of_the_candidate_stays_inside_the_reset_gate():
    state = weights_of("gru_double")
    moved = {**state, "bias_ih_l0": state["bias_ih_l0"] + state["bias_hh_l0"], "bias_hh_l0": 0 * state["bias_hh_l0"]}
    with pytest.raises(AssertionError, match="y.* differs"):
        agrees(interop.from_torch(moved), expected_of("gru_double"))


# --- back again ---


def with_one_bias(state):
    """The state dict with the two biases of an LSTM or RNN added into the first, since Keras has one."""
    found = dict(state)
    for name in state:
        path, known, end = name.rpartition("bias_ih")
        gates = state[f"{path}weight_hh{end}"].shape if known else (0, 0)
        if gates[0] != 3 * gates[1]:
            other = f"{path}bias_hh{end}"
            found |= {name: state[name] + state[other], other: np.zeros_like(state[other])}
    return found


@pytest.mark.parametrize("name", TOLD)
def test_weights_come_back_bit_for_bit(name):
    state = weights_of(name)
    model = interop.from_torch(FIXTURES / f"{name}.safetensors", **TOLD[name])
    back, wanted = interop.to_torch(model), with_one_bias(state)
    assert set(back) == set(state)
    for key in state:
        assert back[key].dtype == wanted[key].dtype and back[key].tobytes() == wanted[key].tobytes(), key
    again = interop.from_torch(back, **{key: value for key, value in TOLD[name].items() if key != "order"})
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        assert one.tobytes() == other.tobytes()


def test_a_model_of_every_layer_goes_to_a_file_and_comes_back_bit_for_bit(tmp_path):
    model = minirnn.Sequential([
        layers.Input((None,)), layers.Embedding(9, 3, name="emb"), layers.LSTM(4, return_sequences=True, name="rnn_l0"),
        layers.Dropout(0.5), layers.LSTM(4, return_sequences=True, name="rnn_l1"),
        layers.Bidirectional(layers.GRU(3, return_sequences=True), name="both"),
        layers.SimpleRNN(3, activation="relu", use_bias=False, name="plain"), layers.Dense(2, "tanh", name="out"),
    ])  # fmt: skip
    model.set_weights([rng.normal(size=w.shape).astype("float32") for w in model.weights])
    interop.save_safetensors(interop.to_torch(model), tmp_path / "model.safetensors")
    told = {"activations": {"out": "tanh"}, "embeddings": ["emb"], "return_sequences": False}
    state = interop.load_safetensors(tmp_path / "model.safetensors")
    assert list(state)[:2] == ["emb.weight", "rnn.weight_ih_l0"] and "rnn.weight_ih_l1" in state
    fresh = minirnn.models.clone_model(model)
    interop.load_torch_weights(fresh, tmp_path / "model.safetensors")
    for one, other in zip(model.get_weights(), fresh.get_weights(), strict=True):
        assert one.tobytes() == other.tobytes()
    again = interop.from_torch(tmp_path / "model.safetensors", nonlinearity="relu", **told)
    ids = rng.integers(0, 9, (2, 5))
    assert (again.predict_on_batch(ids) == model.predict_on_batch(ids)).all()


def test_a_single_layer_has_the_names_of_its_module_alone():
    layer = layers.Bidirectional(layers.GRU(2, use_bias=False))
    layer.build((None, None, 3))
    shapes = {name: array.shape for name, array in interop.to_torch(layer).items()}
    halves = {"weight_ih_l0": (6, 3), "weight_hh_l0": (6, 2)}
    assert shapes == halves | {f"{name}_reverse": shape for name, shape in halves.items()}


# --- what weights do not tell ---


def test_modules_of_a_file_follow_each_other_by_their_numbers_or_in_the_order_given(tmp_path):
    state = arrays(**{"10__weight": (2, 3), "2__weight": (3, 4)})
    shuffled = {name: state[name] for name in sorted(state)}
    assert [layer.name for layer in interop.from_torch(state, order=["2", "10"]).layers] == ["2", "10"]
    interop.save_safetensors(shuffled, tmp_path / "ours.safetensors")
    with pytest.raises(interop.ModelFileError, match="order= tells another order"):
        interop.from_torch(tmp_path / "ours.safetensors")
    layers_of_words = [layer.name for layer in interop.from_torch(FIXTURES / "chain.safetensors").layers]
    assert layers_of_words == ["0", "2"]
    for name in ("words", "last"):
        with pytest.raises(interop.ModelFileError, match="in no order, expected order="):
            interop.from_torch(FIXTURES / f"{name}.safetensors")


def test_both_directions_that_give_their_last_states_give_where_each_ends():
    state = weights_of("lstm")
    every, last = (interop.from_torch(state, return_sequences=each) for each in (True, False))
    x = expected_of("lstm")["x"]
    y, ends = every.predict_on_batch(x), last.predict_on_batch(x)
    np.testing.assert_allclose(ends, np.concatenate([y[:, -1, :4], y[:, 0, 4:]], axis=1), atol=1e-6)


# --- what is refused ---

LSTM = of_cell(4, 2, 3)
BAD = {
    "proj_size": ({**LSTM, **arrays(weight_hr_l0=(1, 2))}, "a projection (proj_size)"),
    "a cell": (of_cell(4, 2, 3, end=""), "weight_ih: found a parameter of another module"),
    "batch_norm": (arrays(bn__weight=(3,), bn__running_mean=(3,)), "bn.running_mean: found a parameter of another"),
    "layer_norm": (arrays(norm__weight=(3,), norm__bias=(3,)), "norm.weight: found shape (3,), expected two axes"),
    "five gates": (of_cell(5, 2, 3), "1 (nn.RNN), 3 (nn.GRU) or 4 (nn.LSTM) times as many rows"),
    "no recurrent weights": ({"weight_ih_l0": LSTM["weight_ih_l0"]}, "weight_hh_l0: found nothing"),
    "one bias": ({k: a for k, a in LSTM.items() if k != "bias_hh_l0"}, "bias_hh_l0: found nothing"),
    "no second layer": ({**LSTM, "bias_ih_l9": LSTM["bias_ih_l0"]}, "weight_ih_l1: found nothing"),
    "shape": ({**LSTM, "bias_ih_l0": np.zeros(7, "float32")}, "bias_ih_l0: found shape (7,), expected shape (8,)"),
    "second layer too narrow": ({**LSTM, **of_cell(4, 2, 3, "_l1")}, "weight_ih_l1: found shape (8, 3), expected"),
    "one of two directions": ({**LSTM, "weight_ih_l0_reverse": LSTM["weight_ih_l0"]}, "weight_hh_l0_reverse: found"),
    "nan": ({**LSTM, "weight_ih_l0": LSTM["weight_ih_l0"] * np.nan}, "finite numbers"),
    "a sum too large": ({**LSTM, **{f"bias_{n}h_l0": np.full(8, 3e38, "float32") for n in "ih"}}, "finite numbers"),
    "half": ({k: a.astype("float16") for k, a in LSTM.items()}, "dtype float16, expected an array of float32"),
    "integers": ({"weight": np.ones((2, 2), int)}, "dtype int64"),
    "two dtypes": ({**LSTM, "weight_hh_l0": LSTM["weight_hh_l0"].astype(float)}, "found float32 and float64"),
    "lists": ({"weight": [[1.0]]}, "dtype list"),
    "a number": (3, "found a int, expected a state dict"),
    "nothing": ({}, "no arrays"),
    "widths": (arrays(a__weight=(2, 3), b__weight=(1, 4)), "b: found 4 features, expected 2, those of a"),
    "a name": ({3: np.ones((2, 2))}, "the name 3"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_no_chain_of_layers_can_be_made_of_is_refused_in_one_line(name):
    state, said = BAD[name]
    with pytest.raises(interop.ModelFileError) as raised:
        interop.from_torch(state)
    assert said in str(raised.value) and "\n" not in str(raised.value) and len(str(raised.value)) < 500


@pytest.mark.parametrize(
    "told, said",
    [
        ({"order": ["a"]}, "order"), ({"order": "ab"}, "order"), ({"activations": {"c": "relu"}}, "a, b"),
        ({"embeddings": ["c"]}, "embeddings"), ({"embeddings": ["b"]}, "one that comes first"),
        ({"nonlinearity": "sigmoid"}, "nonlinearity must be 'tanh' or 'relu'"),
        ({"activations": {"a": "rleu"}}, "did you mean 'relu'"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told_in_one_line(told, said):
    with pytest.raises(ValueError, match=said):
        interop.from_torch(arrays(a__weight=(2, 3), b__weight=(1, 2)), **told)


@pytest.mark.parametrize("ending", [".pt", ".pth", ".bin", ".PT", ".ckpt"])
def test_pickles_are_never_opened_and_the_line_says_the_way_out(tmp_path, ending):
    with pytest.raises(interop.ModelFileError, match="a program that runs when it is read.*save_safetensors"):
        interop.from_torch(tmp_path / f"model{ending}")


def test_a_refused_file_leaves_names_and_weights_as_they_were():
    before = minirnn.layers.naming.counts()
    with pytest.raises(interop.ModelFileError):
        interop.from_torch({**LSTM, "weight_ih_l0": LSTM["weight_ih_l0"] * np.inf})
    assert minirnn.layers.naming.counts() == before
    model = minirnn.Sequential([layers.Input((None, 3)), layers.LSTM(2), layers.Dense(1)])
    kept = model.get_weights()
    wrong = {**of_cell(4, 2, 3, prefix="a."), **arrays(b__weight=(1, 2), b__bias=(1,))}
    wrong["b.bias"][0] = np.nan
    for state in (wrong, {**LSTM}, {**wrong, **arrays(c__weight=(1, 1))}, of_cell(3, 2, 3, prefix="a.")):
        with pytest.raises(interop.ModelFileError):
            interop.load_torch_weights(model, state)
        assert all((one == other).all() for one, other in zip(kept, model.get_weights(), strict=True))


@pytest.mark.parametrize(
    "layer, said",
    [
        (lambda: layers.GRU(2, reset_after=False), "reset_after=False"),
        (lambda: layers.LSTM(2, activation="relu"), "activation='relu'"),
        (lambda: layers.LSTM(2, recurrent_activation="hard_sigmoid"), "recurrent_activation='hard_sigmoid'"),
        (lambda: layers.LSTM(2, go_backwards=True), "go_backwards=True"),
        (lambda: layers.LSTM(2, stateful=True), "stateful=True"),
        (lambda: layers.Bidirectional(layers.LSTM(2), merge_mode="sum"), "merge_mode='sum'"),
        (lambda: layers.Bidirectional(layers.LSTM(2), backward_layer=layers.GRU(2, go_backwards=True)), "two diff"),
        (lambda: layers.Conv1D(2, 1), "a Conv1D, which to_torch does not take"),
        (lambda: layers.PeepholeLSTM(2), "a PeepholeLSTM, which to_torch does not take"),
        (lambda: layers.Masking(), "a Masking, which to_torch does not take"),
    ],
)
def test_layers_that_pytorch_has_not_are_refused_by_name(layer, said):
    model = minirnn.Sequential([layers.Input((4, 3)), layer(), layers.Flatten(), layers.Dense(1)])
    with pytest.raises(ValueError, match="layer .*" + re.escape(said)):
        interop.to_torch(model)


def test_branches_and_unbuilt_models_are_refused_by_to_torch():
    x = layers.Input((3,))
    branched = minirnn.Model(x, layers.Add()([layers.Dense(2)(x), layers.Dense(2)(x)]))
    with pytest.raises(ValueError, match="no chain of layers"):
        interop.to_torch(branched)
    with pytest.raises(ValueError, match="has no weights yet"):
        interop.to_torch(layers.LSTM(2))


def test_without_pytorch_a_module_is_not_to_be_had_and_the_line_says_why(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    model = minirnn.Sequential([layers.Input((None, 3)), layers.LSTM(2)])
    with pytest.raises(ImportError, match="pip install torch"):
        interop.to_torch(model, module=True)
    assert len(interop.to_torch(model)) == 4
