"""Runs the standard set: every count, every model and layer in both dtypes, and the distance from the float64 truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from reference import cases, compare, keras_side, parameters
from reference.graphs import GRAPHS, GraphCase, build_graph, graph_data
from reference.tolerances import DRAWS, TOLERANCES, TRUTH_RATIO
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
    """Distance of both libraries' float32 from the float64 truth, the ratio allowed, and the array that stands out."""

    name: str
    ours: float
    keras: float
    allowed: float
    worst: str

    @property
    def ratio(self) -> float:
        return self.ours / self.keras

    @property
    def passed(self) -> bool:
        return self.ratio <= self.allowed


@dataclass
class Result:
    """Everything that was compared."""

    counts: list[CountRow]
    parity: list[ParityRow]
    truth: list[TruthRow]

    @property
    def passed(self) -> bool:
        return all(row.passed for rows in (self.counts, self.parity, self.truth) for row in rows)


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


def graph_row(case: GraphCase, library: ModuleType, dtype: str) -> ParityRow:
    """Counts, outputs, loss, gradients and 100 steps of Adam of a functional model."""
    with keras_side.precision(dtype):
        model = build_graph(case, library)
    x, y = graph_data(case, model)
    checks = [*compare.compare_counts(model), *compare.compare_model(model, x, y)]
    checks += compare.compare_training(model, x, y, "Adam", {"learning_rate": 0.003}, batch_size=3)
    return ParityRow(case.name, dtype, checks)


def layer_row(case: cases.LayerCase, library: ModuleType, dtype: str) -> ParityRow:
    """Outputs, final states, and gradients from all of these."""
    layer = cases.build_layer(case, library, dtype)
    states = 2 if type(layer).__name__ == "LSTM" else 1
    x, initial_state, mask = cases.layer_data(case, layer.units, states, dtype)
    return ParityRow(case.name, dtype, compare.compare_layer(layer, x, initial_state, mask))


def geometric_mean(values: Sequence[float] | np.ndarray) -> float:
    return float(np.exp(np.mean(np.log(values))))


def relative_errors(results: list[list[np.ndarray]], truths: list[list[np.ndarray]]) -> np.ndarray:
    """For each array, over all draws: root mean square of (result - truth), relative to the largest |truth|.

    Args:
        results: a list of arrays for each draw.
        truths: the same arrays in float64.
    """
    squares, scales = np.zeros(len(truths[0])), np.zeros(len(truths[0]))
    for result, exact in zip(results, truths, strict=True):
        squares += [np.mean((r - t) ** 2) for r, t in zip(result, exact, strict=True)]
        scales = np.maximum(scales, [np.abs(t).max() for t in exact])
    return np.sqrt(squares / len(truths)) / scales


def truth_row(case: cases.ModelCase, library: ModuleType, draws: int = DRAWS) -> TruthRow:
    """Outputs and gradients of both libraries in float32 against the oracle, from the same float32 numbers."""
    truths: list[list[np.ndarray]] = []
    ours: list[list[np.ndarray]] = []
    keras: list[list[np.ndarray]] = []
    for seed in range(draws):
        model = cases.build_model(case, library, "float32", seed)
        x, y = cases.model_data(case, model.output_shape, "float32", seed)
        twin = to_keras(model)
        exact = truth(model, x, y)
        truths.append([exact.output, *exact.weight_gradients, exact.dx])
        for each, results in ((model, ours), (twin, keras)):
            each.compile(optimizer="sgd", loss="mse")
            _, weight_gradients, dx = compare.model_gradients(each, x, y)
            results.append([compare.model_output(each, x), *weight_gradients, dx])
    our_errors, keras_errors = relative_errors(ours, truths), relative_errors(keras, truths)
    names = ["output", *(f"{layer.name}/{weight.name}" for layer in twin.layers for weight in layer.weights), "x"]
    worst = int(np.argmax(our_errors / keras_errors))
    outlier = f"{names[worst]}: minirnn {our_errors[worst]:.3g}, Keras {keras_errors[worst]:.3g}"
    allowed = TRUTH_RATIO["one model"].allowed
    return TruthRow(case.name, geometric_mean(our_errors), geometric_mean(keras_errors), allowed, outlier)


def truth_total(rows: Sequence[TruthRow]) -> TruthRow:
    """All models as one, each weighing the same."""
    worst = max(rows, key=lambda row: row.ratio)
    ours, keras = (geometric_mean([getattr(row, library) for row in rows]) for library in ("ours", "keras"))
    return TruthRow(
        "all models", ours, keras, TRUTH_RATIO["all models"].allowed, f"{worst.name} {worst.ratio:.2f} times"
    )


def run(library: ModuleType, progress: Callable[[str], None] = lambda name: None) -> Result:
    """Compare everything in the standard set.

    Args:
        library: minirnn (or Keras, against itself).
        progress: told the name of each case before it is run.
    """
    result = Result([], [], [])
    for count in cases.COUNTS:
        progress(f"parameters of {count.kind}")
        result.counts.append(count_row(count, library))
    for dtype in TOLERANCES:
        for model in cases.MODELS:
            progress(f"{dtype} {model.name}")
            result.parity.append(model_row(model, library, dtype))
        for graph in GRAPHS:
            progress(f"{dtype} {graph.name}")
            result.parity.append(graph_row(graph, library, dtype))
        for layer in cases.LAYERS:
            progress(f"{dtype} {layer.name}")
            result.parity.append(layer_row(layer, library, dtype))
    for model in cases.MODELS:
        progress(f"truth of {model.name}")
        result.truth.append(truth_row(model, library))
    result.truth.append(truth_total(result.truth))
    return result
