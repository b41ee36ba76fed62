"""The exercises: open as they are, right with their solutions; a wrong attempt is told what is wrong, in one line."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from minirnn.gates import gru, lstm
from reference import mutants

FOLDER = Path(__file__).parents[2] / "examples" / "exercises"
EXERCISES = sorted(path.name for path in FOLDER.glob("[0-9]*.py"))

# What an exercise says as it stands.
AS_IT_STANDS = {
    "01_parameters.py": "Open / 빈칸: the formula of Dense",
    "02_one_step_by_hand.py": "Not yet / 아직: a_i has no value yet",
    "03_missing_gate.py": "Open / 빈칸: the forget gate f",
    "04_lstm_bug.py": r"Not yet / 아직: da_i\[0\] is -0\.\d+, expected 0\.\d+ .* Hint / .*: what do later steps ask",
    "05_gru_bug.py": r"Not yet / 아직: da_r\[0\] is 0\.\d+, expected 0\.\d+ .* Hint / 힌트: which share of h is n",
    "06_softsign.py": "Open / 빈칸: dy/da, written with y",
    "07_truncated.py": "Open / 빈칸: a loop over the last k steps",
    "08_masked_step.py": "Open / 빈칸: four gradients",
    "09_gru_conventions.py": r"Open / 빈칸: \[W, U, bias",
    "10_half_life.py": "Open / 빈칸: b_f with",
}


def numbers_of(**changed):
    """The solution of 2 with one number changed."""
    forward = solution("02_one_step_by_hand.py").FORWARD
    return {"FORWARD": forward | changed}


def keep_all(weights):
    W, U, b = weights
    return [W, U, np.stack([b, np.zeros_like(b)])]


# exercise, what a student may write there, what the check answers.
ATTEMPTS = {
    "one bias for both": (
        "01_parameters.py", lambda: {"gru": lambda u, f, reset_after=True: 3 * u * (u + f + 1)},
        r"gru\(10, 1\) is 360, expected 390 .*a second bias",
    ),
    "no bias": (
        "01_parameters.py", lambda: {"simple_rnn": lambda u, f: u * (u + f)}, r"rnn\(10, 1\) is 110, expected 120",
    ),
    "f and i in each other's place": (
        "02_one_step_by_hand.py", lambda: numbers_of(c=3.5), "c is 3.5, expected 4.25 .*f c_prev",
    ),
    "a word": ("02_one_step_by_hand.py", lambda: numbers_of(h="17/16"), "h is '17/16', expected numbers .*o relu"),
    "tanh in the place of sigmoid": (
        "03_missing_gate.py", lambda: {"step": lambda *a: lstm.step(a[0], a[1], a[2], a[3], a[4], np.tanh, np.tanh)},
        r"f\[0\] is .* like i and o",
    ),
    "the slope of tanh": ("06_softsign.py", lambda: {"d_softsign": lambda y: 1 - y * y}, r"d_softsign\[0\] is 0\.06"),
    "one number for all": ("06_softsign.py", lambda: {"d_softsign": lambda y: 1.0}, r"d_softsign has shape \(\)"),
    "to the beginning": (
        "07_truncated.py",
        lambda: {"truncated_dU": lambda h, U, dh, k: solution("07_truncated.py").truncated_dU(h, U, dh, len(h) - 1)},
        "dU for k=1.*k steps, no more",
    ),
    "past the mask": (
        "08_masked_step.py", lambda: {"masked_backward": lambda dh, dc, counts: (dh, dc, 0 * dh, 0 * dc)},
        r"dh_new\[1, 0\] is .*, expected 0 .*goes one way",
    ),
    "any U_n": ("09_gru_conventions.py", lambda: {"to_reset_after": keep_all}, "U_n that mixes units: raise"),
    "one bias": ("09_gru_conventions.py", lambda: {"to_reset_after": lambda w: w}, r"b has shape \(3,\), exp"),
    "f in the place of its bias": ("10_half_life.py", lambda: {"forget_bias": lambda k: 0.5 ** (1 / k)}, "sigmoid"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def beside_the_exercises(monkeypatch):
    """`checking` is found as it is when an exercise is run."""
    monkeypatch.syspath_prepend(str(FOLDER))


def load(path: Path):
    spec = importlib.util.spec_from_file_location(f"exercise_{path.parent.name}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def solution(name):
    return load(FOLDER / "solutions" / name)


def answer(name, written):
    """What an exercise says with these names written by a student."""
    exercise = load(FOLDER / name)
    for what, value in written.items():
        assert hasattr(exercise, what), f"{name} has no {what}"
        setattr(exercise, what, value)
    from checking import run

    try:
        run(exercise.check)
    except SystemExit as end:
        return str(end.code)
    return "Right!"


def solved(name):
    exercise = load(FOLDER / name)
    found = {what: value for what, value in vars(solution(name)).items() if hasattr(exercise, what)}
    return {what: value for what, value in found.items() if not what.startswith("__") and what != "np"}


def test_every_exercise_has_a_solution_and_a_row_in_the_list():
    assert sorted(AS_IT_STANDS) == EXERCISES
    assert sorted(path.name for path in (FOLDER / "solutions").glob("*.py")) == EXERCISES
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"^\| (\d+) \| \[[^]]+\]\((\S+)\)", text, re.MULTILINE)
    assert links == [(str(int(name[:2])), name) for name in EXERCISES]


@pytest.mark.parametrize("name", EXERCISES)
def test_the_task_stands_in_two_languages_under_its_number(name):
    text = ast.get_docstring(ast.parse((FOLDER / name).read_text(encoding="utf-8")))
    number = int(name[:2])
    english, korean = re.split(rf"^(?={number}\. .*[가-힣])", text, maxsplit=1, flags=re.MULTILINE)
    assert english.startswith(f"{number}. ") and not re.search("[가-힣]", english)
    assert len(re.findall("[가-힣]+", korean)) > 10


@pytest.mark.parametrize("name", EXERCISES)
def test_an_exercise_is_open_until_it_is_done(name):
    said = answer(name, {})
    assert re.match(AS_IT_STANDS[name], said), said
    assert "\n" not in said


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_is_right(name, capsys):
    written = solved(name)
    assert written and answer(name, written) == "Right!"
    assert capsys.readouterr().out == "Right! / 맞았습니다!\n"


@pytest.mark.parametrize(("name", "attempt", "words"), ATTEMPTS.values(), ids=ATTEMPTS)
def test_a_wrong_attempt_is_told_what_is_wrong(name, attempt, words):
    said = answer(name, solved(name) | attempt())
    assert said.startswith("Not yet / 아직: ") and re.search(words, said), said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("name", "module", "function", "before"),
    [
        ("04_lstm_bug.py", "lstm", lstm.step_backward, "dc = dc + dh * o * d_activation(y, c)"),
        ("05_gru_bug.py", "gru", gru.step_backward, "dn = dh * (1.0 - z)"),
    ],
)
def test_the_mistake_is_a_mutant_of_the_function_as_it_stands_in_minirnn(name, module, function, before):
    tree = ast.parse((FOLDER / name).read_text(encoding="utf-8"))
    (text,) = (ast.unparse(node) for node in tree.body if getattr(node, "name", None) == function.__name__)
    (mutant,) = (mutant for mutant in mutants.mutants_of(module, function) if mutant.source == text)
    assert mutant.mutation.before == before and mutants.caught_by(mutant)


def test_an_exercise_is_run_by_its_file():
    run = subprocess.run(
        [sys.executable, str(FOLDER / EXERCISES[0])], capture_output=True, text=True, encoding="utf-8",
        env={"PATH": "", "PYTHONPATH": str(FOLDER.parents[1]), "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert run.returncode == 1 and run.stdout == "" and re.match(AS_IT_STANDS[EXERCISES[0]], run.stderr), run.stderr
