"""Attention: values, masks and gradients are those of Keras; an encoder and a decoder with it train like Keras's."""

from __future__ import annotations

import json

import numpy as np
import pytest

import minirnn
from minirnn import layers

B, TQ, TV, DIM, OUT = 3, 4, 5, 3, 2
CASES = [
    ("Attention", {}),
    ("Attention", {"use_scale": True}),
    ("Attention", {"score_mode": "concat"}),
    ("Attention", {"score_mode": "concat", "use_scale": True}),
    ("AdditiveAttention", {}),
    ("AdditiveAttention", {"use_scale": False}),
]
every_case = pytest.mark.parametrize("name, options", CASES, ids=str)
QUERY_MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 1, 1]], bool)
VALUE_MASK = np.array([[1, 1, 1, 0, 0], [0, 0, 0, 0, 0], [0, 1, 1, 1, 1]], bool)
MASKS = {"none": None, "query": (QUERY_MASK, None), "value": (None, VALUE_MASK), "both": (QUERY_MASK, VALUE_MASK)}


def arrays(inputs, rng):
    """A query and a value, and with three a key that differs in size from the value."""
    if inputs == 2:
        return [rng.standard_normal(shape) for shape in ((B, TQ, DIM), (B, TV, DIM))]
    return [rng.standard_normal(shape) for shape in ((B, TQ, DIM), (B, TV, OUT), (B, TV, DIM))]


def pair(keras, name, options, xs, rng, dtype="float64"):
    """Our layer and Keras's with the same random weights."""
    both = [getattr(library.layers, name)(**options, dtype=dtype) for library in (minirnn, keras)]
    for layer in both:
        layer.build([x.shape for x in xs])
    assert [(w.name, w.shape) for w in both[0].weights] == [(w.name, tuple(w.shape)) for w in both[1].weights]
    values = [rng.uniform(0.5, 1.5, w.shape) for w in both[0].weights]
    for layer in both:
        layer.set_weights(values)
    return both


@pytest.mark.parametrize("causal", [False, True], ids=["", "causal"])
@pytest.mark.parametrize("masks", list(MASKS))
@pytest.mark.parametrize("inputs", [2, 3])
@every_case
def test_outputs_scores_and_gradients_are_those_of_keras(keras, name, options, inputs, masks, causal):
    import tensorflow as tf

    rng = np.random.default_rng(5)
    xs = arrays(inputs, rng)
    ours, theirs = pair(keras, name, options, xs, rng)
    given = None if MASKS[masks] is None else list(MASKS[masks])
    call = {"mask": given, "return_attention_scores": True, "use_causal_mask": causal}
    tensors = [tf.constant(x) for x in xs]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        expected = theirs(tensors, **call)
    results = ours(xs, **call)
    assert isinstance(results, tuple) and len(results) == 2
    dys = [rng.standard_normal(y.shape) for y in results]
    for y, other in zip(results, expected, strict=True):
        np.testing.assert_allclose(y, other.numpy(), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(ours(xs, mask=given, use_causal_mask=causal), results[0])
    weights = [w.value for w in theirs.trainable_weights]
    gradients = tape.gradient(expected, [*tensors, *weights], output_gradients=[tf.constant(d) for d in dys])
    dxs, d_weights = ours.vjp(xs, dys, mask=given, return_attention_scores=True, use_causal_mask=causal)
    for found, other in zip([*dxs, *d_weights], gradients, strict=True):
        np.testing.assert_allclose(found, other.numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("inputs", [2, 3])
@every_case
def test_gradients_are_those_of_central_differences(name, options, inputs):
    rng = np.random.default_rng(6)
    xs = arrays(inputs, rng)
    layer = getattr(layers, name)(**options, dtype="float64")
    dy, directions, step = rng.standard_normal(layer(xs).shape), [rng.standard_normal(x.shape) for x in xs], 1e-6
    # Where all values are masked, the scores lose the digits of a small step to the 1e9 that is taken off them.
    given = {"mask": [QUERY_MASK, VALUE_MASK | ~VALUE_MASK.any(axis=1, keepdims=True)]}
    dxs, d_weights = layer.vjp(xs, dy, **given)
    for number, direction in enumerate(directions):
        ends = [
            (layer([x + sign * direction if k == number else x for k, x in enumerate(xs)], **given) * dy).sum()
            for sign in (step, -step)
        ]
        assert (dxs[number] * direction).sum() == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-7, abs=1e-9)
    for number, gradient in enumerate(d_weights):
        before, ends = layer.get_weights(), []
        direction = rng.standard_normal(gradient.shape)
        for sign in (step, -step):
            layer.set_weights([w + sign * direction if k == number else w for k, w in enumerate(before)])
            ends.append((layer(xs, **given) * dy).sum())
        layer.set_weights(before)
        assert (gradient * direction).sum() == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-7, abs=1e-9)


@every_case
def test_the_configuration_is_that_of_keras(keras, name, options):
    options = {**options, "dropout": 0.25, "seed": 3, "name": "mine"}
    ours, theirs = (getattr(library.layers, name)(**options).get_config() for library in (minirnn, keras))
    assert ours == theirs
    assert getattr(layers, name).from_config(json.loads(json.dumps(theirs))).get_config() == theirs


def test_dropout_drops_weights_and_scales_the_rest():
    xs = [np.zeros((4, 50, 2)), np.ones((4, 60, 2))]
    layer = layers.Attention(dropout=0.25, seed=1)
    _, scores = layer(xs, training=True, return_attention_scores=True)
    dropped = scores == 0
    assert abs(dropped.mean() - 0.25) < 0.02  # five standard deviations of 12,000 draws
    np.testing.assert_allclose(scores[~dropped], 1 / 60 / 0.75, rtol=1e-6)
    np.testing.assert_allclose(layer(xs), np.ones((4, 50, 2)), rtol=1e-6)


def test_the_gradient_goes_through_what_dropout_kept():
    rng = np.random.default_rng(2)
    xs = arrays(2, rng)
    layer = layers.Attention(dropout=0.5, seed=1, dtype="float64")
    layer(xs)
    tape = layer.new_tape([x.shape for x in xs], True)
    y = layer.run(xs, [None, None], tape, True)[0]
    dy, direction, step = rng.standard_normal(y.shape), rng.standard_normal(xs[1].shape), 1e-6
    dv = layer.run_back([dy], tape, [True, True])[1]
    ends = []
    for sign in (step, -step):
        again = layers.Attention(dropout=0.5, seed=1, dtype="float64")
        ends.append((again([xs[0], xs[1] + sign * direction], training=True) * dy).sum())
    assert (dv * direction).sum() == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-7)


def encoder_decoder(library, kind, masked, scores=False, dtype="float64"):
    """Sequences in, sequences out: the decoder asks the encoder's states at each of its steps."""
    minirnn.utils.set_random_seed(4)
    make = {"dtype": dtype}
    source, target = library.Input((5, 2), name="source", **make), library.Input((4, 2), name="target", **make)
    k = library.layers
    read = k.Masking(**make)(source) if masked else source
    asked = k.Masking(**make)(target) if masked else target
    states = k.LSTM(3, return_sequences=True, **make)(read)
    query = k.GRU(3, return_sequences=True, **make)(asked)
    found = getattr(k, kind)(use_scale=True, **make)([query, states], return_attention_scores=scores)
    context = found[0] if scores else found
    output = k.Dense(1, **make)(k.Concatenate(**make)([query, context]))
    return library.Model([source, target], [output, found[1]] if scores else output)


@pytest.mark.parametrize("masked", [False, True], ids=["", "masked"])
@pytest.mark.parametrize("kind", ["Attention", "AdditiveAttention"])
def test_an_encoder_and_decoder_train_as_in_keras(keras, kind, masked):
    rng = np.random.default_rng(8)
    source, target, y = (rng.standard_normal(shape) for shape in ((12, 5, 2), (12, 4, 2), (12, 4, 1)))
    source[3, 3:], target[4, 2:] = 0, 0
    ours, theirs = (encoder_decoder(library, kind, masked) for library in (minirnn, keras))
    assert [type(layer).__name__ for layer in ours.layers] == [
        type(layer).__name__ for layer in theirs.layers if not type(layer).__module__.startswith("keras.src.ops")
    ]
    theirs.set_weights(ours.get_weights())
    for model in (ours, theirs):
        model.compile(("adam"), "mse")
    histories = [m.fit([source, target], y, epochs=5, batch_size=4, shuffle=False, verbose=0).history["loss"]
                 for m in (ours, theirs)]  # fmt: skip
    np.testing.assert_allclose(*histories, rtol=1e-6)  # Keras keeps its loss in float32
    assert histories[0][-1] < histories[0][0]
    predictions = [m.predict([source, target], verbose=0) for m in (ours, theirs)]
    np.testing.assert_allclose(*predictions, rtol=1e-6, atol=1e-6)
    assert ours.layers[-3].compute_mask([], [QUERY_MASK, None]) is QUERY_MASK


def test_the_scores_are_an_output_of_a_model_and_get_gradients(keras):
    rng = np.random.default_rng(9)
    source, target = rng.standard_normal((6, 5, 2)), rng.standard_normal((6, 4, 2))
    ys = [rng.standard_normal((6, 4, 1)), rng.uniform(size=(6, 4, 5))]
    ours, theirs = (encoder_decoder(library, "Attention", False, scores=True) for library in (minirnn, keras))
    theirs.set_weights(ours.get_weights())
    losses = []
    for model in (ours, theirs):
        model.compile("sgd", ["mse", "mse"])
        losses.append(model.fit([source, target], ys, epochs=3, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-6)
    assert [y.shape for y in ours.predict([source, target], verbose=0)] == [(6, 4, 1), (6, 4, 5)]
    again = minirnn.models.model_from_json(ours.to_json())
    again.set_weights(ours.get_weights())
    for a, b in zip(again.predict([source, target]), ours.predict([source, target]), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_causal_call_of_a_shared_layer_differs_from_a_plain_one_and_both_are_trained(keras):
    x = np.random.default_rng(3).standard_normal((6, 4, 2))
    y = np.random.default_rng(4).standard_normal((6, 4, 2))
    models = []
    for library in (minirnn, keras):
        inputs = library.Input((4, 2), dtype="float64")
        shared = library.layers.Attention(use_scale=True, dtype="float64")
        outputs = [shared([inputs, inputs], use_causal_mask=True), shared([inputs, inputs])]
        model = library.Model(inputs, library.layers.Add(dtype="float64")(outputs))
        model.compile("sgd", "mse")
        model.fit(x, y, epochs=4, shuffle=False, verbose=0)
        models.append(model)
    np.testing.assert_allclose(models[0].get_weights()[0], models[1].get_weights()[0], rtol=1e-6)
    np.testing.assert_allclose(models[0].predict(x, verbose=0), models[1].predict(x, verbose=0), rtol=1e-6)


X = np.ones((2, 3, 4))


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: layers.Attention(score_mode="general"), ValueError, "score_mode must be 'dot' or 'concat'"),
        (lambda: layers.Attention(dropout=1.0), ValueError, "dropout must be"),
        (lambda: layers.Attention(dropout="half"), ValueError, "dropout must be"),
        (lambda: layers.Attention()(X), ValueError, "takes a list of inputs"),
        (lambda: layers.Attention()([X]), ValueError, r"takes \[query, value\]"),
        (lambda: layers.Attention()([X, X, X, X]), ValueError, "got 4 inputs"),
        (lambda: layers.Attention()([X, X[..., :2]]), ValueError, "4 features of the query with 2 of the key"),
        (lambda: layers.Attention()([X, X, X[:, :2]]), ValueError, "3 values and 2 keys"),
        (lambda: layers.Attention()([X, X[:1]]), ValueError, "different sizes"),
        (lambda: layers.Attention()([X[:, 0], X]), ValueError, "takes inputs \\(batch, time, features\\)"),
        (lambda: layers.Attention()([X, X], mask=np.ones((2, 3), bool)), ValueError, r"\[query_mask, value_mask\]"),
        (lambda: layers.Attention()([X, X], mask=[None]), ValueError, "got 1 entries"),
        (lambda: layers.Attention()([X, X], mask=[None, np.ones((2, 4), bool)]), ValueError, "value_mask of"),
        (lambda: layers.Attention()([X, X], mask=[np.ones((2, 3)), None]), TypeError, "query_mask of"),
        (lambda: layers.AdditiveAttention().build([(None, 3, None), (None, 3, None)]), ValueError, "known number"),
        (lambda: layers.Attention()(minirnn.Input((3, 4))), ValueError, "takes a list of inputs"),
        (lambda: layers.Attention()([minirnn.Input((3, 4)), minirnn.Input((3, 2))]), ValueError, "features of the"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(make, error, message):
    with pytest.raises(error, match=message) as caught:
        make()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200
