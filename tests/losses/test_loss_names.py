"""Losses are found by Keras's names, take Keras's arguments, and their configurations pass to Keras and back."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from loss_cases import CASES, IDS, example

from minirnn import losses

CLASSES = sorted({name for name, _ in CASES})


@pytest.mark.parametrize("name", CLASSES)
def test_constructors_have_keras_s_arguments(keras, name):
    ours, theirs = (inspect.signature(getattr(library, name).__init__).parameters for library in (losses, keras.losses))
    assert {k: p.default for k, p in ours.items()} == {k: p.default for k, p in theirs.items()}
    assert list(ours) == list(theirs)
    assert getattr(losses, name)().name == getattr(keras.losses, name)().name


@pytest.mark.parametrize("function", losses._CLASS_OF, ids=lambda f: f.__name__)
def test_functions_have_keras_s_arguments(keras, function):
    ours = inspect.signature(function).parameters
    theirs = inspect.signature(getattr(keras.losses, function.__name__)).parameters
    assert {k: p.default for k, p in ours.items()} == {k: p.default for k, p in theirs.items()}
    assert list(ours) == list(theirs)


def test_every_name_that_keras_knows_is_known(keras):
    missing = set(keras.src.losses.ALL_OBJECTS_DICT) - set(losses._KNOWN)
    not_there = {"CTC", "Circle", "Dice", "Loss", "LossFunctionWrapper", "Tversky", "circle", "ctc", "dice", "tversky"}
    assert missing == not_there
    for name in set(keras.src.losses.ALL_OBJECTS_DICT) - not_there:
        theirs = keras.losses.get(name)
        expected = theirs.__name__ if inspect.isfunction(theirs) else type(theirs).__name__
        ours = type(losses.get(name))
        function = next(f.__name__ for f, cls in losses._CLASS_OF.items() if cls is ours)
        assert expected in (ours.__name__, function)


@pytest.mark.parametrize(
    "name, cls",
    [
        ("mse", losses.MeanSquaredError),
        ("MSE", losses.MeanSquaredError),
        ("mean_squared_error", losses.MeanSquaredError),
        ("MeanSquaredError", losses.MeanSquaredError),
        ("huber_loss", losses.Huber),
        ("logcosh", losses.LogCosh),
        ("log_cosh", losses.LogCosh),
        ("kld", losses.KLDivergence),
        ("KLD", losses.KLDivergence),
        ("kullback_leibler_divergence", losses.KLDivergence),
        ("cosine_similarity", losses.CosineSimilarity),
        ("BCE", losses.BinaryCrossentropy),
        ("mape", losses.MeanAbsolutePercentageError),
        ("MSLE", losses.MeanSquaredLogarithmicError),
    ],
)
def test_names_find_their_loss(name, cls):
    assert type(losses.get(name)) is cls


def test_functions_classes_and_objects_stand_for_their_loss():
    loss = losses.Huber(delta=2.0)
    assert losses.get(loss) is loss
    assert type(losses.get(losses.mean_squared_error)) is losses.MeanSquaredError
    assert type(losses.get(losses.Huber)) is losses.Huber
    assert losses.get(losses.serialize(loss)).delta == 2.0
    assert losses.get(None) is None
    assert losses.deserialize(losses.serialize(losses.hinge)) is losses.hinge
    assert type(losses.get(losses.serialize(losses.hinge))) is losses.Hinge
    assert repr(loss) == "<Huber name=huber_loss>"


@pytest.mark.parametrize("name, options", CASES, ids=IDS)
def test_a_configuration_makes_an_equal_loss_here_and_in_keras(keras, rng, name, options):
    loss = getattr(losses, name)(**options, reduction="sum", name="mine")
    config = losses.serialize(loss)
    copy = losses.deserialize(config)
    assert type(copy) is type(loss) and copy.get_config() == loss.get_config()
    y, p = example(name, options, "float64", rng)
    assert copy(y, p) == loss(y, p)
    theirs = keras.losses.deserialize(config)
    assert type(theirs).__name__ == name
    np.testing.assert_allclose(float(theirs(y, p)), loss(y, p), rtol=1e-5)
    back = losses.deserialize(keras.losses.serialize(theirs)).get_config()
    assert theirs.get_config().items() <= back.items()


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: losses.get("msee"), ValueError, "did you mean 'mse'"),
        (lambda: losses.get(3), TypeError, "loss must be a name"),
        (lambda: losses.get(int), TypeError, "loss int has no gradient"),
        (lambda: losses.get({"name": "mse"}), ValueError, "needs a 'class_name'"),
        (lambda: losses.Huber(delta=0), ValueError, "delta must be above 0"),
        (lambda: losses.BinaryCrossentropy(label_smoothing=1.5), ValueError, "between 0 and 1"),
        (lambda: losses.BinaryFocalCrossentropy(gamma=-1), ValueError, "gamma must be at least 0"),
        (lambda: losses.CategoricalCrossentropy(axis=True), TypeError, "axis must be a whole number"),
        (lambda: losses.MeanSquaredError(reduction="average"), ValueError, "reduction must be 'sum_over_batch_size', "),
        (lambda: losses.MeanSquaredError(dtype="int8"), ValueError, "dtype must be"),
        (lambda: losses.MeanSquaredError()(np.zeros((3, 1)), np.zeros((3, 2))), ValueError, "shape .3, 1. but y_pred"),
        (lambda: losses.mean_squared_error(1.0, 2.0), ValueError, "y_pred is the single number"),
        (lambda: losses.MeanSquaredError()([[np.nan]], [[1.0]]), ValueError, "y_true: got nan at index .0, 0."),
        (lambda: losses.SparseCategoricalCrossentropy()([2], [[0.5, 0.5]]), ValueError, "label 2"),
        (lambda: losses.SparseCategoricalCrossentropy()([-1], [[0.5, 0.5]]), ValueError, "label -1"),
        (lambda: losses.SparseCategoricalCrossentropy()([0.5], [[0.5, 0.5]]), ValueError, "label 0.5"),
        (lambda: losses.SparseCategoricalCrossentropy()([[0, 1]], [[0.5, 0.5]]), ValueError, "class numbers"),
        (lambda: losses.MeanSquaredError()([[1.0]], [[1.0]], sample_weight=[1, 2]), ValueError, "sample_weight has"),
        (lambda: losses.MeanSquaredError()([[1.0]], [[1.0]], mask=[True, False]), ValueError, "mask has shape"),
        (
            lambda: losses.CategoricalFocalCrossentropy(alpha=[0.1, 0.2, 0.7])([[0, 1]], [[0.5, 0.5]]),
            ValueError,
            "alpha for 3 classes, but the predictions have 2",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(make, error, message):
    with pytest.raises(error, match=message) as caught:
        make()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


def test_what_cannot_be_trained_with_says_so():
    rows = np.ones((2, 2))
    with pytest.raises(ValueError, match="reduction None: training needs one number"):
        losses.MeanSquaredError(reduction=None).compute(rows, rows, losses.NO_WEIGHTS, np.empty_like(rows))
    with pytest.raises(ValueError, match="axis 1: training needs the outputs on the last axis"):
        losses.CosineSimilarity(axis=1).compute(rows, rows, losses.NO_WEIGHTS, np.empty_like(rows))
