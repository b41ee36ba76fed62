"""`losses` of layers, and regularizers and constraints in their arguments and configurations, are Keras's."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import layers
from minirnn.constraints import MaxNorm
from minirnn.regularizers import L2

B, T, F, U = 4, 5, 3, 6
REGULARIZERS = {
    "l1": lambda library: "l1",
    "l2": lambda library: library.regularizers.L2(0.03),
    "l1_l2": lambda library: library.regularizers.l1_l2(l1=0.01, l2=0.02),
    "orthogonal": lambda library: library.regularizers.OrthogonalRegularizer(0.05, mode="columns"),
}
RECURRENT = ["SimpleRNN", "LSTM", "GRU"]


@pytest.fixture
def regularized(keras, rng):
    """`regularized(name, argument, regularizer, **options)`: both layers, with the same weights."""

    def make(name, argument, regularizer, **options):
        rank = {"Dense": (None, F)}.get(name, (None, T, F))
        both = [
            getattr(library.layers, name)(U, **{argument: REGULARIZERS[regularizer](library)}, **options)
            for library in (minirnn, keras)
        ]
        for layer in both:
            layer.build(rank)
        both[1].set_weights([rng.normal(size=w.shape) for w in both[0].weights])
        both[0].set_weights(both[1].get_weights())
        return both

    return make


def arguments_of(name):
    kinds = ["kernel", "bias", "activity"] if name == "Dense" else ["kernel", "recurrent", "bias", "activity"]
    return [f"{kind}_regularizer" for kind in kinds]


@pytest.mark.parametrize("regularizer", REGULARIZERS)
@pytest.mark.parametrize(
    "name, argument", [(name, argument) for name in ["Dense", *RECURRENT] for argument in arguments_of(name)]
)
def test_the_losses_of_a_called_layer_are_those_of_keras(regularized, rng, name, argument, regularizer):
    if regularizer == "orthogonal" and argument == "bias_regularizer":
        pytest.skip("a vector has no pairs of columns")
    if (name, argument) == ("SimpleRNN", "activity_regularizer"):
        pytest.skip("Keras forgets it: see below")
    ours, theirs = regularized(name, argument, regularizer)
    x = rng.normal(size=(B, F) if name == "Dense" else (B, T, F)).astype("float32")
    ours(x), theirs(x)
    assert len(ours.losses) == len(theirs.losses) == 1 and ours.losses[0].dtype == "float32"
    np.testing.assert_allclose(ours.losses, [float(loss) for loss in theirs.losses], rtol=2e-6)


def test_the_activity_regularizer_of_a_simple_rnn_counts_which_keras_forgets(keras, regularized, rng):
    ours, theirs = regularized("SimpleRNN", "activity_regularizer", "l2")
    x = rng.normal(size=(B, T, F)).astype("float32")
    y, _ = ours(x), theirs(x)
    assert theirs.losses == [] and theirs.get_config()["activity_regularizer"] is None
    np.testing.assert_allclose(ours.losses, [0.03 * np.sum(y**2) / B], rtol=1e-6)


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_every_output_of_a_layer_is_penalised(regularized, rng, name):
    ours, theirs = regularized(name, "activity_regularizer", "l2", return_sequences=True, return_state=True)
    x = rng.normal(size=(B, T, F)).astype("float32")
    ours(x), theirs(x)
    assert len(ours.losses) == len(theirs.losses) == (3 if name == "LSTM" else 2)
    np.testing.assert_allclose(ours.losses, [float(loss) for loss in theirs.losses], rtol=2e-6)


def test_masked_steps_are_penalised_like_all_others(regularized, rng):
    ours, theirs = regularized("LSTM", "activity_regularizer", "l1", return_sequences=True)
    x, mask = rng.normal(size=(B, T, F)).astype("float32"), np.arange(T) < np.array([[1], [3], [5], [2]])
    ours(x, mask=mask), theirs(x, mask=mask)
    np.testing.assert_allclose(ours.losses, [float(loss) for loss in theirs.losses], rtol=2e-6)


def test_the_losses_of_activities_are_those_of_the_last_call(rng):
    layer = layers.Dense(U, activity_regularizer="l2")
    assert layer.losses == []
    for _ in range(2):
        y = layer(rng.normal(size=(B, F)))
        np.testing.assert_allclose(layer.losses, [0.01 * np.sum(y**2) / B], rtol=1e-6)
    layer.activity_regularizer = None
    layer.activity_regularizer = L2(1.0)
    y = layer(rng.normal(size=(B, F)))
    np.testing.assert_allclose(layer.losses, [np.sum(y**2) / B], rtol=1e-6)


@pytest.mark.parametrize("make", [
    lambda ls: ls.Activation("tanh", activity_regularizer="l2"), lambda ls: ls.Flatten(activity_regularizer="l2"),
    lambda ls: ls.Reshape((F, T), activity_regularizer="l2"), lambda ls: ls.Masking(activity_regularizer="l2"),
    lambda ls: ls.Dropout(0.5, activity_regularizer="l2"),
])  # fmt: skip
def test_every_layer_takes_an_activity_regularizer(keras, rng, make):
    ours, theirs = make(layers), make(keras.layers)
    x = rng.normal(size=(B, T, F)).astype("float32")
    ours(x), theirs(x)
    np.testing.assert_allclose(ours.losses, [float(loss) for loss in theirs.losses], rtol=2e-6)
    assert ours.get_config()["activity_regularizer"] == theirs.get_config()["activity_regularizer"]
    assert type(type(ours).from_config(ours.get_config()).activity_regularizer) is L2


def test_joined_inputs_are_penalised(keras, rng):
    x = [rng.normal(size=(B, F)).astype("float32") for _ in range(2)]
    ours, theirs = (library.layers.Add(activity_regularizer="l1") for library in (minirnn, keras))
    ours(x), theirs(x)
    np.testing.assert_allclose(ours.losses, [float(loss) for loss in theirs.losses], rtol=2e-6)


def test_a_frozen_layer_has_the_losses_of_its_activity_only(keras, rng):
    both = [
        library.layers.Dense(U, kernel_regularizer="l2", activity_regularizer="l2", trainable=False)
        for library in (minirnn, keras)
    ]
    for layer in both:
        layer(rng.normal(size=(B, F)).astype("float32"))
        assert len(layer.losses) == 1
        layer.trainable = True
        assert len(layer.losses) == 2


def test_a_weight_may_be_given_its_regularizer_later(keras):
    both = [library.layers.Dense(U, kernel_initializer="ones") for library in (minirnn, keras)]
    for library, layer in zip((minirnn, keras), both, strict=True):
        layer.build((None, F))
        layer.weights[0].regularizer = library.regularizers.L2(0.5)
        np.testing.assert_allclose([float(loss) for loss in layer.losses], [0.5 * F * U])


# Configurations


EVERYTHING = {
    "kernel_regularizer": "l2", "bias_regularizer": {"class_name": "L1L2", "config": {"l1": 0.1, "l2": 0.2}},
    "kernel_constraint": "max_norm", "bias_constraint": "non_neg", "activity_regularizer": "l1",
}  # fmt: skip
RECURRENT_ONLY = {"recurrent_regularizer": "orthogonal_regularizer", "recurrent_constraint": "unit_norm"}


@pytest.mark.parametrize("name", ["Dense", *RECURRENT])
def test_a_configuration_with_all_of_them_is_that_of_keras_and_makes_an_equal_layer(keras, name):
    given = EVERYTHING | (RECURRENT_ONLY if name != "Dense" else {})
    ours, theirs = (getattr(library.layers, name)(4, name="layer", **given) for library in (minirnn, keras))
    config = theirs.get_config()
    if name == "SimpleRNN":
        config["activity_regularizer"] = ours.get_config()["activity_regularizer"]  # which Keras forgets
    for key in given:
        assert ours.get_config()[key] == config[key], key
    assert type(ours).from_config(config).get_config() == ours.get_config()
    assert type(theirs).from_config(ours.get_config()).get_config()["kernel_constraint"] == config["kernel_constraint"]


@pytest.mark.parametrize("name", ["Dense", *RECURRENT])
def test_a_configuration_without_them_has_the_keys_of_keras(keras, name):
    ours, theirs = (getattr(library.layers, name)(4).get_config() for library in (minirnn, keras))
    keys = {key for key in theirs if key.endswith(("regularizer", "constraint"))}
    assert keys == {key for key in ours if key.endswith(("regularizer", "constraint"))}
    assert all(ours[key] is None for key in keys)


def test_objects_are_kept_as_they_are():
    regularizer, constraint = L2(0.1), MaxNorm(1)
    layer = layers.GRU(3, recurrent_regularizer=regularizer, bias_constraint=constraint)
    layer.build((None, T, F))
    assert layer.recurrent_regularizer is regularizer and layer.bias_constraint is constraint
    kernel, recurrent, bias = layer.weights
    assert (kernel.regularizer, recurrent.regularizer, bias.constraint) == (None, regularizer, constraint)


@pytest.mark.parametrize("name", ["Dense", *RECURRENT])
@pytest.mark.parametrize(
    "given, error, words",
    [
        ({"kernel_regularizer": "l3"}, ValueError, "unknown regularizer 'l3'"),
        ({"bias_regularizer": 0.01}, TypeError, "regularizer must be a name"),
        ({"activity_regularizer": "l22"}, ValueError, "unknown regularizer 'l22'"),
        ({"kernel_constraint": "maxnorm"}, ValueError, "unknown constraint 'maxnorm'; did you mean 'max_norm'"),
        ({"bias_constraint": 2.0}, TypeError, "constraint must be a name"),
    ],
)
def test_what_is_none_is_refused_in_one_line(name, given, error, words):
    with pytest.raises(error, match=words) as caught:
        getattr(layers, name)(4, **given)
    assert "\n" not in str(caught.value)
