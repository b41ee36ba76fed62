"""Small tools of the public face, under the names that Keras gives them."""

from minirnn.random import set_random_seed

__all__ = ["set_random_seed"]
