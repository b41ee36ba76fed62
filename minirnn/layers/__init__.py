"""Floor 3: Keras's layers. Names and arguments become packed weights and kernel calls, forward and backward."""

from minirnn.compat.modules import names_of
from minirnn.layers.convolving import Conv1D
from minirnn.layers.dense import Dense
from minirnn.layers.elementwise import Activation, Dropout
from minirnn.layers.gru import GRU
from minirnn.layers.input import Input, InputLayer
from minirnn.layers.joining import Concatenate, Dot, concatenate, dot
from minirnn.layers.layer import Layer
from minirnn.layers.lstm import LSTM
from minirnn.layers.merging import (
    Add,
    Average,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    maximum,
    minimum,
    multiply,
    subtract,
)
from minirnn.layers.normalizing import Normalization
from minirnn.layers.shaping import Flatten, Masking, RepeatVector, Reshape
from minirnn.layers.simple_rnn import SimpleRNN

__all__ = [
    "GRU", "LSTM", "Activation", "Add", "Average", "Concatenate", "Dense", "Dot", "Dropout", "Flatten", "Input",
    "InputLayer", "Layer", "Masking", "Maximum", "Minimum", "Multiply", "Normalization", "RepeatVector", "Reshape",
    "SimpleRNN", "Subtract", "add", "average", "concatenate", "dot", "maximum", "minimum", "multiply", "subtract",
]  # fmt: skip

__getattr__ = names_of(__name__)
