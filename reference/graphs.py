"""Functional models of the standard set: what a chain cannot be, drawn with the same words in either library.

Each case draws its model from `Input` and layers alone, so that it can be drawn in minirnn and in Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from minirnn.utils.nested import pack_like
from reference.cases import random_weights

TIME, FEATURES = 6, 4


@dataclass(frozen=True)
class GraphCase:
    """A functional model: `draw(library)` draws it; `padded` gives inputs whose last steps are zeros."""

    name: str
    draw: Callable[[Any], Any]
    samples: int = 12
    padded: bool = False


def _used_twice(k: Any) -> Any:
    x = k.Input((FEATURES,), name="x")
    h = k.layers.Dense(5, activation="tanh", name="hidden")(x)
    gate = k.layers.Dense(5, activation="sigmoid", name="gate")(h)
    kept = k.layers.Multiply(name="kept")([h, gate])
    twice = k.layers.Add(name="twice")([h, kept, h])
    return k.models.Model(x, k.layers.Dense(2, name="y")(twice), name="used_twice")


def _shared_layer(k: Any) -> Any:
    a, b = k.Input((TIME, FEATURES), name="a"), k.Input((None, FEATURES), name="b")
    shared = k.layers.LSTM(7, name="shared")
    pair = k.layers.Concatenate(name="pair")([shared(a), shared(b)])
    distance = k.layers.Subtract(name="distance")([shared(a), shared(b)])
    y = k.layers.Dense(2, name="y")(k.layers.Concatenate(name="all")([pair, distance]))
    return k.models.Model([a, b], y, name="shared_layer")


def _called_on_itself(k: Any) -> Any:
    x = k.Input((FEATURES,), name="x")
    again = k.layers.Dense(FEATURES, activation="tanh", name="again")
    return k.models.Model(x, again(again(again(x))), name="called_on_itself")


def _residual(k: Any) -> Any:
    x = h = k.Input((TIME, FEATURES), name="x")
    for number, kind in enumerate(("LSTM", "GRU", "SimpleRNN")):
        layer = getattr(k.layers, kind)(FEATURES, return_sequences=True, name=f"recurrent_{number}")
        h = k.layers.Add(name=f"add_{number}")([h, layer(h)])
    return k.models.Model(x, k.layers.Dense(1, name="y")(h), name="residual")


def _masked_branches(k: Any) -> Any:
    x = k.Input((TIME, FEATURES), name="x")
    masked = k.layers.Masking(name="masking")(x)
    forth = k.layers.GRU(5, return_sequences=True, name="forth")(masked)
    other = k.layers.LSTM(5, return_sequences=True, name="other")(masked)
    merged = [
        k.layers.Multiply(name="multiply")([forth, other]),
        k.layers.Maximum(name="maximum")([forth, other]),
        k.layers.Minimum(name="minimum")([other, forth]),
        k.layers.Average(name="average")([forth, other]),
    ]
    beside = k.layers.Concatenate(name="beside")(merged)
    after = k.layers.Concatenate(axis=1, name="after")([beside, beside])
    return k.models.Model(x, k.layers.Dense(2, name="y")(k.layers.LSTM(6, name="last")(after)), name="masked_branches")


def _encoder_decoder(k: Any, kind: str = "LSTM") -> Any:
    source, target = k.Input((None, FEATURES), name="source"), k.Input((TIME, 3), name="target")
    cell = getattr(k.layers, kind)
    _, *states = cell(6, return_state=True, name="encoder")(source)
    decoded, *_ = cell(6, return_sequences=True, return_state=True, name="decoder")(
        target, initial_state=states if len(states) > 1 else states[0]
    )
    y = k.layers.Dense(3, name="y")(decoded)
    return k.models.Model([source, target], y, name=f"encoder_decoder_{kind.lower()}")


def _attention(k: Any) -> Any:
    source, target = k.Input((TIME, FEATURES), name="source"), k.Input((4, 3), name="target")
    keys, h, c = k.layers.LSTM(6, return_sequences=True, return_state=True, name="encoder")(source)
    queries = k.layers.LSTM(6, return_sequences=True, name="decoder")(target, initial_state=[h, c])
    scores = k.layers.Dot(axes=(2, 2), normalize=True, name="scores")([queries, keys])
    weights = k.layers.Activation("softmax", name="weights")(scores)
    context = k.layers.Dot(axes=(2, 1), name="context")([weights, keys])
    y = k.layers.Dense(2, name="y")(k.layers.Concatenate(name="both")([context, queries]))
    return k.models.Model([source, target], y, name="attention")


def _models_in_models(k: Any) -> Any:
    inner_x = k.Input((FEATURES,), name="inner_x")
    low = k.layers.Dense(5, activation="tanh", name="low")(inner_x)
    inner = k.models.Model(inner_x, [k.layers.Dense(3, name="left")(low), low], name="inner")
    chain = k.Sequential(
        [k.Input((5,), name="chain_x"), k.layers.Dense(4, activation="sigmoid", name="a"), k.layers.Dense(3, name="b")],
        name="chain",
    )
    a, b = k.Input((FEATURES,), name="first"), k.Input((FEATURES,), name="second")
    left_a, low_a = inner(a)
    left_b, _ = inner(b)
    y = k.layers.Add(name="sum")([left_a, left_b, chain(low_a)])
    return k.models.Model([a, b], [k.layers.Dense(1, name="y")(y), left_b], name="models_in_models")


def _model_in_chain(k: Any) -> Any:
    x = k.Input((TIME, FEATURES), name="inner_x")
    h = k.layers.GRU(5, return_sequences=True, name="gru")(x)
    inner = k.models.Model(x, k.layers.Concatenate(name="side_by_side")([x, h]), name="inner")
    chain = k.Sequential([k.layers.SimpleRNN(4, name="rnn"), k.layers.Dense(3, name="dense")], name="tail")
    begin, end = k.Input((TIME, FEATURES), name="x"), k.layers.Dense(2, name="y")
    return k.Sequential([begin, inner, chain, end], name="model_in_chain")


def _by_names(k: Any) -> Any:
    inputs = {"rows": k.Input((FEATURES,), name="rows"), "series": k.Input((TIME, FEATURES), name="series")}
    h = k.layers.LSTM(4, name="lstm")(inputs["series"])
    both = k.layers.Add(name="both")([h, inputs["rows"]])
    outputs = {"up": k.layers.Dense(2, name="up")(both), "down": k.layers.Dense(1, name="down")(h)}
    return k.models.Model(inputs, outputs, name="by_names")


def _part_of_a_chain(k: Any) -> Any:
    chain = k.Sequential(
        [
            k.Input((TIME, FEATURES), name="chain_x"),
            k.layers.LSTM(6, return_sequences=True, name="first"),
            k.layers.GRU(5, name="second"),
            k.layers.Dense(2, name="unused"),
        ],
        name="chain",
    )
    return k.models.Model(chain.inputs[0], [chain.layers[1].output, chain.layers[0].output], name="part_of_a_chain")


def _masks_through_models(k: Any) -> Any:
    x = k.Input((TIME, FEATURES), name="x")
    chain = k.Sequential(
        [k.Input((TIME, FEATURES), name="chain_x"), k.layers.GRU(4, return_sequences=True, name="in_chain")],
        name="chain",
    )
    inner_x = k.Input((TIME, 4), name="inner_x")
    inner = k.models.Model(inner_x, k.layers.LSTM(3, return_sequences=True, name="in_model")(inner_x), name="inner")
    masked = k.layers.Masking(name="masking")(x)
    return k.models.Model(x, k.layers.SimpleRNN(2, name="y")(inner(chain(masked))), name="masks_through_models")


def _masks_of_several_branches(k: Any) -> Any:
    """Layers whose order depends on where masks are computed."""
    a, b, c = (k.Input((TIME, FEATURES), name=name) for name in "abc")
    of_a, of_b = (
        k.layers.Masking(name=f"masking_{x.name}")(k.layers.Activation("relu", name=f"activation_{x.name}")(x))
        for x in (a, b)
    )
    both = k.layers.Concatenate(name="both")([of_a, of_b])
    sums = k.layers.GRU(4, name="of_sums")(k.layers.Add(name="sums")([of_a, of_b, of_a]))
    straight = c
    for number in range(6):
        straight = k.layers.Dense(FEATURES, activation="tanh", name=f"dense_{number}")(straight)
    half = k.layers.Concatenate(axis=1, name="half")([of_a, c])
    ends = [k.layers.LSTM(4, name=f"of_{name}")(x) for name, x in (("both", both), ("c", straight), ("half", half))]
    return k.models.Model([a, b, c], k.layers.Add(name="y")([sums, *ends]), name="masks_of_several_branches")


GRAPHS = (
    GraphCase("tensors used twice", _used_twice),
    GraphCase("a layer shared by branches", _shared_layer),
    GraphCase("a layer called on its own output", _called_on_itself),
    GraphCase("recurrent layers with residuals", _residual),
    GraphCase("merges of masked branches", _masked_branches, padded=True),
    GraphCase("encoder and decoder, LSTM", _encoder_decoder),
    GraphCase("encoder and decoder, GRU", lambda k: _encoder_decoder(k, "GRU")),
    GraphCase("encoder and decoder, SimpleRNN", lambda k: _encoder_decoder(k, "SimpleRNN")),
    GraphCase("attention", _attention),
    GraphCase("models in a model", _models_in_models),
    GraphCase("models in a chain", _model_in_chain),
    GraphCase("masks of several branches", _masks_of_several_branches, padded=True),
    GraphCase("masks through models in a model", _masks_through_models, padded=True),
    GraphCase("inputs and outputs by names", _by_names),
    GraphCase("a part of a chain", _part_of_a_chain),
)


def build_graph(case: GraphCase, library: ModuleType, seed: int = 0) -> Any:
    """The model of a case in the library's default dtype, with seeded weights."""
    model = case.draw(library)
    random_weights(model, np.random.default_rng(seed))
    return model


def graph_data(case: GraphCase, model: Any, seed: int = 0) -> tuple[Any, Any]:
    """Inputs and targets of unit scale, arrays or lists or dicts of them as the model takes them."""
    rng = np.random.default_rng([seed, 1])

    def draw(tensor: Any) -> np.ndarray:
        shape = (case.samples, *(TIME if n is None else n for n in tensor.shape[1:]))
        return rng.normal(size=shape).astype(str(tensor.dtype))

    xs = [draw(tensor) for tensor in model.inputs]
    if case.padded:
        for x in xs:
            x[np.arange(x.shape[1]) >= rng.integers(1, x.shape[1] + 1, size=len(x))[:, None]] = 0
    ys = [draw(tensor) for tensor in model.outputs]
    return _as_taken(model.inputs, model, "input", xs), _as_taken(model.outputs, model, "output", ys)


def _as_taken(tensors: list[Any], model: Any, end: str, arrays: list[np.ndarray]) -> Any:
    """A single array, or the arrays in the nesting of the model's end."""
    return arrays[0] if len(tensors) == 1 else pack_like(getattr(model, end), arrays)
