"""The frozen table of what a configuration may hold: classes, the keys of each, the kind of value of each key.

An entry such as "LSTM": "units .." lists keys; `KINDS` has the kind of each key, under "Class.key" where the same key
means different things. A word in capitals stands for several keys. Whatever is not here does not exist for files.
"""

from __future__ import annotations

from minirnn.files import kinds
from minirnn.files.kinds import Kind, either, list_of, number, one_of, optional, size, truth, tuple_of, whole

_WORDS = {
    "KERNEL": "kernel_initializer kernel_regularizer kernel_constraint",
    "RECURRENT": "recurrent_initializer recurrent_regularizer recurrent_constraint",
    "BIAS": "use_bias bias_initializer bias_regularizer bias_constraint",
    "BETA": "center beta_initializer beta_regularizer beta_constraint",
    "GAMMA": "scale gamma_initializer gamma_regularizer gamma_constraint",
    "DROPS": "dropout recurrent_dropout seed",
    "CELL": "units activation KERNEL RECURRENT BIAS DROPS",
    "WALK": "return_sequences return_state go_backwards stateful unroll zero_output_for_mask time_major",
    "SEQUENCE": "CELL WALK implementation",
    "LSTM": "SEQUENCE recurrent_activation unit_forget_bias use_cudnn",
    "POOL": "data_format keepdims",
    "WINDOW": "pool_size strides padding data_format",
    "FANS": "seed input_axes output_axes",
    "OPTIONS": "name learning_rate weight_decay clipnorm global_clipnorm clipvalue use_ema ema_momentum "
    "ema_overwrite_frequency loss_scale_factor gradient_accumulation_steps",
    "LOSS": "name reduction dtype fn",
    "METRIC": "name dtype fn",
}
_COMMON = "name trainable dtype activity_regularizer autocast"

LAYERS = {
    "InputLayer": "batch_shape batch_input_shape shape sparse ragged optional",
    "SimpleRNN": "SEQUENCE", "LSTM": "LSTM", "GRU": "SEQUENCE recurrent_activation reset_after use_cudnn",
    "PeepholeLSTM": "LSTM peephole_initializer", "CoupledLSTM": "LSTM",
    "LayerNormLSTM": "LSTM epsilon gain_initializer", "ZoneoutLSTM": "LSTM zoneout",
    "SimpleRNNCell": "CELL", "LSTMCell": "CELL recurrent_activation unit_forget_bias",
    "GRUCell": "CELL recurrent_activation reset_after",
    "RNN": "WALK cell", "StackedRNNCells": "cells", "Bidirectional": "layer backward_layer merge_mode",
    "TimeDistributed": "layer",
    "Dense": "units activation KERNEL BIAS quantization_config lora_rank lora_alpha",
    "Embedding": "input_dim output_dim embeddings_initializer embeddings_regularizer embeddings_constraint mask_zero "
    "input_length quantization_config lora_rank lora_alpha weights",
    "Conv1D": "filters kernel_size strides padding data_format dilation_rate groups activation KERNEL BIAS",
    "MaxPooling1D": "WINDOW", "AveragePooling1D": "WINDOW", "GlobalMaxPooling1D": "POOL",
    "GlobalAveragePooling1D": "POOL",
    "BatchNormalization": "axis momentum epsilon BETA GAMMA moving_mean_initializer moving_variance_initializer "
    "synchronized renorm renorm_clipping renorm_momentum",
    "LayerNormalization": "axis epsilon BETA GAMMA rms_scaling", "UnitNormalization": "axis",
    "RMSNormalization": "axis epsilon", "GroupNormalization": "groups axis epsilon BETA GAMMA",
    "Normalization": "axis mean variance invert",
    "Attention": "use_scale score_mode dropout seed", "AdditiveAttention": "use_scale dropout seed",
    "Dropout": "rate noise_shape seed", "SpatialDropout1D": "rate seed", "GaussianDropout": "rate seed",
    "GaussianNoise": "stddev seed", "AlphaDropout": "rate noise_shape seed",
    "Activation": "activation", "ReLU": "max_value negative_slope threshold", "LeakyReLU": "negative_slope alpha",
    "ELU": "alpha", "PReLU": "alpha_initializer alpha_regularizer alpha_constraint shared_axes", "Softmax": "axis",
    "ActivityRegularization": "l1 l2", "Identity": "", "Rescaling": "scale offset",
    "Add": "", "Subtract": "", "Multiply": "", "Average": "", "Maximum": "", "Minimum": "", "Concatenate": "axis",
    "Dot": "axes normalize",
    "Flatten": "data_format", "Reshape": "target_shape", "RepeatVector": "n", "Permute": "dims",
    "Masking": "mask_value", "Cropping1D": "cropping", "UpSampling1D": "size", "ZeroPadding1D": "padding data_format",
}  # fmt: skip

INITIALIZERS = {
    "Zeros": "", "Ones": "", "Constant": "value", "Identity": "gain", "IdentityInitializer": "gain",
    "RandomNormal": "mean stddev seed", "TruncatedNormal": "mean stddev seed", "RandomUniform": "minval maxval seed",
    "VarianceScaling": "scale mode distribution FANS",
    **dict.fromkeys(
        ("GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal"), "FANS"
    ),
    **dict.fromkeys(("Orthogonal", "OrthogonalInitializer"), "gain seed"),
}  # fmt: skip
REGULARIZERS = {"L1": "l1", "L2": "l2", "L1L2": "l1 l2", "OrthogonalRegularizer": "factor mode"}
CONSTRAINTS = {
    "MaxNorm": "max_value axis", "MinMaxNorm": "min_value max_value rate axis", "NonNeg": "", "UnitNorm": "axis"
}  # fmt: skip

OPTIMIZERS = {
    "SGD": "OPTIONS momentum nesterov", "RMSprop": "OPTIONS rho momentum epsilon centered",
    **dict.fromkeys(("Adam", "AdamW"), "OPTIONS beta_1 beta_2 epsilon amsgrad"),
    **dict.fromkeys(("Adamax", "Nadam"), "OPTIONS beta_1 beta_2 epsilon"), "Lion": "OPTIONS beta_1 beta_2",
    "Adagrad": "OPTIONS initial_accumulator_value epsilon", "Adadelta": "OPTIONS rho epsilon",
}  # fmt: skip
SCHEDULES = {
    "CosineDecay": "initial_learning_rate decay_steps alpha name warmup_target warmup_steps",
    "CosineDecayRestarts": "initial_learning_rate first_decay_steps t_mul m_mul alpha name",
    **dict.fromkeys(
        ("ExponentialDecay", "InverseTimeDecay"), "initial_learning_rate decay_steps decay_rate staircase name"
    ),
    "PiecewiseConstantDecay": "boundaries values name",
    "PolynomialDecay": "initial_learning_rate decay_steps end_learning_rate power cycle name",
}  # fmt: skip

LOSSES = {
    **dict.fromkeys(
        (
            "CategoricalHinge", "Hinge", "KLDivergence", "LogCosh", "MeanAbsoluteError", "MeanAbsolutePercentageError",
            "MeanSquaredError", "MeanSquaredLogarithmicError", "Poisson", "SquaredHinge",
        ), "LOSS",
    ),
    **dict.fromkeys(("BinaryCrossentropy", "CategoricalCrossentropy"), "LOSS from_logits label_smoothing axis"),
    "SparseCategoricalCrossentropy": "LOSS from_logits ignore_class axis",
    "BinaryFocalCrossentropy": "LOSS from_logits label_smoothing axis alpha gamma apply_class_balancing",
    "CategoricalFocalCrossentropy": "LOSS from_logits label_smoothing axis alpha gamma",
    "CosineSimilarity": "LOSS axis", "Huber": "LOSS delta",
}  # fmt: skip
METRICS = {
    **dict.fromkeys(
        (
            "Accuracy", "CategoricalAccuracy", "CategoricalHinge", "Hinge", "KLDivergence", "LogCoshError", "Mean",
            "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError", "MeanSquaredLogarithmicError",
            "Poisson", "RootMeanSquaredError", "SparseCategoricalAccuracy", "SquaredHinge", "Sum",
        ), "METRIC",
    ),
    "AUC": "METRIC num_thresholds curve summation_method thresholds multi_label num_labels label_weights from_logits",
    "BinaryAccuracy": "METRIC threshold", "BinaryCrossentropy": "METRIC from_logits label_smoothing",
    "CategoricalCrossentropy": "METRIC from_logits label_smoothing axis",
    "SparseCategoricalCrossentropy": "METRIC from_logits ignore_class axis", "CosineSimilarity": "METRIC axis",
    "F1Score": "METRIC average threshold", "FBetaScore": "METRIC average threshold beta",
    **dict.fromkeys(("FalseNegatives", "FalsePositives", "TrueNegatives", "TruePositives"), "METRIC thresholds"),
    **dict.fromkeys(("Precision", "Recall"), "METRIC thresholds top_k class_id"),
    "PrecisionAtRecall": "METRIC num_thresholds class_id recall",
    "RecallAtPrecision": "METRIC num_thresholds class_id precision",
    "SensitivityAtSpecificity": "METRIC num_thresholds class_id specificity",
    "SpecificityAtSensitivity": "METRIC num_thresholds class_id sensitivity",
    "R2Score": "METRIC class_aggregation num_regressors", "TopKCategoricalAccuracy": "METRIC k",
    "SparseTopKCategoricalAccuracy": "METRIC k from_sorted_ids",
}  # fmt: skip

# What Keras draws into a functional model to compute masks. Such entries are read over: masks here come of themselves.
MASK_OPERATIONS = frozenset(
    "All Any BroadcastTo Cast Concatenate ConvertToTensor Equal ExpandDims Flip GetItem LogicalAnd LogicalNot "
    "LogicalOr Maximum Minimum NotEqual Ones OnesLike Repeat Reshape Squeeze Stack Tile Transpose Zeros "
    "ZerosLike".split()
)

_some_axes = optional(kinds.axes)
_numbers = optional(kinds.nested_numbers)
_pair = either("a whole number, or two", whole(0, kinds.MOST_UNITS), list_of(whole(0, kinds.MOST_UNITS), 2))
_window = either("a size, or a list of one", size, list_of(size, 1))
_format = optional(one_of("channels_last", "channels_first"))
_classes = whole(-(2**31), 2**31)

KINDS: dict[str, Kind] = {
    "name": optional(kinds.name), "dtype": optional(kinds.dtype), "seed": kinds.seed, "fn": kinds.nothing,
    "units": size, "filters": size, "n": size, "size": size, "input_dim": size, "output_dim": size,
    "batch_shape": kinds.batch_shape, "batch_input_shape": kinds.batch_shape, "shape": optional(kinds.batch_shape),
    "kernel_size": _window, "pool_size": _window, "strides": optional(_window), "dilation_rate": _window,
    "groups": size, "padding": one_of("valid", "same", "causal"), "ZeroPadding1D.padding": _pair, "cropping": _pair,
    "data_format": _format, "keepdims": truth, "target_shape": tuple_of(whole(-1, kinds.MOST_UNITS), 8),
    "dims": tuple_of(whole(1, 8), 8), "noise_shape": optional(tuple_of(optional(size), 8)),
    "axis": _some_axes, "axes": kinds.axes, "shared_axes": _some_axes, "input_axes": _some_axes,
    "output_axes": _some_axes, "Concatenate.axis": kinds.axis, "BatchNormalization.axis": kinds.axes,
    "mean": _numbers, "variance": _numbers, "value": kinds.nested_numbers, "scale": truth,
    "Rescaling.scale": kinds.nested_numbers, "offset": kinds.nested_numbers, "VarianceScaling.scale": number,
    "RandomNormal.mean": number, "TruncatedNormal.mean": number, "zoneout": tuple_of(number, 2),
    "merge_mode": one_of("sum", "mul", "concat", "ave", None), "score_mode": one_of("dot", "concat"),
    "mode": one_of("fan_in", "fan_out", "fan_avg"), "OrthogonalRegularizer.mode": one_of("rows", "columns"),
    "distribution": one_of("normal", "truncated_normal", "untruncated_normal", "uniform"),
    "implementation": whole(0, 2), "use_cudnn": either("true, false or 'auto'", truth, one_of("auto")),
    "time_major": kinds.batch_first, "input_length": optional(size),
    "max_value": optional(number), "MaxNorm.max_value": number,
    "reduction": one_of("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None),
    "curve": one_of("ROC", "PR"), "summation_method": one_of("interpolation", "minoring", "majoring"),
    "average": one_of("micro", "macro", "weighted", None), "label_weights": _numbers, "thresholds": _numbers,
    "class_aggregation": one_of("uniform_average", "variance_weighted_average", None),
    "threshold": optional(number), "k": size, "top_k": optional(size), "class_id": optional(_classes),
    "num_thresholds": whole(2, 10**6), "num_labels": optional(size), "num_regressors": whole(0, kinds.MOST_UNITS),
    "ignore_class": optional(_classes), "boundaries": list_of(number), "values": list_of(number),
    "alpha": number, "CategoricalFocalCrossentropy.alpha": kinds.nested_numbers,
    "gradient_accumulation_steps": optional(whole(1, 2**31)), "ema_overwrite_frequency": optional(whole(1, 2**31)),
    **dict.fromkeys(
        (
            "trainable", "autocast", "use_bias", "unit_forget_bias", "reset_after", "return_sequences", "return_state",
            "go_backwards", "stateful", "unroll", "zero_output_for_mask", "mask_zero", "center", "rms_scaling",
            "synchronized", "invert", "use_scale", "normalize", "use_ema", "nesterov", "centered", "amsgrad",
            "staircase", "cycle", "from_logits", "apply_class_balancing", "multi_label", "from_sorted_ids",
        ), truth,
    ),
    **dict.fromkeys(
        (
            "dropout", "recurrent_dropout", "rate", "stddev", "momentum", "epsilon", "renorm_momentum", "l1", "l2",
            "factor", "gain", "minval", "maxval", "min_value", "negative_slope", "mask_value", "initial_learning_rate",
            "decay_steps", "first_decay_steps", "decay_rate", "t_mul", "m_mul", "end_learning_rate", "power",
            "warmup_steps", "rho", "beta_1", "beta_2", "initial_accumulator_value", "label_smoothing", "gamma",
            "delta", "beta", "recall", "precision", "specificity", "sensitivity",
        ), number,
    ),
    **dict.fromkeys(
        (
            "weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "ema_momentum", "loss_scale_factor",
            "warmup_target",
        ), optional(number),
    ),
    **dict.fromkeys(
        (
            "sparse", "ragged", "optional", "quantization_config", "lora_rank", "lora_alpha", "weights", "renorm",
            "renorm_clipping",
        ), kinds.nothing,
    ),
}  # fmt: skip


def keys_of(text: str) -> tuple[str, ...]:
    """The keys that an entry lists, its words in capitals replaced by what they stand for."""
    found: list[str] = []
    for word in text.split():
        found += keys_of(_WORDS[word]) if word in _WORDS else [word]
    return tuple(found)


def keys_of_layer(name: str) -> tuple[str, ...]:
    """The keys of a layer of the table."""
    return keys_of(f"{LAYERS[name]} {_COMMON}")
