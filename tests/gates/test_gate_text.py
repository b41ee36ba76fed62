"""The gates as a text: equations stand once, docstrings say what the lines say, backward lines name their origin."""

from __future__ import annotations

import ast
import functools
import inspect
import re
from pathlib import Path

import pytest

import minirnn
from minirnn.gates import coupled_lstm, gru, layer_norm_lstm, lstm, peephole_lstm, simple_rnn, zoneout

PACKAGE = Path(minirnn.__file__).parent
PAIRS = {
    "lstm": (lstm.step, lstm.step_backward),
    "gru": (gru.step, gru.step_backward),
    "gru_reset": (gru.step_reset, gru.step_reset_backward),
    "gru_update": (gru.step_update, gru.step_update_backward),
    "simple_rnn": (simple_rnn.step, simple_rnn.step_backward),
    "peephole": (peephole_lstm.step, peephole_lstm.step_backward),
    "coupled": (coupled_lstm.step, coupled_lstm.step_backward),
    "zoneout": (zoneout.step, zoneout.step_backward),
    "layer_norm_normalise": (layer_norm_lstm.normalise, layer_norm_lstm.normalise_backward),
    "layer_norm_join": (layer_norm_lstm.join, layer_norm_lstm.join_backward),
    "layer_norm_memory": (layer_norm_lstm.step_memory, layer_norm_lstm.step_memory_backward),
    "layer_norm_output": (layer_norm_lstm.step_output, layer_norm_lstm.step_output_backward),
}
# Without pre-activations of their own.
BETWEEN = {"zoneout", "layer_norm_normalise", "layer_norm_join"}
# No gradient: functions; what chance draws; mean and scale, whose share is in that of v.
FUNCTIONS = {"activation", "recurrent_activation", "kept", "mean", "scale"}
# Equations that siblings share: each cell is a whole text for itself.
SHARED = {
    "simple_rnn": {"lstm"},
    "lstm": {"peephole_lstm", "coupled_lstm", "layer_norm_lstm"},
    "peephole": {"lstm", "coupled_lstm", "layer_norm_lstm"},
    "coupled": {"lstm", "peephole_lstm", "layer_norm_lstm"},
    "layer_norm_memory": {"lstm", "peephole_lstm", "coupled_lstm"},
    "layer_norm_output": {"lstm", "peephole_lstm", "coupled_lstm"},
}


def squeeze(text: str) -> str:
    """Without blanks, and with the number one written in one way."""
    return "".join(text.split()).replace("1.0", "1")


def equations(function) -> dict[str, set[str]]:
    """The assignments of a function: text without blanks, and the names that its right side reads."""
    body = ast.parse(inspect.getsource(function)).body[0].body
    found = {}
    for node in body:
        if isinstance(node, ast.Assign):
            names = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
            found[squeeze(ast.unparse(node))] = names - FUNCTIONS
    return found


def labelled(function) -> list[tuple[str, str]]:
    """(assigned name, forward line in the comment) of every line that computes a gradient."""
    lines = []
    for line in inspect.getsource(function).splitlines():
        match = re.match(r"    (d\w+) = ([^#]*)(?:#(.*))?$", line)
        if match:
            lines.append((match[1], squeeze(match[3] or "")))
    return lines


def sources():
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


# --- docstrings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAIRS)
def test_the_docstring_of_a_step_states_each_of_its_equations(name):
    step = PAIRS[name][0]
    docstring = squeeze(step.__doc__)
    for equation in equations(step):
        assert equation.replace("*", "") in docstring, f"{name}: {equation}"


@pytest.mark.parametrize("name", sorted(set(PAIRS) - BETWEEN))
def test_the_docstring_spells_out_every_pre_activation_with_its_weights_and_bias(name):
    step = PAIRS[name][0]
    gates = [p[2:] for p in inspect.signature(step).parameters if p.startswith("a_")]
    assert gates
    for gate in gates:
        line = re.search(rf"^ +a_{gate} +=(.*)$", step.__doc__, re.MULTILINE)[1]
        end = "" if name == "simple_rnn" else f"_{gate}"
        assert {f"W{end}", f"b{end}"} <= set(line.split()), f"{name}: {line}"
        if name != "gru" or gate != "n":
            assert f"U{end}" in line.split(), f"{name}: {line}"


def test_the_docstring_of_gru_with_reset_after_names_its_second_bias():
    words = gru.step.__doc__.split()
    assert {"p_z", "p_r", "p_n", "U_z", "U_r", "U_n"} <= set(words)


@pytest.mark.parametrize("module", [lstm, gru, simple_rnn, peephole_lstm, coupled_lstm, zoneout, layer_norm_lstm])
def test_a_cell_cites_the_paper_it_comes_from(module):
    assert re.search(r"\b(19|20)\d\d\b", module.__doc__)


# --- backward lines -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAIRS)
def test_each_backward_line_names_the_forward_line_that_it_reverses(name):
    step, backward = PAIRS[name]
    lines = labelled(backward)
    assert lines
    for gradient, forward in lines:
        assert forward in equations(step), f"{name}: {gradient} names {forward!r}"


@pytest.mark.parametrize("name", PAIRS)
def test_each_quantity_that_a_forward_line_reads_gets_its_gradient_from_that_line(name):
    step, backward = PAIRS[name]
    lines = labelled(backward)
    for equation, read in equations(step).items():
        assert {gradient[1:] for gradient, forward in lines if forward == equation} == read, f"{name}: {equation}"


# --- written once ---------------------------------------------------------------------------------------------------


@functools.cache
def places_of_expressions():
    """{expression: the files that it stands in}, of all that is more than a name or a number."""
    places = {}
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.expr) and not isinstance(node, (ast.Constant, ast.Name)):
                places.setdefault(squeeze(ast.unparse(node)), set()).add(path)
    return places


@pytest.mark.parametrize("name", PAIRS)
def test_a_gate_equation_stands_in_its_own_file_only(name):
    step = PAIRS[name][0]
    home = f"gates/{Path(inspect.getsourcefile(step)).name}"
    wanted = {equation.partition("=")[2] for equation in equations(step)}
    places = {text: places_of_expressions().get(text, set()) for text in wanted}
    assert set().union(*places.values()) <= {home} | {f"gates/{sibling}.py" for sibling in SHARED.get(name, ())}
    assert all(home in found for found in places.values())


def test_no_equation_of_a_cell_stands_twice_in_its_file():
    for name, (step, _) in PAIRS.items():
        tree = ast.parse(Path(inspect.getsourcefile(step)).read_text(encoding="utf-8"))
        for equation in equations(step):
            found = [n for n in ast.walk(tree) if isinstance(n, ast.Assign) and squeeze(ast.unparse(n)) == equation]
            # The two conventions of GRU, and the two halves of a step, share gates.
            assert len(found) == 1 or name.startswith(("gru", "layer_norm")), f"{name}: {equation}"


def shape_of(node: ast.expr) -> str | None:
    """'convex' for p*q + (1-p)*r, 'cell' for p*q + r*s, of plain names in any order; else None.

    Names in capitals are sizes: sums of their products are places in an array.
    """
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)):
        return None
    factors = []
    for side in (node.left, node.right):
        if not (isinstance(side, ast.BinOp) and isinstance(side.op, ast.Mult)):
            return None
        factors.append((ast.unparse(side.left), ast.unparse(side.right)))
    (p, q), (r, s) = factors
    words = {p, q, r, s}
    complement = [w for w in words if re.fullmatch(r"1(\.0)? - \w+", w)]
    names = words - set(complement)
    if not all(name.isidentifier() and not name.isupper() for name in names):
        return None
    if complement:
        return "convex" if complement[0].split(" - ")[1] in names else None
    return "cell" if len(names) == 4 else None


def test_no_other_function_mixes_an_old_and_a_new_state_under_whatever_names():
    found = set()
    for path, tree in sources():
        if path in ("kernels/optimizers.py", "kernels/windows.py") or path.startswith("kernels/losses/"):
            continue  # moments of gradients, losses, and places in an array are mixed alike, and are no states
        for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
            for node in ast.walk(function):
                if isinstance(node, ast.expr) and (shape := shape_of(node)):
                    found.add((shape, path, function.name))
    assert found == {
        ("cell", "gates/lstm.py", "step"),
        ("cell", "gates/peephole_lstm.py", "step"),
        ("cell", "gates/coupled_lstm.py", "step"),
        ("cell", "gates/layer_norm_lstm.py", "step_memory"),
        ("cell", "gates/layer_norm_lstm.py", "join"),  # two gains instead, of two sums
        ("convex", "gates/zoneout.py", "step"),
        ("convex", "gates/gru.py", "step"),
        ("convex", "gates/gru.py", "step_update"),
    }


def test_the_shapes_that_this_test_looks_for_are_recognised():
    def shape(text):
        return shape_of(ast.parse(text, mode="eval").body)

    assert shape("forget * old + new * write") == "cell"
    assert shape("z * h_prev + (1.0 - z) * n") == shape("(1 - u) * n + u * old") == "convex"
    assert shape("a * b + c") is None


def test_sigmoid_and_tanh_are_defined_once():
    names = [
        (node.name, path) for path, tree in sources() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
    ]
    assert [path for name, path in names if name == "sigmoid"] == ["gates/activations.py"]
    assert [path for name, path in names if name == "tanh"] == ["gates/elementary.py"]


def test_gates_know_neither_time_nor_matrices():
    for path in (PACKAGE / "gates").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not isinstance(node, (ast.For, ast.While, ast.MatMult)), path.name
