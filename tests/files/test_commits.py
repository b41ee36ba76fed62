"""The last step of loading, interrupted at every line: everything is as before, or all of it is new."""

from __future__ import annotations

import json
import random
import sys

import numpy as np
import pytest
from structures import arrays_of, tree_changed

import minirnn
from minirnn import callbacks, layers
from minirnn.files import training_state, weights_file
from minirnn.files.commit import counters
from minirnn.files.errors import ModelFileError

X = np.random.default_rng(0).normal(size=(6, 3, 2)).astype("float32")
Y = X.sum(axis=(1, 2))[:, None]
# Functions whose lines change a model, or come between those that do.
COMMITTING = {"restore", "take", "assign", "put", "apply", "set_state", "write", "load_weights"}
WITHIN = ("minirnn/files/", "minirnn/layers/weight.py", "minirnn/optimizers/variable.py", "minirnn/random.py")


def make(epochs, optimizer="nadam"):
    """A model in training with everything that has state, and a callback that counts."""
    stateful = layers.LSTM(2, stateful=True, dropout=0.2, recurrent_dropout=0.2)
    cells = layers.RNN([layers.SimpleRNNCell(2, use_bias=False)], stateful=True)
    x = layers.Input((3, 2), batch_size=2)
    h = layers.Add()([stateful(x), layers.Dropout(0.3)(cells(x))])
    model = minirnn.Model(x, layers.Dense(1, use_bias=False)(h))
    model.compile(optimizer, "mse")
    stopping = callbacks.EarlyStopping("loss", patience=99, restore_best_weights=True)
    model.fit(X, Y, batch_size=2, epochs=epochs, verbose=0, shuffle=False, callbacks=[stopping])
    return model, stopping


def everything(model, stopping):
    arrays = [*model.get_weights(), *(v.numpy() for v in model.optimizer.variables), *(stopping.best_weights or ())]
    arrays += [state for layer in training_state._stateful(model) for state in layer.states or ()]
    chance = [minirnn.random.state(), [repr(own.state) for own in training_state._generators(model)]]
    counted = [getattr(stopping, name) for name in stopping.kept if name != "best_weights"]
    return [a.tobytes() for a in arrays], chance, counted, counters(model.optimizer)


def interrupted_at(line, act):
    """Run `act` and let it be interrupted before its n-th line that may change something; whether it had so many."""
    met = 0

    def trace(frame, event, _):
        nonlocal met
        code = frame.f_code
        if event == "call":
            inside = code.co_name in COMMITTING and any(part in code.co_filename for part in WITHIN)
            return trace if inside and met <= line else None
        if event == "line":
            met += 1
            if met == line:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def interrupted_everywhere(act, present):
    """Interrupt before each line in turn: what is present afterwards is as before, until the last lines have it all."""
    before, line, changed = present(), 1, 0
    while interrupted_at(line, act):
        after = present()
        if after != before:
            changed += 1  # nothing is left to do but to return
            assert changed <= 2, f"line {line}"
        line += 1
    assert line > 50


def test_a_backup_is_restored_whole_or_not_at_all(tmp_path):
    path = tmp_path / "b.weights.h5"
    training_state.save(path, *((source := make(3))[0], [source[1]]), 3)
    wanted = everything(*source)
    model, stopping = make(1)
    interrupted_everywhere(
        lambda: training_state.restore(path.read_bytes(), str(path), model, [stopping]),
        lambda: everything(model, stopping),
    )
    assert everything(model, stopping) == wanted


def test_weights_are_loaded_whole_or_not_at_all(tmp_path):
    path = tmp_path / "w.weights.h5"
    make(3)[0].save_weights(path)
    model, stopping = make(1)
    interrupted_everywhere(lambda: model.load_weights(path), lambda: everything(model, stopping))
    assert int(model.optimizer.iterations) == 9


def test_slots_that_have_overflowed_are_restored_to_the_bit(tmp_path):
    path = tmp_path / "b.weights.h5"
    model, stopping = make(2, "adam")
    for variable, value in zip(model.optimizer.variables[2:5], (np.inf, np.nan, -np.inf), strict=True):
        variable.put(np.full(variable.shape, value, variable.dtype))
    before = everything(model, stopping)
    training_state.save(path, model, [stopping], 2)
    other, other_stopping = make(1, "adam")
    assert training_state.restore(path.read_bytes(), str(path), other, [other_stopping]) == 2
    assert everything(other, other_stopping) == before
    fresh, other_stopping = make(1, "adam")
    fresh.load_weights(path)  # as any file of weights; what is no number is in the backup alone
    assert fresh.optimizer.iterations == 3
    with pytest.raises(ModelFileError, match="an optimizer Adam: momentum velocity, not Adamax: momentum norm"):
        training_state.restore(path.read_bytes(), str(path), *((adamax := make(1, "adamax"))[0], [adamax[1]]))


def test_a_run_whose_weights_are_no_numbers_is_not_backed_up_and_keeps_the_backup_before(tmp_path):
    path = tmp_path / "b.weights.h5"
    model, stopping = make(1)
    training_state.save(path, model, [stopping], 1)
    before = path.read_bytes()
    model.weights[0].packed[...] = np.nan
    with pytest.raises(ValueError, match="holds NaN or infinity"):
        training_state.save(path, model, [stopping], 2)
    assert path.read_bytes() == before


def test_states_of_another_shape_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "b.weights.h5"
    model, stopping = make(1)
    layer = next(layer for layer in training_state._stateful(model) if isinstance(layer, layers.LSTM))
    kept = layer.states
    for wrong in (
        [np.zeros((2, 1), "float32")] * 2,
        [np.zeros((9, 2), "float32")] * 2,
        [np.zeros((2, 2), "float32")],
        [np.zeros((2, 2), "float64")] * 2,
        [],
    ):
        for there in (kept, None):
            layer.states = wrong
            monkeypatch.setattr(training_state.weights_file, "vector_arrays", lambda model: {})
            training_state.save(path, model, [stopping], 1)
            layer.states = there
            if there is None and wrong and wrong[0].shape == (9, 2):
                continue  # of a batch of nine, which the layer has not been given yet
            with pytest.raises(ModelFileError, match="another state"):
                training_state.restore(path.read_bytes(), str(path), model, [stopping])


def test_a_backup_that_says_something_else_is_refused_as_a_whole_or_restored_as_a_whole(tmp_path):
    """Its digest is right: the state in it, which decides what the next batches do, was made by someone else."""
    path = tmp_path / "b.weights.h5"
    training_state.save(path, *((source := make(2))[0], [source[1]]), 2)
    arrays = arrays_of(path.read_bytes())
    del arrays[weights_file.DIGEST]
    state = json.loads(arrays[training_state.TEXT].tobytes())
    model, stopping = make(1)
    before, refused = everything(model, stopping), 0
    for seed in range(300):
        arrays[training_state.TEXT] = np.frombuffer(tree_changed(state, random.Random(seed)), np.uint8)
        data = bytes(weights_file.sealed(arrays))
        try:
            training_state.restore(data, str(path), model, [stopping])
        except ModelFileError as error:
            refused += 1
            assert len(str(error)) < 500 and everything(model, stopping) == before
        else:
            before = everything(model, stopping)
    assert 150 < refused < 300
