"""The equivalence certificate of a model file: what minirnn makes of it, beside what Keras makes of it.

Compared are the parameters of every layer, the outputs, the output and final states of every recurrent layer, the loss,
and its gradient for every trained weight and for the input, on random inputs and on given ones.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minirnn import layers, models
from minirnn.files.errors import shown
from minirnn.layers.regularized import with_sublayers
from minirnn.utils.nested import flatten, pack_like
from reference import compare, keras_side
from reference.compare import Check, compare_arrays
from reference.differences import named
from reference.recorded_states import Record, recorded
from reference.twin import dtype_name

SAMPLES, STEPS = 4, 7  # of random inputs, where the model fixes none
# Of layers that draw: what makes them draw nothing, so that gradients can be compared.
DRAWN = {"dropout": 0.0, "recurrent_dropout": 0.0}
DRAWN_BY = {
    "AlphaDropout": {"rate": 0.0}, "Dropout": {"rate": 0.0}, "GaussianDropout": {"rate": 0.0},
    "GaussianNoise": {"stddev": 0.0}, "SpatialDropout1D": {"rate": 0.0},
}  # fmt: skip

Pair = tuple[str, Check]  # the name of a layer, and what was compared of it


@dataclass(frozen=True)
class Round:
    """One comparison: which inputs, their shapes, and every check with the name of its layer ("" for the model)."""

    inputs: str
    shapes: list[tuple[int, ...]]
    checks: list[Pair]


@dataclass
class Certificate:
    """Everything that was compared of a file; `keras_file` is what Keras was given."""

    file: str
    keras_file: str
    dtype: str
    layers: dict[str, str] = field(default_factory=dict)  # classes by names
    counts: list[Check] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what is different on purpose, and concerns this model

    @property
    def checks(self) -> list[Check]:
        return [*self.counts, *(check for each in self.rounds for _, check in each.checks)]

    @property
    def passed(self) -> bool:
        return bool(self.rounds) and all(check.passed for check in self.checks)


def certify(
    file: Any,
    keras_file: Any = None,
    given: Sequence[tuple[str, Callable[[Any], list[np.ndarray]]]] = (),
    seed: int = 0,
    progress: Callable[[str], None] = lambda name: None,
) -> Certificate:
    """Compare what both libraries make of a model file.

    Args:
        file: its path.
        keras_file: that of Keras's model, for example one that the file was converted from; the same when None.
        given: further inputs, each a name and a function that gives an array for each input of the model.
        seed: of the random inputs and of the targets.
        progress: told what is being done.

    Raises:
        ValueError: one of the libraries cannot read its file, in one line; ModelFileError if it is minirnn.
    """
    keras_file = keras_file or file
    progress("minirnn reads it")
    ours = models.load_model(file, compile=False)
    if not ours.built:
        raise ValueError(f"{file}: a model that was never built has no weights to compare")
    dtype = dtype_name(ours.layers[-1])
    rng = np.random.default_rng(seed)
    inputs = [(f"random, seed {seed}", random_inputs(ours, rng)), *((name, make(ours)) for name, make in given)]
    progress("Keras reads it")
    with keras_side.precision(dtype):  # in which a Sequential takes its inputs, whatever its layers compute in
        theirs = _of_keras(keras_file)
    found = Certificate(str(file), str(keras_file), dtype, {layer.name: type(layer).__name__ for layer in ours.layers})
    difference = _other_layers(ours, theirs)
    if difference is not None:
        found.counts.append(difference)
        return found
    found.counts += compare.compare_counts(ours, theirs)
    for name, arrays in inputs:
        progress(f"comparing on {name}")
        xs = [x.astype(ours.input_dtype(number)) for number, x in enumerate(arrays)]
        checks = list(_compared(ours, theirs, xs, rng, dtype))
        found.rounds.append(Round(name, [x.shape for x in xs], checks))
    differing = {layer for each in found.rounds for layer, check in each.checks if not check.passed}
    found.notes += [note for layer, note in on_purpose(ours) if layer in differing]
    return found


def _of_keras(path: Any) -> Any:
    """Keras's model of a file. ValueError in one line if it has none."""
    keras, _ = keras_side.load()
    try:
        return keras.saving.load_model(os.fspath(path), compile=False)
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path}: Keras cannot read it: {shown(reason)}") from None


def _other_layers(ours: Any, theirs: Any) -> Check | None:
    """A failed check if the models do not have the same layers, or weights of other shapes."""
    for what, pair in (
        ("layers", [[type(layer).__name__ for layer in model.layers] for model in (ours, theirs)]),
        ("shapes of weights", [[tuple(weight.shape) for weight in model.weights] for model in (ours, theirs)]),
    ):
        if pair[0] != pair[1]:
            at = next((k for k, (a, b) in enumerate(zip(*pair, strict=False)) if a != b), min(map(len, pair)))
            a, b = (str(each[at]) if at < len(each) else "none" for each in pair)
            place = f": number {at} is {a} in minirnn, {b} in Keras"
            return Check("parameters", f"the {what}", math.inf, 0, place, len(pair[0]), len(pair[1]))
    return None


def on_purpose(model: Any) -> list[tuple[str, str]]:
    """Layers that may differ on purpose, with a row of the table of differences: those that forget masks in Keras."""
    if not any(layer.makes_mask for layer in with_sublayers(model)):
        return []
    row = named("a symbolic `initial_state` makes")
    given = [step.layer.name for step in model.graph.steps if step.layer.takes_mask and _takes_states(step)]
    return [(name, f"{name}: different on purpose in Keras, {row.keras}; minirnn: {row.minirnn}") for name in given]


def _takes_states(step: Any) -> bool:
    return len(step.inputs) > 1 and hasattr(step.layer, "return_state")


def random_inputs(model: Any, rng: np.random.Generator) -> list[np.ndarray]:
    """An array for each input of a minirnn model: of unit scale, or whole numbers where Embeddings read them.

    Rows end in padding, as data of different lengths do: zeros behind whole numbers, and before a Masking its value.
    """
    found, batch = [], next((t.shape[0] for t in model.inputs if t.shape[0] is not None), SAMPLES)
    padding = next((la.mask_value for la in with_sublayers(model) if isinstance(la, layers.Masking)), None)
    for number, tensor in enumerate(model.inputs):
        shape = (batch, *(STEPS if n is None else n for n in tensor.shape[1:]))
        dtype = model.input_dtype(number)
        if dtype.startswith("int"):
            _, limit = model.index_limits.get(number, ("", 2))
            x, filler = rng.integers(min(1, limit - 1), limit, shape).astype(dtype), 0 if len(shape) == 2 else None
        else:
            x, filler = rng.normal(size=shape).astype(dtype), padding if len(shape) == 3 else None
        if filler is not None:
            x[np.arange(shape[1]) >= rng.integers(1, shape[1] + 1, (batch, 1))] = filler
        found.append(x)
    return found


def _compared(ours: Any, theirs: Any, xs: list[np.ndarray], rng: np.random.Generator, dtype: str) -> Iterator[Pair]:
    """Outputs and states as the models are; loss and gradients without what is drawn at random."""
    x = xs[0] if len(ours.inputs) == 1 else pack_like(ours.input, xs)
    _forget(ours, theirs)
    with recorded(ours) as our_states, recorded(theirs) as their_states, keras_side.precision(dtype):
        y, keras_y = (flatten(compare.model_output(model, x)) for model in (ours, theirs))
    names = ours.output_names if len(y) > 1 else ["output"]
    for number, (a, b) in enumerate(zip(y, keras_y, strict=True)):
        name = f"{names[number]} output" if len(y) > 1 else "output"
        yield "", compare_arrays("outputs", name, a, b, dtype)
    yield from compare_states(our_states, their_states, dtype)
    with keras_side.precision(dtype):
        calm = without_chance(ours), without_chance(theirs)
    _forget(*calm)
    targets = [rng.normal(size=each.shape).astype(each.dtype) for each in y]
    target = targets[0] if len(targets) == 1 else pack_like(ours.output, targets)
    for check in compare.compare_model(calm[0], x, target, keras_twin=calm[1]):
        if check.quantity != "outputs" or check.name == "loss":
            yield check.name.rpartition("/")[0], check


def compare_states(ours: Record, keras: Record, dtype: str) -> Iterator[Pair]:
    """The output and the final states of every call of every recurrent layer."""
    for name in sorted({*ours, *keras}, key=[*ours, *keras].index):
        a, b = ours.get(name, []), keras.get(name, [])
        if len(a) == 1 and len(b) > 1:  # Keras's TimeDistributed calls its layer for every step, ours for all at once
            b = [[np.stack(steps, 1).reshape(own.shape) for own, *steps in zip(a[0], *b, strict=True)]]
        if len(a) != len(b):
            place = f": {len(a)} calls instead of {len(b)}"
            yield name, Check("outputs", f"{name} states", math.inf, 0, place, len(a), len(b))
            continue
        for call, (own, other) in enumerate(zip(a, b, strict=True)):
            which = f" of call {call + 1}" if len(a) > 1 else ""
            kinds = ["output", "state h", "state c"] if len(other) < 4 else ["output", *map(str, range(len(other) - 1))]
            for kind, one, two in zip(kinds, own, other, strict=False):
                yield name, compare_arrays("outputs", f"{name} {kind}{which}", one, two, dtype)
            if len(own) != len(other):
                place = f": {len(own) - 1} states instead of {len(other) - 1}"
                yield name, Check("outputs", f"{name} states", math.inf, 0, place, len(own), len(other))


def _forget(*each: Any) -> None:
    """Let stateful layers of models of either library begin with zeros."""
    for model in each:
        if hasattr(model, "compute_gradients"):
            model.reset_states()
        else:
            for layer in model._flatten_layers():
                if getattr(layer, "stateful", False) and hasattr(layer, "reset_state"):
                    layer.reset_state()


def without_chance(model: Any) -> Any:
    """The model, or an equal one whose dropout and noise draw nothing if it has any."""
    config = model.get_config()
    calm = _calm(config)
    if calm == config:
        return model
    made = type(model).from_config(calm)
    made.set_weights(model.get_weights())
    return made


def _calm(value: Any) -> Any:
    """A configuration in which no layer draws."""
    if isinstance(value, (list, tuple)):
        return type(value)(_calm(entry) for entry in value)
    if not isinstance(value, dict):
        return value
    found = {key: _calm(entry) for key, entry in value.items()}
    inner = found.get("config")
    if isinstance(inner, dict):
        changes = {**DRAWN, **DRAWN_BY.get(found.get("class_name"), {})}
        found["config"] = inner | {key: new for key, new in changes.items() if inner.get(key)}
    return found
