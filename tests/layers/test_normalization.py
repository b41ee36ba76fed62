"""Normalization: Keras's statistics, weights, outputs and configuration; and a word on inputs never seen before."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

import minirnn
from minirnn import layers
from minirnn.utils import PyDataset

AXES = [-1, None, 1, (1, 2), (2, 1), [-1]]
DATA = np.random.default_rng(4).normal([5.0, -3.0, 100.0], [2.0, 0.1, 30.0], (20, 4, 3))
WITHIN = DATA[:7] * 0.5 + DATA.mean((0, 1)) * 0.5
RNG = np.random.default_rng(5)


class Batches(PyDataset):
    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


def adapted(kind=layers, data=DATA, **options):
    layer = kind.Normalization(**options)
    layer.adapt(data)
    return layer


# --- against Keras ---


@pytest.mark.parametrize("axis", AXES, ids=str)
def test_adapted_weights_are_those_of_keras(keras, axis, dtype):
    ours, theirs = (adapted(kind, axis=axis, dtype=dtype, name="mine") for kind in (layers, keras.layers))
    assert [(w.name, w.shape, w.dtype, w.path) for w in ours.weights] == [
        (w.name, tuple(w.shape), w.dtype, w.path) for w in theirs.weights
    ]
    assert ours.count_params() == theirs.count_params()
    assert ours.trainable_weights == theirs.trainable_weights == []
    assert ours.non_trainable_weights == ours.weights
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert mine.dtype == other.dtype and mine.shape == other.shape
        np.testing.assert_allclose(mine, other, rtol={"float32": 1e-6, "float64": 1e-14}[dtype])
    for mine, other in ((ours.mean, theirs.mean), (ours.variance, theirs.variance)):
        assert mine.shape == tuple(other.shape)


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("axis", AXES, ids=str)
def test_outputs_are_those_of_keras(keras, axis, invert, dtype):
    ours, theirs = (adapted(kind, axis=axis, dtype=dtype, invert=invert) for kind in (layers, keras.layers))
    y, expected = ours(WITHIN), np.asarray(theirs(WITHIN.astype(dtype)))
    assert y.dtype == expected.dtype == dtype
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(y, expected, rtol=0, atol=scale * {"float32": 1e-6, "float64": 1e-12}[dtype])


@pytest.mark.parametrize("axis, mean, variance", [
    (-1, 3.0, 2.0), (None, 3, 2), (-1, [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]), ((1, 2), [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]),
    ((1, 2), np.arange(12.0).reshape(4, 3), np.arange(1, 13.0).reshape(4, 3)), (-1, [1.0], [0.0]),
])  # fmt: skip
def test_given_statistics_stretch_as_in_keras(keras, axis, mean, variance):
    pair = [k.Normalization(axis, mean, variance, dtype="float64", name="m") for k in (layers, keras.layers)]
    assert json.loads(json.dumps(pair[0].get_config())) == json.loads(json.dumps(pair[1].get_config()))
    y, expected = pair[0](WITHIN), np.asarray(pair[1](WITHIN))
    np.testing.assert_allclose(y, expected, rtol=1e-12)
    assert pair[0].weights == [] and pair[0].count_params() == pair[1].count_params() == 0


@pytest.mark.parametrize("axis", AXES, ids=str)
def test_configurations_are_those_of_keras_and_are_read_here_and_there(keras, axis):
    ours, theirs = (adapted(kind, axis=axis, invert=True, name="mine") for kind in (layers, keras.layers))
    assert ours.get_config() == theirs.get_config()
    config = json.loads(json.dumps(ours.get_config()))
    again, there = layers.Normalization.from_config(config), keras.layers.Normalization.from_config(config)
    assert again.get_config() == ours.get_config() and there.get_config() == theirs.get_config()


@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("form", ["dataset", "pairs", "list", "generator"])
def test_batches_give_the_statistics_of_the_whole(keras, axis, form):
    parts = [DATA[:7], DATA[7:8], DATA[8:]]
    made = {
        "dataset": lambda: Batches(parts),
        "pairs": lambda: Batches([(x, x[:, 0], x[:, 0, 0]) for x in parts]),
        "list": lambda: parts,
        "generator": lambda: (x for x in parts),
    }[form]()
    ours, whole = adapted(data=made, axis=axis, dtype="float64"), adapted(axis=axis, dtype="float64")
    for mine, expected in zip(ours.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-12)
    for mine, expected in zip(ours.seen, whole.seen, strict=True):
        np.testing.assert_array_equal(mine, expected)


def test_a_dataset_of_keras_gives_keras_the_same_statistics(keras):
    class Theirs(keras.utils.PyDataset):
        __len__, __getitem__ = Batches.__len__, Batches.__getitem__
        batches = [DATA[:9], DATA[9:]]

    ours, theirs = (adapted(kind, data=Theirs()) for kind in (layers, keras.layers))
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5)


# --- the two passes ---


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("axis", AXES, ids=str)
def test_the_gradient_is_that_of_central_differences(axis, invert):
    layer = adapted(axis=axis, invert=invert, dtype="float64", warn_outside=False)
    dy, direction, step = RNG.standard_normal(WITHIN.shape), RNG.standard_normal(WITHIN.shape), 1e-5
    dx, d_weights = layer.vjp(WITHIN, dy)
    rise = ((layer(WITHIN + step * direction) - layer(WITHIN - step * direction)) * dy).sum() / (2 * step)
    assert d_weights == [] and dx.shape == WITHIN.shape
    assert (dx * direction).sum() == pytest.approx(rise, rel=1e-8)


def test_there_and_back_again():
    forth, back = adapted(dtype="float64"), adapted(dtype="float64", invert=True)
    np.testing.assert_allclose(back(forth(WITHIN)), WITHIN, rtol=1e-12)


def test_a_feature_that_never_changes_becomes_zero():
    data = np.full((50, 2), 0.1, "float32")
    np.testing.assert_array_equal(adapted(data=data)(data), np.zeros((50, 2)))


def test_outputs_are_new_memory_each_time_and_inputs_stay():
    layer, x = adapted(), WITHIN.astype("float32")
    before = x.copy()
    first = layer(x)
    kept = first.copy()
    layer(x * 0.99)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(x, before)


def test_statistics_of_a_table_serve_its_windows_too():
    layer = adapted(data=DATA[:, 0], warn_outside=False)
    np.testing.assert_allclose(layer(DATA[:, :1])[:, 0], layer(DATA[:, 0]), rtol=1e-6)
    windows = adapted()
    np.testing.assert_allclose(windows(DATA[:, 0]), windows(DATA[:, :1])[:, 0], rtol=1e-6)
    flat = adapted(data=DATA[:, 0, 0], axis=None, warn_outside=False)
    assert flat(DATA[:, 0, 0]).shape == (20,) and flat(DATA[..., :1]).shape == (20, 4, 1)


def test_adapting_again_forgets_what_was_before():
    layer = adapted(data=DATA + 7)
    layer.adapt(DATA)
    for mine, expected in zip(layer.get_weights(), adapted().get_weights(), strict=True):
        np.testing.assert_array_equal(mine, expected)


def test_weights_that_are_set_are_used_by_the_next_call():
    layer, other = adapted(), adapted(data=DATA * 3, warn_outside=False)
    layer.set_weights(other.get_weights())
    np.testing.assert_array_equal(layer(WITHIN), other(WITHIN))


def test_a_mask_passes_through():
    mask = np.ones((7, 4), bool)
    assert adapted().compute_mask(WITHIN, mask) is mask


# --- in a model ---


def chain(library, layer, shape=(4, 3)):
    return library.Sequential([library.layers.Input(shape), layer, library.layers.LSTM(3), library.layers.Dense(1)])


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_model_trains_behind_it_and_leaves_it_alone(keras, when):
    y = RNG.standard_normal((20, 1))
    models = []
    for library in (minirnn, keras):
        layer = library.layers.Normalization()
        if when == "before":
            layer.adapt(DATA)
        model = chain(library, layer)
        if when == "after":
            layer.adapt(DATA)
        model.compile("adam", "mse")
        models.append(model)
    ours, theirs = models
    assert ours.count_params() == theirs.count_params()
    for model in models:
        model.layers[1].set_weights([np.full(w.shape, 0.01) * np.arange(1, 1 + w.size).reshape(w.shape)
                                     for w in ours.layers[1].get_weights()])  # fmt: skip
        model.layers[2].set_weights(ours.layers[2].get_weights())
    fixed = ours.layers[0].get_weights()
    losses = [m.fit(DATA, y, epochs=3, shuffle=False, verbose=0).history["loss"] for m in models]
    np.testing.assert_allclose(*losses, rtol=1e-4)
    for was, now in zip(fixed, ours.layers[0].get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)
    assert len(ours.trainable_weights) == len(theirs.trainable_weights) == 5
    assert [w.name for w in ours.non_trainable_weights] == ["mean", "variance", "count"]


def test_a_model_that_was_used_goes_on_with_what_it_is_adapted_to_later():
    layer = layers.Normalization()
    model = chain(minirnn, layer)
    before = model.predict(WITHIN, verbose=0)
    layer.adapt(DATA)
    fresh = chain(minirnn, adapted())
    fresh.set_weights(model.get_weights())
    after = model.predict(WITHIN, verbose=0)
    assert (before != after).any()
    np.testing.assert_array_equal(after, fresh.predict(WITHIN, verbose=0))


def test_gradients_of_a_model_go_through_it_to_the_input():
    behind = [layers.LSTM(3, dtype="float64"), layers.Dense(1, dtype="float64")]
    model = minirnn.Sequential([minirnn.Input((4, 3)), adapted(dtype="float64"), *behind])
    model.compile("sgd", "mse")
    _, gradients, dx = model.compute_gradients(WITHIN, np.zeros((7, 1)))
    assert len(gradients) == 5 and dx.shape == WITHIN.shape and np.abs(dx).max() > 0
    # What the layer divides by, its inputs' gradients are divided by.
    scale = np.sqrt(model.layers[0].variance)
    bare = minirnn.Sequential(behind)
    bare.compile("sgd", "mse")
    _, _, inner = bare.compute_gradients(model.layers[0](WITHIN), np.zeros((7, 1)))
    np.testing.assert_allclose(dx, inner / scale, rtol=1e-10)


def test_a_model_of_its_configuration_has_its_shape():
    model = chain(minirnn, adapted())
    again = minirnn.Sequential.from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(WITHIN, verbose=0), model.predict(WITHIN, verbose=0))


# --- outside ---

FAR = DATA.astype("float32") * 1.5


def test_a_call_outside_the_range_warns_once_at_the_line_of_the_caller():
    layer = adapted(name="scale")
    model = chain(minirnn, layer)
    for call in (lambda: layer(FAR), lambda: model(FAR), lambda: model.predict(FAR, batch_size=2, verbose=0)):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            call()
        assert len(caught) == 1 and caught[0].category is UserWarning and caught[0].filename == __file__
        text = str(caught[0].message)
        assert text.startswith("scale: inputs lie outside the range that adapt saw") and "\n" not in text


def test_one_range_for_all_is_named():
    with pytest.warns(UserWarning, match=r"\(1 to 4\)"):
        adapted(data=np.array([1.0, 4.0]), axis=None)(np.array([5.0]))


@pytest.mark.parametrize("options, training", [({"warn_outside": False}, False), ({"invert": True}, False),
                                               ({}, True)], ids=str)  # fmt: skip
def test_it_keeps_quiet_when_told_in_training_and_on_the_way_back(options, training):
    adapted(**options)(FAR, training=training)


def test_what_adapt_saw_is_within_in_either_dtype(dtype):
    layer = adapted(dtype=dtype)
    layer(DATA)
    assert not layer.outside(DATA).any()


def test_outside_marks_the_numbers_that_are():
    layer = adapted(data=np.array([[0.0, 10.0], [1.0, 20.0]]))
    np.testing.assert_array_equal(layer.outside([[0.5, 9.0], [1.0, 20.0]]), [[False, True], [False, False]])
    np.testing.assert_array_equal(layer.outside([[[2.0, 9.0]]]), [[[True, True]]])


def test_statistics_of_another_origin_have_no_range():
    layer = adapted()
    layer.set_weights(layer.get_weights())
    assert layer.outside(FAR).any()
    layer.set_weights(adapted(data=DATA * 2).get_weights())
    layer(FAR)
    with pytest.raises(ValueError, match="knows no range"):
        layer.outside(FAR)
    with pytest.raises(ValueError, match="knows no range"):
        layers.Normalization().outside(FAR)


# --- refusals ---


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: layers.Normalization(axis=1.0), TypeError, "axis"),
        (lambda: layers.Normalization(axis=True), TypeError, "axis"),
        (lambda: layers.Normalization(axis="last"), TypeError, "axis"),
        (lambda: layers.Normalization(mean=1.0), ValueError, "only one of them"),
        (lambda: layers.Normalization(mean=[1.0], variance=1.0), ValueError, "one shape"),
        (lambda: layers.Normalization(mean=[[1.0]], variance=[[1.0]]), ValueError, "more axes"),
        (lambda: layers.Normalization(mean=1.0, variance=-1.0), ValueError, "at least 0"),
        (lambda: layers.Normalization(mean=np.nan, variance=1.0), ValueError, "finite"),
        (lambda: layers.Normalization(mean=[1, 2], variance=[1, 2]).build((None, 3)), ValueError, "do not stretch"),
        (lambda: layers.Normalization(axis=3).build((None, 3)), ValueError, "no axis 3"),
        (lambda: layers.Normalization(axis=(1, -1)).build((None, 3)), ValueError, "twice"),
        (lambda: layers.Normalization().build((None, None)), ValueError, "known size"),
        (lambda: layers.Normalization().build((None,)), ValueError, "take axis=None"),
        (lambda: adapted(data=DATA[:, 0, 0]), ValueError, "take axis=None"),
        (lambda: adapted(axis=0), ValueError, "is the batch"),
        (lambda: adapted(data=np.array([[1.0, np.nan]])), ValueError, "got nan at index \\[0, 1\\]"),
        (lambda: adapted(data=np.zeros((0, 3))), ValueError, "empty"),
        (lambda: adapted(data=[]), ValueError, "without a batch"),
        (lambda: adapted(data=[[1.0, 2.0]]), TypeError, "got list in place of a batch"),
        (lambda: adapted(data=None), TypeError, "got NoneType"),
        (lambda: adapted(data="abc"), TypeError, "got str"),
        (lambda: adapted(data=[np.zeros((2, 3)), np.zeros((2, 4))]), ValueError, "expected \\(3,\\) along axis"),
        (lambda: adapted(data=type("E", (Batches,), {"num_batches": None})([1])), ValueError, "ends"),
        (lambda: adapted(data=np.array([[0.0], [1e300]])), ValueError, "expected finite"),
        (lambda: adapted().adapt(DATA[..., :2]), ValueError, "expected \\(3,\\)"),
        (lambda: adapted()(DATA[..., :2]), ValueError, "built for inputs of shape \\(.., 3\\)"),
        (lambda: adapted()(DATA[..., :1]), ValueError, "built for"),
        (lambda: adapted(axis=1)(DATA[:, 0]), ValueError, "built for inputs of shape \\(.., 4, any\\)"),
        (lambda: adapted(mean=1.0, variance=1.0), ValueError, "it was given"),
        (lambda: adapted().set_weights([np.zeros(3), -np.ones(3), 0]), ValueError, "at least 0"),
        (lambda: chain(minirnn, adapted(), (4, 2)), ValueError, "built for"),
        (lambda: chain(minirnn, layers.Normalization(axis=1), (None, 3)), ValueError, "known size"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(make, error, message):
    with pytest.raises(error, match=message) as caught:
        make()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


def test_a_refused_adapt_leaves_the_statistics_as_they_were():
    layer = adapted()
    before = layer.get_weights()
    for data in (DATA * np.nan, [DATA, DATA[..., :2]], DATA * 1e300):
        with pytest.raises(ValueError):
            layer.adapt(data)
    for was, now in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)
    assert not layer.outside(DATA).any()
