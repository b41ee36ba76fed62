"""Losses: one kernel that serves every rule, and the rules by name."""

from __future__ import annotations

from minirnn.jit import Static
from minirnn.kernels.losses import crossentropy, focal, margins, regression
from minirnn.kernels.losses.rows import EPSILON, elementwise_row, loss, probability_row

__all__ = ["EPSILON", "RULES", "loss"]

_ELEMENTWISE = {
    "mean_squared_error": regression.squared_error,
    "mean_absolute_error": regression.absolute_error,
    "mean_absolute_percentage_error": regression.absolute_percentage_error,
    "mean_squared_logarithmic_error": regression.squared_logarithmic_error,
    "huber": regression.huber_error,
    "log_cosh": regression.log_cosh_error,
    "poisson": crossentropy.poisson_error,
    "binary_crossentropy_from_logits": crossentropy.binary_crossentropy_of_logit,
    "binary_focal_crossentropy_from_logits": focal.binary_focal_of_logit,
    "hinge": margins.hinge_error,
    "squared_hinge": margins.squared_hinge_error,
}
_OF_PROBABILITIES = {
    "binary_crossentropy": crossentropy.binary_crossentropy_of_probability,
    "binary_focal_crossentropy": focal.binary_focal_of_probability,
}
_OF_ROWS = {
    "cosine_similarity": regression.cosine_row,
    "kl_divergence": crossentropy.kl_divergence_row,
    "categorical_crossentropy": crossentropy.categorical_row,
    "categorical_crossentropy_from_logits": crossentropy.categorical_logit_row,
    "categorical_focal_crossentropy": focal.categorical_focal_row,
    "categorical_focal_crossentropy_from_logits": focal.categorical_focal_logit_row,
    "sparse_categorical_crossentropy": crossentropy.sparse_row,
    "sparse_categorical_crossentropy_from_logits": crossentropy.sparse_logit_row,
    "categorical_hinge": margins.categorical_hinge_row,
}
RULES = {
    **{name: Static(("loss", name), row=elementwise_row, element=element) for name, element in _ELEMENTWISE.items()},
    **{name: Static(("loss", name), row=probability_row, element=e) for name, e in _OF_PROBABILITIES.items()},
    **{name: Static(("loss", name), row=row) for name, row in _OF_ROWS.items()},
}
