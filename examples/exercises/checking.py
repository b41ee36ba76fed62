"""How an exercise is checked: `python examples/exercises/01_parameters.py` says what is right and what is not yet.

연습 문제를 채점하는 방법: 문제 파일을 실행하면 맞았는지, 무엇이 다른지 알려 준다.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np


def same(what: str, found: Any, wanted: Any, hint: str = "", tolerance: float = 1e-9) -> None:
    """AssertionError in one line unless `found` is `wanted`, number by number."""
    hint = f" Hint / 힌트: {hint}" if hint else ""
    if found is None or found is Ellipsis:
        raise AssertionError(f"{what} has no value yet / 아직 값이 없습니다.{hint}")
    found, wanted = np.asarray(found), np.asarray(wanted)
    if found.dtype.kind not in "biuf":
        raise AssertionError(f"{what} is {found.tolist()!r:.60}, expected numbers / 숫자가 아닙니다.{hint}")
    if found.shape != wanted.shape:
        raise AssertionError(f"{what} has shape {found.shape}, expected {wanted.shape} / 모양이 다릅니다.{hint}")
    wrong = ~np.isclose(found, wanted, rtol=tolerance, atol=tolerance)
    if wrong.any():
        place = tuple(int(k) for k in np.argwhere(wrong)[0])
        where = f"{what}[{', '.join(map(str, place))}]" if place else what
        raise AssertionError(f"{where} is {found[place]:.10g}, expected {wanted[place]:.10g} / 값이 다릅니다.{hint}")


def slope(function: Callable[[np.ndarray], float], x: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """The gradient of a function of an array by central differences, one number after the other: slow and simple."""
    found = np.empty_like(x)
    for place in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[place] += step
        behind[place] -= step
        found[place] = (function(ahead) - function(behind)) / (2 * step)
    return found


def run(check: Callable[[], None]) -> None:
    """Run a check as a student sees it; the exit code is 1 as long as something is missing or wrong."""
    try:
        check()
    except NotImplementedError as gap:
        sys.exit(f"Open / 빈칸: {gap}")
    except AssertionError as wrong:
        sys.exit(f"Not yet / 아직: {wrong}")
    print("Right! / 맞았습니다!")
