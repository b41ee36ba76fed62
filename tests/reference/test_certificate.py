"""`python -m reference FILE`: what minirnn makes of a model file beside what Keras makes of it."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

import minirnn
from minirnn import layers as own
from reference import __main__ as program
from reference import certificate, keras_side

keras, _ = keras_side.load()
L = keras.layers

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # by Keras's saving
    pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask attached:UserWarning"),
]


def random_weights(model, seed=0):
    rng = np.random.default_rng(seed)
    values = [rng.normal(size=w.shape) * 0.4 for w in model.weights]
    model.set_weights(
        [np.abs(v) + 0.5 if "variance" in w.path else v for v, w in zip(values, model.weights, strict=True)]
    )
    return model


def chain(seed=0):
    """Dropout of every kind, which must not hide gradients, and a batch normalization."""
    layers = [
        L.Input((None, 3)), L.LSTM(4, return_sequences=True, dropout=0.2, recurrent_dropout=0.3, name="lstm"),
        L.Dropout(0.3), L.GaussianNoise(0.5), L.BatchNormalization(name="norm"),
        L.Bidirectional(L.GRU(3, dropout=0.1), name="both"), L.Dense(2, activation="tanh", name="out"),
    ]  # fmt: skip
    return random_weights(keras.Sequential(layers, name="chain"), seed)


def graph():
    """Two inputs, two outputs; masks, states handed on, cells, a model within, a recurrent layer at every step."""
    ids, z = L.Input((6,), dtype="int32", name="ids"), L.Input((4, 3), name="z")
    h, *states = L.LSTM(4, return_state=True, return_sequences=True, name="first")(
        L.Embedding(7, 3, mask_zero=True, name="words")(ids)
    )
    r = L.RNN([L.GRUCell(3), L.LSTMCell(2)], name="cells")(h)
    d = L.LSTM(4, name="second")(z, initial_state=states)
    i = L.Input((4, 3))
    inner = keras.Model(i, L.SimpleRNN(3, name="within")(i), name="inner")
    steps = L.TimeDistributed(L.LSTM(2, name="of_step"), name="steps")(L.Reshape((2, 2, 3))(z))
    joined = L.Concatenate()([r, d, inner(z)])
    p, q = L.Dense(1, name="p")(joined), L.Dense(2, name="q")(L.Concatenate()([joined, L.Flatten()(steps)]))
    return random_weights(keras.Model([ids, z], [p, q], name="graph"))


def double():
    with keras_side.precision("float64"):
        layers = [L.Input((5, 2), batch_size=3), L.GRU(4, stateful=True, return_sequences=True, name="kept")]
        model = keras.Sequential([*layers, L.SimpleRNN(3, name="plain"), L.Dense(1, name="out")], name="double")
        return random_weights(model)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for name, model in {"chain": chain(), "other": chain(1), "graph": graph(), "double": double()}.items():
        model.save(folder / f"{name}.keras")
    return folder


@pytest.fixture
def run(files, monkeypatch, capsys):
    """The command in the folder of the files; its exit code, stdout and stderr."""
    monkeypatch.chdir(files)
    monkeypatch.setenv("COLUMNS", "80")

    def typed(*arguments):
        try:
            code = program.main([*map(str, arguments)])
        except SystemExit as error:
            code = error.code
        return code, *capsys.readouterr()

    return typed


def test_a_chain_agrees_and_the_table_has_a_line_for_each_layer(run):
    code, out, _ = run("chain.keras")
    assert code == 0 and out.endswith("minirnn and Keras agree.\n") and "FAIL" not in out
    assert max(map(len, out.splitlines())) <= 80 and "\x1b" not in out
    for name in ("lstm (LSTM)", "norm (BatchNormalization)", "both (Bidirectional)", "out (Dense)", "the model"):
        assert name in out


def test_a_graph_of_every_kind_agrees_in_outputs_states_gradients_and_counts(files):
    found = certificate.certify(files / "graph.keras")
    assert found.passed, certificate.__doc__
    names = {check.name for check in found.checks}
    assert {
        "p output",
        "q output",
        "loss",
        "x 0",
        "x 1",
        "graph",
        "words/embeddings",
        "second/recurrent_kernel",
    } <= names
    states = {f"{name} {kind}" for name in ("first", "second", "of_step") for kind in ("output", "state h", "state c")}
    assert states | {"within state h", "cells 0", "cells 1", "cells 2"} <= names
    assert {check.quantity for check in found.checks} == {"parameters", "outputs", "gradients"}


def test_a_stateful_model_of_float64_is_held_to_the_tolerances_of_float64(files):
    found = certificate.certify(files / "double.keras")
    assert found.passed and found.dtype == "float64" and found.rounds[0].shapes == [(3, 5, 2)]
    assert {check.allowed for check in found.checks} == {0, 1e-12, 1e-10}


def test_weights_that_differ_fail_by_layer_weight_and_index(run):
    code, out, _ = run("chain.keras", "--keras", "other.keras")
    assert code == 1 and "minirnn and Keras differ in" in out
    assert "FAIL random, seed 0: lstm/kernel[" in out and "lstm state h[" in out


@pytest.mark.parametrize("weight", [2, 6, -1])  # the bias of the LSTM, what is not trained, the last bias
def test_one_number_of_one_weight_is_noticed(files, tmp_path, weight):
    """The model that minirnn reads has one number that Keras's has not."""
    model = minirnn.models.load_model(files / "chain.keras", compile=False)
    values = model.get_weights()
    values[weight].flat[-1] += 0.01
    model.set_weights(values)
    model.save(tmp_path / "changed.keras")
    found = certificate.certify(tmp_path / "changed.keras", files / "chain.keras")
    assert not found.passed


def test_a_file_of_keras_2_is_compared_with_what_it_was_made_of(files, tmp_path):
    minirnn.models.load_model(files / "double.keras", compile=False).save(tmp_path / "double.h5")
    for file, keras_file in ((tmp_path / "double.h5", None), (tmp_path / "double.h5", files / "double.keras")):
        found = certificate.certify(file, keras_file)
        assert found.passed and found.dtype == "float64"


def test_other_layers_are_one_failure(run):
    code, out, _ = run("chain.keras", "--keras", "graph.keras")
    assert code == 1 and "FAIL the layers: number 0 is LSTM in minirnn, InputLayer in Keras" in out


def test_given_inputs_are_compared_too(run, files):
    rng = np.random.default_rng(0)
    np.savez(files / "both.npz", z=rng.normal(size=(2, 4, 3)), ids=rng.integers(0, 7, (2, 6)))
    lines = ["day,a,b,c", *(f"2024-01-0{n},{n / 7},{n % 3},{-n}" for n in range(1, 8))]
    (files / "x.csv").write_text("\n".join(lines) + "\n")
    for file, given, shapes in (
        ("chain.keras", "x.csv", "(1, 7, 3)"),
        ("graph.keras", "both.npz", "(2, 6), (2, 4, 3)"),
    ):  # fmt: skip
        code, out, _ = run(file, "--input", given)
        assert code == 0 and f"inputs: {given}, {shapes}\n" in out


def test_json_has_every_number(run, files):
    code, out, _ = run("graph.keras", "--json", "--seed", "3")
    found = json.loads(out)
    assert code == 0 and found["passed"] is True and found["failures"] == [] and found["file"] == "graph.keras"
    assert set(found["versions"]) == {"minirnn", "keras", "tensorflow"}
    (only,) = found["rounds"]
    assert only["inputs"] == "random, seed 3" and only["shapes"] == [[4, 6], [4, 4, 3]]
    check = next(check for check in only["checks"] if check["name"] == "first state c")
    assert check["layer"] == "first" and check["passed"] and 0 <= check["error"] <= check["allowed"] == 1e-6
    code, out, _ = run("chain.keras", "--keras", "graph.keras", "--json")
    found = json.loads(out)  # what is infinite is null: JSON has no such number
    assert code == 1 and not found["passed"] and found["counts"][0]["error"] is None and len(found["failures"]) == 1


def test_random_inputs_are_padded_where_masks_are_made():
    masked = minirnn.Sequential([own.Input((9, 2)), own.Masking(-1.0), own.LSTM(2)])
    words = minirnn.Sequential([own.Input((9,)), own.Embedding(5, 2, mask_zero=True), own.LSTM(2)])
    rng = np.random.default_rng(0)
    for model, padding in ((masked, -1.0), (words, 0)):
        (x,) = certificate.random_inputs(model, rng)
        is_padding = (x == padding).reshape(4, 9, -1).all(axis=2)
        assert not is_padding[:, 0].any() and is_padding[:, -1].any()
        assert (np.diff(is_padding.astype(int), axis=1) >= 0).all()  # at the end of rows alone


def test_a_difference_on_purpose_is_named(run, files):
    a, b = L.Input((4,), dtype="int32"), L.Input((3,))
    masked = L.LSTM(3, name="second")(L.Embedding(5, 2, mask_zero=True)(a), initial_state=[b, b])
    random_weights(keras.Model([a, b], masked)).save(files / "masked.keras")
    code, out, _ = run("masked.keras")
    assert code == 1 and "FAIL random, seed 0: second state h" in out
    assert "NOTE second: different on purpose in Keras, a symbolic `initial_state` makes a recurrent layer" in out
    assert json.loads(run("graph.keras", "--json")[1])["notes"] == []


def test_a_file_that_minirnn_wrote_agrees(tmp_path):
    x = own.Input((5, 2))
    h = own.Attention()([own.GRU(3, return_sequences=True, reset_after=False)(own.Masking()(x))] * 2)
    minirnn.Model(x, own.Dense(1)(own.GlobalMaxPooling1D()(h))).save(tmp_path / "ours.keras")
    assert certificate.certify(tmp_path / "ours.keras").passed


def broken(files):
    (files / "text.keras").write_text("no model")
    minirnn.Sequential([own.Input((None, 2)), own.PeepholeLSTM(2)]).save(files / "peephole.keras")
    np.save(files / "wide.npy", np.zeros((2, 4, 5)))
    np.save(files / "objects.npy", np.array([{}]), allow_pickle=True)


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["nobody.keras"], "nobody.keras: found no such file, expected a model file"),
        (["text.keras"], "a .keras file (a zip archive)"),
        (["peephole.keras"], "peephole.keras: Keras cannot read it: "),
        (["chain.keras", "--keras", "nobody.keras"], "nobody.keras: Keras cannot read it: "),
        (["chain.keras", "--input", "nobody.npy"], "nobody.npy: found no such file"),
        (["chain.keras", "--input", "wide.npy"], "the input has shape (2, 4, 5), but the model takes (any, any, 3)"),
        (
            ["chain.keras", "--input", "objects.npy"],
            "not an array that numpy.save wrote (Object arrays",
        ),
        (["chain.keras", "--input", "chain.keras"], "ends in one of .npy, .npz, .csv"),
        (["graph.keras", "--input", "wide.npy"], "takes 2 inputs (ids, z), got 1 arrays"),
        (["--input", "wide.npy"], "go with a model file"),
        (["chain.keras", "--draws", "3"], "compared by itself"),
        (["chain.keras", "--seed", "-1"], "--seed must be at least 0"),
        (["chain.keras", "--jsno"], "unrecognized arguments: --jsno"),
    ],
)
def test_what_cannot_be_compared_is_one_line_and_exit_code_2(run, files, arguments, said):
    broken(files)
    before = sorted(os.listdir(files))
    code, out, err = run(*arguments)
    assert (code, out) == (2, "") and said in err and err.count("\n") == 1
    assert sorted(os.listdir(files)) == before
