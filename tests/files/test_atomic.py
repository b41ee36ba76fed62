"""Files are replaced as a whole: killed processes, full disks and failing disks leave the old one and no litter."""

from __future__ import annotations

import errno
import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

import minirnn
from minirnn import layers, saving
from minirnn.files import atomic
from minirnn.files.atomic import replace_file

posix = pytest.mark.skipif(os.name == "nt", reason="signals and rights of POSIX")
OLD, NEW = b"old" * 1000, b"new" * 100_000

WRITER = """
import sys
from minirnn.files.atomic import replace_file
print("ready", flush=True)
number = 0
while True:
    number += 1
    text = f"{number:09d}".encode()
    replace_file(sys.argv[1], [text] * 40_000)
"""


def whole(data):
    """Whether these bytes are one number, again and again."""
    return len(data) == 9 * 40_000 and data == data[:9] * 40_000


def start(path):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdout=subprocess.PIPE,
        cwd=Path(minirnn.__file__).parents[1],
    )
    assert writer.stdout.readline() == b"ready\n"
    return writer


@posix
@pytest.mark.parametrize("kills", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_a_writer_that_is_killed_at_any_moment_leaves_a_whole_file(tmp_path, kills):
    path, rng = tmp_path / "m.keras", random.Random(0)
    replace_file(path, [b"000000000"] * 40_000)
    for _ in range(kills):
        writer = start(path)
        time.sleep(rng.uniform(0, 0.02))
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        assert whole(path.read_bytes())
    replace_file(path, [NEW])  # what was left in the moment between two steps is removed by the next saving
    assert os.listdir(tmp_path) == ["m.keras"]


@posix
def test_a_writer_that_is_stopped_before_the_last_step_leaves_what_the_next_one_removes(tmp_path, monkeypatch):
    path = tmp_path / "m.keras"
    path.write_bytes(OLD)
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(atomic.os, "replace", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        replace_file(path, [NEW])
        os._exit(1)
    os.waitpid(child, 0)
    assert path.read_bytes() == OLD and len(os.listdir(tmp_path)) == 2
    replace_file(path, [NEW])
    assert path.read_bytes() == NEW and os.listdir(tmp_path) == ["m.keras"]


@posix
def test_two_writers_of_one_path_leave_the_file_of_one(tmp_path):
    path = tmp_path / "m.keras"
    writers = [start(path) for _ in range(2)]
    end = time.monotonic() + 2
    seen = 0
    while time.monotonic() < end:
        if path.exists():
            assert whole(path.read_bytes())
            seen += 1
    for writer in writers:
        assert writer.poll() is None, "a writer failed"
        writer.kill()
        writer.wait()
        writer.stdout.close()
    assert seen > 10


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
@pytest.mark.parametrize("nameless", [True, False])
def test_a_failing_step_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch, step, code, nameless):
    path = tmp_path / "m.keras"
    path.write_bytes(OLD)
    calls = []

    def fail(*args):
        calls.append(args)
        if step != "write" or len(calls) > 1:  # the disk is full after the first piece
            raise OSError(code, os.strerror(code))
        return len(args[1])

    if not nameless:
        monkeypatch.setattr(atomic, "_nameless", lambda folder: None)
    monkeypatch.setattr(atomic.os, step, fail)
    with pytest.raises(OSError) as error:
        replace_file(path, [NEW, NEW])
    monkeypatch.undo()
    assert error.value.errno == code and calls and error.value.filename == str(path)
    assert path.read_bytes() == OLD and os.listdir(tmp_path) == ["m.keras"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_save_to_a_full_device_is_an_error(tmp_path, monkeypatch):
    model = minirnn.Sequential([layers.Input((2,)), layers.Dense(1)])
    model.save(tmp_path / "m.keras")
    before = (tmp_path / "m.keras").read_bytes()
    real = os.open

    def full(path, flags, *rest, **named):
        return real("/dev/full", os.O_WRONLY) if flags & os.O_WRONLY else real(path, flags, *rest, **named)

    monkeypatch.setattr(atomic, "_nameless", lambda folder: full(folder, os.O_WRONLY))
    with pytest.raises(OSError, match="No space left"):
        model.save(tmp_path / "m.keras")
    monkeypatch.undo()
    assert (tmp_path / "m.keras").read_bytes() == before and os.listdir(tmp_path) == ["m.keras"]
    saving.load_model(tmp_path / "m.keras")


def test_short_writes_are_gone_on_with(tmp_path, monkeypatch):
    real = os.write
    monkeypatch.setattr(atomic.os, "write", lambda number, data: real(number, data[:1000]))
    replace_file(tmp_path / "m", [NEW, b"", b"end"])
    assert (tmp_path / "m").read_bytes() == NEW + b"end"


@posix
def test_links_and_rights_stay(tmp_path):
    (tmp_path / "inner").mkdir()
    target = tmp_path / "inner" / "m.keras"
    target.write_bytes(OLD)
    target.chmod(0o640)
    (tmp_path / "link.keras").symlink_to(target)
    replace_file(tmp_path / "link.keras", [NEW])
    assert (tmp_path / "link.keras").is_symlink() and target.read_bytes() == NEW
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    mask = os.umask(0o027)
    replace_file(tmp_path / "fresh", [NEW])
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / "fresh").stat().st_mode) == 0o640


def test_no_folder_is_made_and_none_is_replaced(tmp_path):
    model = minirnn.Sequential([layers.Input((2,)), layers.Dense(1)])
    for save in (lambda path: replace_file(path, [NEW]), model.save):
        with pytest.raises(FileNotFoundError) as error:
            save(tmp_path / "none" / "m.keras")
        assert str(error.value) == f"{tmp_path}/none/m.keras: there is no directory {tmp_path}/none; make it first"
    with pytest.raises(IsADirectoryError, match="is a folder"):
        replace_file(tmp_path, [NEW])
    assert os.listdir(tmp_path) == []
