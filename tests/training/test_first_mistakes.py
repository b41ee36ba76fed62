"""What is typed wrong at first is answered in one line that says how to mend it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import minirnn
from minirnn import callbacks, layers, losses, metrics, optimizers

X = np.random.default_rng(0).standard_normal((8, 3, 1)).astype("float32")
Y = X.mean(axis=1)
LABELS = np.arange(8) % 3
ONE_HOT = np.eye(3, dtype="float32")[LABELS]


def compiled(loss="mse", outputs=1, activation=None):
    output = layers.Dense(outputs, activation=activation)
    model = minirnn.Sequential([minirnn.Input((3, 1)), layers.SimpleRNN(2), output])
    model.compile("sgd", loss)
    return model


def assert_said(call, error, *words):
    with pytest.raises(error) as caught:
        call()
    said = str(caught.value)
    assert all(word in said for word in words), said
    assert "\n" not in said and len(said) < 240 and "Trainer" not in said


# --- names of arguments ---

MISSPELT = {
    "layer": (lambda: layers.LSTM(4, return_sequence=True), "LSTM", "return_sequences"),
    "dense": (lambda: layers.Dense(4, activaton="relu"), "Dense", "activation"),
    "dropout": (lambda: layers.Dropout(0.5, sed=1), "Dropout", "seed"),
    "input": (lambda: layers.InputLayer(shap=(3, 1)), "InputLayer", "shape"),
    "fit": (lambda: compiled().fit(X, Y, epoch=2), "fit", "epochs"),
    "compile": (lambda: compiled().compile("sgd", "mse", metric=["mae"]), "compile", "metrics"),
    "evaluate": (lambda: compiled().evaluate(X, Y, batchsize=2), "evaluate", "batch_size"),
    "predict": (lambda: compiled().predict(X, verbos=0), "predict", "verbose"),
    "train_on_batch": (lambda: compiled().train_on_batch(X, Y, sample_weights=Y), "train_on_batch", "sample_weight"),
    "callback": (lambda: callbacks.EarlyStopping(patience_=3), "EarlyStopping", "patience"),
    "plateau": (lambda: callbacks.ReduceLROnPlateau(facter=0.5), "ReduceLROnPlateau", "factor"),
    "optimizer": (lambda: optimizers.Adam(learning_rat=0.1), "Adam", "learning_rate"),
    "option of optimizers": (lambda: optimizers.SGD(clip_norm=1.0), "SGD", "clipnorm"),
    "metric": (lambda: metrics.BinaryAccuracy(treshold=0.3), "BinaryAccuracy", "threshold"),
    "loss": (lambda: losses.Huber(delt=0.3), "Huber", "delta"),
}


@pytest.mark.parametrize("case", MISSPELT)
def test_a_misspelt_argument_is_told_the_nearest(case):
    call, owner, nearest = MISSPELT[case]
    assert_said(call, TypeError, f"{owner} got an unknown argument", f"did you mean '{nearest}'?")


def test_an_own_class_with_arguments_of_its_own_is_not_looked_into():
    class Own(metrics.Mean):
        def __init__(self, scale, **kwargs):
            super().__init__(**kwargs)
            self.scale = scale

    assert (Own(scale=3, name="own").name, Own(2).name) == ("own", "mean")
    assert_said(lambda: Own(scale=3, nam="own"), TypeError, "Own got an unknown argument 'nam'; did you mean 'name'?")


@pytest.mark.parametrize("name, nearest", [("adma", "adam"), ("sdg", "sgd"), ("Adma", "adam"), ("rmsporp", "rmsprop")])
def test_swapped_letters_are_seen_first(name, nearest):
    assert_said(lambda: compiled().compile(name, "mse"), ValueError, f"did you mean '{nearest}'?")


def test_a_misspelt_monitor_of_validation_that_there_is_not_says_both():
    stop = callbacks.EarlyStopping(monitor="val_los")
    words = "did you mean 'val_loss'?; pass validation_data or validation_split to fit"
    assert_said(lambda: compiled().fit(X, Y, verbose=0, callbacks=[stop]), ValueError, words)


# --- shapes ---


def test_a_recurrent_layer_after_one_without_sequences_is_told_so():
    words = "got shape (None, 4); reshape the input; if it follows a recurrent layer, give that one return_sequences="
    stack = [minirnn.Input((3, 1)), layers.LSTM(4), layers.GRU(2)]
    assert_said(lambda: minirnn.Sequential(stack), ValueError, words)


@pytest.mark.parametrize("sizes", [(3, 1), (3,), (3, 1, 2)])
def test_sizes_of_an_input_that_are_no_tuple_are_put_into_one(sizes):
    assert_said(lambda: minirnn.Input(*sizes), ValueError, "got the number 3: ", f"write Input({sizes})")


def test_one_sample_without_a_batch_axis_is_reported_as_it_was_passed():
    words = "got input of shape (3, 1), expected (any, 3, 1); add the batch axis, x[None]"
    for call in (compiled(), lambda x: compiled().predict(x, verbose=0)):
        assert_said(lambda call=call: call(X[0]), ValueError, words)


def test_the_input_that_does_not_fit_is_named_where_there_are_several():
    a, b = minirnn.Input((3, 1), name="sales"), minirnn.Input((2,), name="shop")
    model = minirnn.Model([a, b], layers.concatenate([layers.SimpleRNN(2)(a), b]))
    words = "got input 'shop' of shape (8, 5), expected (any, 2)"
    assert_said(lambda: model.predict([X, np.ones((8, 5))], verbose=0), ValueError, words)


# --- data ---


def test_class_numbers_for_a_loss_of_one_hot_rows_and_the_other_way_round():
    for loss in ("categorical_crossentropy", "categorical_focal_crossentropy"):
        words = "take sparse_categorical_crossentropy, or pass utils.to_categorical(y)"
        for y in (LABELS, LABELS[:, None]):
            assert_said(lambda y=y, loss=loss: compiled(loss, 3, "softmax").fit(X, y), ValueError, words)
    words = "for one-hot y take categorical_crossentropy, or pass y.argmax(-1)"
    assert_said(lambda: compiled("sparse_categorical_crossentropy", 3, "softmax").fit(X, ONE_HOT), ValueError, words)


def test_other_losses_and_shapes_have_no_word_on_labels():
    for loss, y in (("mse", LABELS), ("categorical_crossentropy", np.ones((8, 5)))):
        with pytest.raises(ValueError, match="outputs have$"):
            compiled(loss, 3).fit(X, y)


def test_lists_of_one_array_are_the_array_as_in_keras():
    results = []
    for x, y in ((X, Y[:, 0]), ([X], [Y[:, 0]]), ([X], [Y]), ([X], Y)):
        minirnn.utils.set_random_seed(1)
        results.append(compiled().fit(x, y, epochs=2, verbose=0, shuffle=False).history["loss"])
    assert results[0] == results[1] == results[2] == results[3]


def test_softmax_of_one_unit_warns_and_names_the_users_line():
    with pytest.warns(UserWarning, match="softmax of one unit is always 1; use activation='sigmoid'") as caught:
        compiled("binary_crossentropy", 1, "softmax")
    assert [warning.filename for warning in caught] == [__file__]


def test_a_function_for_x_is_to_be_called():
    def batches():
        yield X, Y

    assert_said(lambda: compiled().fit(batches), TypeError, "x: got a function", "call it: batches()")
    assert_said(lambda: compiled().predict(batches, verbose=0), TypeError, "x: got a function", "call it: batches()")


def test_a_batch_that_is_a_list_is_to_be_a_tuple():
    batches = iter([[X, Y]])
    assert_said(lambda: compiled().fit(batches), TypeError, "got a batch as a list of 2", "yield a tuple (x, y)")


def test_the_warning_of_data_that_ended_early_names_the_users_line():
    model = compiled()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(iter([(X, Y)]), steps_per_epoch=3, verbose=0)
    assert [warning.filename for warning in caught] == [__file__]
    assert "the data ended after 1 of 3 steps" in str(caught[0].message)


def test_the_column_of_a_table_that_holds_no_numbers_is_named():
    class Table:
        """What pandas.DataFrame shows of itself."""

        columns, dtypes = ("price", "city"), (np.dtype("float64"), np.dtype(object))

        def __array__(self, dtype=None, copy=None):
            return np.array([[1.0, "Seoul"], [2.0, "Busan"]], object)

    model = minirnn.Sequential([minirnn.Input((2,)), layers.Dense(1)])
    words = "x: got column 'city' of dtype object, expected numbers"
    assert_said(lambda: model.predict(Table(), verbose=0), TypeError, words)
