"""Mistakes that can be made in a gate function, one at a time, made in the syntax tree of its real source.

`mutations(function)` gives every one of these, wherever the function has room for it:

    name        reads another quantity that is known at that line (c_prev or c, i or f, the slope at another point)
    exchange    two quantities change places in one line (h = z h_prev + (1 - z) n becomes h = z n + (1 - z) h_prev)
    sign        + for -, or - for +
    term        a term of a sum is missing, such as the `1 -` of 1 - z, or what later steps ask of c
    factor      a factor of a product is missing, such as the slope of the activation
    complement  a factor v becomes 1 - v
    activation  an activation is left away
    line        a line that adds to a gradient is missing
    order       two lines that depend on each other change places
    result      two results are returned in each other's place
    default     another activation where none is asked for

A change that changes no number, such as another order of a product, is given too, with `same` saying why.
"""

from __future__ import annotations

import ast
import copy
import inspect
import itertools
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass

FUNCTION_NAMES = {"activation", "recurrent_activation", "d_activation", "d_recurrent_activation"}
DEFAULTS = {"tanh": "sigmoid", "sigmoid": "tanh", "d_tanh": "d_sigmoid", "d_sigmoid": "d_tanh"}


@dataclass(frozen=True)
class Mutation:
    """One changed function: `kind` as above, the line before and after, a sentence, the tree, and why it is the same
    as before, if it is."""

    kind: str
    before: str
    after: str
    sentence: str
    tree: ast.FunctionDef
    same: str = ""


def source_tree(function: Callable) -> ast.FunctionDef:
    """The function as it stands in its file, without decorators and docstring."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(tree, ast.FunctionDef)
    tree.decorator_list = []
    if ast.get_docstring(tree) is not None:
        tree.body = tree.body[1:]
    return tree


def mutations(function: Callable) -> list[Mutation]:
    """Every mutation of a gate function, each text once."""
    tree = source_tree(function)
    found: dict[str, Mutation] = {}
    for mutation in itertools.chain(
        *(_in_line(tree, k) for k in range(len(tree.body))), _lines_left_out(tree), _lines_moved(tree),
        _results_exchanged(tree), _defaults(tree),
    ):  # fmt: skip
        found.setdefault(ast.unparse(mutation.tree), mutation)
    found.pop(ast.unparse(tree), None)
    return list(found.values())


# --- within a line ----------------------------------------------------------------------------------------------------


def _in_line(tree: ast.FunctionDef, k: int) -> Iterator[Mutation]:
    """Mutations of the right side of the k-th line."""
    line = tree.body[k]
    if not isinstance(line, ast.Assign):
        return
    known = _known_before(tree, k)
    for kind, value, sentence in itertools.chain(
        _names(line.value, known), _exchanges(line.value), _arithmetic(line.value), _complements(line.value)
    ):
        wrong = ast.fix_missing_locations(ast.Assign(line.targets, value))
        same = ""
        if _canonical(value) == _canonical(line.value):
            same = "the same sum or product, reordered"
            if kind == "factor":
                same = "the same product, less a factor of one"
        yield Mutation(kind, ast.unparse(line), ast.unparse(wrong), sentence, _with(tree, {k: wrong}), same)


def _with(tree: ast.FunctionDef, lines: dict[int, ast.stmt | None]) -> ast.FunctionDef:
    """The function with other lines at these places; None: without one. The rest is shared."""
    changed = copy.copy(tree)
    body = [lines.get(k, line) for k, line in enumerate(tree.body)]
    changed.body = [line for line in body if line is not None]
    return changed


def _known_before(tree: ast.FunctionDef, k: int) -> list[str]:
    """Parameters and names assigned before the k-th line."""
    names = [argument.arg for argument in tree.args.args]
    names += [line.targets[0].id for line in tree.body[:k]]  # type: ignore[attr-defined]
    return list(dict.fromkeys(names))


def _places(value: ast.expr) -> list[list[tuple[str, int | None]]]:
    """The path from the root to each node of an expression, as fields and indices."""
    found: list[list[tuple[str, int | None]]] = [[]]
    for field, child in ast.iter_fields(value):
        children = enumerate(child) if isinstance(child, list) else [(None, child)]
        for index, node in children:
            if isinstance(node, ast.expr):
                found += [[(field, index), *path] for path in _places(node)]
    return found


def _at(value: ast.expr, path: list) -> ast.expr:
    for field, index in path:
        value = getattr(value, field) if index is None else getattr(value, field)[index]
    return value


def _put(value: ast.expr, path: list, node: ast.expr) -> ast.expr:
    """A copy of the expression with another node at this place."""
    if not path:
        return copy.deepcopy(node)
    value = copy.deepcopy(value)
    (*way, (field, index)) = path
    parent = _at(value, way)
    if index is None:
        setattr(parent, field, copy.deepcopy(node))
    else:
        getattr(parent, field)[index] = copy.deepcopy(node)
    return value


Change = tuple[str, ast.expr, str]


def _names(value: ast.expr, known: list[str]) -> Iterator[Change]:
    for path in _places(value):
        node = _at(value, path)
        if not isinstance(node, ast.Name):
            continue
        if node.id in FUNCTION_NAMES:
            others = [n for n in known if n in FUNCTION_NAMES and n.startswith("d_") == node.id.startswith("d_")]
        else:
            others = [n for n in known if n not in FUNCTION_NAMES]
        for other in others:
            if other != node.id:
                yield "name", _put(value, path, ast.Name(other)), f"It reads {other} where {node.id} is meant."


def _exchanges(value: ast.expr) -> Iterator[Change]:
    names = dict.fromkeys(n.id for n in ast.walk(value) if isinstance(n, ast.Name))
    for one, other in itertools.combinations([n for n in names if n not in FUNCTION_NAMES], 2):
        changed = copy.deepcopy(value)
        for node in ast.walk(changed):
            if isinstance(node, ast.Name):
                node.id = {one: other, other: one}.get(node.id, node.id)
        yield "exchange", changed, f"{one} and {other} stand in each other's place."


def _arithmetic(value: ast.expr) -> Iterator[Change]:
    for path in _places(value):
        node = _at(value, path)
        if isinstance(node, ast.Call):
            if not node.func.id.startswith("d_"):  # type: ignore[attr-defined]
                text = f"{ast.unparse(node)} is left as {ast.unparse(node.args[0])}: the activation is missing."
                yield "activation", _put(value, path, node.args[0]), text
        elif isinstance(node, ast.BinOp):
            left, right = ast.unparse(node.left), ast.unparse(node.right)
            if isinstance(node.op, ast.Mult):
                yield "factor", _put(value, path, node.left), f"The factor {right} is missing."
                yield "factor", _put(value, path, node.right), f"The factor {left} is missing."
                continue
            plus = isinstance(node.op, ast.Add)
            other = ast.BinOp(node.left, ast.Sub() if plus else ast.Add(), node.right)
            yield "sign", _put(value, path, other), f"{right} is {'taken away' if plus else 'added'}: the wrong sign."
            yield "term", _put(value, path, node.left), f"The term {right} is missing."
            lost = f"The term {left} is missing." if plus else f"The `{left} -` before {right} is missing."
            yield "term", _put(value, path, node.right), lost
            if not plus:
                negated = ast.UnaryOp(ast.USub(), node.right)
                yield "term", _put(value, path, negated), f"The term {left} is missing, and {right} keeps its sign."


def _complements(value: ast.expr) -> Iterator[Change]:
    for path in _places(value):
        node = _at(value, path)
        parent = _at(value, path[:-1]) if path else None
        if isinstance(node, ast.Name) and isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult):
            complement = ast.BinOp(ast.Constant(1.0), ast.Sub(), ast.Name(node.id))
            yield "complement", _put(value, path, complement), f"It reads 1 - {node.id} where {node.id} is meant."


def _canonical(value: ast.expr) -> str:
    """A text that is the same for expressions that differ in the order of sums and products, and by factors of one."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, (ast.Add, ast.Mult)):
        kind = type(value.op)
        parts: list[str] = []
        waiting: list[ast.expr] = [value]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.BinOp) and isinstance(node.op, kind):
                waiting += [node.left, node.right]
            elif not (kind is ast.Mult and isinstance(node, ast.Constant) and node.value == 1.0):
                parts.append(_canonical(node))
        return parts[0] if len(parts) == 1 else f"{kind.__name__}({', '.join(sorted(parts))})"
    if isinstance(value, ast.BinOp):
        return f"{type(value.op).__name__}[{_canonical(value.left)}, {_canonical(value.right)}]"
    if isinstance(value, ast.Call):
        return f"{ast.unparse(value.func)}[{', '.join(_canonical(a) for a in value.args)}]"
    return ast.unparse(value)


# --- whole lines ------------------------------------------------------------------------------------------------------


def _reads(line: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(line.value) if isinstance(node, ast.Name)}  # type: ignore[attr-defined]


def _target(line: ast.stmt) -> str:
    return line.targets[0].id  # type: ignore[attr-defined]


def _assignments(tree: ast.FunctionDef) -> list[int]:
    return [k for k, line in enumerate(tree.body) if isinstance(line, ast.Assign)]


def _lines_left_out(tree: ast.FunctionDef) -> Iterator[Mutation]:
    for k in _assignments(tree):
        line = tree.body[k]
        if _target(line) in _known_before(tree, k):
            sentence = f"A path of {_target(line)} is forgotten."
            yield Mutation("line", ast.unparse(line), "(missing)", sentence, _with(tree, {k: None}))


def _lines_moved(tree: ast.FunctionDef) -> Iterator[Mutation]:
    for k, after in itertools.pairwise(_assignments(tree)):
        first, second = tree.body[k], tree.body[after]
        written = _target(first), _target(second)
        clash = written[0] in _reads(second) or written[1] in _reads(first) or written[0] == written[1]
        readable = _reads(second) <= {*_known_before(tree, k), *DEFAULTS}
        if clash and readable:
            sentence = f"{_target(second)} is computed before {_target(first)} is complete."
            moved = f"{ast.unparse(second)}, and then {ast.unparse(first)}"
            yield Mutation("order", ast.unparse(first), moved, sentence, _with(tree, {k: second, after: first}))


def _results_exchanged(tree: ast.FunctionDef) -> Iterator[Mutation]:
    last = tree.body[-1]
    assert isinstance(last, ast.Return)
    if not isinstance(last.value, ast.Tuple):
        return
    names = [ast.unparse(element) for element in last.value.elts]
    for one, other in itertools.combinations(range(len(last.value.elts)), 2):
        wrong = copy.deepcopy(last)
        elements = wrong.value.elts  # type: ignore[union-attr]
        elements[one], elements[other] = elements[other], elements[one]
        sentence = f"{names[one]} and {names[other]} are returned in each other's place."
        before, after = (f"return {', '.join(ast.unparse(e) for e in line)}" for line in (last.value.elts, elements))
        yield Mutation("result", before, after, sentence, _with(tree, {len(tree.body) - 1: wrong}))


def _defaults(tree: ast.FunctionDef) -> Iterator[Mutation]:
    names = [argument.arg for argument in tree.args.args[-len(tree.args.defaults) :]]
    for k, (name, default) in enumerate(zip(names, tree.args.defaults, strict=False)):
        changed = copy.deepcopy(tree)
        other = DEFAULTS[default.id]  # type: ignore[attr-defined]
        changed.args.defaults[k] = ast.Name(other)
        sentence = f"Where nobody says which, {name} is {other}."
        before, after = f"{name}={default.id}", f"{name}={other}"  # type: ignore[attr-defined]
        yield Mutation("default", before, after, sentence, changed)
