"""The kernel cache: later processes load, and no file or folder, whatever its state, changes an answer."""

from __future__ import annotations

import ast
import os
import stat
import sys
from pathlib import Path

import pytest
from fresh import SOFTMAX, finish, run, start

from minirnn.gates import lstm
from minirnn.jit import cache, compiler
from minirnn.kernels import tiles
from minirnn.kernels.losses import rows

pytestmark = pytest.mark.needs_jit

KERNELS = 2  # that SOFTMAX compiles


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """(cache folder, what the first process printed)"""
    folder = tmp_path_factory.mktemp("cache") / "minirnn"
    return folder, run(SOFTMAX, folder)


@pytest.fixture
def filled(first, tmp_path):
    """A copy of the first process's cache: (folder, its files, the right numbers)."""
    import shutil

    folder = tmp_path / "minirnn"
    shutil.copytree(first[0], folder)
    files = sorted(folder.rglob("*.bin"))
    assert len(files) == KERNELS
    return folder, files, first[1][0]


def hits_and_misses(lines):
    return tuple(map(int, lines[1].split()))


def warnings_of(lines):
    return ast.literal_eval(lines[2])


def test_a_first_process_compiles_and_keeps_one_private_file_for_each_kernel(first):
    folder, lines = first
    assert hits_and_misses(lines) == (0, KERNELS)
    assert warnings_of(lines) == []
    files = [f for f in folder.rglob("*") if f.is_file()]
    assert len(files) == KERNELS and all(f.suffix == ".bin" for f in files)
    if os.name == "posix":
        assert all(stat.S_IMODE(f.stat().st_mode) & 0o077 == 0 for f in files)
        assert stat.S_IMODE(files[0].parent.stat().st_mode) == 0o700


def test_a_second_process_loads_what_the_first_one_compiled(filled):
    folder, files, numbers = filled
    before = [(f.stat().st_mtime_ns, f.read_bytes()) for f in files]
    lines = run(SOFTMAX, folder)
    assert lines[0] == numbers
    assert hits_and_misses(lines) == (KERNELS, 0)
    assert [(f.stat().st_mtime_ns, f.read_bytes()) for f in files] == before


# Numba imports both before it compiles, and with the second one SciPy: longer than all else that a later process does
# to train. Kernels are compiled with the first alone.
WHAT_COMPILES = "import sys; print([name in sys.modules for name in ('numba.cpython.mathimpl', 'numba.np.linalg')])"


def test_a_process_that_finds_its_kernels_does_not_import_what_numba_compiles_with(filled):
    folder, files, numbers = filled
    files[0].unlink()
    assert run(SOFTMAX + WHAT_COMPILES, folder)[-1] == "[True, False]"
    assert run(SOFTMAX + WHAT_COMPILES, folder)[-1] == "[False, False]"


def truncate(files):
    for f in files:
        f.write_bytes(f.read_bytes()[: f.stat().st_size // 2])


def empty(files):
    for f in files:
        f.write_bytes(b"")


def fill_with_garbage(files):
    for f in files:
        f.write_bytes(os.urandom(5000))


def swap(files):
    first, second = (f.read_bytes() for f in files)
    files[0].write_bytes(second)
    files[1].write_bytes(first)


def flip_one_bit(files):
    for f in files:
        content = bytearray(f.read_bytes())
        content[len(content) // 2] ^= 1
        f.write_bytes(content)


def replace_by_a_pickle(files):
    for f in files:
        f.write_bytes(f.read_bytes()[:49] + b"cposix\n_exit\n(I7\ntR.")


@pytest.mark.parametrize("spoil", [truncate, empty, fill_with_garbage, swap, flip_one_bit, replace_by_a_pickle])
def test_a_spoilt_file_is_noticed_compiled_anew_and_replaced(spoil, filled):
    folder, files, numbers = filled
    spoil(files)
    lines = run(SOFTMAX, folder)
    assert lines[0] == numbers
    assert hits_and_misses(lines) == (0, KERNELS)
    assert warnings_of(lines) == []
    assert hits_and_misses(run(SOFTMAX, folder)) == (KERNELS, 0)


def test_a_folder_in_the_place_of_a_file_changes_no_answer(filled):
    folder, files, numbers = filled
    files[0].unlink()
    files[0].mkdir()
    lines = run(SOFTMAX, folder)
    assert lines[0] == numbers
    assert hits_and_misses(lines) == (1, 1)
    assert sorted(f.name for f in files[0].parent.iterdir()) == sorted(f.name for f in files)


def test_where_no_folder_can_be_made_kernels_compile_in_memory_with_one_warning(tmp_path, first):
    (tmp_path / "file").write_text("not a folder")
    lines = run(SOFTMAX, tmp_path / "file")
    assert lines[0] == first[1][0]
    assert hits_and_misses(lines) == (0, KERNELS)
    ((category, message),) = warnings_of(lines)
    assert category == "RuntimeWarning" and "MINIRNN_CACHE_DIR" in message and "\n" not in message


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_an_unwritable_folder_is_one_warning(tmp_path, first):
    tmp_path.chmod(0o500)
    lines = run(SOFTMAX, tmp_path)
    assert lines[0] == first[1][0] and len(warnings_of(lines)) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_a_folder_that_takes_no_files_is_one_warning(first):
    lines = run(SOFTMAX, "/proc/self/minirnn")
    assert lines[0] == first[1][0] and len(warnings_of(lines)) == 1


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_a_folder_open_to_others_is_made_private(filled):
    folder, files, numbers = filled
    files[0].parent.chmod(0o777)
    assert run(SOFTMAX, folder)[0] == numbers
    assert stat.S_IMODE(files[0].parent.stat().st_mode) == 0o700


def test_processes_that_fill_one_cache_at_once_all_get_the_answer(tmp_path, first):
    started = [start(SOFTMAX, tmp_path / "minirnn") for _ in range(4)]
    for lines in map(finish, started):
        assert lines[0] == first[1][0]
        assert warnings_of(lines) == []
    files = [f for f in (tmp_path / "minirnn").rglob("*") if f.is_file()]
    assert len(files) == KERNELS and all(f.suffix == ".bin" for f in files)
    assert hits_and_misses(run(SOFTMAX, tmp_path / "minirnn")) == (KERNELS, 0)


@pytest.mark.parametrize("switch", [{"NUMBA_BOUNDSCHECK": "1"}, {"NUMBA_CPU_NAME": "generic"}, {"NUMBA_OPT": "1"}])
def test_code_compiled_under_another_switch_is_kept_apart(switch, filled):
    folder, files, numbers = filled
    lines = run(SOFTMAX, folder, **switch)
    assert hits_and_misses(lines) == (0, KERNELS)
    assert len(list(folder.iterdir())) == 2
    assert hits_and_misses(run(SOFTMAX, folder, **switch)) == (KERNELS, 0)
    assert hits_and_misses(run(SOFTMAX, folder)) == (KERNELS, 0)


def test_importing_minirnn_makes_no_folder(tmp_path):
    run("from minirnn import *", tmp_path / "minirnn")
    assert not (tmp_path / "minirnn").exists()


def test_machine_code_depends_on_the_sources_of_packages_inside_too(monkeypatch):
    read, read_bytes = [], Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path) or read_bytes(path))
    cache._salt()
    for module in (compiler, lstm, tiles, rows):
        assert Path(module.__file__) in read
