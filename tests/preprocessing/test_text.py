"""Texts as numbers: what Keras gives for any text, and one line for what is none."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirnn.preprocessing import text

word = st.text(alphabet="abcAB,.! éß", max_size=6)
document = st.one_of(st.text(alphabet="abcAB,.!\t\n xyé", max_size=30), st.lists(word, max_size=5))
documents = st.lists(document, max_size=6)
settings = st.fixed_dictionaries(
    {
        "num_words": st.sampled_from([None, 0, 1, 2, 3, 10]),
        "lower": st.booleans(),
        "split": st.sampled_from([" ", "a", "xy"]),
        "filters": st.sampled_from([text.FILTERS, "", "ab"]),
        "char_level": st.booleans(),
        "oov_token": st.sampled_from([None, "<OOV>"]),
    }
)
MODES = ["binary", "count", "freq", "tfidf"]
COUNTED = ["word_counts", "word_docs", "word_index", "index_word", "document_count"]


@pytest.fixture(scope="module")
def theirs(keras):
    return pytest.importorskip("keras.src.legacy.preprocessing.text")


@given(settings, documents, documents, documents)
def test_a_tokenizer_counts_numbers_and_writes_as_that_of_keras(theirs, options, first, second, unseen):
    ours, other = text.Tokenizer(**options), theirs.Tokenizer(**options)
    for texts in (first, second):
        ours.fit_on_texts(texts)
        other.fit_on_texts(texts)
        for name in COUNTED:
            assert getattr(ours, name) == getattr(other, name)
        assert list(ours.word_index.items()) == list(other.word_index.items())
    assert {i: n for i, n in ours.index_docs.items() if n} == {i: n for i, n in other.index_docs.items() if n}
    sequences = other.texts_to_sequences(unseen)
    assert ours.texts_to_sequences(unseen) == sequences
    assert ours.sequences_to_texts(sequences + [[0, 99]]) == other.sequences_to_texts(sequences + [[0, 99]])
    if (options["num_words"] or other.word_index) and other.document_count:
        for mode in MODES:
            rows = ours.texts_to_matrix(unseen, mode)
            np.testing.assert_array_equal(rows, other.texts_to_matrix(unseen, mode))


@given(settings, documents)
def test_a_tokenizer_is_read_from_json_of_either_library(theirs, options, texts):
    ours, other = text.Tokenizer(**options), theirs.Tokenizer(**options)
    ours.fit_on_texts(texts)
    other.fit_on_texts(texts)
    assert json.loads(ours.to_json()).keys() == json.loads(other.to_json()).keys()
    config, theirs_config = ours.get_config(), other.get_config()
    assert {name: value for name, value in config.items() if name not in ("word_docs", "index_docs")} == {
        name: value for name, value in theirs_config.items() if name not in ("word_docs", "index_docs")
    }
    for read in (
        text.tokenizer_from_json(ours.to_json()),
        text.tokenizer_from_json(other.to_json()),
        theirs.tokenizer_from_json(ours.to_json(indent=1)),
    ):
        for name in [*COUNTED, "index_docs", *options]:
            assert getattr(read, name) == getattr(ours, name)


@given(st.text(max_size=40), st.booleans(), st.sampled_from([" ", "x", "--"]), st.sampled_from([text.FILTERS, "é,"]))
def test_words_of_a_text_are_those_of_keras(theirs, given_text, lower, split, filters):
    arguments = (given_text, filters, lower, split)
    assert text.text_to_word_sequence(*arguments) == theirs.text_to_word_sequence(*arguments)
    for function in (None, "md5", len):
        ours = text.hashing_trick(given_text, 50, function, filters, lower, split)
        assert ours == theirs.hashing_trick(given_text, 50, function, filters, lower, split)
        assert all(1 <= number < 50 for number in ours)
    assert text.one_hot(given_text, 7) == theirs.one_hot(given_text, 7)


def test_an_analyzer_makes_the_words(theirs):
    for library in (text, theirs):
        tokenizer = library.Tokenizer(analyzer=lambda t: t.split("-"))
        tokenizer.fit_on_texts(["a-b", "B-a"])
        assert tokenizer.word_index == {"a": 1, "b": 2, "B": 3}
        assert tokenizer.texts_to_sequences(["B-c", ["a", "a-b"]]) == [[3], [1]]
        assert library.hashing_trick("a-b", 9, len, analyzer=lambda t: [t]) == [4]


def test_sequences_are_counted_for_tfidf_as_keras_does(theirs):
    sequences = [[1, 2, 2], [2], np.array([3, 1])]
    ours, other = text.Tokenizer(num_words=4), theirs.Tokenizer(num_words=4)
    for tokenizer in (ours, other):
        tokenizer.fit_on_sequences(sequences)
    assert ours.index_docs == other.index_docs and ours.document_count == 3
    lists = [list(map(int, s)) for s in sequences]
    np.testing.assert_array_equal(ours.sequences_to_matrix(lists, "tfidf"), other.sequences_to_matrix(lists, "tfidf"))


def test_a_tokenizer_read_from_json_can_be_fitted_further():
    tokenizer = text.Tokenizer()
    tokenizer.fit_on_texts(["a b"])
    read = text.tokenizer_from_json(tokenizer.to_json())
    for fitted in (tokenizer, read):
        fitted.fit_on_texts(["b c", "c"])
    assert read.get_config() == tokenizer.get_config() and read.word_index == {"b": 1, "c": 2, "a": 3}


def test_a_word_that_equals_the_oov_token_has_its_number():
    tokenizer = text.Tokenizer(oov_token="unk")
    tokenizer.fit_on_texts(["a a unk"])
    assert tokenizer.word_index == {"unk": 1, "a": 2} and tokenizer.index_word == {1: "unk", 2: "a"}
    assert tokenizer.texts_to_sequences(["unk b a"]) == [[1, 1, 2]]


def test_an_unfitted_tokenizer_knows_no_words():
    for token in (None, "?"):
        assert text.Tokenizer(oov_token=token).texts_to_sequences(["a b"]) == [[]]
        assert text.Tokenizer(oov_token=token).sequences_to_texts([[1, 2]]) == [""]


def test_characters_of_one_string_are_texts_of_a_character_each_as_in_keras(theirs):
    for library in (text, theirs):
        tokenizer = library.Tokenizer(char_level=True)
        tokenizer.fit_on_texts("Abba")
        assert tokenizer.word_index == {"a": 1, "b": 2} and tokenizer.texts_to_sequences("ab") == [[1], [2]]


def test_md5_gives_the_same_numbers_in_every_process():
    program = (
        "from minirnn.preprocessing.text import hashing_trick; print(hashing_trick('Time flies, time', 1000, 'md5'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == str(text.hashing_trick("Time flies, time", 1000, "md5"))


BAD_TEXTS = [
    ("hello", "texts must be a list of texts, got the string 'hello'; pass \\[text\\]"),
    ([b"bytes"], "text 0 must be a string or a list of words, got b'bytes' \\(bytes\\); drop or fill it"),
    (["a", float("nan")], "text 1 must be a string or a list of words, got nan \\(float\\)"),
    (["a", None], "text 1 must be a string"),
    ([["a", 3]], "text 0 must be a string or a list of words, got 3 \\(int\\)"),
]


@pytest.mark.parametrize("texts, message", BAD_TEXTS)
def test_what_is_no_text_is_one_line_and_nothing_is_counted(texts, message):
    tokenizer = text.Tokenizer()
    with pytest.raises(TypeError, match=message) as error:
        tokenizer.fit_on_texts(texts)
    assert "\n" not in str(error.value) and tokenizer.document_count == 0 and not tokenizer.word_counts
    with pytest.raises(TypeError, match=message):
        tokenizer.texts_to_sequences(texts)


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: text.text_to_word_sequence(3), TypeError, "a text must be a string, got 3 \\(int\\)"),
        (lambda: text.text_to_word_sequence("a", split=""), ValueError, "split must be at least one character"),
        (lambda: text.hashing_trick("a", 1), ValueError, "n must be at least 2, got 1"),
        (lambda: text.one_hot("a", 2.5), TypeError, "n must be a whole number of at least 2, got 2.5"),
        (lambda: text.hashing_trick("a", 9, "sha"), ValueError, "hash_function must be 'md5' or a function"),
        (lambda: text.Tokenizer(num_words=-1), ValueError, "num_words must be at least 0, got -1"),
        (lambda: text.Tokenizer(num_words="5"), TypeError, "num_words must be a whole number"),
        (lambda: text.Tokenizer(words=5), TypeError, "words"),
        (lambda: text.Tokenizer().sequences_to_matrix([[1]]), ValueError, "the rows have no length: pass num_words"),
        (lambda: text.Tokenizer(5).sequences_to_matrix([], "tf"), ValueError, "mode must be 'binary', .* 'tf'"),
        (lambda: text.Tokenizer(5).sequences_to_matrix([[1]], "tfidf"), ValueError, "'tfidf' needs documents"),
        (lambda: text.Tokenizer(5).sequences_to_matrix([[-1]]), ValueError, "a word's number must be at least 0"),
        (lambda: text.tokenizer_from_json("{"), ValueError, "tokenizer_from_json needs the text that to_json gave"),
        (lambda: text.tokenizer_from_json("[]"), ValueError, "tokenizer_from_json needs the text that to_json gave"),
        (lambda: text.tokenizer_from_json('{"config": {}}'), ValueError, "gave: KeyError: 'word_counts'"),
    ],
)
def test_bad_arguments_are_one_line(call, error, message):
    with pytest.raises(error, match=message) as raised:
        call()
    assert "\n" not in str(raised.value)
