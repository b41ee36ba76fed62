"""fit, evaluate and predict call callbacks as Keras's do: which hooks, when, with which logs; and survive theirs."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn.callbacks.callback import HOOKS, OLDER_HOOKS


def regression(library):
    return library.Sequential([library.Input((4, 2)), library.layers.LSTM(3), library.layers.Dense(1)])


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(3)
    return rng.standard_normal((10, 4, 2)), rng.standard_normal((10, 1))


@pytest.fixture
def models(twins):
    """((callbacks module, model), ..): ours and Keras's, with the same weights."""
    ours, theirs = twins(regression, lambda library: library.optimizers.SGD(0.05), "mse", metrics=["mae"])
    return (minirnn.callbacks, ours), (twins.keras.callbacks, theirs)


def recorder(base, record, hooks):
    """A callback that writes down every call of `hooks`: name, positional arguments, keywords, logs."""

    def hook(name):
        def call(self, *arguments, **keywords):
            *position, logs = (*arguments, *keywords.values())
            record.append((name, tuple(position), tuple(keywords), dict(logs)))

        return call

    return type("Recorder", (base,), {name: hook(name) for name in hooks})()


def assert_same_calls(ours, theirs):
    assert [call[:3] for call in ours] == [call[:3] for call in theirs]
    for (name, *_, our_logs), (*_, their_logs) in zip(ours, theirs, strict=True):
        assert list(our_logs) == list(their_logs), name
        for key, value in our_logs.items():
            np.testing.assert_allclose(value, their_logs[key], rtol=1e-9, err_msg=f"{key} in {name}")
            assert type(value) is type(their_logs[key]) or key == "outputs"


NEWER_HOOKS = [name for name in HOOKS if "batch" not in name or "test" in name or "predict" in name]


@pytest.mark.parametrize("hooks", [HOOKS, (*NEWER_HOOKS, *OLDER_HOOKS)], ids=["all hooks", "older batch hooks"])
def test_every_hook_is_called_when_keras_calls_it(models, data, hooks):
    x, y = data
    records = []
    for package, model in models:
        record = []
        callback = recorder(package.Callback, record, hooks)
        model.fit(
            x, y, batch_size=3, epochs=3, verbose=0, shuffle=False, validation_data=(x[:5], y[:5]), validation_freq=2,
            initial_epoch=1, callbacks=[callback],
        )  # fmt: skip
        model.evaluate(x, y, batch_size=4, verbose=0, callbacks=[callback])
        model.predict(x, batch_size=8, verbose=0, callbacks=[callback])
        records.append(record)
    assert_same_calls(*records)
    assert {call[0] for call in records[0]} == set(hooks)


def test_a_run_that_a_callback_stops_ends_as_in_keras(models, data):
    records = []
    for package, model in models:
        record = []

        def stop(batch, logs, model=model):
            model.stop_training = batch == 1

        model.fit(
            *data, batch_size=3, epochs=3, verbose=0, shuffle=False, validation_split=0.2,
            callbacks=[recorder(package.Callback, record, HOOKS), package.LambdaCallback(on_train_batch_end=stop)],
        )  # fmt: skip
        records.append(record)
    assert_same_calls(*records)
    assert [name for name, *_ in records[0]].count("on_epoch_end") == 1


# Keras's variables do not know NumPy's `copy`.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning:keras")
@pytest.mark.parametrize("name", ["loss", "val_mae"])
def test_rates_fall_and_are_recorded_as_in_keras(models, data, capsys, name):
    histories, written = [], []
    for package, model in models:
        chosen = [
            package.LearningRateScheduler(lambda epoch, rate: rate * 1.1 if epoch == 2 else rate, verbose=1),
            package.ReduceLROnPlateau(name, factor=0.3, patience=1, min_delta=10.0, cooldown=1, verbose=1),
            package.EarlyStopping(name, min_delta=10.0, patience=5, verbose=1, restore_best_weights=True),
        ]
        histories.append(
            model.fit(
                *data, batch_size=5, epochs=9, verbose=0, shuffle=False, validation_split=0.2, callbacks=chosen
            ).history
        )
        written.append(capsys.readouterr().out)
    assert written[0] == written[1] and "Restoring model weights" in written[0]
    assert list(histories[0]) == list(histories[1])
    for key, values in histories[0].items():
        np.testing.assert_allclose(values, histories[1][key], rtol=1e-9, err_msg=key)
    assert len(set(histories[0]["learning_rate"])) > 2
    np.testing.assert_allclose(models[0][1].get_weights()[0], models[1][1].get_weights()[0], rtol=1e-9)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize("hook", ["on_train_begin", "on_epoch_begin", "on_batch_end", "on_test_end", "on_epoch_end"])
def test_a_model_can_be_used_after_an_exception_in_the_middle(data, error, hook):
    def fail(*arguments, **keywords):
        raise error

    def train(model, **options):
        return model.fit(*data, batch_size=3, verbose=0, shuffle=False, validation_split=0.2, **options)

    model = regression(minirnn)
    model.compile("adam", "mse", metrics=["mae"])
    with pytest.raises(error):
        train(model, callbacks=[minirnn.callbacks.LambdaCallback(**{hook: fail})])
    # It goes on like a model that was brought to the same place without an exception.
    other = regression(minirnn)
    other.compile("adam", "mse", metrics=["mae"])
    other.set_weights(model.get_weights())
    if model.optimizer.iterations == 0:
        assert train(model).history == train(other).history
    else:
        assert model.evaluate(*data, verbose=0) == other.evaluate(*data, verbose=0)
        assert np.isfinite(train(model).history["loss"]).all()
    np.testing.assert_array_equal(model.predict(data[0], verbose=0).shape, (10, 1))
