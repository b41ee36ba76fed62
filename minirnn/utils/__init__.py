"""Small tools of the public face, under the names that Keras gives them."""

from minirnn.random import set_random_seed
from minirnn.utils.progbar import Progbar

__all__ = ["Progbar", "set_random_seed"]
