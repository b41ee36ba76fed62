"""A text as a list of words, and words as numbers without a vocabulary: by hashing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from minirnn.boundary import whole
from minirnn.compat import spelling

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


@spelling.names_nearest
def text_to_word_sequence(input_text: str, filters: str = FILTERS, lower: bool = True, split: str = " ") -> list[str]:
    """The words of a text: characters in `filters` separate words as `split` does, empty words are left out.

    >>> text_to_word_sequence("Time flies; so do we.")
    ['time', 'flies', 'so', 'do', 'we']

    Raises TypeError for what is no string, ValueError for an empty `split`.
    """
    if not isinstance(input_text, str):
        raise TypeError(f"a text must be a string, got {input_text!r:.60} ({type(input_text).__name__})")
    if not split:
        raise ValueError("split must be at least one character; use char_level=True, or list(text), for characters")
    if lower:
        input_text = input_text.lower()
    separated = input_text.translate({ord(character): split for character in filters})
    return [word for word in separated.split(split) if word]


@spelling.names_nearest
def hashing_trick(
    text: str,
    n: int,
    hash_function: Callable[[Any], int] | str | None = None,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[Any], Any] | None = None,
) -> list[int]:
    """The words of a text as numbers from 1 to n - 1; two words may share one.

    `hash_function` is a function of a word, "md5", which gives the same numbers in every process, or None for Python's
    `hash`, which does not. `analyzer` makes words of the text instead of `text_to_word_sequence`.

    >>> hashing_trick("time flies", 100, "md5")
    [56, 50]

    Raises TypeError or ValueError unless n is a whole number of at least 2, ValueError for another name of a function.
    """
    n = whole(n, "n", 2)
    if isinstance(hash_function, str) and hash_function != "md5":
        raise ValueError(f"hash_function must be 'md5' or a function of a word, got {hash_function!r:.60}")
    number = hash if hash_function is None else _md5 if isinstance(hash_function, str) else hash_function
    words = text_to_word_sequence(text, filters, lower, split) if analyzer is None else analyzer(text)
    return [number(word) % (n - 1) + 1 for word in words]


@spelling.names_nearest
def one_hot(
    input_text: str,
    n: int,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[Any], Any] | None = None,
) -> list[int]:
    """`hashing_trick` with Python's `hash`; not one-hot rows in spite of its name."""
    return hashing_trick(input_text, n, hash, filters, lower, split, analyzer)


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode()).hexdigest(), 16)
