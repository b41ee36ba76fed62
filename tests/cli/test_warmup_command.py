"""`minirnn warmup` as the step of an image or a CI: what it leaves, what it says, and when it fails."""

import re

import pytest

pytestmark = pytest.mark.needs_jit

SIZES = ("--units", "4", "--input", "2", "--dtype", "float32")


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "kernels"


def test_what_the_command_compiled_a_later_process_finds(minirnn, kept):
    first = minirnn("warmup", "SimpleRNN", *SIZES, MINIRNN_CACHE_DIR=str(kept))
    assert (first.code, first.err) == (0, "")
    (place,) = kept.iterdir()
    files = {file: file.stat().st_mtime_ns for file in place.iterdir()}
    ready, where, seconds = first.out.splitlines()
    assert re.fullmatch(r"simple_rnn\(4\) on 2 feature\(s\), float32: ready in \d+\.\d s", ready)
    assert where == f"kept in {place}"
    assert re.fullmatch(r"\d+\.\d s; later processes load it from there", seconds)
    again = minirnn("warmup", "simple_rnn", *SIZES, MINIRNN_CACHE_DIR=str(kept))
    assert again.code == 0 and len(files) > 5
    assert {file: file.stat().st_mtime_ns for file in place.iterdir()} == files


def test_without_a_place_for_machine_code_the_command_fails_in_one_line_before_it_compiles(minirnn, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    result = minirnn("warmup", "lstm", MINIRNN_CACHE_DIR=str(tmp_path / "file"))
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert re.match(r"minirnn warmup: error: machine code cannot be kept in .*file; set MINIRNN_CACHE_DIR", result.err)


def test_where_nothing_is_compiled_the_command_fails_in_one_line(minirnn, kept):
    result = minirnn("warmup", MINIRNN_CACHE_DIR=str(kept), NUMBA_DISABLE_JIT="1")
    line = "minirnn warmup: error: nothing is compiled where NUMBA_DISABLE_JIT is set; unset it\n"
    assert (result.code, result.out, result.err) == (2, "", line)
    assert not kept.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ltsm"], "a cell of warmup must be 'lstm', 'gru' or 'simple_rnn', got 'ltsm'; did you mean 'lstm'?"),
        (["lstm", "--units", "0"], "units must be at least 1, got 0"),
        (["lstm", "--input", "0"], "0"),
        (["lstm", "--dtype", "float16"], "invalid choice: 'float16', expected one of float32, float64"),
    ],
)
def test_what_cannot_be_compiled_is_one_line(minirnn, arguments, words):
    result = minirnn("warmup", *arguments)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert words in result.err
