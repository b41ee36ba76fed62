"""Data within an HTML page: JSON that no name of a layer can break out of, and numbers that lose no bit."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

# In a <script> only these could end it, or begin a comment; JSON may write any letter so.
_ESCAPES = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}


def json_in_html(data: Any) -> str:
    """JSON of nested dicts, lists and arrays, to stand between <script type="application/json"> and </script>.

    An array is a flat list in the order of its last axis first. Each number has the fewest digits that its dtype reads
    back as the same number; NaN is null, and infinities, which JSON has not, are "Infinity" and "-Infinity".

    >>> json_in_html({"</script>": np.array([[0.1, np.nan]], "float32")})
    '{"\\\\u003c/script\\\\u003e":[0.1,null]}'
    """
    return json.dumps(_plain(data), ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(_ESCAPES)


def _plain(data: Any) -> Any:
    if isinstance(data, dict):
        return {str(name): _plain(value) for name, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_plain(value) for value in data]
    if isinstance(data, np.ndarray):
        return _numbers(data)
    return data


def _numbers(array: NDArray[Any]) -> list[Any]:
    flat = array.ravel()
    if flat.dtype.kind != "f":
        return flat.tolist()
    # As text first: 0.1 of float32 is 0.10000000149 as a float, and NumPy knows that "0.1" tells it from others.
    shortest: list[Any] = flat.astype(str).astype(float).tolist()
    for place in np.flatnonzero(~np.isfinite(flat)).tolist():
        value = flat[place]
        shortest[place] = None if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return shortest
