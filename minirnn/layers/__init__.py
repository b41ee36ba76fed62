"""Floor 3: Keras's layers. Names and arguments become packed weights and kernel calls, forward and backward."""

from minirnn.compat.modules import names_of
from minirnn.layers.attention import AdditiveAttention, Attention
from minirnn.layers.dense import Dense
from minirnn.layers.disturbing import AlphaDropout, GaussianDropout, GaussianNoise, SpatialDropout1D
from minirnn.layers.elementwise import Activation, Dropout
from minirnn.layers.gru import GRU
from minirnn.layers.input import Input, InputLayer
from minirnn.layers.joining import Concatenate, Dot, concatenate, dot
from minirnn.layers.lambdas import Lambda
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
from minirnn.layers.passing import ActivityRegularization, Identity, Rescaling
from minirnn.layers.rectified import ELU, LeakyReLU, PReLU, ReLU
from minirnn.layers.shaping import Flatten, Masking, RepeatVector, Reshape
from minirnn.layers.simple_rnn import SimpleRNN
from minirnn.layers.softmax import Softmax

__all__ = [
    "ELU", "GRU", "LSTM", "Activation", "ActivityRegularization", "Add", "AdditiveAttention", "AlphaDropout",
    "Attention", "Average", "Concatenate", "Dense", "Dot", "Dropout", "Flatten", "GaussianDropout", "GaussianNoise",
    "Identity", "Input", "InputLayer", "Lambda", "Layer", "LeakyReLU", "Masking", "Maximum", "Minimum", "Multiply",
    "Normalization", "PReLU", "ReLU", "RepeatVector", "Rescaling", "Reshape", "SimpleRNN", "Softmax",
    "SpatialDropout1D", "Subtract", "add", "average", "concatenate", "dot", "maximum", "minimum", "multiply",
    "subtract",
]  # fmt: skip

__getattr__ = names_of(__name__)
