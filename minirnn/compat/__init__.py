"""Spellings of Keras 1 and 2, turned into those of Keras 3, so that scripts of those years run as they are.

`spelling` renames arguments and methods, `modules` finds imports that have moved, `absent` stands in for what a
sequence engine has no use for. Each old spelling gives one DeprecationWarning, which names the new one.
"""
