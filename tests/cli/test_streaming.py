"""`minirnn stream` as a user runs it: lines into a pipe, lines out of another."""

from __future__ import annotations

import math
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from minirnn import Input, Model, Sequential, layers
from minirnn.cli.stream import answer, one_line, within_waves
from minirnn.cli.wave import wave_model

REPOSITORY = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "minirnn", "stream", "demo"]


def stream(text: str) -> tuple[int, list[str], str]:
    done = subprocess.run(COMMAND, input=text, cwd=REPOSITORY, capture_output=True, encoding="utf-8", timeout=300)
    return done.returncode, done.stdout.splitlines(), done.stderr


def test_each_line_is_answered_before_the_next_is_sent():
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(COMMAND, cwd=REPOSITORY, text=True, **pipes) as process:
        for t in range(5):
            process.stdin.write(f"{math.sin(t / 2)}\n")
            process.stdin.flush()
            assert math.isfinite(float(process.stdout.readline()))
        process.stdin.close()
        assert (process.stdout.read(), process.wait(timeout=60)) == ("", 0)


def test_the_demo_foretells_a_wave():
    wave = [math.sin(2 * math.pi * t / 17) for t in range(101)]
    code, lines, errors = stream("".join(f"{value}\n" for value in wave[:-1]))
    assert (code, errors, len(lines)) == (0, "", 100)
    wrong = np.array([float(line) for line in lines[20:]]) - wave[21:]
    assert np.sqrt((wrong**2).mean()) < 0.1 < np.std(np.diff(wave))


def test_the_demo_says_once_that_its_waves_lie_between_minus_1_and_1(capsys):
    told = within_waves(lambda line: f"<{line.strip()}>")
    assert [told(f"{word}\n") for word in ("-1", "1,", "0.5")] == ["<-1>", "<1,>", "<0.5>"]
    assert capsys.readouterr().err == ""
    assert [told(f"{word}\n") for word in ("112", "118")] == ["<112>", "<118>"]
    said = "minirnn stream: the demo knows waves between -1 and 1, got 112; scale your numbers to lie there\n"
    assert capsys.readouterr().err == said


def test_the_help_of_stream_says_what_the_demo_takes(minirnn):
    assert "it takes numbers between -1 and 1" in " ".join(minirnn("stream", "--help").out.split())


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("1 2", "got 2 numbers, expected 1, apart by commas or spaces"),
        ("", "got 0 numbers, expected 1, apart by commas or spaces"),
        ("one", "got 'one', expected a number"),
        ("nan", "x: got nan at index [0, 0], expected finite numbers; clean it"),
        ("1e39", "x: got inf at index [0, 0], expected finite numbers; clean it"),
    ],
)
def test_a_bad_line_is_named_and_ends_the_stream_after_the_answers_before_it(line, says):
    take = one_line(Sequential([Input((None, 1)), layers.LSTM(4), layers.Dense(1)]))
    written: list[str] = []

    class Out:
        write, flush = written.append, lambda self: None

    with pytest.raises(ValueError) as error:
        answer(["0.5\n", "0.25\n", f"{line}\n", "1\n"], Out(), take)
    assert str(error.value) == f"line 3: {says}"
    assert len(written) == 2


def test_a_bad_line_is_one_line_on_stderr_and_exit_code_2():
    code, lines, errors = stream("0.5\n0.25\nx\n1\n")
    assert (code, len(lines)) == (2, 2)
    assert errors == "minirnn stream: error: line 3: got 'x', expected a number\n"


def test_nobody_who_reads_is_no_error():
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(COMMAND, cwd=REPOSITORY, text=True, **pipes) as process:
        process.stdout.close()
        with suppress(BrokenPipeError):
            process.stdin.write("1\n" * 50)
            process.stdin.close()
        assert (process.stderr.read(), process.wait(timeout=300)) == ("", 0)


def test_answers_are_those_of_predict_in_all_their_digits():
    model = Sequential([Input((None, 2)), layers.LSTM(4), layers.Dense(3)])
    x = np.random.default_rng(0).normal(size=(1, 6, 2)).astype(np.float32)
    take = one_line(model)
    lines = [take(f"{a:.9g}, {b:.9g}\n") for a, b in x[0].tolist()]
    assert np.float32(lines[-1].split()).tobytes() == model.predict(x, verbose=0).tobytes()


def test_words_are_read_by_number():
    model = Sequential([Input((None,), dtype="int32"), layers.Embedding(5, 3), layers.GRU(2)])
    take = one_line(model)
    assert [len(take(line).split()) for line in ("3", "0")] == [2, 2]
    with pytest.raises(ValueError, match="got the index 5"):
        take("5")


def test_a_model_of_two_inputs_is_refused():
    a, b = Input((None, 1)), Input((None, 1))
    with pytest.raises(ValueError, match="a line is a step of one input"):
        one_line(Model([a, b], layers.LSTM(2)(layers.Concatenate()([a, b]))))


def test_the_demo_is_the_same_every_time():
    x = np.ones((1, 3, 1), np.float32)
    assert wave_model().predict(x, verbose=0).tobytes() == wave_model().predict(x, verbose=0).tobytes()


def test_all_of_many_lines_come_out_in_their_order():
    wave = np.sin(np.arange(30_000) / 3).astype(np.float32)
    code, lines, errors = stream("".join(f"{value:.9g}\n" for value in wave.tolist()))
    assert (code, errors) == (0, "")
    expected = wave_model().predict(wave[None, :, None], verbose=0)
    assert np.float32(lines).tobytes() == expected.tobytes()
