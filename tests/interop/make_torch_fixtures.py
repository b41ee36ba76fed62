"""Writes `fixtures/`: state dicts as the library safetensors saves them, and what PyTorch computes of each.

`pip install torch safetensors numpy`, then `python tests/interop/make_torch_fixtures.py`. Those that are there were
written by PyTorch 2.13.0 and safetensors 0.8.0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import save_file
from torch_cases import CASES, computed, module_of

FOLDER = Path(__file__).parent / "fixtures"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in CASES:
        module = module_of(name)
        save_file(module.state_dict(), FOLDER / f"{name}.safetensors", metadata={"format": "pt"})
        expected = {key: np.ascontiguousarray(array) for key, array in computed(name, module).items()}
        save_arrays(expected, FOLDER / f"{name}.expected.safetensors")
        print(name)


if __name__ == "__main__":
    main()
