"""Floor 3: Keras's layers. Names and arguments become packed weights and kernel calls, forward and backward."""

from minirnn.compat.modules import names_of
from minirnn.layers.coupled_lstm import CoupledLSTM
from minirnn.layers.dense import Dense
from minirnn.layers.elementwise import Activation, Dropout
from minirnn.layers.gru import GRU
from minirnn.layers.input import Input, InputLayer
from minirnn.layers.joining import Concatenate, Dot, concatenate, dot
from minirnn.layers.layer import Layer
from minirnn.layers.layer_norm_lstm import LayerNormLSTM
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
from minirnn.layers.peephole_lstm import PeepholeLSTM
from minirnn.layers.shaping import Flatten, Masking, RepeatVector, Reshape
from minirnn.layers.simple_rnn import SimpleRNN
from minirnn.layers.zoneout_lstm import ZoneoutLSTM

__all__ = [
    "GRU", "LSTM", "Activation", "Add", "Average", "Concatenate", "CoupledLSTM", "Dense", "Dot", "Dropout", "Flatten",
    "Input", "InputLayer", "Layer", "LayerNormLSTM", "Masking", "Maximum", "Minimum", "Multiply", "Normalization",
    "PeepholeLSTM", "RepeatVector", "Reshape", "SimpleRNN", "Subtract", "ZoneoutLSTM", "add", "average", "concatenate",
    "dot", "maximum", "minimum", "multiply", "subtract",
]  # fmt: skip

__getattr__ = names_of(__name__)
