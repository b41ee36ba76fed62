"""Sequential: how chains are made, built, changed, described and frozen."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import layers

T, F = 4, 2
X = np.linspace(-1.0, 1.0, 6 * T * F).reshape(6, T, F).astype("float32")
Y = np.linspace(0.0, 1.0, 6).reshape(6, 1).astype("float32")


def small(library=minirnn):
    return library.Sequential(
        [library.layers.Input((T, F)), library.layers.LSTM(3, name="cell"), library.layers.Dense(1, name="out")]
    )


def assert_equal(arrays, others):
    for array, other in zip(arrays, others, strict=True):
        np.testing.assert_array_equal(array, other)


def test_a_list_and_a_series_of_adds_make_equal_models():
    whole, grown = small(), minirnn.Sequential()
    assert not grown.built
    for layer in (minirnn.Input((T, F)), layers.LSTM(3), layers.Dense(1)):
        grown.add(layer)
    assert grown.built and grown.count_params() == whole.count_params() == 4 * 3 * (3 + 2 + 1) + 4
    assert grown.input_shape == (None, T, F) and grown.output_shape == (None, 1)
    grown.set_weights(whole.get_weights())
    np.testing.assert_array_equal(grown.predict(X, verbose=0), whole.predict(X, verbose=0))


@pytest.mark.filterwarnings("ignore:batch_input_shape= is an older spelling:DeprecationWarning")
@pytest.mark.parametrize("options", [{"input_shape": (T, F)}, {"input_dim": F}, {"batch_input_shape": (6, T, F)}])
def test_the_first_layer_may_name_the_input_shape_as_older_scripts_do(options):
    model = minirnn.Sequential([layers.LSTM(3, **options), layers.Dense(1)])
    assert model.built and model.predict(X, verbose=0).shape == (6, 1)


def test_a_model_without_input_is_built_by_its_first_data():
    model = minirnn.Sequential([layers.LSTM(3), layers.Dense(1)])
    assert not model.built
    with pytest.raises(ValueError, match="no weights yet"):
        model.count_params()
    assert model(X).shape == (6, 1)
    assert model.built and model.input_shape == (None, T, F)


def test_a_model_is_built_by_fit_and_by_build():
    fitted, built = (minirnn.Sequential([layers.GRU(3), layers.Dense(1)]) for _ in range(2))
    fitted.compile("sgd", "mse")
    fitted.fit(X, Y, verbose=0)
    built.build((None, T, F))
    assert fitted.count_params() == built.count_params()


def test_pop_takes_the_last_layer_and_its_weights():
    model = small()
    model.add(layers.Dense(2, name="extra"))
    assert model.output_shape == (None, 2)
    weights = model.get_weights()
    assert model.pop().name == "extra"
    assert model.output_shape == (None, 1)
    assert_equal(model.get_weights(), weights[:-2])


def test_pop_of_nothing_says_so():
    with pytest.raises(ValueError, match="no layer to pop"):
        minirnn.Sequential().pop()


def test_a_changed_model_trains_with_its_new_chain():
    model = small()
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.pop()
    model.add(layers.Dense(2))
    model.compile("adam", "mse")
    model.fit(X, np.repeat(Y, 2, axis=1), verbose=0)
    assert model.predict(X, verbose=0).shape == (6, 2)


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: minirnn.Sequential([layers.LSTM(3, name="a"), layers.Dense(1, name="a")]), ValueError, "named 'a'"),
        (lambda: minirnn.Sequential([layers.Dense(1), 3]), TypeError, "takes layers, got int"),
        (lambda: minirnn.Sequential([layers.Dense]), TypeError, "takes layers"),
        (lambda: minirnn.Sequential([layers.Dense(1), minirnn.Input((3,))]), ValueError, "must come first"),
        (lambda: minirnn.Sequential([minirnn.Input((3,)), layers.LSTM(2)]), ValueError, "3 dimensions"),
        (lambda: minirnn.Sequential([minirnn.Input((T, F)), layers.LSTM(3), layers.LSTM(3)]),
         ValueError, "3 dimensions"),
        (lambda: minirnn.Sequential([minirnn.Input((T, F)), layers.LSTM(3, return_state=True), layers.Dense(1)]),
         ValueError, "return_state"),
        (lambda: minirnn.Sequential().build((None, 3)), ValueError, "no layers"),
        (lambda: small().get_layer("nowhere"), ValueError, "no layer 'nowhere'; it has cell, out"),
        (lambda: small().get_layer(index=5), ValueError, "5"),
        (lambda: small().get_layer(), ValueError, "name"),
    ],
)  # fmt: skip
def test_chains_that_cannot_be_are_refused_in_one_line(make, error, message):
    with pytest.raises(error, match=message) as caught:
        make()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


@pytest.mark.parametrize("layer", [lambda: layers.LSTM(2), lambda: layers.Dense(1, name="out"), lambda: "LSTM"])
def test_a_refused_add_leaves_the_model_as_it_was(layer):
    model = small()
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    before, outputs = model.get_weights(), model.predict(X, verbose=0)
    with pytest.raises((TypeError, ValueError)):
        model.add(layer())
    assert [x.name for x in model.layers] == ["cell", "out"] and model.built
    assert_equal(model.get_weights(), before)
    np.testing.assert_array_equal(model.predict(X, verbose=0), outputs)


def test_layers_are_found_by_name_and_place():
    model = small()
    assert model.get_layer("cell") is model.layers[0] is model.get_layer(index=0)
    assert [x.name for x in model.layers] == ["cell", "out"]


def test_layers_without_a_name_are_numbered_in_the_order_of_creation():
    first, second = layers.SimpleRNN(1), layers.SimpleRNN(1)
    assert first.name.startswith("simple_rnn") and first.name != second.name


def test_weights_are_those_of_the_layers_in_order_as_in_keras(keras):
    ours, theirs = small(), small(keras)
    assert [(w.name, w.shape) for w in ours.weights] == [(w.name, tuple(w.shape)) for w in theirs.weights]
    assert [w.path for w in ours.weights][:2] == ["cell/kernel", "cell/recurrent_kernel"]
    theirs.set_weights(ours.get_weights())
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(ours.predict(X, verbose=0), theirs.predict(X, verbose=0), rtol=0, atol=1e-6)


def test_set_weights_is_used_by_the_next_call_also_after_training():
    model = small()
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.set_weights([np.zeros(w.shape) for w in model.weights])
    np.testing.assert_array_equal(model.predict(X, verbose=0), np.zeros((6, 1)))


def test_set_weights_changes_all_or_none():
    model = small()
    before = model.get_weights()
    most = [w + 1 for w in before[:-1]]
    for bad in (most, [*most, np.zeros(9)], [w * np.nan for w in before]):
        with pytest.raises(ValueError):
            model.set_weights(bad)
        assert_equal(model.get_weights(), before)


def test_a_configuration_makes_an_equal_model_here_and_in_keras(keras):
    model = small()
    again = minirnn.Sequential.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    theirs = keras.Sequential.from_config(model.get_config())
    assert [type(x).__name__ for x in theirs.layers] == ["LSTM", "Dense"]
    assert theirs.count_params() == model.count_params()
    back = minirnn.Sequential.from_config(theirs.get_config())
    assert back.count_params() == model.count_params() and back.input_shape == model.input_shape


def test_from_config_keeps_a_frozen_layer_frozen():
    model = small()
    model.layers[0].trainable = False
    again = minirnn.Sequential.from_config(model.get_config())
    assert [x.trainable for x in again.layers] == [False, True]


@pytest.mark.parametrize("frozen", [0, 1])
@pytest.mark.parametrize("when", ["before training", "between trainings"])
def test_a_frozen_layer_stays_and_the_others_move(frozen, when):
    model = minirnn.Sequential([minirnn.Input((T, F)), layers.GRU(3), layers.Dense(1)])
    model.compile("adam", "mse")
    if when == "between trainings":
        model.fit(X, Y, epochs=2, verbose=0)
    model.layers[frozen].trainable = False
    assert model.trainable_weights == model.layers[1 - frozen].weights
    assert model.non_trainable_weights == model.layers[frozen].weights
    before = [layer.get_weights() for layer in model.layers]
    model.fit(X, Y, epochs=2, verbose=0)
    assert_equal(model.layers[frozen].get_weights(), before[frozen])
    for was, now in zip(before[1 - frozen], model.layers[1 - frozen].get_weights(), strict=True):
        assert (was != now).any()


def test_a_thawed_layer_moves_again():
    model = small()
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    model.layers[0].trainable = True
    model.compile("sgd", "mse")
    before = model.layers[0].get_weights()
    model.fit(X, Y, verbose=0)
    assert (before[0] != model.layers[0].get_weights()[0]).any()


def test_a_model_that_is_frozen_altogether_cannot_be_fitted():
    model = small()
    model.trainable = False
    assert model.trainable_weights == []
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="no trainable weights"):
        model.fit(X, Y, verbose=0)
    assert np.isfinite(model.evaluate(X, Y, verbose=0))


def test_a_stateful_model_goes_on_until_its_states_are_reset():
    model = minirnn.Sequential([minirnn.Input(batch_shape=(6, T, F)), layers.LSTM(3, stateful=True), layers.Dense(1)])
    first, second = model.predict_on_batch(X), model.predict_on_batch(X)
    assert (first != second).any()
    model.reset_states()
    np.testing.assert_array_equal(model.predict_on_batch(X), first)


def test_summary_names_every_layer_and_the_number_of_parameters():
    lines: list[str] = []
    small().summary(print_fn=lambda line, *_, **__: lines.append(line))
    text = "\n".join(lines)
    assert "cell" in text and "out" in text and "76" in text


def test_outputs_of_a_call_belong_to_the_caller():
    model = small()
    first = model(X)
    kept = first.copy()
    model(-X)
    np.testing.assert_array_equal(first, kept)


def test_a_model_made_untrainable_trains_nothing():
    model = minirnn.Sequential([minirnn.Input((3, 2)), layers.LSTM(2), layers.Dense(1)], trainable=False)
    assert model.trainable_weights == [] and len(model.non_trainable_weights) == len(model.weights) == 5
    model.trainable = True
    assert len(model.trainable_weights) == 5 and model.non_trainable_weights == []
