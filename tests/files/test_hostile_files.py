"""Files of ill will: each refused in one line, at once, in little memory, and without doing anything else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hostile import corpus

MIB = 2**20
MOST_SECONDS, MOST_BYTES, TIMES_THE_FILE = 2.0, 64 * MIB, 3
LONGEST_LINE = 500

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="each file is loaded in a child process")


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """What happened to each file of the corpus."""
    files = dict(corpus(tmp_path_factory.mktemp("hostile")))
    here = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (here.parents[1], here)))}
    done = subprocess.run(
        [sys.executable, str(here / "guarded.py"), *map(str, files.values())],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return dict(zip(files, found, strict=True))


def those(reports, wrong):
    return "\n".join(f"{name}: {wrong(report)}" for name, report in reports.items() if wrong(report))


def test_there_are_more_than_120_of_them(reports):
    assert len(reports) >= 430


def test_each_is_refused_with_the_one_error(reports):
    assert not those(reports, lambda r: r["ended"] != "refused" and f"{r['ended']} {r['text']}")


def test_none_is_waited_for(reports):
    assert not those(reports, lambda r: r["seconds"] > MOST_SECONDS and f"{r['seconds']:.1f} s")


def test_none_costs_memory(reports):
    def too_much(report):
        size = os.path.getsize(report["path"]) if os.path.isfile(report["path"]) else 0
        return report["bytes"] > MOST_BYTES + TIMES_THE_FILE * size and f"{report['bytes'] / MIB:.0f} MiB"

    assert not those(reports, too_much)


def test_none_runs_opens_or_asks_for_anything(reports):
    assert not those(reports, lambda r: r["events"])


def test_none_leaves_a_trace_in_the_process_or_the_model(reports):
    assert not those(reports, lambda r: not r["unchanged"] and "something changed")


def test_each_is_told_in_one_short_line_that_names_the_file(reports):
    def bad(report):
        text = report["text"]
        known = Path(report["path"]).name in text and "found" in text and "expected" in text
        return (len(text) >= LONGEST_LINE or "\n" in text or not text.isprintable() or not known) and text

    assert not those(reports, bad)


@pytest.mark.parametrize(
    "name, said",
    [
        ("lambda_layer", "a Lambda is Python code and is not loaded"),
        ("class_unknown", "did you mean 'LSTM'"),
        ("key_unknown", "'evil'"),
        ("json_key_twice", "twice in one object"),
        ("json_nan", "NaN"),
        ("zip_deflated", "zip -0"),
        ("zip_overlap", "follow each other"),
        ("h5_soft_link", "a link to another place"),
        ("h5_nan", "finite numbers"),
        ("h5_dtype_double", "found dtype float64, expected float32"),
        ("h5_shape_transposed", "found shape (8, 3), expected shape (3, 8)"),
        ("h5_one_array_for_all", "more numbers than the file holds"),
        ("vector_wrong", "test vector"),
        ("safetensors_offsets_overlap", "arrays that follow each other, at 96"),
        ("safetensors_key_twice", "'weight_ih_l0' twice in one object"),
        ("safetensors_shape_lies", "found 96 bytes, expected 192 bytes for F32 of shape (16, 3)"),
        ("safetensors_half", "in PyTorch module.float() converts"),
        ("safetensors_pickle", "a program that runs when it is read"),
        ("safetensors_digest_wrong", "the digest that was saved"),
        ("legacy_time_major", "batch first"),
        ("legacy_units_huge", "more numbers than the file holds"),
        ("legacy_activation_hard", "which Keras 3 lacks"),
        ("legacy_weights_thousandfold", "each byte to belong to one array"),
        ("legacy_bomb_at_the_allowance", "shape (3, 12)"),
        ("legacy_bomb_above_the_allowance", "bytes in compressed chunks"),
        ("legacy_bomb_of_one_chunk", "bytes in compressed chunks"),
        ("legacy_chunks_missing", "found 0 chunks, expected 36"),
        ("legacy_chunks_many", "60000 chunks, expected at most 50,000"),
        ("legacy_mark_without_digest", "minirnn/sha256"),
        ("a_pipe", "expected a regular file"),
        ("no_file", "no such file"),
    ],
)
def test_the_line_says_what_is_wrong(reports, name, said):
    assert said in reports[name]["text"]
