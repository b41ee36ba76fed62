"""JSON of a stranger: bounded in size, depth and number of values; each key once; no NaN, no infinity."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from minirnn.files.errors import ModelFileError, shown
from minirnn.files.limits import DEEPEST_TEXT, MOST_MARKS, MOST_QUOTES, MOST_TEXT

# A quote that no other ends is a token, too: were it passed over, each later one would be tried to the text's end.
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}"]', re.DOTALL)


def read_json(data: Any, member: str) -> dict[str, Any]:
    """The object that a JSON text holds. Raises ModelFileError, naming `member`, for anything else."""
    text = bytes(data)
    if len(text) > MOST_TEXT:
        raise ModelFileError(member, f"{len(text):,} bytes", f"at most {MOST_TEXT:,}")
    if sum(map(text.count, (b"[", b"{", b",", b":"))) > MOST_MARKS or text.count(b'"') > MOST_QUOTES:
        raise ModelFileError(member, "too many values", f"at most {MOST_MARKS:,} brackets, commas and colons")
    _check_depth(text, member)

    def no_constant(name: str) -> NoReturn:
        raise ModelFileError(member, name, "finite numbers")

    def finite(digits: str) -> float:
        value = float(digits)
        return value if math.isfinite(value) else no_constant(shown(digits))

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            seen: set[str] = set()
            repeated = next(name for name, _ in items if name in seen or seen.add(name))  # type: ignore[func-returns-value]
            raise ModelFileError(member, f"the key {shown(repeated)!r} twice in one object", "once")
        return found

    try:
        value = json.loads(text.decode(), parse_constant=no_constant, parse_float=finite, object_pairs_hook=pairs)
    except ModelFileError:
        raise
    except (ValueError, RecursionError) as error:
        raise ModelFileError(member, f"text that is no JSON ({shown(str(error))})", "JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise ModelFileError(member, f"a {type(value).__name__}", "an object")
    return value


def _check_depth(text: bytes, member: str) -> None:
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        first = found[0][:1]
        if first in b"[{":
            depth += 1
            if depth > DEEPEST_TEXT:
                raise ModelFileError(member, f"brackets {depth} deep", f"at most {DEEPEST_TEXT}")
        elif first in b"]}":
            depth -= 1
        elif found[0] == b'"':
            raise ModelFileError(member, f"a string without an end at byte {found.start()}", "JSON in UTF-8")
