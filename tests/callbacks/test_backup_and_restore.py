"""BackupAndRestore: a run that was interrupted ends in the same bits as one that was not."""

from __future__ import annotations

import re

import numpy as np
import pytest

import minirnn
from minirnn import callbacks, layers, optimizers
from minirnn.callbacks.backup_and_restore import LATEST, PREVIOUS
from minirnn.files.errors import ModelFileError

X = np.random.default_rng(0).normal(size=(24, 5, 2)).astype("float32")
Y = X.sum(axis=(1, 2))[:, None]
EPOCHS = 6


class Interrupt(callbacks.Callback):
    """Ctrl-C in the middle of an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch, self.now = epoch, -1

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.now == self.epoch and batch == 1:
            raise KeyboardInterrupt


def chain():
    return minirnn.Sequential(
        [
            layers.Input((5, 2)),
            layers.LSTM(3, return_sequences=True, dropout=0.2, recurrent_dropout=0.3),
            layers.Dropout(0.2),
            layers.GRU(3),
            layers.GaussianNoise(0.1),
            layers.Dense(1),
        ]
    )


def run(folder=None, interrupt=None, optimizer=None, make=chain, seed=0, more=(), x=X, **options):
    """Weights, optimizer and history of a run; `seed` tells that a new process begins elsewhere."""
    minirnn.utils.set_random_seed(0)
    model = make()
    model.compile(optimizer() if optimizer else "adam", "mse", metrics=["mae"])
    minirnn.random.restart(seed)
    watched = [
        callbacks.EarlyStopping(patience=4, restore_best_weights=True),
        callbacks.ReduceLROnPlateau(patience=1, factor=0.5),
        *more,
    ]
    watched += [callbacks.BackupAndRestore(folder, **options)] if folder else []
    watched += [Interrupt(interrupt)] if interrupt is not None else []
    history = model.fit(
        x, Y[: len(x)], batch_size=6, epochs=EPOCHS, verbose=0, validation_split=0.25, callbacks=watched
    )
    return model.get_weights(), [np.asarray(v) for v in model.optimizer.variables], history.history, history.epoch


def equal(one, other):
    for a, b in zip(one[:2], other[:2], strict=True):
        for left, right in zip(a, b, strict=True):
            np.testing.assert_array_equal(left, right)
    assert one[2:] == other[2:]


@pytest.mark.parametrize(
    "optimizer",
    [
        None,
        lambda: optimizers.Nadam(0.01),
        lambda: optimizers.SGD(0.05, momentum=0.9, use_ema=True, gradient_accumulation_steps=2),
    ],
    ids=["adam", "nadam", "sgd"],
)
def test_a_resumed_run_ends_in_the_bits_of_the_straight_one(tmp_path, optimizer):
    straight = run(optimizer=optimizer)
    for epoch in (2, 4):
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "b", epoch, optimizer, seed=0 if epoch == 2 else epoch)
        assert (tmp_path / "b" / LATEST).exists()
    equal(run(tmp_path / "b", None, optimizer, seed=9), straight)
    assert not (tmp_path / "b").exists()


def test_states_of_stateful_layers_go_on(tmp_path):
    def stateful():
        return minirnn.Sequential(
            [layers.Input(batch_shape=(6, 5, 2)), layers.SimpleRNN(3, stateful=True), layers.Dense(1)]
        )

    straight = run(make=stateful)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, 3, make=stateful)
    equal(run(tmp_path, make=stateful, seed=5), straight)


def test_rows_of_a_table_that_wait_for_updates_are_kept_in_order(tmp_path):
    ids = np.random.default_rng(1).integers(0, 3000, (24, 5))

    def table():
        return minirnn.Sequential(
            [layers.Input((5,), dtype="int32"), layers.Embedding(3000, 32), layers.SimpleRNN(3), layers.Dense(1)]
        )

    straight = run(tmp_path / "a", make=table, x=ids)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "b", 3, make=table, x=ids)
    equal(run(tmp_path / "b", make=table, x=ids, seed=5), straight)


def test_the_weights_of_a_backup_load_as_any_other(tmp_path):
    model = chain()
    run(tmp_path, delete_checkpoint=False)
    model.load_weights(tmp_path / LATEST)


def test_a_torn_backup_is_an_error_or_the_one_before_it(tmp_path):
    straight = run()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, 4, double_checkpoint=True)
    latest = tmp_path / LATEST
    latest.write_bytes(latest.read_bytes()[:-700])
    with pytest.warns(UserWarning, match="the latest backup is damaged, the one before it is taken up"):
        equal(run(tmp_path, double_checkpoint=True, seed=3), straight)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, 4)
    latest.write_bytes(latest.read_bytes()[:-700])
    with pytest.raises(ModelFileError, match=re.escape(str(latest))):
        run(tmp_path)
    assert not (tmp_path / PREVIOUS).exists()


def test_a_backup_of_another_model_or_other_callbacks_is_refused_and_changes_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, 4)
    with pytest.raises(ModelFileError, match="layers/gru/cell"):
        run(tmp_path, make=lambda: minirnn.Sequential([layers.Input((5, 2)), layers.GRU(3), layers.Dense(1)]))
    with pytest.raises(ModelFileError, match="callbacks"):
        run(tmp_path, more=[callbacks.EarlyStopping("loss")])


def test_other_files_of_the_folder_stay(tmp_path):
    (tmp_path / "mine.txt").write_text("kept")
    run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_it_needs_a_folder_and_says_what_it_has_not():
    with pytest.raises(ValueError, match="needs a folder"):
        callbacks.BackupAndRestore("")
    with pytest.raises(NotImplementedError, match="leave save_freq out"):
        callbacks.BackupAndRestore("b", save_freq=10)
