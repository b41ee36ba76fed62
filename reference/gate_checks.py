"""What a gate function has to satisfy: a step is the oracle's, and its backward is the slope of the step. In float64.

The tests apply these checks to `minirnn.gates`, and `reference.mutants` to the same source with one mistake in it. Each
raises AssertionError, and takes `gates`, the modules that stand in the place of those of `minirnn.gates`, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import FunctionType
from typing import Any

import numpy as np

from minirnn.gates import coupled_lstm, gru, layer_norm_lstm, lstm, peephole_lstm, simple_rnn, zoneout
from minirnn.kernels.activations import ACTIVATIONS
from reference import oracle
from reference.gate_runs import COUNTS, RUNS, quantities

Gates = Mapping[str, Any]
GATES: Gates = {
    "simple_rnn": simple_rnn, "lstm": lstm, "gru": gru, "peephole_lstm": peephole_lstm, "coupled_lstm": coupled_lstm,
    "layer_norm_lstm": layer_norm_lstm, "zoneout": zoneout,
}  # fmt: skip

STEP = 1e-6
# Central differences err by about STEP**2 and 1e-16 / STEP.
TOLERANCE = 2e-8
# Both sides compute in float64, each in its own order.
ORACLE_TOLERANCE = 1e-12


def on(gates: Gates, run: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, finding these modules under the names of minirnn's."""
    return FunctionType(run.__code__, {**run.__globals__, **gates}, run.__name__, run.__defaults__, run.__closure__)


def close(found: Any, expected: Any, what: str = "") -> None:
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE, err_msg=what)


# --- slopes -----------------------------------------------------------------------------------------------------------


def check_slopes(name: str, gates: Gates = GATES) -> None:
    """`step_backward` against central differences of `step`, with random upstream gradients; `name` is one of RUNS."""
    outputs, upstream, arguments = COUNTS[name]
    run = on(gates, RUNS[name])
    x = quantities(50, "float64", seed=1)

    def value(x: np.ndarray) -> np.ndarray:
        results = run(*x)
        return sum(x[5 + k] * results[k] for k in range(upstream))

    gradients = run(*x)[outputs : outputs + arguments]
    for k in range(arguments):
        ahead, behind = x.copy(), x.copy()
        ahead[k] += STEP
        behind[k] -= STEP
        close(gradients[k], (value(ahead) - value(behind)) / (2 * STEP), f"{name}, argument {k}")


def check_every_activation(cell: Callable, names: Iterable[str] = ACTIVATIONS, gates: Gates = GATES) -> None:
    """The same for each activation in each of its two places; `cell` is one of WITH."""
    cell = on(gates, cell)
    random = np.random.default_rng(2)
    x, d = random.normal(0, 1, (5, 200)), random.normal(0, 1, (2, 200))
    for name in names:
        for place in (0, 2):
            functions = [*ACTIVATIONS["softsign"], *ACTIVATIONS["softsign"]]
            functions[place : place + 2] = ACTIVATIONS[name]
            _, gradients = cell(*functions, x, d)
            for k in range(len(gradients)):
                values = []
                for shift in (-2 * STEP, -STEP, STEP, 2 * STEP):
                    moved = x.copy()
                    moved[k] += shift
                    values.append(cell(*functions, moved, d)[0])
                wide, narrow = (values[3] - values[0]) / (4 * STEP), (values[2] - values[1]) / (2 * STEP)
                # At a kink the two differences disagree: such points have no derivative to compare with.
                smooth = np.abs(wide - narrow) < 1e-6 * (1 + np.abs(narrow))
                assert smooth.mean() > 0.98
                close(gradients[k][smooth], narrow[smooth], f"{cell.__name__} with {name}, argument {k}")


def check_normalise(gates: Gates = GATES) -> None:
    """`normalise_backward` where mean and scale are those of all units, as in a layer."""
    layer_norm_lstm = gates["layer_norm_lstm"]
    random = np.random.default_rng(3)
    v, dn, direction = random.normal(0, 1.5, (3, 17))

    def normalised(v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scale = 1 / np.sqrt(v.var() + 1e-5)
        return layer_norm_lstm.normalise(v, v.mean(), scale), scale

    n, scale = normalised(v)
    dv = layer_norm_lstm.normalise_backward(dn, n, scale, dn.mean(), (dn * n).mean())
    ahead, behind = (np.sum(dn * normalised(v + step * direction)[0]) for step in (STEP, -STEP))
    close(np.sum(dv * direction), (ahead - behind) / (2 * STEP), "normalise")


# --- the oracle -------------------------------------------------------------------------------------------------------


def lstm_step(gates: Gates, x: Any, h: Any, c: Any, weights: Any) -> Any:
    W, U, b = weights
    return gates["lstm"].step(*np.split(x @ W + h @ U + b, 4), c)


def simple_rnn_step(gates: Gates, x: Any, h: Any, c: Any, weights: Any) -> Any:
    W, U, b = weights
    return [gates["simple_rnn"].step(x @ W + h @ U + b)]


def gru_after_step(gates: Gates, x: Any, h: Any, c: Any, weights: Any) -> Any:
    W, U, b = weights
    of_x, of_h = np.split(x @ W + b[0], 3), np.split(h @ U + b[1], 3)
    return gates["gru"].step(of_x[0] + of_h[0], of_x[1] + of_h[1], of_x[2], of_h[2], h)


def gru_before_step(gates: Gates, x: Any, h: Any, c: Any, weights: Any) -> Any:
    W, U, b = weights
    a_z, a_r, a_n = np.split(x @ W + b, 3)
    U_z, U_r, U_n = np.split(U, 3, axis=1)
    s, z, r = gates["gru"].step_reset(a_z + h @ U_z, a_r + h @ U_r, h)
    h, n = gates["gru"].step_update(a_n + s @ U_n, z, h)
    return h, z, r, n


def peephole_step(gates: Gates, x: Any, h: Any, c: Any, weights: Any) -> Any:
    W, U, b, p = weights
    return gates["peephole_lstm"].step(*np.split(x @ W + h @ U + b, 4), *np.split(p, 3), c)


def coupled_step(gates: Gates, x: Any, h: Any, c: Any, weights: Any) -> Any:
    W, U, b = weights
    return gates["coupled_lstm"].step(*np.split(x @ W + h @ U + b, 3), c)


def layer_norm_step(gates: Gates, x: Any, h: Any, c: Any, weights: Any) -> Any:
    W, U, b, k_x, k_h, k_c, b_c = weights
    cell = gates["layer_norm_lstm"]

    def normalised(v: np.ndarray) -> np.ndarray:
        return cell.normalise(v, v.mean(), 1 / np.sqrt(v.var() + oracle.Options.epsilon))

    a_i, a_f, a_g, a_o = np.split(cell.join(normalised(x @ W), normalised(h @ U), k_x, k_h, b), 4)
    c, i, f, g = cell.step_memory(a_i, a_f, a_g, c)
    h, o, m = cell.step_output(a_o, normalised(c), k_c, b_c)
    return h, c, i, f, g, o, m


# name: (module, cell of the oracle, options, one step on gates, where its gates stand in what the oracle saves)
STEPS: dict[str, tuple[str, str, dict, Callable, list[int]]] = {
    "simple_rnn": ("simple_rnn", "SimpleRNN", {}, simple_rnn_step, []),
    "lstm": ("lstm", "LSTM", {}, lstm_step, [7, 8, 9, 10]),
    "gru, reset after": ("gru", "GRU", {"reset_after": True}, gru_after_step, [5, 6, 7]),
    "gru, reset before": ("gru", "GRU", {"reset_after": False}, gru_before_step, [5, 6, 7]),
    "peephole_lstm": ("peephole_lstm", "PeepholeLSTM", {}, peephole_step, [7, 8, 9, 10]),
    "coupled_lstm": ("coupled_lstm", "CoupledLSTM", {}, coupled_step, [6, 7, 8]),
    "layer_norm_lstm": ("layer_norm_lstm", "LayerNormLSTM", {}, layer_norm_step, [7, 8, 9, 10, 12]),
}


def check_oracle(name: str, gates: Gates = GATES) -> None:
    """One step of the gate functions, its states and its gates, against the oracle's; `name` is one of STEPS."""
    _, kind, options, step, gate_places = STEPS[name]
    cell = oracle.CELLS[kind]
    random, units, features = np.random.default_rng(4), 6, 4
    columns = cell.gates * units
    shapes: list[tuple[int, ...]] = [(features, columns), (units, columns)]
    shapes += [(2, columns) if options.get("reset_after") else (columns,)]
    shapes += {"PeepholeLSTM": [(3 * units,)], "LayerNormLSTM": [(columns,)] * 2 + [(units,)] * 2}.get(kind, [])
    weights = [random.normal(0, 0.8, shape) for shape in shapes]
    x = random.normal(0, 1, features)
    states = [random.normal(0, 1, units) for _ in range(cell.states)]
    expected, saved = cell.step(x, states, weights, oracle.Options(**options))
    h, c = (*states, None)[:2]
    found = step(gates, x, h, c, weights)
    for k, (ours, true) in enumerate(zip(found, [*expected, *(saved[p] for p in gate_places)], strict=True)):
        np.testing.assert_allclose(ours, true, rtol=0, atol=ORACLE_TOLERANCE, err_msg=f"{name}, result {k}")


def check_zoneout(gates: Gates = GATES) -> None:
    """A state kept in part, against the oracle's."""
    random = np.random.default_rng(5)
    weights = [random.normal(0, 0.8, shape) for shape in ((4, 24), (6, 24), (24,))]
    x, h, c = random.normal(0, 1, (1, 1, 4)), random.normal(0, 1, (1, 6)), random.normal(0, 1, (1, 6))
    kept = random.uniform(size=(2, 1, 1, 6))
    new, old = (oracle.forward("LSTM", x, weights, [h, c]).states, [h, c])
    expected = oracle.forward("ZoneoutLSTM", x, weights, [h, c], kept=kept).states
    for ours, prev, share, true in zip(new, old, kept, expected, strict=True):
        found = gates["zoneout"].step(ours, prev, share[:, 0])
        np.testing.assert_allclose(found, true, rtol=0, atol=ORACLE_TOLERANCE, err_msg="zoneout")
