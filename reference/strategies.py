"""What hypothesis draws: layers with their options, shapes, masks, states; small, and biased to edges.

Every combination of cell, activations, dtype and dropout is a kernel of its own, compiled in seconds. So there are few
sets of activations, and one of them in one dtype only: the other options and the shapes are free.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from reference.differences import named
from reference.drawn import Drawn, Made, state_sizes

GATED = ("LSTM", "GRU")
CELLS = ("SimpleRNN", *GATED)
MERGE_MODES = ("concat", "sum", "mul", "ave", None)
REGULARIZERS = ("kernel_regularizer", "recurrent_regularizer", "bias_regularizer")
# What is not drawn, since Keras has no answer, or not the one that counts.
FORGETS_ACTIVITY = named("SimpleRNN forgets its activity_regularizer")
ORTHOGONAL = named("OrthogonalRegularizer of a single row")
NO_STATES_TO_SEE = named("a stateful `Bidirectional` with `return_state`")
CUT_IN_THE_MIDDLE = named("Bidirectional cuts `initial_state` in the middle")
# Only in float64, and of those that tests/kernels compile anyway: by kind and `reset_after`.
OTHER_ACTIVATIONS = {
    ("SimpleRNN", True): {"activation": "swish"},
    ("LSTM", True): {"activation": "linear", "recurrent_activation": "tanh"},
    ("GRU", True): {"activation": "sigmoid", "recurrent_activation": "hard_sigmoid"},
    ("GRU", False): {"activation": "relu", "recurrent_activation": "relu6"},
}

seldom = st.sampled_from([False, False, False, True])
often = st.booleans()


def size(largest: int) -> SearchStrategy[int]:
    """1, a few, or anything up to `largest`."""
    return st.sampled_from([1, 1, 2, 3]) | st.integers(1, largest)


@st.composite
def cell_options(draw: DrawFn, kind: str, dtype: str, units: int) -> dict[str, Any]:
    """Arguments that a layer and its cell share; those that have their default are left out."""
    options: dict[str, Any] = {"units": units}
    if kind == "GRU" and draw(often):
        options["reset_after"] = False
    # One draw whatever the dtype, its plain choices first: so a draw that differs can always be made simpler.
    other = OTHER_ACTIVATIONS[kind, options.get("reset_after", True)] if dtype == "float64" else {}
    options |= draw(st.sampled_from([{}, {}, {}, {}, other, other, {"dropout": 0.5}, {"recurrent_dropout": 0.5}]))
    if draw(seldom):
        options["use_bias"] = False
    names = [*REGULARIZERS] if dtype == "float64" or units == 1 else [*REGULARIZERS, "orthogonal"]  # ORTHOGONAL
    if draw(seldom):
        name, norm = draw(st.sampled_from(names)), draw(st.sampled_from(["l1", "l2"]))
        options |= {name: norm} if name != "orthogonal" else {"recurrent_regularizer": "orthogonal_regularizer"}
    return options


@st.composite
def sequence_options(draw: DrawFn) -> dict[str, Any]:
    """Arguments about sequences, of a layer and of RNN alike."""
    names = {
        "return_sequences": often, "return_state": often, "go_backwards": seldom, "stateful": seldom,
        "unroll": seldom, "zero_output_for_mask": seldom,
    }  # fmt: skip
    return {name: True for name, chance in names.items() if draw(chance)}


@st.composite
def layers(draw: DrawFn, dtype: str, largest: int, **fixed: Any) -> Made:
    """SimpleRNN, LSTM or GRU; `fixed` settings are not drawn."""
    kind = draw(st.sampled_from(CELLS))
    options = draw(cell_options(kind, dtype, fixed.get("units") or draw(size(largest))))
    if draw(seldom):
        options["implementation" if kind in GATED else "seed"] = 1
    if kind in GATED and draw(seldom):  # FORGETS_ACTIVITY
        options["activity_regularizer"] = draw(st.sampled_from(["l1", "l2"]))
    return Made(kind, options | _without(draw(sequence_options()), fixed))


@st.composite
def cells(draw: DrawFn, dtype: str, largest: int, units: int | None = None) -> Made:
    """SimpleRNNCell, LSTMCell or GRUCell."""
    kind = draw(st.sampled_from(CELLS))
    return Made(f"{kind}Cell", draw(cell_options(kind, dtype, units or draw(size(largest)))))


@st.composite
def rnns(draw: DrawFn, dtype: str, largest: int, units: int | None = None, **fixed: Any) -> Made:
    """RNN of a cell, of a list of cells, or of StackedRNNCells."""
    stack: Any = draw(st.lists(cells(dtype, largest), max_size=2)) + [draw(cells(dtype, largest, units))]
    if len(stack) == 1:
        stack = stack[0]
    elif draw(often):
        stack = Made("StackedRNNCells", {"cells": stack})
    return Made("RNN", {"cell": stack} | _without(draw(sequence_options()), fixed | {"units": units}))


def _without(options: dict[str, Any], fixed: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in options.items() if name not in fixed}
    return kept | {name: value for name, value in fixed.items() if value is not None and name != "units"}


@st.composite
def bidirectionals(draw: DrawFn, dtype: str, largest: int, **fixed: Any) -> Made:
    """Bidirectional in every merge mode, of one layer or of two."""
    inner = layers if draw(often) else rnns
    fixed = {"zero_output_for_mask": None, **fixed}  # it has its own answer
    ahead = draw(inner(dtype, largest, **fixed))
    if ahead.get("stateful") and ahead.get("return_state"):  # NO_STATES_TO_SEE
        ahead = ahead.changed(return_state=False)
    options: dict[str, Any] = {"layer": ahead, "merge_mode": draw(st.sampled_from(MERGE_MODES))}
    if ahead.get("go_backwards") or draw(seldom):
        alike = {name: ahead.get(name) for name in ("return_sequences", "return_state", "stateful")}
        turned = None if ahead.get("go_backwards") else True
        alike |= {"go_backwards": turned, "units": None if options["merge_mode"] in ("concat", None) else _units(ahead)}
        options["backward_layer"] = draw(layers(dtype, largest, **fixed | alike))
    return Made("Bidirectional", options)


def _units(layer: Made) -> int:
    """Size of the output of a recurrent layer."""
    return [part.get("units") for part in layer.parts() if "units" in part.arguments][-1]


@st.composite
def over_steps(draw: DrawFn, dtype: str, largest: int) -> Made:
    """TimeDistributed around something that reads sequences."""
    fixed = {"return_state": None, "stateful": None}
    inner = draw(st.sampled_from([layers, rnns, bidirectionals]))
    made = draw(inner(dtype, largest, **fixed))
    if made.kind == "Bidirectional" and made.get("merge_mode") is None:  # two outputs
        made = made.changed(merge_mode="concat")
    return Made("TimeDistributed", {"layer": made})


@st.composite
def masks(draw: DrawFn, shape: tuple[int, ...]) -> str:
    """Rows of ones, of zeros, and of anything."""
    batch, *steps = shape
    length = 1
    for step in steps:
        length *= step
    anything = st.text("10", min_size=length, max_size=length)
    row = st.just("1" * length) | st.just("0" * length) | anything | anything
    return " ".join(draw(row) for _ in range(batch))


@st.composite
def draws(draw: DrawFn, largest: int = 4) -> Drawn:
    """Anything of the above, with units and features up to `largest`."""
    dtype = draw(st.sampled_from(["float64", "float32"]))
    kind = draw(st.sampled_from([layers, layers, rnns, bidirectionals, over_steps]))
    layer = draw(kind(dtype, largest))
    sequences = (draw(size(3)),) if kind is over_steps else ()
    shape = (draw(size(3)), draw(st.sampled_from([1, 2, 3, 5])), *sequences, draw(size(largest)))
    mask = draw(masks(shape[:-1])) if draw(often) else None
    halves = [len(state_sizes(layer.get(name, layer.get("layer")))) for name in ("layer", "backward_layer")]
    takes_states = kind is not over_steps and halves[0] == halves[1]  # CUT_IN_THE_MIDDLE
    initial_state = takes_states and draw(often)
    if mask and (initial_state or any(part.get("stateful") for part in layer.parts())):
        layer = layer.changed(activity_regularizer=None)  # of outputs that are not alike
    return Drawn(layer, shape, dtype, mask, initial_state, draw(st.integers(0, 2**32 - 1)))
