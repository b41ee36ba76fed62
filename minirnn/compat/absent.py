"""What Keras has and minirnn has not: importing it succeeds, using it says what it is.

A script that imports more than it uses runs; one that needs an image layer learns so in one line. Names that minirnn
does have are never looked up here.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, NoReturn

NOT_YET = "it is not there yet"
OUTSIDE = "minirnn is an engine for sequences; use Keras for it"
NO_DOWNLOADS = "it downloads nothing; load the data yourself"
NO_GRAPH = "it has no symbolic arithmetic; use NumPy on arrays, and layers or losses for what is to be trained"

# Package -> why -> its names.
NAMES: dict[str, dict[str, str]] = {
    "layers": {
        NOT_YET: "AbstractRNNCell InputSpec MultiHeadAttention ThresholdedReLU",
        OUTSIDE: """AtrousConvolution2D AutoContrast AveragePooling2D AveragePooling3D AvgPool2D
            AvgPool3D CategoryEncoding CenterCrop Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose
            ConvLSTM1D ConvLSTM2D ConvLSTM2DCell ConvLSTM3D Convolution2D Convolution3D Cropping2D Cropping3D
            Deconvolution2D DepthwiseConv1D DepthwiseConv2D Discretization EinsumDense GlobalAveragePooling2D
            GlobalAveragePooling3D GlobalAvgPool2D GlobalMaxPool2D GlobalMaxPooling2D GlobalMaxPooling3D
            GroupQueryAttention Hashing HashedCrossing Highway IntegerLookup LocallyConnected1D
            LocallyConnected2D MaxPool2D MaxPool3D MaxPooling2D MaxPooling3D MaxoutDense MelSpectrogram RandomBrightness
            RandomContrast RandomCrop RandomFlip RandomRotation RandomTranslation RandomZoom Resizing SeparableConv1D
            SeparableConv2D SpatialDropout2D SpatialDropout3D SpectralNormalization StringLookup TextVectorization
            UpSampling2D UpSampling3D ZeroPadding2D ZeroPadding3D""",
        "it joined Sequential models; write a Model with layers.concatenate or layers.add": "Merge",
    },
    "models": {
        "it is gone since Keras 1; write a Model": "Graph",
        "models are kept as JSON: model_from_json": "model_from_yaml model_from_config",
    },
    "callbacks": {
        NOT_YET: "SwapEMAWeights",
        "it talks to another program; write a LambdaCallback": "RemoteMonitor TensorBoard",
        "its work is done by the training loop": "BaseLogger",
    },
    "utils": {
        NOT_YET: """CustomObjectScope custom_object_scope deserialize_keras_object get_custom_objects
            get_registered_name get_registered_object get_source_inputs model_to_dot plot_model print_summary
            register_keras_serializable serialize_keras_object""",
        NO_DOWNLOADS: "get_file",
        "it runs on CPUs, and uses all cores": "multi_gpu_model",
        "batches come from fit(generator)": "GeneratorEnqueuer OrderedEnqueuer SequenceEnqueuer",
        OUTSIDE: """FeatureSpace HDF5Matrix array_to_img audio_dataset_from_directory convert_all_kernels_in_model
            image_dataset_from_directory img_to_array load_img pack_x_y_sample_weight save_img
            text_dataset_from_directory""",
    },
    "preprocessing.sequence": {OUTSIDE: "make_sampling_table skipgrams"},
    "backend": {
        "it is not TensorFlow: there are no sessions": "get_session set_session manual_variable_initialization",
        NO_GRAPH: """arange batch_dot batch_flatten batch_get_value batch_set_value bias_add binary_crossentropy
            cast_to_floatx categorical_crossentropy constant conv1d conv2d cos count_params cumprod dot dropout
            dtype elu eval eye foldl foldr function gather gradients hard_sigmoid identity in_top_k in_train_phase
            is_tensor l2_normalize logsumexp map_fn one_hot ones permute_dimensions placeholder print_tensor
            random_binomial random_normal random_uniform relu repeat repeat_elements reverse rnn set_learning_phase
            sigmoid sin slice softmax softplus softsign sparse_categorical_crossentropy stop_gradient switch tanh
            temporal_padding tile truncated_normal update update_add update_sub variable zeros""",
    },
}  # fmt: skip

# Modules below minirnn -> why; those below them are absent, too.
MODULES = {
    **dict.fromkeys(
        ("applications", "distribution", "export", "mixed_precision", "preprocessing.image", "quantizers"), OUTSIDE
    ),
    "wrappers": "scikit-learn's estimators are not wrapped; write the loop around fit and predict",
    **{
        f"datasets.{name}": NO_DOWNLOADS
        for name in (
            "boston_housing", "california_housing", "cifar", "cifar10", "cifar100", "fashion_mnist", "imdb", "mnist",
            "reuters",
        )
    },
}  # fmt: skip


class Absent:
    """Stands in for a name of Keras that minirnn has not. NotImplementedError once it is called, subclassed or looked
    into; no object is an instance of it."""

    def __init__(self, name: str, why: str) -> None:
        self.__name__, self._why = name, why

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(f"minirnn has no {self.__name__}: {self._why}")

    __call__ = __mro_entries__ = _refuse

    def __instancecheck__(self, instance: Any) -> bool:
        return False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse()

    def __repr__(self) -> str:
        return f"<absent {self.__name__}>"


class AbsentModule(ModuleType):
    """A module of Keras that minirnn has not: every name in it is absent."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(name, f"minirnn has no {name.partition('.')[2]}: {why}.")
        self.__path__: list[str] = []
        self.__dict__["why"] = why

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self.__name__.partition('.')[2]}.{name}", self.why)


def stand_in(package: str, name: str) -> Absent | None:
    """What stands in for a name of a package (below minirnn), or None for a name that Keras has not either."""
    for why, names in NAMES.get(package, {}).items():
        if name in names.split():
            return Absent(f"{package}.{name}", why)
    return None
