"""What Keras has and minirnn has not: importing it succeeds, using it says what it is.

A script that imports more than it uses runs; one that needs an image layer learns so in one line.
"""

from __future__ import annotations

from typing import Any, NoReturn

LAYERS = frozenset(
    """ActivityRegularization AlphaDropout AdditiveAttention Attention AveragePooling1D AveragePooling2D
    AveragePooling3D AvgPool1D AvgPool2D AvgPool3D BatchNormalization Bidirectional CategoryEncoding CenterCrop Conv1D
    Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Convolution1D
    Convolution2D Convolution3D Cropping1D Cropping2D Cropping3D CuDNNGRU CuDNNLSTM DepthwiseConv1D DepthwiseConv2D
    Discretization ELU EinsumDense Embedding GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D
    GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPooling1D
    GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization Hashing Identity IntegerLookup LSTMCell Lambda
    LayerNormalization LeakyReLU LocallyConnected1D LocallyConnected2D MaxPool1D MaxPool2D MaxPool3D MaxPooling1D
    MaxPooling2D MaxPooling3D MultiHeadAttention PReLU Permute RMSNormalization RNN RandomBrightness RandomContrast
    RandomCrop RandomFlip RandomRotation RandomTranslation RandomZoom ReLU Rescaling Resizing SeparableConv1D
    SeparableConv2D SimpleRNNCell Softmax SpatialDropout1D SpatialDropout2D SpatialDropout3D StackedRNNCells
    StringLookup TextVectorization ThresholdedReLU TimeDistributed TimeDistributedDense UnitNormalization UpSampling1D
    UpSampling2D UpSampling3D Wrapper ZeroPadding1D ZeroPadding2D ZeroPadding3D""".split()
)
DATASETS = frozenset(
    "boston_housing california_housing cifar10 cifar100 fashion_mnist imdb mnist reuters".split()
)
TOP = frozenset("applications wrappers mixed_precision distribution export ops regularizers constraints".split())


class Absent:
    """Stands in for a name of Keras that minirnn has not. NotImplementedError once it is called or looked into."""

    def __init__(self, name: str, why: str) -> None:
        self.__name__, self._why = name, why

    def _refuse(self) -> NoReturn:
        raise NotImplementedError(f"minirnn has no {self.__name__}: {self._why}")

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse()

    def __repr__(self) -> str:
        return f"<absent {self.__name__}>"


def absent_layer(name: str) -> Any:
    """The stand-in for a layer; AttributeError for a name that Keras has not either."""
    if name not in LAYERS:
        raise AttributeError(f"module 'minirnn.layers' has no attribute {name!r}")
    return Absent(name, "it is an engine for recurrent models; use Keras for this layer")


def absent_dataset(name: str) -> Any:
    """The stand-in for a dataset; AttributeError for a name that Keras has not either."""
    if name not in DATASETS:
        raise AttributeError(f"module 'minirnn.datasets' has no attribute {name!r}")
    return Absent(f"datasets.{name}", "it downloads nothing; load the data yourself")
