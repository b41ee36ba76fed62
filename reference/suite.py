"""Runs the standard set: every count, every model and layer in both dtypes, and the distance from the float64 truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from reference import cases, compare, keras_side, parameters
from reference.tolerances import TOLERANCES
from reference.truth import truth
from reference.twin import to_keras, twin_layer


@dataclass(frozen=True)
class CountRow:
    """The parameters of one layer: counted by both libraries and by the formula."""

    name: str
    formula: str
    expected: int
    ours: int
    keras: int

    @property
    def passed(self) -> bool:
        return self.ours == self.keras == self.expected


@dataclass(frozen=True)
class ParityRow:
    """One model or layer in one dtype: every check that was made."""

    name: str
    dtype: str
    checks: list[compare.Check]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)


@dataclass(frozen=True)
class TruthRow:
    """Distance of both libraries' float32 from the float64 truth, for one model: root mean squares."""

    name: str
    ours: float
    keras: float

    @property
    def passed(self) -> bool:
        return self.ours <= self.keras


@dataclass
class Result:
    """Everything that was compared."""

    counts: list[CountRow]
    parity: list[ParityRow]
    truth: list[TruthRow]

    @property
    def passed(self) -> bool:
        return all(row.passed for row in [*self.counts, *self.parity, *self.truth])


def count_row(case: cases.CountCase, library: ModuleType) -> CountRow:
    """Build the layer in both libraries and ask each for its count."""
    expected, formula = parameters.count(case.kind, input_size=case.features, **case.arguments)
    ours = getattr(library.layers, case.kind)(**case.arguments)
    keras = twin_layer(ours, keras_side.load()[0])
    for layer in (ours, keras):
        layer.build((None, case.time, case.features))
    units, *options = (f"{key}={value}" for key, value in case.arguments.items())
    arguments = ", ".join([units.removeprefix("units="), *options])
    name = f"{case.kind}({arguments}) on ({case.time}, {case.features})"
    return CountRow(name, formula, expected, ours.count_params(), keras.count_params())


def model_row(case: cases.ModelCase, library: ModuleType, dtype: str) -> ParityRow:
    """Counts, outputs, loss, gradients and, where the case is trained, 100 steps of Adam."""
    model = cases.build_model(case, library, dtype)
    x, y = cases.model_data(case, model.output_shape, dtype)
    checks = [*compare.compare_counts(model), *compare.compare_model(model, x, y)]
    if case.trained:
        checks += compare.compare_training(model, x, y, "Adam", {"learning_rate": 0.003})
    return ParityRow(case.name, dtype, checks)


def layer_row(case: cases.LayerCase, library: ModuleType, dtype: str) -> ParityRow:
    """Outputs, final states, and gradients from all of these."""
    layer = cases.build_layer(case, library, dtype)
    states = 2 if type(layer).__name__ == "LSTM" else 1
    x, initial_state, mask = cases.layer_data(case, layer.units, states, dtype)
    return ParityRow(case.name, dtype, compare.compare_layer(layer, x, initial_state, mask))


def distance(results: Sequence[np.ndarray], truths: Sequence[np.ndarray]) -> float:
    """Root mean square of (result - truth) / max |truth|, each array weighing the same."""
    squares = [np.mean(((r - t) / np.abs(t).max()) ** 2) for r, t in zip(results, truths, strict=True)]
    return float(np.sqrt(np.mean(squares)))


def truth_row(case: cases.ModelCase, library: ModuleType) -> TruthRow:
    """Outputs and gradients of both libraries in float32 against the oracle, from the same float32 numbers."""
    model = cases.build_model(case, library, "float32")
    x, y = cases.model_data(case, model.output_shape, "float32")
    twin = to_keras(model)
    exact = truth(model, x, y)
    distances = []
    for each in (model, twin):
        each.compile(optimizer="sgd", loss="mse")
        _, weight_gradients, dx = compare.model_gradients(each, x, y)
        results = [each.predict_on_batch(x), *weight_gradients, dx]
        distances.append(distance(results, [exact.output, *exact.weight_gradients, exact.dx]))
    return TruthRow(case.name, *distances)


def run(library: ModuleType, progress: Callable[[str], None] = lambda name: None) -> Result:
    """Compare everything in the standard set.

    Args:
        library: minirnn (or Keras, against itself).
        progress: told the name of each case before it is run.
    """
    result = Result([], [], [])
    for case in cases.COUNTS:
        progress(f"parameters of {case.kind}")
        result.counts.append(count_row(case, library))
    for dtype in TOLERANCES:
        for case in cases.MODELS:
            progress(f"{dtype} {case.name}")
            result.parity.append(model_row(case, library, dtype))
        for case in cases.LAYERS:
            progress(f"{dtype} {case.name}")
            result.parity.append(layer_row(case, library, dtype))
    for case in cases.MODELS:
        progress(f"truth of {case.name}")
        result.truth.append(truth_row(case, library))
    return result
