"""What a model file may be at most. Each number is far above any model of sequences, and bounds what reading costs."""

from __future__ import annotations

MOST_BYTES = 2 * 2**30  # of a file, unless `max_bytes` says otherwise
MOST_NUMBERS = MOST_BYTES // 4  # of a model that a text describes without weights
MOST_TEXT = 4 * 2**20  # bytes of a JSON member
MOST_MARKS = 400_000  # brackets, commas and colons of a JSON text: what its objects cost in memory
MOST_QUOTES = 400_000
DEEPEST_TEXT = 100  # brackets within brackets
LONGEST_NAME = 255
LONGEST_PATH = 1024  # of a weight in a file of Keras 1 or 2: names of scopes within each other
LONGEST_LIST = 100_000  # numbers of one list in a configuration
MOST_LAYERS = 1000  # of a model, those of models within it included
DEEPEST_MODEL = 12  # models and wrappers within each other
MOST_CALLS = 5000  # of layers in one pass through a model
MOST_UNITS = 2**24  # units, features, steps: any one size
MOST_ROWS = 2**16  # of a batch that a model fixes
MOST_PROBED = 2**21  # numbers that a pass over the test vector may compute: some 30 MB with scratch memory
MOST_PRODUCTS = 2**30  # multiply-adds of that pass, roughly
MOST_STEPS = 2**62  # of an optimizer: counts of 64 bits, and no rate or product of momenta comes near it
