"""Cells as layers, RNN of one cell and of several, and RNN of cells of the user's own."""

from __future__ import annotations

import numpy as np
import pytest
from both import MASK, SHAPE, B, F, T, check_gradients, compare, compare_configs, pair

import minirnn
from minirnn import initializers, layers
from minirnn.layers.weight import PlainLayout

CELLS = {
    "lstm": lambda k: k.LSTMCell(4),
    "gru": lambda k: k.GRUCell(4),
    "gru_reset_before": lambda k: k.GRUCell(4, reset_after=False, use_bias=False),
    "simple_rnn": lambda k: k.SimpleRNNCell(4, activation="relu"),
}
SEVERAL = {
    "list": lambda k: [k.LSTMCell(4), k.GRUCell(3)],
    "stack": lambda k: k.StackedRNNCells([k.SimpleRNNCell(4), k.LSTMCell(2), k.GRUCell(3)]),
}
SIZES = {"lstm": [4, 4], "list": [[4, 4], 3], "stack": [4, [2, 2], 3]}
OPTIONS = [
    {},
    {"return_sequences": True},
    {"return_sequences": True, "go_backwards": True},
    {"return_sequences": True, "zero_output_for_mask": True, "return_state": True},
]
every_cell = pytest.mark.parametrize("name", [*CELLS, *SEVERAL])


def rnn(name, **options):
    return lambda lib: lib.layers.RNN((CELLS | SEVERAL)[name](lib.layers), **options)


# --- RNN ---


@pytest.mark.parametrize("mask", [None, MASK], ids=["plain", "masked"])
@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "+".join(options))
@every_cell
def test_outputs_and_all_gradients_are_those_of_keras(keras, name, options, mask):
    compare(rnn(name, **options), mask=mask)


@every_cell
def test_states_are_nested_as_in_keras(keras, name):
    compare(rnn(name, return_state=True), state_sizes=SIZES.get(name, [4]))
    ours, theirs = pair(rnn(name, return_state=True))
    assert ours.state_size == theirs.state_size
    # Keras's compute_output_shape, and its models, have one array for a single state; its eager calls a list of one.
    shapes = [[s.shape for s in part] if isinstance(part, list) else part.shape for part in ours(np.ones(SHAPE))]
    assert shapes == list(theirs.compute_output_shape(SHAPE))


@pytest.mark.parametrize("shape", [(1, T, F), (B, 1, F), (1, 1, 1)])
@every_cell
def test_single_rows_and_steps_agree_with_keras(keras, name, shape):
    compare(rnn(name), shape, dtype="float32")


@every_cell
def test_configurations_are_those_of_keras(keras, name):
    compare_configs(rnn(name, stateful=True))
    if name in CELLS:
        compare_configs(lambda lib: CELLS[name](lib.layers))


@every_cell
def test_gradients_are_differences(name):
    minirnn.utils.set_random_seed(0)
    with_dtype = {"list": lambda: [layers.LSTMCell(4, dtype="float64"), layers.GRUCell(3, dtype="float64")]}
    cell = with_dtype.get(name, lambda: _in_float64((CELLS | SEVERAL)[name](layers)))()
    layer = layers.RNN(cell, return_sequences=True, return_state=True, dtype="float64")
    random = np.random.default_rng(3)
    check_gradients(layer, random.standard_normal(SHAPE), mask=MASK)


def _in_float64(cell):
    if isinstance(cell, layers.StackedRNNCells):
        return layers.StackedRNNCells([_in_float64(inner) for inner in cell.cells], dtype="float64")
    config = cell.get_config() | {"dtype": "float64"}
    return type(cell).from_config(config | {"activation": "tanh"})


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
def test_a_cell_over_a_sequence_is_the_layer_of_its_kind(kind):
    layer = getattr(layers, kind)(5, return_sequences=True)
    over = layers.RNN(getattr(layers, f"{kind}Cell")(5), return_sequences=True)
    x = np.random.default_rng(0).standard_normal(SHAPE).astype("float32")
    over.build(SHAPE)
    layer.build(SHAPE)
    over.set_weights(layer.get_weights())
    np.testing.assert_array_equal(over(x, mask=MASK), layer(x, mask=MASK))


@every_cell
def test_a_stateful_one_goes_on_where_it_stopped_as_in_keras(keras, name):
    ours, theirs = pair(rnn(name, stateful=True))
    x = np.random.default_rng(0).standard_normal(SHAPE).astype("float32")
    first = ours(x)
    np.testing.assert_allclose(first, theirs(x), atol=1e-6)
    np.testing.assert_allclose(ours(x), theirs(x), atol=1e-6)
    with pytest.raises(ValueError, match="keeps states for a batch of 3, got 2 rows"):
        ours(x[:2])
    ours.reset_state()
    np.testing.assert_array_equal(ours(x), first)


def test_it_learns_in_a_model_with_a_mask():
    minirnn.utils.set_random_seed(0)
    chain = [layers.Masking(), layers.RNN([layers.LSTMCell(6), layers.GRUCell(6)]), layers.Dense(1)]
    model = minirnn.Sequential([minirnn.Input((T, 1)), *chain])
    model.compile(minirnn.optimizers.Adam(0.02), "mse")
    x = np.random.default_rng(0).uniform(0.1, 1, (64, T, 1))
    x[::2, 3:] = 0
    history = model.fit(x, x.sum(axis=1), epochs=60, verbose=0).history["loss"]
    assert history[-1] < 0.05 * history[0]


# --- cells by themselves ---


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CELLS)
def test_a_step_is_that_of_keras(keras, name, dtype):
    from reference import keras_side

    with keras_side.precision(dtype):
        ours, theirs = pair(lambda lib: CELLS[name](lib.layers), (B, F))
        assert ours.state_size == theirs.state_size and ours.output_size == theirs.output_size
        x = np.random.default_rng(1).standard_normal((B, F)).astype(dtype)
        states = ours.get_initial_state(B)
        for other, mine in zip(theirs.get_initial_state(B), states, strict=True):
            np.testing.assert_array_equal(mine, other)
        states = [np.random.default_rng(2).standard_normal((B, 4)).astype(dtype) for _ in states]
        (y, new), (other_y, other_new) = ours(x, states), theirs(x, states)
        for mine, other in zip([y, *new], [other_y, *other_new], strict=True):
            assert mine.dtype == dtype
            np.testing.assert_allclose(mine, other, atol=1e-12 if dtype == "float64" else 1e-6)


@pytest.mark.parametrize("name", CELLS)
def test_the_gradients_of_a_step_are_those_of_a_sequence_of_one(name):
    cell = CELLS[name](layers)
    over = layers.RNN(cell, return_state=True)
    over.build((None, 1, F))
    random = np.random.default_rng(0)
    x, dy = random.standard_normal((B, F)), random.standard_normal((B, 4))
    states = [random.standard_normal((B, 4)) for _ in cell.get_initial_state(B)]
    dx, d_weights, d_states = cell.vjp(x, dy, states, d_states=states)
    expected = over.vjp(x[:, None], dy, initial_state=states, d_states=states)
    np.testing.assert_array_equal(dx, expected[0][:, 0])
    for mine, other in zip([*d_weights, *d_states], [*expected[1], *expected[2]], strict=True):
        np.testing.assert_array_equal(mine, other)


def step_model(lib):
    x, h, c = lib.Input((F,)), lib.Input((4,)), lib.Input((4,))
    y, (h_new, c_new) = lib.layers.LSTMCell(4)(x, [h, c])
    return lib.Model([x, h, c], [lib.layers.Dense(1)(y), h_new, c_new])


def test_a_step_in_a_functional_model_is_that_of_keras(keras):
    ours, theirs = step_model(minirnn), step_model(keras)
    theirs.set_weights(ours.get_weights())
    random = np.random.default_rng(0)
    values = [random.standard_normal((B, n)).astype("float32") for n in (F, 4, 4)]
    for mine, other in zip(ours.predict(values, verbose=0), theirs.predict(values, verbose=0), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-6)


def test_a_stack_computes_a_step_as_in_keras(keras):
    ours, theirs = pair(lambda lib: SEVERAL["stack"](lib.layers), (B, F))
    x = np.ones((B, F), "float32")
    y, states = ours(x, ours.get_initial_state(B))
    other, other_states = theirs(x, theirs.get_initial_state(B))
    np.testing.assert_allclose(y, other, atol=1e-6)
    assert [type(state) is list for state in states] == [type(state) is list for state in other_states]
    assert ours.state_size == theirs.state_size and ours.output_size == theirs.output_size


# --- cells of the user's own ---


class Leaky:
    """h = h_prev + rate (tanh(x W) - h_prev), as a plain object, to be used but not trained."""

    state_size = 3

    def __init__(self):
        self.w = np.random.default_rng(0).standard_normal((F, 3))

    def call(self, x, states):
        h = states[0] + 0.5 * (np.tanh(x @ self.w) - states[0])
        return h, [h]


class Minimal(layers.Layer):
    """h = x W + h_prev U, the cell of Keras's documentation, with its backward written by hand."""

    input_rank = 2

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, input_shape):
        draw, layout = initializers.get("glorot_uniform"), PlainLayout(self.dtype)
        self.w = self.add_weight("kernel", (input_shape[-1], self.units), draw, layout)
        self.u = self.add_weight("recurrent_kernel", (self.units, self.units), draw, layout)
        super().build(input_shape)

    def call(self, x, states):
        h = x @ self.w.numpy() + states[0] @ self.u.numpy()
        return h, [h]

    def backward(self, x, states, d_output, d_states):
        dh = d_output + d_states[0]
        return dh @ self.w.numpy().T, [dh @ self.u.numpy().T], [x.T @ dh, states[0].T @ dh]


def linear(cell=None, **options):
    """A SimpleRNN with the equation of `Minimal`, and the RNN of it, with the same weights."""
    ours = layers.RNN(cell or Minimal(4, dtype="float64"), dtype="float64", **options)
    theirs = layers.SimpleRNN(4, activation=None, use_bias=False, dtype="float64", **options)
    for layer in (ours, theirs):
        layer.build(SHAPE)
    ours.set_weights(theirs.get_weights())
    return ours, theirs


@pytest.mark.parametrize("mask", [None, MASK], ids=["plain", "masked"])
@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "+".join(options))
def test_a_cell_with_a_backward_of_its_own_equals_the_compiled_one(options, mask):
    ours, theirs = linear(**options)
    if mask is not None and options.get("go_backwards"):
        mask = mask[:, ::-1]  # before its first step the output of a cell is zero, whatever its states are
    random = np.random.default_rng(4)
    x, states = random.standard_normal(SHAPE), [random.standard_normal((B, 4))]
    results = [layer(x, mask=mask, initial_state=states) for layer in (ours, theirs)]
    mine, other = (np.concatenate([np.ravel(part) for part in r]) if isinstance(r, list) else r for r in results)
    np.testing.assert_allclose(mine, other, atol=1e-13)
    dy = random.standard_normal(np.shape(results[0][0] if options.get("return_state") else results[0]))
    d_states = [random.standard_normal((B, 4))]
    found = [layer.vjp(x, dy, mask, states, d_states) for layer in (ours, theirs)]
    for mine, other in zip(*([dx, *weights, *initial] for dx, weights, initial in found), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-12)


def test_the_gradients_of_a_users_cell_between_others_are_differences():
    cells = [layers.LSTMCell(3, dtype="float64"), Minimal(4, dtype="float64"), layers.GRUCell(2, dtype="float64")]
    layer = layers.RNN(cells, return_sequences=True, go_backwards=True, return_state=True, dtype="float64")
    check_gradients(layer, np.random.default_rng(0).standard_normal(SHAPE), mask=MASK)


def test_a_cell_without_a_backward_predicts_and_says_what_training_needs():
    model = minirnn.Sequential([minirnn.Input((T, F)), layers.RNN(Leaky()), layers.Dense(1)])
    x = np.ones(SHAPE)
    assert model.predict(x, verbose=0).shape == (B, 1)
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(x, np.ones((B, 1)), verbose=0)  # nothing before it is to be trained
    assert np.abs(model.get_weights()[0] - before[0]).max() > 0
    with pytest.raises(NotImplementedError, match=r"Leaky cannot be trained: it has no backward\(x, states") as caught:
        model.compute_gradients(x, np.ones((B, 1)))
    assert "\n" not in str(caught.value)


class Untrained(Minimal):
    backward = layers.Layer.backward


def test_a_layer_cell_without_a_backward_leaves_the_model_as_it_was():
    model = minirnn.Sequential([minirnn.Input((T, F)), layers.RNN(Untrained(4)), layers.Dense(1)])
    model.compile("sgd", "mse")
    before = model.get_weights()
    with pytest.raises(NotImplementedError, match="cell Untrained cannot be trained"):
        model.fit(np.ones(SHAPE), np.ones((B, 1)), verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_users_cell_learns():
    minirnn.utils.set_random_seed(0)
    model = minirnn.Sequential([minirnn.Input((T, F)), layers.RNN(Minimal(4)), layers.Dense(1)])
    model.compile(minirnn.optimizers.Adam(0.02), "mse")
    x = np.random.default_rng(0).standard_normal((64, T, F))
    history = model.fit(x, x.sum(axis=1)[:, :1], epochs=80, verbose=0).history["loss"]
    assert history[-1] < 0.05 * history[0]


def test_a_configuration_finds_a_users_cell_among_the_custom_objects():
    class Named(Minimal):
        def get_config(self):
            return super().get_config() | {"units": self.units}

    config = layers.RNN(Named(4)).get_config()
    again = layers.RNN.from_config(config, {"Named": Named})
    assert again.cell.units == 4
    with pytest.raises(ValueError, match="no layer 'Named'"):
        layers.RNN.from_config(config)


class Wrong(Leaky):
    def call(self, x, states):
        return states[0][:1], states


def test_layers_may_share_a_cell_that_is_built():
    cells = [layers.GRUCell(2), layers.LSTMCell(3)]
    encoder, decoder = layers.RNN(cells, return_state=True), layers.RNN(cells)
    x = layers.Input((T, F))
    _, *states = encoder(x)
    assert decoder(x, initial_state=states).shape == (None, 3)
    assert [id(w) for w in encoder.weights] == [id(w) for w in decoder.weights]
    with pytest.raises(ValueError, match=r"built for 2 features, got input of shape \(None, 5\)"):
        layers.RNN(cells)(layers.Input((T, 5)))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: layers.RNN("lstm"), "a cell needs 'call', got str"),
        (lambda: layers.RNN(layers.Dense(3)), "a cell needs 'state_size', got Dense"),
        (lambda: layers.StackedRNNCells([]), "at least one cell"),
        (lambda: layers.RNN(layers.GRUCell(2))(np.ones((3, 2))), "expects 3 dimensions"),
        (lambda: layers.RNN(layers.LSTMCell(2))(np.ones(SHAPE), initial_state=[np.ones((B, 2))]), "has 2 state"),
        (lambda: layers.RNN(layers.GRUCell(2))(np.ones(SHAPE), initial_state=np.ones((B, 3))), r"expected \(3, 2\)"),
        (lambda: layers.RNN(Wrong())(np.ones(SHAPE)), r"Wrong gives the output of shape \(1, 3\), expected \(3, 3\)"),
        (lambda: layers.GRUCell(2)(np.ones((B, F)), None), "needs states"),
        (lambda: layers.GRUCell(2)(np.ones((B, F)), [np.ones((B, 3))]), r"expected \(3, 2\)"),
        (lambda: layers.GRUCell(2).get_initial_state(), "needs a batch_size"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(make, words):
    with pytest.raises(ValueError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)
