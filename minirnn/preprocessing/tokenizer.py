"""`Tokenizer`: numbers for the words of texts, the most frequent first."""

from __future__ import annotations

import json
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.boundary import whole
from minirnn.choices import one_of
from minirnn.compat import spelling
from minirnn.preprocessing.words import FILTERS, text_to_word_sequence

_MODES = ("binary", "count", "tfidf", "freq")


class Tokenizer:
    """Words of texts as numbers from 1, by how often they occur; 0 is no word's.

    A text is a string, or a list of words that are taken as they are. `fit_on_texts` makes `word_index` (word to
    number) and `index_word`; `word_counts` counts words, `word_docs` and `index_docs` the texts that have them.

    >>> words = Tokenizer(num_words=4, oov_token="?")
    >>> words.fit_on_texts(["the cat sat", "the cat ran"])
    >>> words.word_index
    {'?': 1, 'the': 2, 'cat': 3, 'sat': 4, 'ran': 5}
    >>> words.texts_to_sequences(["The cat sat."])
    [[2, 3, 1]]

    Args:
        num_words: only numbers below it are given out, so `num_words - 1` words are known; None or 0 for all.
        filters: characters that separate words as `split` does.
        lower: whether texts become lower case.
        split: what separates words.
        char_level: whether every character is a word.
        oov_token: stands, with number 1, for words that are not known; without one they are left out.
        analyzer: makes words of a text instead of `text_to_word_sequence`; not kept by `to_json`.
        document_count: texts seen so far.

    Better than Keras: one string for a list of texts is refused (Keras takes every letter for a text), so is a text
    that is none, such as NaN from a table, before anything is counted; a Tokenizer that was read from JSON can be
    fitted further; a word that equals `oov_token` is no second entry.

    Raises TypeError or ValueError unless `num_words` is None or a whole number of at least 0.
    """

    @spelling.accepts_older(spelling.TOKENIZER)
    def __init__(
        self,
        num_words: int | None = None,
        filters: str = FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Callable[[Any], Any] | None = None,
        document_count: int = 0,
    ) -> None:
        self.num_words = None if num_words is None else whole(num_words, "num_words", 0)
        self.filters, self.lower, self.split, self.char_level = filters, lower, split, char_level
        self.oov_token, self.analyzer, self.document_count = oov_token, analyzer, document_count
        self.word_counts: OrderedDict[Any, int] = OrderedDict()
        self.word_docs: defaultdict[Any, int] = defaultdict(int)
        self.index_docs: defaultdict[int, int] = defaultdict(int)
        self.word_index: dict[Any, int] = {}
        self.index_word: dict[int, Any] = {}

    # --- learning ---

    def fit_on_texts(self, texts: Iterable[Any]) -> None:
        """Count the words of texts, and number all words seen so far anew. Raises TypeError for what is no text."""
        for words in list(self._words_of_all(texts)):
            self.document_count += 1
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] += 1
        by_count = sorted(self.word_counts, key=lambda word: self.word_counts[word], reverse=True)
        first = [] if self.oov_token is None else [self.oov_token]
        self.word_index = {word: i for i, word in enumerate(dict.fromkeys([*first, *by_count]), start=1)}
        self.index_word = {i: word for word, i in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences: Any) -> None:
        """Count in how many sequences each number occurs, for the mode "tfidf" without texts."""
        sequences = list(sequences)
        self.document_count += len(sequences)
        for sequence in sequences:
            for i in set(sequence):
                self.index_docs[i] += 1

    def _words_of_all(self, texts: Iterable[Any]) -> Iterator[list[Any]]:
        if isinstance(texts, str) and not self.char_level:
            raise TypeError(f"texts must be a list of texts, got the string {texts!r:.40}; pass [text]")
        for place, text in enumerate(texts):
            yield self._words(text, place)

    def _words(self, text: Any, place: int) -> list[Any]:
        is_list = isinstance(text, (list, tuple))
        if not is_list and self.analyzer is not None and not self.char_level:
            return list(self.analyzer(text))
        strings = text if is_list and self.lower else () if is_list else (text,)
        for entry in strings:
            if not isinstance(entry, str):
                got = f"{entry!r:.40} ({type(entry).__name__})"
                raise TypeError(f"text {place} must be a string or a list of words, got {got}; drop or fill it")
        if is_list:
            return [word.lower() for word in text] if self.lower else list(text)
        if self.char_level:
            return list(text.lower() if self.lower else text)
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    # --- texts to numbers and back ---

    def texts_to_sequences(self, texts: Iterable[Any]) -> list[list[int]]:
        """Each text as the list of its words' numbers. Raises TypeError for what is no text."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Any]) -> Iterator[list[int]]:
        """`texts_to_sequences`, one text after the other."""
        unknown = self.word_index.get(self.oov_token)
        for words in self._words_of_all(texts):
            numbers = [self._known(self.word_index.get(word), unknown) for word in words]
            yield [i for i in numbers if i is not None]

    def sequences_to_texts(self, sequences: Iterable[Any]) -> list[str]:
        """Each list of numbers as words with spaces between them."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable[Any]) -> Iterator[str]:
        """`sequences_to_texts`, one sequence after the other."""
        unknown = self.word_index.get(self.oov_token)
        for sequence in sequences:
            numbers = [self._known(i if i in self.index_word else None, unknown) for i in sequence]
            yield " ".join(str(self.index_word[i]) for i in numbers if i is not None)

    def _known(self, i: int | None, unknown: int | None) -> int | None:
        """`i`, or the number of the unknown word if it is None or beyond `num_words`."""
        return unknown if i is None or (self.num_words and i >= self.num_words) else i

    # --- texts to rows ---

    def texts_to_matrix(self, texts: Iterable[Any], mode: str = "binary") -> NDArray[np.float64]:
        """`sequences_to_matrix` of texts."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences: Any, mode: str = "binary") -> NDArray[np.float64]:
        """Each sequence as a row (num_words,) with an entry for each number that occurs in it c times, of n.

        "binary": 1; "count": c; "freq": c / n; "tfidf": (1 + log c) log(1 + documents / (1 + documents that have it)).

        Raises ValueError for another mode, a number below 0, rows of unknown length (neither `num_words` nor texts),
        and "tfidf" before any text.
        """
        one_of(mode, "mode", _MODES)
        if not self.num_words and not self.word_index:
            raise ValueError("the rows have no length: pass num_words to the Tokenizer, or fit it on texts first")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("mode 'tfidf' needs documents: fit the Tokenizer on texts or sequences first")
        sequences = list(sequences)
        rows = np.zeros((len(sequences), self.num_words or len(self.word_index) + 1))
        for row, sequence in zip(rows, sequences, strict=True):
            for i, c in Counter(sequence).items():
                if whole(i, "a word's number", 0) < len(row):
                    row[i] = self._entry(mode, i, c, len(sequence))
        return rows

    def _entry(self, mode: str, i: int, c: int, n: int) -> float:
        if mode == "tfidf":
            documents = self.document_count / (1 + self.index_docs.get(i, 0))
            return float((1 + np.log(c)) * np.log(1 + documents))
        return {"binary": 1.0, "count": float(c), "freq": c / n}[mode]

    # --- configuration ---

    def get_config(self) -> dict[str, Any]:
        """Keras's configuration: settings, and what was counted as JSON."""
        counted = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
        return {
            "num_words": self.num_words,
            "filters": self.filters,
            "lower": self.lower,
            "split": self.split,
            "char_level": self.char_level,
            "oov_token": self.oov_token,
            "document_count": self.document_count,
            **{name: json.dumps(getattr(self, name)) for name in counted},
        }

    def to_json(self, **options: Any) -> str:
        """The configuration as JSON, options as of `json.dumps`; `tokenizer_from_json`, of Keras too, reads it."""
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **options)


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """The Tokenizer that `to_json`, here or in Keras, wrote. Raises ValueError for another text."""
    try:
        config = dict(json.loads(json_string)["config"])
        counted = {
            name: json.loads(config.pop(name))
            for name in ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
        }
        tokenizer = Tokenizer(**config)
        tokenizer.word_counts.update(counted["word_counts"])
        tokenizer.word_docs.update(counted["word_docs"])
        tokenizer.word_index.update(counted["word_index"])
        tokenizer.index_docs.update({int(i): count for i, count in counted["index_docs"].items()})
        tokenizer.index_word.update({int(i): word for i, word in counted["index_word"].items()})
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(f"tokenizer_from_json needs the text that to_json gave: {reason:.100}") from None
    return tokenizer
