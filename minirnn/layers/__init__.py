"""Floor 3: Keras's layers. Names and arguments become packed weights and kernel calls, forward and backward."""

from minirnn.compat.modules import names_of
from minirnn.layers.dense import Dense
from minirnn.layers.elementwise import Activation, Dropout
from minirnn.layers.gru import GRU
from minirnn.layers.input import Input, InputLayer
from minirnn.layers.layer import Layer
from minirnn.layers.lstm import LSTM
from minirnn.layers.normalizing import Normalization
from minirnn.layers.shaping import Flatten, Masking, RepeatVector, Reshape
from minirnn.layers.simple_rnn import SimpleRNN

__all__ = [
    "GRU", "LSTM", "Activation", "Dense", "Dropout", "Flatten", "Input", "InputLayer", "Layer", "Masking",
    "Normalization", "RepeatVector", "Reshape", "SimpleRNN",
]  # fmt: skip

__getattr__ = names_of(__name__)
