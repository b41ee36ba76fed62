"""One model asked by many threads, beside a training and after a fork: the answers of one thread, bit for bit."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import minirnn
from minirnn import layers
from minirnn.training.run import KEPT_SHAPES

ROOT = Path(__file__).resolve().parents[2]
CALLERS, ROUNDS = 8, 5
METHODS = ["predict", "predict_on_batch", "__call__"]


@pytest.fixture(autouse=True)
def crowded(share_everything, thread_count):
    """Small work is shared among threads, too, and Python changes threads as often as it can."""
    thread_count(2)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def model_of(values=None):
    model = minirnn.Sequential(
        [
            minirnn.Input((None, 2)),
            layers.Masking(),
            layers.LSTM(5, return_sequences=True),
            layers.Dropout(0.5),
            layers.GRU(5),
            layers.Dense(3, activation="softmax"),
        ]
    )
    if values is not None:
        model.set_weights(values)
    return model


@pytest.fixture(scope="module")
def inputs():
    """Batches of more shapes than a model keeps memory for; some steps are masked."""
    random = np.random.default_rng(0)
    batches = [random.normal(size=(1 + n, 2 + n % 3, 2)).astype("float32") for n in range(KEPT_SHAPES + 3)]
    for x in batches:
        x[0, -1] = 0.0
    return batches


def ask(model, method, x):
    options = {"verbose": 0, "batch_size": 4} if method == "predict" else {}
    return getattr(model, method)(x, **options)


def ask_at_once(model, method, inputs):
    """What each of the callers, who all begin at once, got for each of the inputs, in an order of its own."""
    begin = threading.Barrier(CALLERS)

    def caller(number):
        order = np.random.default_rng(number).permutation(len(inputs) * ROUNDS) % len(inputs)
        begin.wait(timeout=60)
        return [(n, ask(model, method, inputs[n])) for n in order]

    with ThreadPoolExecutor(CALLERS) as pool:
        return [answer for answers in pool.map(caller, range(CALLERS)) for answer in answers]


@pytest.mark.parametrize("method", METHODS)
def test_threads_that_ask_one_model_at_once_get_what_one_gets(method, inputs):
    alone = model_of()
    expected = [ask(alone, method, x) for x in inputs]
    # A model that nobody asked before: its first uses, too, come at once.
    answers = ask_at_once(model_of(alone.get_weights()), method, inputs)
    assert len(answers) == CALLERS * ROUNDS * len(inputs)
    for n, answer in answers:
        np.testing.assert_array_equal(answer, expected[n])


def trained():
    """The weights of another model after some epochs; at its start they move into memory of their own."""
    random = np.random.default_rng(1)
    model = minirnn.Sequential([minirnn.Input((4, 2)), layers.LSTM(5), layers.Dense(1)])
    model.set_weights([random.normal(0, 0.5, w.shape) for w in model.weights])
    model.compile("adam", "mse")
    x, y = random.normal(size=(20, 4, 2)), random.normal(size=(20, 1))
    model.fit(x, y, batch_size=6, epochs=5, shuffle=False, verbose=0)
    return model.get_weights()


@pytest.mark.parametrize("method", METHODS)
def test_a_training_beside_them_changes_no_answer_and_no_answer_changes_the_training(method, inputs):
    model, by_itself = model_of(), trained()
    expected = [ask(model, method, x) for x in inputs]
    asked, trainings = threading.Event(), []

    def train_again_and_again():
        while not asked.is_set() or not trainings:
            trainings.append(trained())

    with ThreadPoolExecutor(1) as trainer:
        training = trainer.submit(train_again_and_again)
        try:
            answers = ask_at_once(model, method, inputs)
        finally:
            asked.set()
        training.result(timeout=60)
    for n, answer in answers:
        np.testing.assert_array_equal(answer, expected[n])
    for weights in trainings:
        for weight, other in zip(weights, by_itself, strict=True):
            np.testing.assert_array_equal(weight, other)


# Forks while one thread asks a model and another one trains: whatever they hold at that moment, no child may need.
FORK = """
import os, signal, sys, threading
import numpy as np
import minirnn
from minirnn.kernels import threads
from test_concurrency import CHILDREN, model_of, trained

threads.WORTH_SHARING = threads.WORTH_WAKING = 0
minirnn.set_num_threads(2)
sys.setswitchinterval(1e-5)
model, x = model_of(), np.random.default_rng(0).normal(size=(29, 4, 2)).astype("float32")
expected, by_itself = model.predict(x, verbose=0), trained()
done = threading.Event()

def busy(work):
    while not done.is_set():
        work()

def child():
    signal.alarm(30)  # ends a child that hangs
    same = np.array_equal(model.predict(x, verbose=0), expected)
    return same and all(map(np.array_equal, trained(), by_itself))

others = [threading.Thread(target=busy, args=(work,)) for work in (lambda: model.predict(x, verbose=0), trained)]
for thread in others:
    thread.start()
codes = []
for _ in range(CHILDREN):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = 0 if child() else 2
        finally:
            os._exit(code)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    if codes[-1]:
        break
done.set()
for thread in others:
    thread.join()
print(codes, np.array_equal(model.predict(x, verbose=0), expected))
"""
CHILDREN = 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_the_children_of_a_fork_predict_and_train_the_same():
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests/training")])
    run = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (run.stdout, run.stderr) == (f"{[0] * CHILDREN} True\n", "")
