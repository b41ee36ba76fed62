"""The equations of a gate function, read out of its docstring: what is shown beside numbers is what stands there.

A docstring of `minirnn.gates` lays equations out in columns, an equation or two and a remark:

    a_i = x W_i + h_prev U_i + b_i      i = recurrent_activation(a_i)     input gate: what to write

Factors stand side by side: `f c_prev` is a product, `x W_i` one of a vector with a matrix.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

# What a part of an equation is, then its words; see `Equation`.
Token = tuple[str, ...]

_LINE = re.compile(r"^ {4,}\S.*=", re.MULTILINE)
_COLUMNS = re.compile(r" {4,}")
_NAME = re.compile(r"[A-Za-z]\w*")
_TOKEN = re.compile(r"norm\[ (?P<in>\w+) (?P<by>\w+) \]|(?P<name>[A-Za-z]\w*)|(?P<number>\d+(\.\d+)?)|(?P<sign>[-+()])")
_FUNCTIONS = ("activation", "recurrent_activation")


class Text(NamedTuple):
    """A gate function that a cell runs, and what the cell calls some of the names in it."""

    function: Callable[..., Any]
    names: Mapping[str, str] = MappingProxyType({})


class Equation(NamedTuple):
    """One equation: `left` = the tokens of `right`, and the docstring's remark on it, in the cell's names.

    Tokens are ("value", name), ("number", "1"), ("sign", "+"), ("times",) between factors, ("function", name),
    ("sum", "x", "W", "i") for the product of x with the columns W_i, ("norm", "x", "W", "i") for that normalised.
    """

    left: str
    right: list[Token]
    remark: str


def equations_of(texts: tuple[Text, ...], only_gate: str = "") -> list[Equation]:
    """The equations of these functions, in their order; a matrix without a letter belongs to the gate `only_gate`.

    >>> from minirnn.gates import simple_rnn
    >>> for equation in equations_of((Text(simple_rnn.step),), "h"):
    ...     print(equation.left, equation.right[:3])
    a_h [('sum', 'x', 'W', 'h'), ('sign', '+'), ('sum', 'h_prev', 'U', 'h')]
    h [('function', 'activation'), ('sign', '('), ('value', 'a_h')]
    """
    found = []
    for function, names in texts:
        for left, right, remark in _written(inspect.getdoc(function) or ""):
            found.append(Equation(names.get(left, left), _tokens(right, names, only_gate), _renamed(remark, names)))
    return found


def _renamed(remark: str, names: Mapping[str, str]) -> str:
    """A remark that holds an equation, with the names that the cell has for what is in it."""
    return _NAME.sub(lambda name: names.get(name[0], name[0]), remark) if " = " in remark else remark


def _written(docstring: str) -> list[tuple[str, str, str]]:
    """(left side, right side, remark) of each equation in a docstring."""
    found: list[tuple[str, str, str]] = []
    for line in docstring.splitlines():
        if not _LINE.match(line):
            continue
        in_line = len(found)
        for column in _COLUMNS.split(re.sub(r" *= *", " = ", line.strip())):
            left, equals, right = column.partition(" = ")
            if equals and _NAME.fullmatch(left):
                found.append((left, right, ""))
            elif len(found) > in_line:
                found[-1] = (*found[-1][:2], f"{found[-1][2]} {column}".strip())
    return found


def _tokens(right: str, names: Mapping[str, str], only_gate: str) -> list[Token]:
    tokens: list[Token] = []
    for match in _TOKEN.finditer(right):
        if match["in"]:
            _append(tokens, ("norm", match["in"], *_matrix(match["by"], only_gate)))
        elif match["name"] in _FUNCTIONS:
            _append(tokens, ("function", match["name"]))
        elif match["name"] and match["name"][0] in "WU":
            _, vector = tokens.pop()
            tokens.append(("sum", vector, *_matrix(match["name"], only_gate)))
        elif match["name"]:
            _append(tokens, ("value", names.get(match["name"], match["name"])))
        elif match["number"]:
            _append(tokens, ("number", match["number"]))
        elif match["sign"] == "(":
            _append(tokens, ("sign", "("))
        else:
            tokens.append(("sign", match["sign"]))
    return tokens


def _append(tokens: list[Token], token: Token) -> None:
    """Add what may be a factor; two of them side by side are multiplied."""
    if tokens and tokens[-1][0] != "function" and tokens[-1] not in (("sign", "("), ("sign", "+"), ("sign", "-")):
        tokens.append(("times",))
    tokens.append(token)


def _matrix(name: str, only_gate: str) -> tuple[str, str]:
    """("W", "i") of W_i."""
    letter, _, gate = name.partition("_")
    return letter, gate or only_gate
