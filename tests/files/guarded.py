"""Loads files in child processes that watch themselves: what they open, run, allocate, and how long they take.

`python tests/files/guarded.py PATH ..` prints one JSON line for each file. A child that dies or hangs is reported, too.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from typing import Any

import numpy as np
import numpy.ma  # which some functions of NumPy import at their first use

import minirnn
from minirnn import boundary, interop, saving

HANGS_AFTER = 30  # seconds by the clock; `seconds` in a report are those of the processor, which others keep busy too
# What loading never does. Opening is looked at by its path.
FORBIDDEN = (
    "compile", "exec", "import", "marshal.", "pickle.", "os.exec", "os.fork", "os.kill", "os.link", "os.mkdir",
    "os.posix_spawn", "os.putenv", "os.remove", "os.rename", "os.rmdir", "os.spawn", "os.symlink", "os.system",
    "shutil.", "socket.", "subprocess.", "tempfile.", "urllib.", "ctypes.dlopen", "ctypes.dlsym", "sys.setprofile",
    "sys.settrace", "os.chmod", "os.truncate", "webbrowser.", "http.", "ftplib.",
)  # fmt: skip


def state() -> tuple[Any, ...]:
    """What must be after a refusal as it was before it."""
    return minirnn.random.state(), minirnn.layers.naming.counts(), minirnn.config.floatx(), sorted(os.environ.items())


def attempt(path: str, model: Any) -> dict[str, Any]:
    """Load a file, `.weights.h5` into `model`, `.safetensors` by `from_torch`, and say what happened."""
    for rank in range(1, 4):  # the kernel that looks for NaN comes from its cache, a file, at its first use
        for dtype in ("float32", "float64"):
            boundary.finite_kernel(np.zeros((1,) * rank, dtype))
    events: list[str] = []
    watching = [True]

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if not watching[0]:
            return
        if event == "open" and args[0] != path and not isinstance(args[0], int):
            events.append(f"open {args[0]}")
        elif event.startswith(FORBIDDEN):
            events.append(f"{event} {args!r:.80}")

    sys.addaudithook(hook)
    before, peak, start = state(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    weights = model.get_weights()
    try:
        if path.endswith(".weights.h5"):
            model.load_weights(path)
        elif path.endswith(".safetensors"):
            interop.from_torch(path)
        else:
            saving.load_model(path)
        ended, text = "loaded", ""
    except saving.ModelFileError as error:
        ended, text = "refused", str(error)
    except BaseException as error:
        ended, text = type(error).__name__, str(error)[:300]
    seconds = time.process_time() - start
    watching[0] = False
    used = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) * 1024
    same = ended != "refused" or (
        state() == before and all((a == b).all() for a, b in zip(weights, model.get_weights(), strict=True))
    )
    return {"ended": ended, "text": text, "seconds": seconds, "bytes": used, "events": events, "unchanged": same}


def in_child(path: str, model: Any) -> dict[str, Any]:
    """`attempt` in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.alarm(HANGS_AFTER)
        os.write(writing, json.dumps(attempt(path, model)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if status or not said:
        return {
            "ended": f"died, status {status}",
            "text": "",
            "seconds": 0,
            "bytes": 0,
            "events": [],
            "unchanged": True,
        }
    return json.loads(said)


def main() -> None:
    """Every file of the command line."""
    from good import good_model

    model = good_model()
    for path in sys.argv[1:]:
        print(json.dumps({"path": path, **in_child(path, model)}), flush=True)


if __name__ == "__main__":
    main()
