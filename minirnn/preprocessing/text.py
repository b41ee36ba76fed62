"""Texts as numbers, as Keras 1 and 2 had it: words split and hashed; the `Tokenizer` counts and numbers them."""

from minirnn.compat.modules import names_of
from minirnn.preprocessing.tokenizer import Tokenizer, tokenizer_from_json
from minirnn.preprocessing.words import FILTERS, hashing_trick, one_hot, text_to_word_sequence

__all__ = ["FILTERS", "Tokenizer", "hashing_trick", "one_hot", "text_to_word_sequence", "tokenizer_from_json"]

__getattr__ = names_of(__name__)
