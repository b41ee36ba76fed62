"""Modules of PyTorch themselves, there and back; left out where it is not installed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from agreeing import agrees, states_agree  # noqa: E402
from torch_cases import CASES, computed, module_of  # noqa: E402

import minirnn  # noqa: E402
from minirnn import interop, layers  # noqa: E402
from reference.compare import compare_arrays, require  # noqa: E402

nn = torch.nn


def wide_module(kind, stacked, both, bias, double):
    torch.manual_seed(stacked + 2 * both + 4 * bias)
    name, _, nonlinearity = kind.partition("_")
    options = {"nonlinearity": nonlinearity} if nonlinearity else {}
    made = getattr(nn, name)(
        3, 5, stacked, bidirectional=both, bias=bias, batch_first=True, dropout=0.2 * (stacked > 1), **options
    )
    return (made.double() if double else made).eval()


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN_tanh", "RNN_relu"])
def test_every_option_of_a_recurrent_module_agrees_and_comes_back(kind):
    for stacked, both, bias, double in itertools.product((1, 3), (False, True), (False, True), (False, True)):
        module = wide_module(kind, stacked, both, bias, double)
        dtype = torch.float64 if double else torch.float32
        x = torch.randn(4, 6, 3, dtype=dtype, requires_grad=True)
        y, states = module(x)
        target = torch.randn_like(y)
        loss = torch.mean((y - target) ** 2)
        (dx,) = torch.autograd.grad(loss, x)
        found = {"x": x, "y": y, "target": target, "loss": loss.reshape(1), "dx": dx}
        found |= dict(zip("hc", states if isinstance(states, tuple) else (states,), strict=False))
        expected = {name: value.detach().numpy() for name, value in found.items()}
        model = interop.from_torch(module)
        inference = minirnn.models.clone_model(model)  # dropout between layers works in training only
        assert sum(isinstance(layer, layers.Dropout) for layer in model.layers) == stacked - 1
        without = interop.from_torch(module.state_dict(), nonlinearity=kind[4:] or "tanh")
        agrees(without, expected)
        states_agree(interop.from_torch(module, return_state=True), expected)
        inference.set_weights(model.get_weights())
        back = interop.to_torch(inference, module=True)
        own = back(x).detach().numpy()
        require([compare_arrays("outputs", "y", own, expected["y"], own.dtype.name)])


@pytest.mark.parametrize("name", CASES)
def test_modules_tell_themselves_what_their_weights_do_not(name):
    module = module_of(name).eval()
    told = {"return_sequences": False} if name == "last" else {}
    agrees(interop.from_torch(module, **told), computed(name, module))


@pytest.mark.parametrize("name", CASES)
def test_gradients_of_the_weights_are_those_of_pytorch(name):
    module = module_of(name).eval()
    told = {"return_sequences": False} if name == "last" else {}
    model, found = interop.from_torch(module, **told), computed(name, module)
    model.compile("sgd", "mse")
    _, gradients, _ = model.compute_gradients(found["x"], found["target"])
    x = torch.tensor(found["x"])
    y = module(x.long() if CASES[name].words else x)
    loss = torch.mean(((y[0] if isinstance(y, tuple) else y) - torch.tensor(found["target"])) ** 2)
    for parameter, d in zip(module.parameters(), torch.autograd.grad(loss, list(module.parameters())), strict=True):
        parameter.data = d  # gradients go the way of the weights
    expected = interop.from_torch(module, **told).get_weights()
    dtype = found["y"].dtype.name
    for weight, ours, theirs in zip(model.weights, gradients, expected, strict=True):
        if weight.name == "bias" and ours.ndim == 1 and "dense" not in weight.path and has_two_biases(model, weight):
            theirs = theirs / 2  # each of PyTorch's two biases has the gradient of Keras's one
        require([compare_arrays("gradients", weight.path, ours, theirs, dtype)])


def has_two_biases(model, weight):
    cells = [cell for layer in model.layers for cell in (layer.sublayers() or [layer])]
    return any(weight in cell.weights for cell in cells if hasattr(cell, "recurrent_initializer"))


@pytest.mark.parametrize("name", CASES)
def test_what_came_from_pytorch_goes_back_as_a_module_that_computes_the_same(name):
    module = module_of(name).eval()
    told = {"return_sequences": False} if name == "last" else {}
    found = computed(name, module)
    back = interop.to_torch(interop.from_torch(module, **told), module=True)
    y = back(torch.tensor(found["x"]).long() if CASES[name].words else torch.tensor(found["x"]))
    require([compare_arrays("outputs", "y", y.detach().numpy(), found["y"], found["y"].dtype.name)])


def test_a_module_under_two_names_becomes_two_layers_of_equal_weights():
    torch.manual_seed(0)
    twice = nn.Linear(3, 3)
    module = nn.Sequential(twice, nn.Tanh(), twice)
    model, x = interop.from_torch(module), torch.randn(2, 3)
    assert [layer.name for layer in model.layers] == ["0", "1", "2"]
    require([compare_arrays("outputs", "y", model.predict_on_batch(x.numpy()), module(x).detach().numpy(), "float32")])


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("last", [True, False])
def test_a_model_becomes_a_module_that_computes_and_trains_the_same(batch_first, last):
    model = minirnn.Sequential([
        layers.Input((None, 3)), layers.LSTM(4, return_sequences=True, name="enc.a_l0"),
        layers.LSTM(4, return_sequences=True, name="enc.a_l1"),
        layers.Bidirectional(layers.GRU(3, return_sequences=not last), name="both"), layers.Dense(5, "relu"),
        layers.Dropout(0.5), layers.Dense(2),
    ])  # fmt: skip
    module = interop.to_torch(model, module=True, batch_first=batch_first)
    assert {name: tuple(t.shape) for name, t in module.state_dict().items()} == {
        name: a.shape for name, a in interop.to_torch(model).items()
    }
    assert module.enc.a.num_layers == 2 and not module.training
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    given = torch.tensor(x if batch_first else x.swapaxes(0, 1).copy())
    y = module(given).detach().numpy()
    y = y if batch_first or last else y.swapaxes(0, 1)
    require([compare_arrays("outputs", "y", model.predict_on_batch(x), y, "float32")])
    module.train()
    module(given).sum().backward()
    assert all(p.grad is not None for p in module.parameters())


def test_names_and_layouts_that_a_module_cannot_have_are_refused():
    model = minirnn.Sequential([layers.Input((None, 3)), layers.LSTM(2, name="forward")])
    with pytest.raises(ValueError, match="layer forward has a name that modules of PyTorch use otherwise"):
        interop.to_torch(model, module=True)
    model = minirnn.Sequential([layers.Input((4, 3)), layers.Flatten(name="flat"), layers.Dense(2)])
    with pytest.raises(ValueError, match="layer flat flattens"):
        interop.to_torch(model, module=True, batch_first=False)
    x = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    y = interop.to_torch(model, module=True)(torch.tensor(x)).detach().numpy()
    require([compare_arrays("outputs", "y", model.predict_on_batch(x), y, "float32")])


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda: nn.LSTM(3, 4, proj_size=2), "proj_size"),
        (lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)), "1: found a BatchNorm1d, expected nn.LSTM"),
        (lambda: nn.Sequential(nn.Linear(3, 4), nn.PReLU()), "1: found a PReLU"),
        (lambda: nn.Sequential(nn.Linear(3, 4), nn.Softplus()), "1: found a Softplus"),
        (lambda: nn.LSTMCell(3, 4), "found a LSTMCell"),
        (lambda: nn.Linear(3, 4).half(), "dtype float16, expected an array of float32 or float64; in"),
        (lambda: nn.Linear(3, 4).bfloat16(), "dtype bfloat16"),
        (lambda: nn.Embedding(3, 4, max_norm=1.0), "max_norm=1.0"),
        (lambda: nn.MultiheadAttention(4, 2), "out_proj: found a NonDynamicallyQuantizableLinear"),
    ],
)
def test_modules_that_keras_has_not_are_refused_by_name(make, said):
    with pytest.raises(interop.ModelFileError) as raised:
        interop.from_torch(make())
    assert said in str(raised.value) and "\n" not in str(raised.value)


def test_what_minirnn_saves_the_library_safetensors_reads(tmp_path):
    load_file = pytest.importorskip("safetensors.torch").load_file
    module = module_of("words")
    interop.save_safetensors(module, tmp_path / "words.safetensors")
    read = load_file(tmp_path / "words.safetensors")
    assert {name: tensor.tolist() for name, tensor in read.items()} == {
        name: tensor.tolist() for name, tensor in module.state_dict().items()
    }
    assert module.load_state_dict(read)


def test_a_module_that_is_not_changed_by_what_is_made_of_it():
    module = module_of("lstm")
    kept = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    model = interop.from_torch(module)
    model.set_weights([0 * w for w in model.get_weights()])
    assert all((tensor == kept[name]).all() for name, tensor in module.state_dict().items())
