"""`minirnn predict` and `minirnn convert`, as a user runs them; no bad input writes anything, none is written over."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest

import minirnn as keras
from minirnn import interop, layers, models
from minirnn.cli import command

rng = np.random.default_rng(0)


def seeded(model):
    model.set_weights([rng.normal(size=w.shape) for w in model.weights])
    return model


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with models and inputs."""
    folder = tmp_path_factory.mktemp("made")
    every = [layers.Input((None, 2)), layers.LSTM(3, return_sequences=True, name="lstm"), layers.Dense(1, name="out")]
    windows = [layers.Input((3, 2)), layers.GRU(4, name="gru"), layers.Dense(2, name="two")]
    seeded(models.Sequential(every, name="every")).save(folder / "every.keras")
    seeded(models.Sequential(windows, name="windows")).save(folder / "windows.keras")
    a, b = layers.Input((2,), name="a"), layers.Input((4,), name="b", dtype="int32")
    h = layers.GRU(3, name="h")(layers.Embedding(9, 2, name="emb")(b))
    joined = layers.Concatenate()([a, h])
    outputs = [layers.Dense(1, name="p")(joined), layers.Dense(2, name="q")(joined)]
    seeded(keras.Model([a, b], outputs, name="both")).save(folder / "both.keras")
    lines = ["day,low,high", *(f"2024-01-{n:02d},{n / 8},{n % 3}" for n in range(1, 6))]
    (folder / "x.csv").write_text("\n".join(lines) + "\n")
    np.save(folder / "x.npy", rng.normal(size=(4, 3, 2)).astype("float32"))
    np.savez(folder / "ab.npz", b=rng.integers(0, 9, (3, 4)), a=rng.normal(size=(3, 2)))
    return folder


@pytest.fixture
def typed(made, tmp_path, monkeypatch, capsys):
    """Run the command in a copy of that folder; its exit code, stdout and stderr."""
    for path in made.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        try:
            code = command.run([*map(str, arguments)])
        except SystemExit as error:
            code = error.code
        return code, *capsys.readouterr()

    return run


def numbers(text):
    return np.genfromtxt(io.StringIO(text), delimiter=",", names=True)


def listing():
    return {path.name: path.read_bytes() for path in Path().iterdir() if path.is_file()}


# --- predict ---


# Columns of a CSV file that no input takes are named.
LEFT_OUT = "minirnn predict: x.csv: read low, high; left out day\n"


def test_a_csv_file_in_a_pipe_and_a_table_out_in_a_process_of_its_own(minirnn, made, tmp_path):
    for name in ("every.keras", "x.csv"):
        (tmp_path / name).write_bytes((made / name).read_bytes())
    result = minirnn("predict", "every.keras", "x.csv", own_process=True)
    assert (result.code, result.err) == (0, LEFT_OUT)
    assert result.out.splitlines()[0] == "row,step,out" and result.out.count("\n") == 6
    x = np.array([[[n / 8, n % 3] for n in range(1, 6)]])
    y = models.load_model(tmp_path / "every.keras").predict(x, verbose=0)
    assert (numbers(result.out)["out"].astype("float32") == y[0, :, 0]).all()


def test_each_window_of_a_csv_file_is_a_sample(typed):
    code, out, err = typed("predict", "windows.keras", "x.csv")
    rows = np.array([[n / 8, n % 3] for n in range(1, 6)])
    y = models.load_model("windows.keras").predict(np.stack([rows[k : k + 3] for k in range(3)]), verbose=0)
    assert (code, err) == (0, LEFT_OUT) and out.startswith("two_0,two_1\n")
    assert (np.loadtxt(io.StringIO(out), delimiter=",", skiprows=1).astype("float32") == y).all()


@pytest.mark.parametrize("ending", ["npy", "npz", "csv"])
def test_outputs_are_written_bit_for_bit(typed, ending):
    code, out, _ = typed("predict", "windows.keras", "x.npy", "--out", f"y.{ending}")
    assert (code, out) == (0, f"Wrote y.{ending}: two (4, 2)\n")
    y = models.load_model("windows.keras").predict(np.load("x.npy"), verbose=0)
    if ending == "csv":
        found = np.loadtxt("y.csv", delimiter=",", skiprows=1).astype("float32")
    else:
        found = np.load(f"y.{ending}") if ending == "npy" else np.load("y.npz")["two"]
        assert found.dtype == y.dtype
    assert (found == y).all()


def test_several_inputs_come_by_name_or_each_in_a_file_and_several_outputs_stand_side_by_side(typed):
    code, out, _ = typed("predict", "both.keras", "ab.npz")
    assert code == 0 and out.startswith("p,q_0,q_1\n") and out.count("\n") == 4
    both = np.load("ab.npz")
    np.save("a.npy", both["a"])
    np.save("b.npy", both["b"])
    assert typed("predict", "both.keras", "a.npy", "b.npy")[1] == out
    assert typed("predict", "both.keras", "ab.npz", "--out", "y.npz")[0] == 0
    y = np.load("y.npz")
    assert {name: y[name].shape for name in y.files} == {"p": (3, 1), "q": (3, 2)}


# --- convert ---


def same_outputs(one, other, x="x.npy"):
    x = np.load(x)
    a, b = (models.load_model(path).predict(x, verbose=0) for path in (one, other))
    return (a == b).all()


def test_a_model_goes_to_weights_and_back_bit_for_bit(typed):
    assert typed("convert", "windows.keras", "w.weights.h5") == (0, "Wrote w.weights.h5: windows, 106 parameters\n", "")
    other = models.load_model("windows.keras")
    seeded(other).save("other.keras")
    assert not same_outputs("windows.keras", "other.keras")
    assert typed("convert", "w.weights.h5", "again.keras", "--like", "other.keras")[0] == 0
    assert same_outputs("windows.keras", "again.keras")
    assert typed("convert", "again.keras", "copy.keras")[0] == 0 and same_outputs("windows.keras", "copy.keras")


def test_a_model_goes_to_a_file_of_keras_2_and_back_bit_for_bit(typed):
    assert typed("convert", "windows.keras", "old.h5") == (0, "Wrote old.h5: windows, 106 parameters\n", "")
    assert typed("convert", "old.h5", "again.keras")[0] == 0 and same_outputs("windows.keras", "again.keras")
    predicted = typed("predict", "old.h5", "x.csv")
    assert predicted[0] == 0 and predicted == typed("predict", "windows.keras", "x.csv")
    code, out, err = typed("summary", "old.h5")
    assert (code, err) == (0, "") and "gru (GRU)" in out


def test_a_model_goes_to_pytorch_and_back_bit_for_bit(typed):
    assert typed("convert", "windows.keras", "w.safetensors")[0] == 0
    assert set(interop.load_safetensors("w.safetensors")) >= {"gru.weight_ih_l0", "two.bias"}
    assert typed("convert", "w.safetensors", "built.keras", "--last")[0] == 0
    assert same_outputs("windows.keras", "built.keras")
    assert typed("convert", "w.safetensors", "liked.keras", "--like", "windows.keras", "--order", "gru,two")[0] == 0
    assert same_outputs("windows.keras", "liked.keras")


def test_what_weights_of_pytorch_do_not_tell_is_told_by_options(typed):
    fixtures = Path(__file__).parents[1] / "interop" / "fixtures"
    told = ("--order", "emb,encoder.gru,head.0,head.2", "--activation", "head.0=relu", "--embedding", "emb")
    assert typed("convert", fixtures / "words.safetensors", "words.keras", *told)[0] == 0
    expected = interop.load_safetensors(fixtures / "words.expected.safetensors")
    np.testing.assert_allclose(models.load_model("words.keras").predict(expected["x"]), expected["y"], atol=1e-6)
    assert typed("convert", fixtures / "rnn_relu.safetensors", "relu.keras", "--nonlinearity", "relu")[0] == 0
    assert models.load_model("relu.keras").layers[0].activation == "relu"


def test_a_model_goes_to_onnx_and_gives_the_same_there(typed):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    assert typed("convert", "windows.keras", "w.onnx") == (0, "Wrote w.onnx: windows, 106 parameters\n", "")
    x = np.load("x.npy")
    session = onnxruntime.InferenceSession("w.onnx", providers=["CPUExecutionProvider"])
    (y,) = session.run(None, {session.get_inputs()[0].name: x})
    np.testing.assert_allclose(y, models.load_model("windows.keras").predict(x, verbose=0), atol=1e-6)


def test_without_onnx_the_line_says_how_to_install_it(typed, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    code, out, err = typed("convert", "windows.keras", "w.onnx")
    assert (code, out) == (2, "") and "pip install 'minirnn[onnx]'" in err and err.count("\n") == 1
    assert not os.path.exists("w.onnx")


def test_a_summary_reads_what_was_converted(typed):
    typed("convert", "windows.keras", "copy.keras")
    code, out, err = typed("summary", "copy.keras")
    assert (code, err) == (0, "") and "gru (GRU)" in out and "106" in out
    code, out, err = typed("summary", "copy.keras", "--ledger")
    assert (code, err) == (0, "") and "3 * [(" in out


# --- what is refused ---

BAD = [
    (("predict", "windows.keras", "nobody.npy"), "nobody.npy: found no such file, expected a file of numbers"),
    (("predict", "nobody.keras", "x.npy"), "nobody.keras: found no such file, expected a model file"),
    (("predict", "x.csv", "windows.keras"), "x.csv: a file of numbers, expected that of a saved model, which comes"),
    (("summary", "x.npy"), "x.npy: a file of numbers, expected that of a saved model"),
    (("stream", "nobody.keras"), "nobody.keras: found no such file, expected a model file"),
    (("predict", "windows.keras", "text.npy"), "text.npy: not an array that numpy.save wrote"),
    (("predict", "windows.keras", "text.npz"), "text.npz: not an archive that numpy.savez wrote"),
    (("predict", "windows.keras", "objects.npy"), "not an array that numpy.save wrote (Object arrays"),
    (("predict", "windows.keras", "huge.npy"), "huge.npy: not an array that numpy.save wrote"),
    (("predict", "windows.keras", "words.npy"), "values of dtype <U4, expected real numbers"),
    (("predict", "windows.keras", "nan.npy"), "nan.npy: NaN or infinity among the numbers"),
    (("predict", "windows.keras", "wide.npy"), "the input has shape (4, 3, 5), but the model takes (any, 3, 2)"),
    (("predict", "windows.keras", "empty.npy"), "the input has shape (0, 3, 2)"),
    (("predict", "windows.keras", "short.csv"), "2 lines of numbers, but the model reads 3 steps"),
    (("predict", "windows.keras", "narrow.csv"), "1 columns of numbers, but the model reads 2"),
    (("predict", "windows.keras", "bare.csv"), "no header, its first line holds numbers"),
    (("predict", "windows.keras", "gap.csv"), "gap.csv, line 3, column 'b': empty"),
    (("predict", "windows.keras", "x.npy", "x.npy"), "windows takes 1 inputs"),
    (("predict", "windows.keras", "x.txt"), "ends in one of .npy, .npz, .csv"),
    (("predict", "windows.keras", "."), "ends in one of .npy, .npz, .csv"),
    (("predict", "both.keras", "x.npy"), "both takes 2 inputs (a, b), got 1 arrays"),
    (("predict", "both.keras", "other.npz"), "other.npz: arrays c, expected a, b"),
    (("predict", "both.keras", "index.npz"), "9"),
    (("predict", "both.keras", "uneven.npz"), "inputs of 2, 3 rows"),
    (("predict", "both.keras", "ab.npz", "--out", "y.npy"), "the model has 2 outputs (p, q); use .npz"),
    (("predict", "windows.keras", "x.npy", "--out", "y.txt"), "--out y.txt: expected a file that ends in one of"),
    (("predict", "windows.keras", "x.npy", "--out", "no/y.npy"), "there is no directory no"),
    (("predict", "windows.keras", "x.npy", "--out", "x.npy"), "x.npy: is read as x.npy, and would be written over"),
    (("predict", "windows.keras", "x.npy", "--out", "link.npy"), "link.npy: is read as x.npy"),
    (("predict", "text.keras", "x.npy"), "text.keras: found"),
    (("convert", "windows.keras", "windows.keras"), "windows.keras: is read as windows.keras, and would be written"),
    (("convert", "windows.keras", "./windows.keras"), "would be written over; choose another name"),
    (("convert", "windows.keras", "link.keras"), "link.keras: is read as windows.keras"),
    (("convert", "windows.keras", "new.pt"), "new.pt: expected a name that ends in one of .keras"),
    (("convert", "model.pt", "new.keras"), "; pickles are programs and never opened"),
    (("convert", "nobody.keras", "new.keras"), "nobody.keras: found no such file, expected a model file"),
    (("convert", "nobody.safetensors", "new.keras"), "nobody.safetensors: found no such file, expected that of"),
    (("convert", "text.keras", "new.keras"), "text.keras: found"),
    (("convert", "windows.keras", "no/new.keras"), "there is no directory no"),
    (("convert", "both.keras", "new.safetensors"), "both is no chain of layers"),
    (("convert", "w.weights.h5", "new.keras"), "name one that they fit, --like MODEL"),
    (("convert", "w.weights.h5", "new.keras", "--like", "every.keras"), "expected"),
    (("convert", "w.weights.h5", "every.keras", "--like", "every.keras"), "every.keras: is read as every.keras"),
    (("convert", "windows.keras", "new.keras", "--like", "every.keras"), "is a whole model already"),
    (("convert", "windows.keras", "new.keras", "--last"), "are for a .safetensors file without --like"),
    (("convert", "windows.keras", "new.keras", "--order", "a"), "--order is for a .safetensors file"),
    (("convert", "w.safetensors", "new.keras", "--order", "a,b"), "expected each of 'gru', 'two' once"),
    (("convert", "w.safetensors", "new.keras", "--activation", "two"), "as in fc=relu"),
    (("convert", "w.safetensors", "new.keras", "--activation", "two=rleu"), "did you mean 'relu'"),
    (("convert", "w.safetensors", "new.keras", "--like", "both.keras"), "found the layer emb (Embedding)"),
]  # fmt: skip


def write_bad_files():
    for name in ("text.npy", "text.npz", "text.keras", "x.txt", "model.pt"):
        Path(name).write_text("no numbers\n")
    np.save("objects.npy", np.array([{}]), allow_pickle=True)
    header = {"descr": "<f4", "fortran_order": False, "shape": (2**50, 3, 2)}
    with open("huge.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
    np.save("words.npy", np.array(["word"]))
    np.save("nan.npy", np.full((1, 3, 2), np.nan))
    np.save("wide.npy", np.zeros((4, 3, 5)))
    np.save("empty.npy", np.zeros((0, 3, 2)))
    Path("short.csv").write_text("a,b\n1,2\n3,4\n")
    Path("narrow.csv").write_text("a,b\nx,2\ny,4\nz,3\n")
    Path("bare.csv").write_text("1,2\n3,4\n5,6\n7,8\n")
    Path("gap.csv").write_text("a,b\n1,2\n3,\n5,6\n")
    np.savez("other.npz", c=np.zeros(3))
    np.savez("index.npz", a=np.zeros((3, 2)), b=np.full((3, 4), 9))
    np.savez("uneven.npz", a=np.zeros((2, 2)), b=np.zeros((3, 4)))
    os.link("x.npy", "link.npy")
    os.symlink("windows.keras", "link.keras")
    models.load_model("windows.keras").save_weights("w.weights.h5")
    interop.save_safetensors(interop.to_torch(models.load_model("windows.keras")), "w.safetensors")


def test_bad_input_is_one_line_and_exit_code_2_and_nothing_is_written(typed):
    write_bad_files()
    before = listing()
    for arguments, said in BAD:
        code, out, err = typed(*arguments)
        shown = f"{' '.join(arguments)}: {err}"
        assert (code, out) == (2, "") and err.count("\n") == 1, shown
        assert said in err and err.startswith(f"minirnn {arguments[0]}: error: "), shown
        assert listing() == before, shown
