"""The comparison of minirnn with Keras: results, gradients, parameter counts and training runs.

Each function takes a minirnn layer or model and gives a list of `Check`s, one for each array; a failing check says in
one line which layer and weight differ most, at which index, and what both libraries have there. `keras_twin=` compares
with another Keras model than the twin, for example one trained elsewhere. A Keras model may stand in minirnn's place.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from minirnn.utils.nested import flatten, map_leaves
from reference import keras_side
from reference.tolerances import TOLERANCES
from reference.twin import MODELS, dtype_name, to_keras, twin_layer

GATES = {"LSTM": "ifgo", "GRU": "zrn", "SimpleRNN": "h"}


@dataclass(frozen=True)
class Check:
    """One comparison: what was compared, the difference found and allowed, and the place where it is largest."""

    quantity: str
    name: str
    error: float
    allowed: float
    place: str
    ours: float
    keras: float

    @property
    def passed(self) -> bool:
        """False also when the error is not a number."""
        return self.error <= self.allowed

    def __str__(self) -> str:
        verdict = "agrees" if self.passed else "differs"
        return (
            f"{self.name}{self.place} {verdict} ({self.quantity}): minirnn {self.ours:.17g}, Keras {self.keras:.17g}, "
            f"difference {self.error:.3g}, allowed {self.allowed:.3g}"
        )


class Mismatch(AssertionError):
    """minirnn and Keras differ by more than is allowed."""


def require(checks: Iterable[Check]) -> None:
    """Raise Mismatch with a line for each check that failed."""
    failures = [str(check) for check in checks if not check.passed]
    if failures:
        raise Mismatch("\n".join(failures))


def worst(checks: Iterable[Check], quantity: str) -> Check | None:
    """The check of one quantity with the largest error; an error that is not a number is larger than any."""
    chosen = [check for check in checks if check.quantity == quantity]
    return max(chosen, key=lambda check: math.inf if math.isnan(check.error) else check.error, default=None)


def compare_arrays(
    quantity: str, name: str, ours: Any, keras: Any, dtype: str, gates: str = "", scale: float | None = None
) -> Check:
    """One array of minirnn beside Keras's, measured as `tolerances` defines it for the quantity.

    Args:
        quantity: "outputs", "gradients" or "losses".
        name: what the arrays are, e.g. "lstm/kernel".
        dtype: the row of the tolerance table, "float32" or "float64".
        gates: the gates side by side in the last axis, so that the place can name its gate.
        scale: what the difference is relative to, in the place of what the tolerances say.
    """
    allowed = TOLERANCES[dtype][quantity].allowed
    ours, keras = np.asarray(ours, np.float64), np.asarray(keras, np.float64)
    if ours.shape != keras.shape:
        place = f" of shape {ours.shape} instead of {keras.shape}"
        return Check(quantity, name, math.inf, allowed, place, math.nan, math.nan)
    difference, magnitude = np.abs(ours - keras), np.abs(keras)
    if scale is None:
        scale = {"outputs": max(1.0, magnitude.max()), "gradients": magnitude.max(), "losses": magnitude}[quantity]
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(difference == 0, 0.0, difference / scale)
    index = np.unravel_index(np.argmax(np.where(np.isnan(error), math.inf, error)), error.shape)
    place = f"[{', '.join(map(str, index))}]" if index else ""
    if len(gates) > 1:
        place += f" (gate {gates[index[-1] * len(gates) // error.shape[-1]]})"
    return Check(quantity, name, float(error[index]), allowed, place, float(ours[index]), float(keras[index]))


def _compare_lists(
    quantity: str, names: Sequence[tuple[str, str]], ours: Sequence[Any], keras: Sequence[Any], dtype: str
) -> list[Check]:
    """`compare_arrays` for each (name, gates); a list of the wrong length is one failed check."""
    if len(ours) != len(keras):
        place = f" and after: {len(ours)} arrays instead of {len(keras)}"
        return [Check(quantity, names[0][0], math.inf, 0, place, math.nan, math.nan)]
    return [
        compare_arrays(quantity, name, a, b, dtype, gates)
        for (name, gates), a, b in zip(names, ours, keras, strict=False)
    ]


def _weight_names(layers: Iterable[Any]) -> list[tuple[str, str]]:
    """For each trainable weight, in order: "layer/weight" and the gates in its last axis."""
    names: dict[int, tuple[str, str]] = {}
    for layer in _simple_layers(layers):
        for weight in layer.trainable_weights:
            names.setdefault(id(weight), (f"{layer.name}/{weight.name}", GATES.get(type(layer).__name__, "")))
    return list(names.values())


def _simple_layers(layers: Iterable[Any]) -> Iterator[Any]:
    """The layers, and in the place of a model those that it is made of."""
    for layer in layers:
        if type(layer).__name__ in MODELS:
            yield from _simple_layers(layer.layers)
        else:
            yield layer


def model_output(model: Any, x: Any) -> Any:
    """Predictions of a model of either library for one batch, in the nesting of the model's outputs."""
    if hasattr(model, "compute_gradients"):
        return model.predict_on_batch(x)
    return map_leaves(np.asarray, model(x, training=False))


def model_gradients(model: Any, x: Any, y: Any) -> tuple[float, list[np.ndarray], Any]:
    """Loss, weight gradients and dx of a compiled model of either library; a list of dx for several inputs."""
    if hasattr(model, "compute_gradients"):
        return model.compute_gradients(x, y)
    return keras_side.model_gradients(model, x, y)


def layer_vjp(layer: Any, x: np.ndarray, **given: Any) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """dx, weight gradients and gradients of the initial states of a layer of either library."""
    return layer.vjp(x, **given) if hasattr(layer, "vjp") else keras_side.layer_vjp(layer, x, **given)


def compare_counts(model: Any, keras_twin: Any | None = None) -> list[Check]:
    """`count_params` of each layer and of the model: equal, or failed."""
    twin = keras_twin or to_keras(model)
    pairs = [*zip(model.layers, twin.layers, strict=True), (model, twin)]
    counts = [(ours.name, ours.count_params(), keras.count_params()) for ours, keras in pairs]
    return [Check("parameters", name, abs(a - b), 0, "", a, b) for name, a, b in counts]


def compare_model(model: Any, x: Any, y: Any, loss: str = "mse", keras_twin: Any | None = None) -> list[Check]:
    """Outputs, loss, and the gradients of every trainable weight and of x, on one batch.

    Args:
        model: a built model, Sequential or functional; it is compiled anew with `loss`.
        x: (batch, ...) inputs; for several, a list or dict as the model takes it.
        y: the targets, likewise.
        keras_twin: the Keras model to compare with; `to_keras(model)` when None.
    """
    dtype = dtype_name(model.layers[-1])
    with keras_side.precision(dtype):
        twin = keras_twin or to_keras(model)
        for each in (model, twin):
            each.compile(optimizer="sgd", loss=loss)
        outputs = flatten(model_output(model, x)), flatten(model_output(twin, x))
        our_loss, our_gradients, our_dx = model_gradients(model, x, y)
        keras_loss, keras_gradients, keras_dx = keras_side.model_gradients(twin, x, y)
    return [
        *_compare_lists("outputs", _numbered("output", outputs[1]), *outputs, dtype),
        compare_arrays("outputs", "loss", our_loss, keras_loss, dtype),
        *_compare_lists("gradients", _weight_names(twin.layers), our_gradients, keras_gradients, dtype),
        *_compare_lists("gradients", _numbered("x", flatten(x)), flatten(our_dx), flatten(keras_dx), dtype),
    ]


def _numbered(name: str, arrays: Sequence[Any]) -> list[tuple[str, str]]:
    """Names of one array, or of several."""
    return [(name, "")] if len(arrays) == 1 else [(f"{name} {number}", "") for number in range(len(arrays))]


def compare_layer(
    layer: Any,
    x: np.ndarray,
    initial_state: Sequence[np.ndarray] | None = None,
    mask: np.ndarray | None = None,
    seed: int = 0,
    keras_layer: Any | None = None,
) -> list[Check]:
    """Output, states, and the gradients of x, weights and initial states of a recurrent layer.

    The gradients arrive at every result of the layer, drawn from a normal distribution with `seed`.

    Args:
        layer: a built SimpleRNN, LSTM or GRU.
        x: (batch, time, features).
        initial_state: [h0] or [h0, c0], each (batch, units).
        mask: (batch, time) of bool.
        keras_layer: the Keras layer to compare with; the twin when None.
    """
    dtype = dtype_name(layer)
    with keras_side.precision(dtype):
        if keras_layer is None:
            keras_layer = twin_layer(layer, keras_side.load()[0])
            keras_layer.build(x.shape)
            keras_layer.set_weights(layer.get_weights())
        ours = keras_side.layer_call(layer, x, initial_state, mask)
        keras = keras_side.layer_call(keras_layer, x, initial_state, mask)
        rng = np.random.default_rng(seed)
        dy, *d_states = [rng.normal(size=result.shape).astype(dtype) for result in keras]
        given: dict[str, Any] = {"dy": dy, "initial_state": initial_state, "mask": mask, "d_states": d_states or None}
        our_dx, our_gradients, our_d_initial = layer_vjp(layer, x, **given)
        keras_dx, keras_gradients, keras_d_initial = keras_side.layer_vjp(keras_layer, x, **given)
    results = [(f"{layer.name} {name}", "") for name in ("output", "state h", "state c")]
    initial_states = [(f"{layer.name} initial {name}", "") for name in ("state h", "state c")]
    return [
        *_compare_lists("outputs", results, ours, keras, dtype),
        *_compare_lists("gradients", _weight_names([keras_layer]), our_gradients, keras_gradients, dtype),
        compare_arrays("gradients", f"{layer.name} x", our_dx, keras_dx, dtype),
        *(_compare_lists("gradients", initial_states, our_d_initial, keras_d_initial, dtype) if initial_state else []),
    ]


def library_of(model: Any) -> ModuleType:
    """The package that a model or layer comes from: minirnn or keras."""
    return sys.modules[type(model).__module__.partition(".")[0]]


def compare_training(
    model: Any,
    x: Any,
    y: Any,
    optimizer: str = "Adam",
    settings: dict[str, Any] | None = None,
    loss: str = "mse",
    batch_size: int = 8,
    epochs: int = 25,
    keras_twin: Any | None = None,
) -> list[Check]:
    """A whole training run of both libraries from the same weights: the loss of every epoch. The model is trained.

    Args:
        model: a built model, Sequential or functional; it is compiled anew.
        x: (samples, ...) inputs, taken in order, never shuffled; for several, a list or dict as the model takes it.
        y: the targets, likewise.
        optimizer: a class of the `optimizers` module, by its name.
        settings: its arguments, e.g. {"learning_rate": 0.01}.
        keras_twin: the Keras model to compare with; `to_keras(model)` when None.
    """
    dtype = dtype_name(model.layers[-1])
    with keras_side.precision(dtype):
        twin = keras_twin or to_keras(model)
        losses = []
        for each in (model, twin):
            chosen = getattr(library_of(each).optimizers, optimizer)(**settings or {})
            each.compile(optimizer=chosen, loss=loss)
            history = each.fit(x, y, batch_size=batch_size, epochs=epochs, shuffle=False, verbose=0)
            losses.append(history.history["loss"])
    return [compare_arrays("losses", f"{model.name} loss of epoch", losses[0], losses[1], dtype)]
