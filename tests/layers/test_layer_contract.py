"""What every layer owes its callers: Keras's shapes, weights, counts, configurations, keywords and plain errors."""

from __future__ import annotations

import numpy as np
import pytest

from minirnn import layers

B, T, F = 3, 4, 2
SEQUENCE, ROW = (None, T, F), (None, 6)
LAYERS = [
    ("SimpleRNN", {"units": 5}, SEQUENCE),
    ("SimpleRNN", {"units": 5, "use_bias": False, "return_sequences": True}, SEQUENCE),
    ("LSTM", {"units": 5}, SEQUENCE),
    ("LSTM", {"units": 5, "return_sequences": True, "unit_forget_bias": False, "activation": "relu"}, SEQUENCE),
    ("LSTM", {"units": 5, "return_state": True, "return_sequences": True}, SEQUENCE),
    ("GRU", {"units": 5, "recurrent_activation": "hard_sigmoid"}, SEQUENCE),
    ("GRU", {"units": 5, "reset_after": False, "go_backwards": True}, SEQUENCE),
    ("GRU", {"units": 5, "use_bias": False, "return_state": True}, SEQUENCE),
    ("Dense", {"units": 5, "activation": "softmax"}, ROW),
    ("Dense", {"units": 5, "activation": "tanh"}, SEQUENCE),
    ("Dense", {"units": 5, "use_bias": False}, (None, 2, T, F)),
    ("Activation", {"activation": "softmax"}, SEQUENCE),
    ("Activation", {"activation": "softplus"}, ROW),
    ("Dropout", {"rate": 0.25}, SEQUENCE),
    ("Flatten", {}, SEQUENCE),
    ("Flatten", {}, (None, 2, T, F)),
    ("Reshape", {"target_shape": (3, 2)}, ROW),
    ("Reshape", {"target_shape": (-1, 4)}, SEQUENCE),
    ("RepeatVector", {"n": 3}, ROW),
    ("Masking", {"mask_value": 1.5}, SEQUENCE),
]
IDS = ["-".join([name, *options]) for name, options, _ in LAYERS]
every_layer = pytest.mark.parametrize("name, options, shape", LAYERS, ids=IDS)


def as_list(results):
    return [np.asarray(r) for r in (results if isinstance(results, (list, tuple)) else [results])]


@every_layer
def test_outputs_are_those_of_keras(twins, rng, name, options, shape):
    ours, theirs = twins(name, shape, dtype="float64", **options)
    x = rng.standard_normal((B, *shape[1:]))
    x[0, 0] = 1.5
    results, expected = as_list(ours(x)), as_list(theirs(x))
    assert len(results) == len(expected)
    for result, other in zip(results, expected, strict=True):
        assert result.dtype == "float64" and result.shape == other.shape
        np.testing.assert_allclose(result, other, rtol=0, atol=1e-12 * max(1.0, np.abs(other).max()))


@every_layer
def test_weights_have_the_names_shapes_and_order_of_keras(twins, name, options, shape):
    ours, theirs = twins(name, shape, **options)
    assert [(w.name, w.shape) for w in ours.weights] == [(w.name, tuple(w.shape)) for w in theirs.trainable_weights]
    assert ours.count_params() == theirs.count_params()
    for weight, other in zip(ours.get_weights(), theirs.get_weights(), strict=False):
        np.testing.assert_array_equal(weight, other)


@every_layer
def test_the_output_shape_is_that_of_keras_and_of_the_output(twins, name, options, shape):
    ours, theirs = twins(name, shape, **options)
    ours_shape, keras_shape = ours.compute_output_shape(shape), theirs.compute_output_shape(shape)
    assert ours_shape == keras_shape
    known = ours.compute_output_shape((B, *shape[1:]))
    results = [r.shape for r in as_list(ours(np.ones((B, *shape[1:]))))]
    assert results == (list(known) if isinstance(known[0], tuple) else [known])
    assert ours.output_shape == ours_shape


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_outputs_and_weights_have_the_dtype_of_the_layer(rng, dtype):
    for name, options, shape in LAYERS:
        layer = getattr(layers, name)(**options, dtype=dtype)
        for result in as_list(layer(rng.standard_normal((B, *shape[1:])))):
            assert result.dtype == dtype
        assert all(w.dtype == dtype and w.numpy().dtype == dtype for w in layer.weights)


@pytest.mark.filterwarnings("ignore:.* is an older spelling:DeprecationWarning")
@pytest.mark.parametrize(
    "options, declared",
    [
        ({"input_shape": (T, F)}, (None, T, F)),
        ({"input_shape": (None, F)}, (None, None, F)),
        ({"input_dim": F}, (None, None, F)),
        ({"input_dim": F, "input_length": T}, (None, T, F)),
        ({"batch_input_shape": (B, T, F)}, (B, T, F)),
        ({"input_shape": (T, F), "batch_size": B}, (B, T, F)),
    ],
)
def test_the_shape_keywords_of_older_scripts_declare_the_input(options, declared):
    assert layers.LSTM(4, **options).declared_shape == declared


def test_input_dim_of_dense_declares_rows():
    assert layers.Dense(4, input_dim=6).declared_shape == (None, 6)


def rows_of(x):
    big_endian = x.astype(x.dtype.newbyteorder(">"))
    wide = np.zeros((B, 2 * T, 3 * F), x.dtype)
    wide[:, ::2, ::3] = x
    read_only = x.copy()
    read_only.flags.writeable = False
    unaligned = np.frombuffer(b"\0" + x.tobytes(), np.uint8)[1:].view(x.dtype).reshape(x.shape)
    return {
        "strided": wide[:, ::2, ::3],
        "backwards": x[::-1, ::-1].copy()[::-1, ::-1],
        "read-only": read_only,
        "Fortran order": np.asfortranarray(x),
        "big-endian": big_endian,
        "unaligned": unaligned,
        "nested lists": x.tolist(),
        "float64": x.astype("float64"),
    }


@pytest.mark.parametrize("layout", list(rows_of(np.zeros((B, T, F), "float32"))))
@pytest.mark.parametrize("name, options", [("LSTM", {"units": 5}), ("Dense", {"units": 5}), ("Flatten", {}),
                                           ("Activation", {"activation": "tanh"})])  # fmt: skip
def test_every_kind_of_array_of_the_same_numbers_gives_the_same_bits(rng, name, options, layout):
    x = rng.standard_normal((B, T, F)).astype("float32")
    layer = getattr(layers, name)(**options)
    expected = layer(x)
    value = rows_of(x)[layout]
    np.testing.assert_array_equal(layer(value), expected)
    if isinstance(value, np.ndarray):
        np.testing.assert_array_equal(value, x)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool", "float16"])
def test_other_numbers_are_read_as_floats(rng, dtype):
    x = rng.integers(0, 2, (B, T, F)).astype(dtype)
    layer = layers.GRU(5)
    np.testing.assert_array_equal(layer(x), layer(x.astype("float32")))


@every_layer
def test_a_call_leaves_its_input_alone_and_gives_new_memory_each_time(rng, name, options, shape):
    x = rng.standard_normal((B, *shape[1:])).astype("float32")
    before, layer = x.copy(), getattr(layers, name)(**options)
    first = as_list(layer(x))
    kept = [r.copy() for r in first]
    layer(-x)
    np.testing.assert_array_equal(x, before)
    for result, copy in zip(first, kept, strict=True):
        np.testing.assert_array_equal(result, copy)


@pytest.mark.parametrize("argument", ["unitz", "input_shapes", "retrun_sequences"])
@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU", "Dense"])
def test_an_unknown_argument_is_named(name, argument):
    with pytest.raises(TypeError, match=argument) as caught:
        getattr(layers, name)(4, **{argument: 1})
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


@pytest.mark.parametrize("argument", ["kernel_regularizer", "bias_constraint"])
def test_arguments_that_are_not_supported_yet_may_be_given_as_off(argument):
    assert layers.LSTM(4, **{argument: None}).units == 4


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: layers.Dropout(1.0), "rate"),
        (lambda: layers.Dropout(-0.1), "rate"),
        (lambda: layers.Dropout(float("nan")), "rate"),
        (lambda: layers.Dropout("half"), "rate"),
        (lambda: layers.Reshape((-1, -1)), "-1"),
        (lambda: layers.Reshape((4, 4))(np.zeros((2, 6))), "cannot turn"),
        (lambda: layers.RepeatVector(0), "n must be"),
        (lambda: layers.RepeatVector(3)(np.zeros((2, 3, 4))), "2 dimensions"),
        (lambda: layers.Activation("tahn"), "did you mean 'tanh'"),
        (lambda: layers.LSTM(4, activation="tahn"), "did you mean 'tanh'"),
        (lambda: layers.LSTM(4, kernel_initializer="glorot"), "unknown initializer"),
        (lambda: layers.LSTM(4, dtype="float16"), "dtype"),
        (lambda: layers.Input((0, 2)), "at least 1"),
        (lambda: layers.Input(), "shape"),
    ],
)
def test_arguments_that_make_no_sense_are_refused_in_one_line(make, message):
    with pytest.raises(ValueError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


def test_dropout_does_nothing_but_in_training():
    x = np.ones((50, 40), "float32")
    np.testing.assert_array_equal(layers.Dropout(0.5)(x), x)
    np.testing.assert_array_equal(layers.Dropout(0.0)(x, training=True), x)


def test_dropout_drops_a_share_of_rate_and_scales_the_rest():
    y = layers.Dropout(0.25, seed=1)(np.ones((200, 100), "float32"), training=True)
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs((y == 0).mean() - 0.25) < 0.02  # five standard deviations of 20,000 draws
    assert abs(y.mean() - 1.0) < 0.02


def test_dropout_draws_anew_at_each_call_and_repeats_with_its_seed():
    x = np.ones((20, 20), "float32")
    layer, same = layers.Dropout(0.5, seed=7), layers.Dropout(0.5, seed=7)
    first, second = layer(x, training=True), layer(x, training=True)
    assert (first != second).any()
    np.testing.assert_array_equal(same(x, training=True), first)


def test_noise_shape_makes_one_choice_along_its_axes():
    y = layers.Dropout(0.5, noise_shape=(None, 1, None), seed=3)(np.ones((6, 5, 7), "float32"), training=True)
    assert (y == y[:, :1]).all()
    assert len(np.unique(y)) == 2


def test_dropout_passes_on_the_gradient_of_what_it_kept(rng):
    layer, x, dy = layers.Dropout(0.5, dtype="float64"), rng.standard_normal((4, 5)), rng.standard_normal((4, 5))
    tape = layer.new_tape(x.shape, True)
    kept = layer.forward(x, None, tape, True) / x
    np.testing.assert_allclose(layer.backward(dy, tape, True), dy * kept)


def test_masking_marks_the_steps_that_hold_a_value_other_than_its_own():
    x = np.array([[[0.0, 0.0], [0.0, 1.0]], [[2.0, 3.0], [0.0, 0.0]]])
    np.testing.assert_array_equal(layers.Masking().compute_mask(x, None), [[False, True], [True, False]])


def test_set_weights_changes_all_or_none(rng):
    layer = layers.LSTM(4)
    layer(np.zeros((B, T, F)))
    before = layer.get_weights()
    with pytest.raises(ValueError, match="lstm"):
        layer.set_weights([before[0] + 1, before[1] + 1, np.zeros(3)])
    for was, now in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(now, was)


def test_count_params_before_the_first_use_says_what_to_do():
    with pytest.raises(ValueError, match="no weights yet"):
        layers.LSTM(4).count_params()


@pytest.mark.parametrize("name, options, shape, count", [
    ("LSTM", {"units": 256}, (None, 16, 4096), 4_457_472),
    ("LSTM", {"units": 8}, (None, 3, 1), 320),
    ("GRU", {"units": 8}, (None, 3, 1), 264),
    ("GRU", {"units": 8, "reset_after": False}, (None, 3, 1), 240),
    ("SimpleRNN", {"units": 8}, (None, 3, 1), 80),
])  # fmt: skip
def test_parameter_counts_are_those_of_the_formulas(name, options, shape, count):
    layer = getattr(layers, name)(**options, kernel_initializer="zeros", recurrent_initializer="zeros")
    layer.build(shape)
    assert layer.count_params() == count


def test_the_forget_gate_begins_with_a_bias_of_one_and_the_rest_with_zero():
    layer = layers.LSTM(3)
    layer.build((None, T, F))
    np.testing.assert_array_equal(layer.get_weights()[2], [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0])
    layer = layers.LSTM(3, unit_forget_bias=False)
    layer.build((None, T, F))
    assert not layer.get_weights()[2].any()


def test_unit_forget_bias_begins_the_other_gates_as_keras_does(keras):
    ours, theirs = (kind.LSTM(3, bias_initializer=kind_init) for kind, kind_init in
                    ((layers, "ones"), (keras.layers, "ones")))  # fmt: skip
    for layer in (ours, theirs):
        layer.build((None, T, F))
    np.testing.assert_array_equal(ours.get_weights()[2], theirs.get_weights()[2])


@pytest.mark.parametrize("make", [layers.LSTM, layers.GRU, layers.SimpleRNN])
def test_softmax_is_no_activation_of_a_gate(make):
    with pytest.raises(NotImplementedError, match="mixes units"):
        make(3, activation="softmax")


@pytest.mark.parametrize("layer", [layers.LSTM(3), layers.Dense(3)], ids=["LSTM", "Dense"])
def test_a_refused_build_leaves_a_layer_unbuilt(layer):
    shape = (None, 3, None) if isinstance(layer, layers.LSTM) else (None, None)
    with pytest.raises(ValueError, match="known number of features"):
        layer.build(shape)
    assert not layer.built
    layer.build((*shape[:-1], 2))
    assert layer.built and len(layer.weights) > 1
