"""Floor 3: Keras's layers. Names and arguments become packed weights and kernel calls, forward and backward."""

from minirnn.compat.modules import names_of
from minirnn.layers.bidirectional import Bidirectional
from minirnn.layers.cells import GRUCell, LSTMCell, SimpleRNNCell
from minirnn.layers.dense import Dense
from minirnn.layers.elementwise import Activation, Dropout
from minirnn.layers.embedding import Embedding
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
from minirnn.layers.rnn import RNN
from minirnn.layers.shaping import Flatten, Masking, RepeatVector, Reshape
from minirnn.layers.simple_rnn import SimpleRNN
from minirnn.layers.stacked_cells import StackedRNNCells
from minirnn.layers.time_distributed import TimeDistributed
from minirnn.layers.wrapper import Wrapper

__all__ = [
    "GRU", "LSTM", "RNN", "Activation", "Add", "Average", "Bidirectional", "Concatenate", "Dense", "Dot", "Dropout",
    "Embedding", "Flatten", "GRUCell", "Input", "InputLayer", "LSTMCell", "Layer", "Masking", "Maximum", "Minimum",
    "Multiply", "Normalization", "RepeatVector", "Reshape", "SimpleRNN", "SimpleRNNCell", "StackedRNNCells",
    "Subtract", "TimeDistributed", "Wrapper", "add", "average", "concatenate", "dot", "maximum", "minimum", "multiply",
    "subtract",
]  # fmt: skip

__getattr__ = names_of(__name__)
