"""Floor 3: Keras's layers. Names and arguments become packed weights and kernel calls, forward and backward."""

from minirnn.compat.modules import names_of
from minirnn.layers.attention import AdditiveAttention, Attention
from minirnn.layers.batch_normalization import BatchNormalization
from minirnn.layers.bidirectional import Bidirectional
from minirnn.layers.cells import GRUCell, LSTMCell, SimpleRNNCell
from minirnn.layers.convolving import Conv1D
from minirnn.layers.coupled_lstm import CoupledLSTM
from minirnn.layers.dense import Dense
from minirnn.layers.disturbing import AlphaDropout, GaussianDropout, GaussianNoise, SpatialDropout1D
from minirnn.layers.elementwise import Activation, Dropout
from minirnn.layers.embedding import Embedding
from minirnn.layers.group_normalization import GroupNormalization
from minirnn.layers.gru import GRU
from minirnn.layers.input import Input, InputLayer
from minirnn.layers.joining import Concatenate, Dot, concatenate, dot
from minirnn.layers.lambdas import Lambda
from minirnn.layers.layer import Layer
from minirnn.layers.layer_norm_lstm import LayerNormLSTM
from minirnn.layers.layer_normalization import LayerNormalization, UnitNormalization
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
from minirnn.layers.peephole_lstm import PeepholeLSTM
from minirnn.layers.pools import AveragePooling1D, GlobalAveragePooling1D, GlobalMaxPooling1D, MaxPooling1D
from minirnn.layers.rectified import ELU, LeakyReLU, PReLU, ReLU
from minirnn.layers.resizing import Cropping1D, Permute, UpSampling1D, ZeroPadding1D
from minirnn.layers.rms_normalization import RMSNormalization
from minirnn.layers.rnn import RNN
from minirnn.layers.shaping import Flatten, Masking, RepeatVector, Reshape
from minirnn.layers.simple_rnn import SimpleRNN
from minirnn.layers.softmax import Softmax
from minirnn.layers.stacked_cells import StackedRNNCells
from minirnn.layers.time_distributed import TimeDistributed
from minirnn.layers.wrapper import Wrapper
from minirnn.layers.zoneout_lstm import ZoneoutLSTM

# Keras's second names.
AvgPool1D = AveragePooling1D
Convolution1D = Conv1D
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalMaxPool1D = GlobalMaxPooling1D
MaxPool1D = MaxPooling1D

__all__ = [
    "ELU", "GRU", "LSTM", "RNN", "Activation", "ActivityRegularization", "Add", "AdditiveAttention", "AlphaDropout",
    "Attention", "Average", "AveragePooling1D", "AvgPool1D", "BatchNormalization", "Bidirectional", "Concatenate",
    "Conv1D", "Convolution1D", "CoupledLSTM", "Cropping1D", "Dense", "Dot", "Dropout", "Embedding", "Flatten",
    "GRUCell", "GaussianDropout", "GaussianNoise", "GlobalAveragePooling1D", "GlobalAvgPool1D", "GlobalMaxPool1D",
    "GlobalMaxPooling1D", "GroupNormalization", "Identity", "Input", "InputLayer", "LSTMCell", "Lambda", "Layer",
    "LayerNormLSTM", "LayerNormalization", "LeakyReLU", "Masking", "MaxPool1D", "MaxPooling1D", "Maximum", "Minimum",
    "Multiply", "Normalization", "PReLU", "PeepholeLSTM", "Permute", "RMSNormalization", "ReLU", "RepeatVector",
    "Rescaling", "Reshape", "SimpleRNN", "SimpleRNNCell", "Softmax", "SpatialDropout1D", "StackedRNNCells", "Subtract",
    "TimeDistributed", "UnitNormalization", "UpSampling1D", "Wrapper", "ZeroPadding1D", "ZoneoutLSTM", "add", "average",
    "concatenate", "dot", "maximum", "minimum", "multiply", "subtract",
]  # fmt: skip

__getattr__ = names_of(__name__)
