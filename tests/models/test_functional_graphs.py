"""What may be drawn: parts of models, dictionaries, tensors used twice, models of models; and what may not."""

from __future__ import annotations

import json

import numpy as np
import pytest

import minirnn
from minirnn import Input, Sequential, layers
from minirnn.models import Model, model_from_json
from reference import keras_side


@pytest.fixture
def float64(keras):
    with keras_side.precision("float64"):
        yield keras


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_a_part_of_a_chain_shares_its_weights_and_begins_where_it_is_told():
    chain = Sequential([Input((4, 3)), layers.LSTM(5, return_sequences=True), layers.GRU(4), layers.Dense(2)])
    x = numbers(6, 4, 3)
    first = Model(chain.input, chain.layers[0].output)
    rest = Model(chain.layers[0].output, chain.output)
    np.testing.assert_array_equal(rest.predict(first.predict(x, verbose=0), verbose=0), chain.predict(x, verbose=0))
    assert [w for model in (first, rest) for w in model.weights] == chain.weights
    chain.layers[0].set_weights([w + 0.5 for w in chain.layers[0].get_weights()])
    np.testing.assert_array_equal(rest.predict(first.predict(x, verbose=0), verbose=0), chain.predict(x, verbose=0))


def test_training_a_part_of_a_model_moves_the_whole():
    x = Input((3,))
    h = layers.Dense(4, activation="tanh")(x)
    whole, part = Model(x, layers.Dense(1)(h)), Model(x, h)
    before = whole.get_weights()
    part.compile("sgd", "mse")
    part.fit(numbers(8, 3), numbers(8, 4), verbose=0)
    moved = [(a != b).any() for a, b in zip(before, whole.get_weights(), strict=True)]
    assert moved == [True, True, False, False]


def test_the_gradient_of_a_tensor_that_is_used_twice_is_the_sum_of_both():
    rng = np.random.default_rng(1)
    minirnn.config.set_floatx("float64")
    try:
        x = Input((3,))
        h = layers.Dense(4, activation="tanh")(x)
        model = Model(x, layers.Multiply()([h, layers.Add()([h, h]), layers.Dense(4)(h)]))
        model.compile("sgd", "mse")
        data, target = rng.normal(size=(5, 3)), rng.normal(size=(5, 4))
        _, gradients, dx = model.compute_gradients(data, target)
        direction = rng.normal(size=data.shape)
        ends = [model.evaluate(data + step * direction, target, verbose=0) for step in (1e-6, -1e-6)]
        assert (ends[0] - ends[1]) / 2e-6 == pytest.approx((dx * direction).sum(), rel=1e-7)
        weights = model.get_weights()
        directions = [rng.normal(size=w.shape) for w in weights]
        ends = []
        for step in (1e-6, -1e-6):
            model.set_weights([w + step * d for w, d in zip(weights, directions, strict=True)])
            ends.append(model.evaluate(data, target, verbose=0))
        expected = sum((g * d).sum() for g, d in zip(gradients, directions, strict=True))
        assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(expected, rel=1e-7)
    finally:
        minirnn.config.set_floatx("float32")


def by_dictionaries(k):
    u, v = k.Input((3,), name="u"), k.Input((3,), name="v")
    outputs = {"sum": k.layers.Add(name="add")([u, v]), "left": k.layers.Dense(3, name="d")(u)}
    inner = k.models.Model({"u": u, "v": v}, outputs, name="inner")
    a, b = k.Input((3,), name="a"), k.Input((3,), name="b")
    made = inner({"v": a, "u": b})
    y = k.layers.Concatenate(name="y")([made["sum"], made["left"], a])
    return k.models.Model({"a": a, "b": b}, {"y": y, "of_inner": made["left"]}, name="outer")


def test_dictionaries_in_dictionaries_go_where_their_names_say(float64):
    ours, theirs = by_dictionaries(minirnn), by_dictionaries(float64)
    theirs.set_weights(ours.get_weights())
    x = {"b": numbers(4, 3), "a": numbers(4, 3, seed=1)}
    expected = {name: np.asarray(y) for name, y in theirs(x).items()}
    again = [
        ours,
        model_from_json(theirs.to_json()),
        model_from_json(ours.to_json()),
        float64.models.model_from_json(ours.to_json()),
    ]
    for model in again:
        model.set_weights(ours.get_weights())
        found = model.predict(x, verbose=0)
        assert found.keys() == expected.keys()
        for name in expected:
            np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1e-12)
        assert [layer.name for layer in model.layers] == [layer.name for layer in theirs.layers]


def test_an_unbuilt_chain_is_built_by_its_first_symbolic_call():
    chain = Sequential([layers.Dense(3), layers.Dense(2)])
    x = Input((4,))
    model = Model(x, chain(x))
    assert chain.built and model.count_params() == chain.count_params() == 23
    assert model.predict(np.ones((2, 4)), verbose=0).shape == (2, 2)


def test_models_without_layers_with_unused_inputs_and_with_one_tensor_twice_are_models():
    a, b = Input((3,), name="a"), Input((2,), name="b")
    x, z = numbers(4, 3), numbers(4, 2)
    np.testing.assert_array_equal(Model(a, a).predict(x, verbose=0), x.astype("float32"))
    double = Model([a, b], [a, a]).predict([x, z], verbose=0)
    assert len(double) == 2 and (double[0] == double[1]).all()


def test_keras_refuses_what_is_refused_here(keras):
    def attempts(k):
        a, b = k.Input((3,), name="a"), k.Input((3,), name="b")
        h = k.layers.Dense(3, name="same")(a)
        return [
            lambda: k.models.Model(a, k.layers.Add()([a, b])),
            lambda: k.models.Model(k.layers.Dense(2)(h), h),
            lambda: k.models.Model(a, k.layers.Dense(3, name="same")(h)),
            lambda: k.models.Model([], h),
            lambda: k.models.Model(a, []),
            lambda: k.models.Model(np.ones((2, 3)), h),
        ]

    messages = [
        "depend on the input 'b', which is not among the model's inputs",
        "depend on the input 'a'",
        "two layers of the model are named 'same'",
        "Model inputs must hold at least one symbolic tensor",
        "Model outputs must hold at least one symbolic tensor",
        "Model inputs must be symbolic tensors from Input",
    ]
    for ours, theirs, message in zip(attempts(minirnn), attempts(keras), messages, strict=True):
        with pytest.raises(ValueError, match=message) as caught:
            ours()
        assert "\n" not in str(caught.value)
        with pytest.raises(ValueError):
            theirs()


def test_a_configuration_with_operations_or_masks_of_its_own_is_refused_in_one_line(keras):
    x = keras.Input((4, 3))
    operation = keras.Model(x, keras.layers.Dense(1)(keras.ops.tanh(x)))
    with pytest.raises(ValueError, match="found the operation 'Tanh', expected layers alone"):
        model_from_json(operation.to_json())
    mask = keras.ops.any(keras.ops.not_equal(x, 0), axis=-1)
    own_mask = keras.Model(x, keras.layers.LSTM(2, name="lstm")(x, mask=mask))
    with pytest.raises(ValueError, match="lstm is called with a mask of its own"):
        model_from_json(own_mask.to_json())


def test_tuples_in_the_calls_of_keras_are_read(keras):
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    theirs = keras.Model([a, b], keras.layers.Add()((a, b)))
    ours = model_from_json(theirs.to_json())
    assert json.loads(ours.to_json())["class_name"] == "Functional"
    np.testing.assert_array_equal(ours.predict([np.ones((2, 3))] * 2, verbose=0), np.full((2, 3), 2))
