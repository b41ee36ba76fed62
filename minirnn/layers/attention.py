"""Attention: each step of a query is answered by a mean of values, weighed by how well their keys fit it.

For queries q_i, keys k_j and values v_j (the keys are the values unless they are given)

    s_ij = how well k_j fits q_i        a_ij = softmax over j of s_ij        o_i = sum over j of a_ij v_j

`Attention` scores by products (Luong et al. 2015, arXiv:1508.04025, section 3.1, "dot") or by a tanh of sums
(score_mode="concat"), `AdditiveAttention` as Bahdanau et al. 2015, arXiv:1409.0473, appendix A.1.2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minirnn import initializers, random
from minirnn.boundary import as_input, as_mask
from minirnn.choices import one_of
from minirnn.layers.calls import BoundCall
from minirnn.layers.combination import Array, Merge, listed
from minirnn.layers.disturbing import share
from minirnn.layers.layer import Tape
from minirnn.layers.softmax import d_softmax, softmax
from minirnn.layers.symbolic import KerasTensor, Node, Shape
from minirnn.layers.unchanged import unchanged
from minirnn.layers.weight import PlainLayout, Weight

MASKED = 1e9  # how much is taken off the score of what is masked


class Attention(Merge):
    """Dot-product attention of a list [query, value] or [query, value, key].

    Query (batch, Tq, dim), key (batch, Tv, dim), value (batch, Tv, any): the output is (batch, Tq, any). The score is

        score_mode="dot"      s_ij = scale (q_i . k_j)
        score_mode="concat"   s_ij = concat_score_weight (sum over dim of tanh(scale (q_i + k_j)))

    Weights, single numbers that begin as 1: scale with `use_scale` (else it is 1), concat_score_weight with "concat".
    In training a share `dropout` of the a_ij is set to zero, the rest divided by 1 - dropout.

    A mask is a list [query_mask, value_mask], (batch, Tq) and (batch, Tv), each may be None. Masked values get no
    weight (their scores are lowered by 1e9), masked queries give zeros, and the output has the query's mask. With
    `use_causal_mask` step i sees the values up to its own, j <= i. `return_attention_scores` gives (output, a), where
    a is (batch, Tq, Tv).

    Raises ValueError for another `score_mode`, `dropout` outside 0 <= dropout < 1, other than two or three inputs, and
    shapes that do not fit.

    >>> import numpy as np
    >>> query, value = np.array([[[0.0, 9.0]]]), np.array([[[9.0, 0.0], [0.0, 9.0]]])
    >>> print(Attention()([query, value]).round())
    [[[0. 9.]]]
    """

    takes_mask = True

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        one_of(score_mode, f"{type(self).__name__} score_mode", ("dot", "concat"))
        self.use_scale, self.score_mode = bool(use_scale), score_mode
        self.dropout, self.seed = share(dropout, type(self).__name__, "dropout"), seed
        self._random = random.generator(seed)
        self._scale: Weight | None = None
        self._score_weight: Weight | None = None

    def generators(self) -> list[Any]:
        return [self._random.bit_generator]

    # --- shapes and weights ---

    def check_input(self, shapes: Any) -> None:
        """Raise ValueError unless these are the shapes of a query, a value and perhaps a key that fit together."""
        if isinstance(shapes, (list, tuple)) and not 2 <= len(shapes) <= 3:
            raise ValueError(f"{self.name} takes [query, value] or [query, value, key], got {len(shapes)} inputs")
        super().check_input(shapes)

    def check_shapes(self, shapes: list[Shape]) -> None:
        self.one_batch(shapes)
        query, value, key = (*shapes, shapes[1])[:3]
        if any(len(shape) != 3 for shape in shapes):
            raise ValueError(f"{self.name} takes inputs (batch, time, features), got shapes {listed(shapes)}")
        if _differ(query[-1], key[-1]):
            raise ValueError(
                f"{self.name} compares {query[-1]} features of the query with {key[-1]} of the key; they must be equal"
            )
        if _differ(value[1], key[1]):
            raise ValueError(f"{self.name} got {value[1]} values and {key[1]} keys; each value needs one key")
        if self._scale is not None and self._scale.shape not in ((), query[-1:]):
            raise ValueError(f"{self.name} was built for {self._scale.shape[0]} features, got {query[-1]}")

    def build(self, input_shape: Any) -> None:
        self.check_input(input_shape)
        self._add_weights(tuple(input_shape[0]))
        super().build(input_shape)

    def _add_weights(self, query: Shape) -> None:
        layout, ones = PlainLayout(self.dtype), initializers.get("ones")
        if self.use_scale:
            self._scale = self.add_weight("scale", (), ones, layout)
        if self.score_mode == "concat":
            self._score_weight = self.add_weight("concat_score_weight", (), ones, layout)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[0][:-1], input_shape[1][-1])

    def output_shapes(self, shapes: list[Shape], **options: Any) -> list[Shape]:
        made = [self.compute_output_shape(shapes)]
        return [*made, (*shapes[0][:-1], shapes[1][1])] if options.get("return_attention_scores") else made

    # --- calls ---

    def connect(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Record a call on symbolic tensors; `return_attention_scores` gives two outputs, as a tuple."""
        self._check_list(inputs)
        self._check_arguments(inputs, args, kwargs)
        shapes = [tensor.shape for tensor in inputs]
        self.check_input(shapes)
        if not self.built:
            self.build(shapes)
        made = [
            KerasTensor(shape, self.dtype, self.name) for shape in self.output_shapes(shapes, **_options(args, kwargs))
        ]
        Node(self, (inputs, *args), kwargs, list(inputs), made)
        return made[0] if len(made) == 1 else tuple(made)

    def bound(self, node: Node) -> Any:
        """What a graph runs for a call: itself, or what knows of the arguments."""
        options = _options(node.args[1:], node.kwargs)
        return BoundCall(self, options) if options else self

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """Compute on a list of arrays: a new array, or (output, scores)."""
        xs = self.prepare(inputs)
        tape = self.new_tape([x.shape for x in xs], training)
        tape.options = {"return_attention_scores": return_attention_scores, "use_causal_mask": use_causal_mask}
        ys = self.run(xs, self._masks(xs, mask), tape, training)
        return tuple(ys) if return_attention_scores else ys[0]

    def vjp(self, xs: Any, dy: Any, mask: Any = None, **options: Any) -> tuple:  # type: ignore[override]
        """Gradients of sum(layer(xs) * dy): ([dx of each input], [gradient of each weight]).

        With `return_attention_scores` dy is a pair, and the sum that of both products.
        """
        xs = self.prepare(xs)
        tape = self.new_tape([x.shape for x in xs], True)
        tape.options = options
        with unchanged(self):
            ys = self.run(xs, self._masks(xs, mask), tape, True)
        dys = dy if len(ys) > 1 else [dy]
        dys = [as_input(d, "dy", self.dtype, y.shape) for d, y in zip(dys, ys, strict=True)]
        return self.run_back(dys, tape, [True] * len(xs)), [w.gradient_numpy() for w in self.weights if w.trainable]

    def _masks(self, xs: list[Array], mask: Any) -> list[Array | None]:
        """[query_mask, value_mask] of arrays. Raises ValueError for any other list, TypeError for other numbers."""
        if mask is None:
            return [None, None]
        if not isinstance(mask, (list, tuple)) or not 2 <= len(mask) <= 3:
            got = f"{len(mask)} entries" if isinstance(mask, (list, tuple)) else f"a {type(mask).__name__}"
            raise ValueError(f"{self.name} needs a list [query_mask, value_mask], None where there is none, got {got}")
        return [
            None if m is None else as_mask(m, x.shape[:2], f"{name} of {self.name}")
            for m, x, name in zip(mask[:2], xs, ("query_mask", "value_mask"), strict=False)
        ]

    def compute_mask(self, xs: Any, mask: Any = None) -> Array | None:
        """The mask of the output: that of the query."""
        return None if mask is None else mask[0]

    def draw_mask(self, xs: list[Any], masks: list[Any], step: Callable[..., Any]) -> Any:
        return masks[0]

    # --- the two passes ---

    def new_tape(self, shapes: Any, training: bool) -> Tape:
        """Memory for inputs of these shapes."""
        return Tape(shapes=shapes, options={})

    def run(self, xs: list[Array], masks: list[Any], tape: Tape, training: bool) -> list[Array]:
        tape.q, tape.v, tape.k = (*xs, xs[1])[:3]
        tape.query_mask = None if masks[0] is None else masks[0][..., None]
        s = self.score(tape.q, tape.k, tape)
        counts = self._counts(s.shape, masks[1], tape.options.get("use_causal_mask", False))
        if counts is not None:
            s = np.where(counts, s, s - s.dtype.type(MASKED))
        tape.softmax = tape.a = softmax(s)
        tape.kept = None
        if training and self.dropout:
            kept = self._random.random(s.shape) >= self.dropout
            tape.kept = kept.astype(s.dtype) / s.dtype.type(1.0 - self.dropout)
            tape.a = tape.softmax * tape.kept
        o = tape.a @ tape.v
        if tape.query_mask is not None:
            o = np.where(tape.query_mask, o, o.dtype.type(0))
        return [o, tape.a] if tape.options.get("return_attention_scores") else [o]

    def forward(self, xs: Any, masks: Any, tape: Tape, training: bool) -> Array:
        return self.run(xs, masks, tape, training)[0]

    @staticmethod
    def _counts(shape: tuple[int, ...], value_mask: Array | None, causal: bool) -> Array | None:
        """Which values a query may see, an array that stretches to the scores; None: all."""
        counts = None if value_mask is None else value_mask[:, None, :]
        if causal:
            past = np.tri(shape[-2], shape[-1], dtype=bool)
            counts = past if counts is None else counts & past
        return counts

    def run_back(self, dys: list[Array | None], tape: Tape, needs: list[bool]) -> list[Array | None]:
        do = dys[0]
        da = dys[1] if len(dys) > 1 else None
        if do is None:
            do = np.zeros((*tape.q.shape[:-1], tape.v.shape[-1]), tape.q.dtype)
        if tape.query_mask is not None:
            do = np.where(tape.query_mask, do, do.dtype.type(0))  # o = 0 where masked
        dv = tape.a.swapaxes(-1, -2) @ do  # o = a v
        through = do @ tape.v.swapaxes(-1, -2)
        da = through if da is None else through + da
        if tape.kept is not None:
            da = da * tape.kept  # a = softmax kept
        ds = d_softmax(da, tape.softmax)  # softmax(s); taking MASKED off changes no gradient
        dq, dk = self.score_backward(ds, tape)
        if len(tape.shapes) == 2:  # the values are the keys
            dv = dv + dk
        grads = [np.ascontiguousarray(d) for d in (dq, dv, dk)[: len(tape.shapes)]]
        return [d if need else None for d, need in zip(grads, needs, strict=True)]

    # --- how well a key fits a query ---

    def score(self, q: Array, k: Array, tape: Tape) -> Array:
        """s (batch, Tq, Tv); leaves on the tape what `score_backward` needs."""
        scale = _number(self._scale)
        if self.score_mode == "dot":
            tape.products = q @ k.swapaxes(-1, -2)
            return tape.products if scale is None else scale * tape.products
        sums = _sums(q, k)
        tape.t = np.tanh(sums if scale is None else scale * sums)
        return _number(self._score_weight) * tape.t.sum(axis=-1)

    def score_backward(self, ds: Array, tape: Tape) -> tuple[Array, Array]:
        """(dq, dk); sets the gradients of the weights."""
        scale = _number(self._scale)
        if self.score_mode == "dot":
            _set_gradient(self._scale, (ds * tape.products).sum() if self._scale else 0)
            ds = ds if scale is None else scale * ds
            return ds @ tape.k, ds.swapaxes(-1, -2) @ tape.q
        _set_gradient(self._score_weight, (ds * tape.t.sum(axis=-1)).sum())
        dz = (_number(self._score_weight) * ds)[..., None] * (1 - tape.t * tape.t)  # t = tanh(z), z = scale sums
        if scale is not None:
            _set_gradient(self._scale, (dz * _sums(tape.q, tape.k)).sum())
            dz *= scale
        return dz.sum(axis=2), dz.sum(axis=1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "use_scale": self.use_scale,
            "score_mode": self.score_mode,
            "dropout": self.dropout,
            "seed": self.seed,
        }


class AdditiveAttention(Attention):
    """Attention of a list [query, value] or [query, value, key], with s_ij = sum over dim of scale tanh(q_i + k_j).

    Weight: scale (dim,), glorot_uniform, with `use_scale`; else it is 1. All else is as in `Attention`, its masks,
    calls and errors.
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def _add_weights(self, query: Shape) -> None:
        if not self.use_scale:
            return
        if query[-1] is None:
            raise ValueError(f"{self.name} needs a known number of features, got a query of shape {query}")
        glorot = initializers.get("glorot_uniform")
        self._scale = self.add_weight("scale", (query[-1],), glorot, PlainLayout(self.dtype))

    def score(self, q: Array, k: Array, tape: Tape) -> Array:
        tape.t, scale = np.tanh(_sums(q, k)), _number(self._scale)
        return tape.t.sum(axis=-1) if scale is None else tape.t @ scale

    def score_backward(self, ds: Array, tape: Tape) -> tuple[Array, Array]:
        scale = _number(self._scale)
        if self._scale is not None:
            _set_gradient(self._scale, np.tensordot(ds, tape.t, 3))
        dt = ds[..., None] if scale is None else ds[..., None] * scale
        dz = dt * (1 - tape.t * tape.t)
        return dz.sum(axis=2), dz.sum(axis=1)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["score_mode"]
        return config


def _options(args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
    """What the arguments of a call, but for the inputs, switch on."""
    names = ("mask", "training", "return_attention_scores", "use_causal_mask")
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    return {name: True for name in names[2:] if given.get(name)}


def _differ(m: int | None, n: int | None) -> bool:
    return m != n and None not in (m, n)


def _sums(q: Array, k: Array) -> Array:
    """q_i + k_j for all i and j: (batch, Tq, Tv, dim)."""
    return q[:, :, None, :] + k[:, None, :, :]


def _number(weight: Weight | None) -> Any:
    """What a weight holds, uncopied; None if there is none."""
    return None if weight is None else weight.layout.view(weight.packed, weight.shape)


def _set_gradient(weight: Weight | None, value: Any) -> None:
    if weight is not None:
        weight.layout.view(weight.gradient, weight.shape)[...] = value
