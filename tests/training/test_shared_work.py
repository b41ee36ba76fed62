"""Every line of minirnn that shares work among threads: a shared kernel runs there, and no bit changes."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import numpy as np
import pytest

import minirnn
from minirnn import boundary, layers, optimizers
from minirnn.kernels import threads
from minirnn.optimizers import optimizer
from minirnn.utils import set_random_seed

PACKAGE = Path(minirnn.__file__).parent
BATCH, STEPS, WORDS, SIZE = 64, 12, 500, 80  # of each more than one piece: of rows, ids, tiles


def lines_that_share():
    """(file, first line, last line) of all calls of `share` and `repeat`."""
    for path in sorted(PACKAGE.rglob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == threads.__name__]
        names = {alias.name for node in imports for alias in node.names} & {"share", "repeat"}
        for node in nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield str(path), node.lineno, node.end_lineno


def trained(adam):
    """What a model of all layers that share has learnt after some batches, with many rows that the last one had not."""
    set_random_seed(1)
    random = np.random.default_rng(0)
    model = minirnn.Sequential([
        minirnn.Input((STEPS,)), layers.Embedding(WORDS, SIZE), layers.Conv1D(SIZE, 3), layers.MaxPooling1D(2),
        layers.LSTM(SIZE, return_sequences=True), layers.LSTM(SIZE, dropout=0.2, recurrent_dropout=0.2),
        layers.Dense(SIZE),
    ])  # fmt: skip
    model.compile(adam, "mse")
    for _ in range(3):
        model.train_on_batch(random.integers(0, WORDS, (BATCH, STEPS)), random.normal(size=(BATCH, SIZE)))
    return model.get_weights()


@pytest.mark.needs_jit
def test_each_line_that_shares_work_shares_it_and_no_bit_changes(share_everything, same_bits, monkeypatch):
    monkeypatch.setattr(optimizer, "WORTH_WAITING", 0)
    run, seen = threads.Crew.run, set()

    def run_and_note(*arguments):
        frame = sys._getframe(1)
        while frame.f_code.co_filename == threads.__file__:
            frame = frame.f_back
        seen.add((frame.f_code.co_filename, frame.f_lineno))
        run(*arguments)

    monkeypatch.setattr(threads.Crew, "run", run_and_note)
    same_bits(lambda: trained(optimizers.Adam()) + trained(optimizers.Adam(weight_decay=0.01)))
    large = np.ones((1, boundary.WORTH_SHARING), "float32")
    same_bits(lambda: [boundary.as_input(large)])
    for path, first, last in lines_that_share():
        assert threads.ALONE or any((path, line) in seen for line in range(first, last + 1)), f"{path}:{first}"
