"""Which part of minirnn may know which: imports run down the floors, never up."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import minirnn

PACKAGE = Path(minirnn.__file__).parent
# Lowest first. A module may import its own floor and those below.
FLOORS = [
    {"minirnn.jit"},
    {"minirnn.gates"},
    {"minirnn.kernels"},
    {
        "minirnn.activations", "minirnn.boundary", "minirnn.choices", "minirnn.compat", "minirnn.config",
        "minirnn.constraints", "minirnn.initializers", "minirnn.ops", "minirnn.preprocessing", "minirnn.random",
        "minirnn.regularizers", "minirnn.targets", "minirnn.utils",
    },
    {"minirnn.layers"},
    {
        "minirnn.callbacks", "minirnn.files", "minirnn.losses", "minirnn.metrics", "minirnn.models",
        "minirnn.optimizers", "minirnn.streaming", "minirnn.training",
    },
    {
        "minirnn.ahead", "minirnn.backend", "minirnn.datasets", "minirnn.forecasting", "minirnn.interop",
        "minirnn.saving", "minirnn.study",
    },
    {"minirnn"},  # the public face itself
    {"minirnn.cli", "minirnn.__main__"},
]  # fmt: skip
FOREIGN = {"keras", "tensorflow", "torch", "jax", "onnx", "onnxruntime", "reference", "benchmarks", "tests"}
# What exchanges models with a library has to make that library's objects, and ask its engine whether a file of its
# kind computes what it says, where it is asked to: inside a function.
EXCHANGED = {"minirnn.interop": {"onnx", "onnxruntime", "torch"}}


def modules() -> dict[str, Path]:
    """Every module of minirnn by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name: str, path: Path, known: set[str]) -> set[str]:
    """The modules that a file imports anywhere in it, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} uses a relative import: write the full name"
            inside = {f"{node.module}.{alias.name}" for alias in node.names} & known
            # `from package import module` is the module's import; the rest is what the package itself offers.
            found |= inside
            if len(inside) < len(node.names):
                found.add(node.module)
    return found


def floor(name: str) -> int:
    for level, members in enumerate(FLOORS):
        if any(name == m or (m != "minirnn" and name.startswith(m + ".")) for m in members):
            return level
    raise AssertionError(f"{name} stands on no floor: give it one in FLOORS")


def test_every_module_stands_on_a_floor():
    for name in modules():
        floor(name)


def test_no_import_runs_up():
    known = set(modules())
    upward = [
        f"{name} (floor {floor(name)}) imports {other} (floor {floor(other)})"
        for name, path in modules().items()
        for other in sorted(imports(name, path, known))
        if other.split(".")[0] == "minirnn" and floor(other) > floor(name)
    ]
    assert not upward, "\n".join(upward)


def test_no_two_modules_import_each_other():
    known = set(modules())
    edges = {name: imports(name, path, known) & known for name, path in modules().items()}
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for other in sorted(edges[name]):
                walk(other, (*trail, name))
            done.add(name)

    for name in edges:
        walk(name, ())


def test_minirnn_imports_none_of_what_it_is_compared_with():
    known = set(modules())
    for name, path in modules().items():
        foreign = {other.split(".")[0] for other in imports(name, path, known)} & FOREIGN
        allowed = EXCHANGED.get(".".join(name.split(".")[:2]), set())
        assert foreign <= allowed, f"{name} imports {foreign - allowed}"


def test_libraries_that_models_are_exchanged_with_are_imported_inside_functions_only():
    for name, path in modules().items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        within = {node for function in functions for node in ast.walk(function)}
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)) and node not in within:
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                assert not {each.split(".")[0] for each in names} & FOREIGN, f"{name}:{node.lineno}"


def test_importing_minirnn_loads_none_of_what_it_is_compared_with():
    program = (
        "import sys; from minirnn import *; import minirnn.cli.command, minirnn.datasets, minirnn.interop;"
        f"print(sorted({FOREIGN!r} & set(sys.modules)))"
    )
    done = subprocess.check_output([sys.executable, "-c", program], cwd=PACKAGE.parent, text=True)
    assert done.strip() == "[]"


def test_only_the_jit_floor_decides_how_functions_are_compiled():
    for name, path in modules().items():
        if name.startswith("minirnn.jit"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            word = getattr(node, "id", None) or getattr(node, "attr", None)
            assert word not in {"njit", "jit", "prange", "guvectorize", "vectorize", "register_jitable"}, name


def test_gates_know_the_jit_marker_and_numpy_only():
    known = set(modules())
    for name, path in modules().items():
        if name.startswith("minirnn.gates"):
            others = {other for other in imports(name, path, known) if not other.startswith("minirnn.gates")}
            assert others <= {"minirnn.jit", "numpy", "math"}, name


def test_kernels_raise_no_errors_of_their_own_about_arguments():
    for name, path in modules().items():
        if name.startswith("minirnn.kernels") and name != "minirnn.kernels.threads":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                assert not isinstance(node, ast.Raise), f"{name} raises: validation belongs to the layers"


def test_comprehensions_mean_the_same_on_every_python():
    """Before Python 3.12 a comprehension is a function: `super()` and `locals()` are its own there."""
    for name, path in modules().items():
        for comprehension in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(comprehension, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
                continue
            outside = set(ast.walk(comprehension.generators[0].iter))
            for node in set(ast.walk(comprehension)) - outside:
                bare = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.args
                wrong = bare and node.func.id in ("super", "locals")
                assert not wrong, f"{name}:{node.lineno} calls {ast.unparse(node)} in a comprehension"
