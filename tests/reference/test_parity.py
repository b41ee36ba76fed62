"""minirnn is Keras: over cells, options, sizes, dtypes, losses and optimizers."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from reference import cases, compare, oracle
from reference.compare import require

pytestmark = pytest.mark.usefixtures("keras")

CELLS = {
    "SimpleRNN": ("SimpleRNN", {}),
    "LSTM": ("LSTM", {}),
    "GRU-after": ("GRU", {"reset_after": True}),
    "GRU-before": ("GRU", {"reset_after": False}),
}
OPTIONS = {
    "plain": {},
    "no bias": {"use_bias": False},
    "backwards": {"go_backwards": True},
    "sequences": {"return_sequences": True},
    "sequences backwards": {"return_sequences": True, "go_backwards": True},
    "zero output": {"return_sequences": True, "zero_output_for_mask": True},
}
# (batch, time, features, units): one of everything; odd sizes that no vector divides; a long sum.
SIZES = [(1, 1, 1, 1), (33, 2, 3, 17), (2, 3, 300, 5)]

# Cell, activation, recurrent activation, and the dtype: TensorFlow rounds a constant of gelu and one of leaky_relu to
# float32 even in float64. Each row costs a compilation, so every activation has its turn once, not with every cell.
ACTIVATIONS = [
    ("SimpleRNN", "relu", None, "float64"),
    ("SimpleRNN", "linear", None, "float64"),
    ("LSTM", "softsign", "hard_sigmoid", "float64"),
    ("LSTM", "tanh", "exponential", "float64"),
    ("GRU-after", "elu", "softplus", "float64"),
    ("GRU-before", "silu", "relu6", "float64"),
    ("GRU-after", "selu", "sigmoid", "float64"),
    ("LSTM", "gelu", "leaky_relu", "float32"),
]


@pytest.fixture(params=CELLS)
def cell(request):
    return CELLS[request.param]


def recurrent_problem(cell, options, dtype, size=(3, 7, 5, 13), seed=0):
    """A built minirnn layer with random weights, inputs and initial states."""
    batch, time, features, units = size
    kind, convention = cell
    layer = getattr(minirnn.layers, kind)(units, return_state=True, dtype=dtype, **convention, **options)
    layer.build((None, time, features))
    rng = np.random.default_rng(seed)
    cases.random_weights(layer, rng)
    x = rng.normal(size=(batch, time, features)).astype(dtype)
    states = [rng.normal(scale=0.5, size=(batch, units)).astype(dtype) for _ in range(2 if kind == "LSTM" else 1)]
    return layer, x, states


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_every_option_of_a_layer(cell, options, dtype):
    layer, x, states = recurrent_problem(cell, options, dtype)
    require(compare.compare_layer(layer, x))
    require(compare.compare_layer(layer, x, states))


MASKS = ["holes", "padding", "padding before", "all"]


def mask_of(kind, x):
    """A mask (3, 7) of bool."""
    time = np.arange(x.shape[1])
    return {
        "holes": np.random.default_rng(1).random(x.shape[:2]) < 0.5,
        "padding": time < np.array([[1], [4], [7]]),
        "padding before": time >= np.array([[6], [3], [0]]),
        "all": np.zeros(x.shape[:2], bool),
    }[kind]


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize(("kind", "precision"), [("holes", "float32"), *((kind, "float64") for kind in MASKS)])
def test_every_option_of_a_layer_with_a_mask(cell, options, kind, precision):
    layer, x, states = recurrent_problem(cell, options, precision)
    mask = mask_of(kind, x)
    require(compare.compare_layer(layer, x, mask=mask))
    mask[:, -1 if options.get("go_backwards") else 0] = True
    require(compare.compare_layer(layer, x, states, mask))


@pytest.mark.parametrize("options", [{}, {"go_backwards": True}, {"zero_output_for_mask": True}], ids=str)
@pytest.mark.parametrize("kind", MASKS)
def test_a_first_step_that_is_masked_gives_the_initial_state_as_the_oracle_has_it(cell, options, kind):
    layer, x, states = recurrent_problem(cell, {"return_sequences": True, **options}, "float64")
    mask = mask_of(kind, x)
    tape = oracle.forward(cell[0], x, layer.get_weights(), states, mask, oracle.Options(**cell[1], **options))
    for ours, exact in zip(layer(x, initial_state=states, mask=mask), [tape.sequence, *tape.states], strict=True):
        np.testing.assert_allclose(ours, exact, rtol=0, atol=1e-12)

    rng = np.random.default_rng(2)
    dy, d_states = rng.normal(size=tape.sequence.shape), [rng.normal(size=state.shape) for state in states]
    exact = oracle.backward(tape, d_sequence=dy, d_states=d_states)
    dx, d_weights, d_initial = layer.vjp(x, dy=dy, initial_state=states, mask=mask, d_states=d_states)
    expected = [exact.dx, *exact.weights, *exact.initial_states]
    for ours, gradient in zip([dx, *d_weights, *d_initial], expected, strict=True):
        np.testing.assert_allclose(ours, gradient, rtol=0, atol=1e-12 * max(1, np.abs(gradient).max()))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_size(cell, dtype, size):
    layer, x, states = recurrent_problem(cell, {"return_sequences": True}, dtype, size)
    require(compare.compare_layer(layer, x, states))


@pytest.mark.parametrize(("name", "activation", "recurrent_activation", "precision"), ACTIVATIONS)
def test_every_activation(name, activation, recurrent_activation, precision):
    options = {"activation": activation}
    if recurrent_activation:
        options["recurrent_activation"] = recurrent_activation
    layer, x, states = recurrent_problem(CELLS[name], options, precision)
    layer.set_weights([0.3 * weight for weight in layer.get_weights()])
    require(compare.compare_layer(layer, x, states))


SMALL = [case for case in cases.MODELS if case.features < 100]


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_every_standard_model(case, dtype):
    model = cases.build_model(case, minirnn, dtype)
    x, y = cases.model_data(case, model.output_shape, dtype)
    require([*compare.compare_counts(model), *compare.compare_model(model, x, y)])


@pytest.mark.parametrize(
    "layers",
    [
        lambda k, d: [k.LSTM(6, return_sequences=True, dtype=d), k.Flatten(dtype=d), k.Dense(2, dtype=d)],
        lambda k, d: [k.GRU(6, dtype=d), k.RepeatVector(4, dtype=d), k.SimpleRNN(3, dtype=d)],
        lambda k, d: [k.Reshape((6, 10), dtype=d), k.LSTM(6, dtype=d), k.Activation("softplus", dtype=d)],
        lambda k, d: [k.Dense(4, activation="relu", dtype=d), k.GRU(3, dtype=d), k.Dropout(0.0, dtype=d)],
        lambda k, d: [k.Masking(dtype=d), k.GRU(6, return_sequences=True, dtype=d), k.Dense(2, dtype=d)],
    ],
    ids=["Flatten", "RepeatVector", "Reshape, Activation", "Dense before, Dropout", "masked loss"],
)
def test_every_kind_of_layer_beside_the_recurrent_ones(layers, dtype):
    case = cases.ModelCase("all kinds", layers, padded=True)
    model = cases.build_model(case, minirnn, dtype)
    x, _ = cases.model_data(case, model.output_shape, dtype)
    y = np.random.default_rng(2).normal(size=(case.samples, *model.output_shape[1:])).astype(dtype)
    require(compare.compare_model(model, x, y))


@pytest.mark.parametrize(
    ("loss", "activation"),
    [
        ("mse", "linear"), ("mae", "tanh"), ("huber", "linear"), ("binary_crossentropy", "sigmoid"),
        ("categorical_crossentropy", "softmax"), ("sparse_categorical_crossentropy", "softmax"),
    ],
)  # fmt: skip
def test_every_loss(loss, activation, dtype):
    case = cases.ModelCase(loss, lambda k, d: [k.LSTM(6, dtype=d), k.Dense(4, activation=activation, dtype=d)])
    model = cases.build_model(case, minirnn, dtype)
    x, y = cases.model_data(case, model.output_shape, dtype)
    rng = np.random.default_rng(2)
    if "crossentropy" in loss:
        classes = rng.integers(0, 4, size=len(x))
        y = classes if loss.startswith("sparse") else np.eye(4, dtype=dtype)[classes]
    require(compare.compare_model(model, x, y, loss=loss))


OPTIMIZERS = {
    "Adam": ("Adam", {"learning_rate": 0.003}),
    "Adam, amsgrad": ("Adam", {"learning_rate": 0.003, "amsgrad": True}),
    "Adam, other betas": ("Adam", {"learning_rate": 0.003, "beta_1": 0.8, "beta_2": 0.97, "epsilon": 1e-4}),
    "Adam, clipvalue": ("Adam", {"learning_rate": 0.003, "clipvalue": 0.01}),
    "SGD": ("SGD", {"learning_rate": 0.05}),
    "SGD, momentum": ("SGD", {"learning_rate": 0.02, "momentum": 0.9}),
    "SGD, nesterov": ("SGD", {"learning_rate": 0.02, "momentum": 0.9, "nesterov": True}),
    "SGD, clipnorm": ("SGD", {"learning_rate": 0.05, "clipnorm": 0.1}),
    "SGD, global_clipnorm": ("SGD", {"learning_rate": 0.05, "global_clipnorm": 0.1}),
    "RMSprop": ("RMSprop", {"learning_rate": 0.001}),
    "RMSprop, centered with momentum": ("RMSprop", {"learning_rate": 0.001, "momentum": 0.5, "centered": True}),
}


# Each step of each of them is compared in tests/optimizers.
@pytest.mark.slow
@pytest.mark.parametrize(("optimizer", "settings"), OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_100_steps_of_every_optimizer(optimizer, settings, dtype="float64"):
    case = cases.ModelCase("trained", lambda k, d: [k.SimpleRNN(8, dtype=d), k.Dense(1, dtype=d)], time=5, features=2)
    model = cases.build_model(case, minirnn, dtype)
    x, y = cases.model_data(case, model.output_shape, dtype)
    require(compare.compare_training(model, x, y, optimizer, settings))


@pytest.mark.parametrize("case", [SMALL[1], SMALL[2], SMALL[-2]], ids=lambda case: case.name)
def test_100_adam_steps_of_standard_models(case, dtype):
    model = cases.build_model(case, minirnn, dtype)
    x, y = cases.model_data(case, model.output_shape, dtype)
    require(compare.compare_training(model, x, y, "Adam", {"learning_rate": 0.003}))
