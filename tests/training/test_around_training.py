"""Training runs of the layers around recurrent ones, with every regularizer and constraint they take: Keras's."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from tests.layers.both import compare_configs

N, T, F = 6, 5, 4


def rules(library, *weights):
    """A regularizer and a constraint for each of these weights."""
    regularizer, constraint = library.regularizers.L1L2(0.01, 0.05), library.constraints.MaxNorm(0.9)
    return {
        **{f"{name}_regularizer": regularizer for name in weights},
        **{f"{name}_constraint": constraint for name in weights},
    }


SCALED = ("gamma", "beta")
LAYERS = {
    "Conv1D": lambda lib: lib.layers.Conv1D(
        3, 2, padding="causal", activity_regularizer="l2", **rules(lib, "kernel", "bias")
    ),
    "Conv1D, groups": lambda lib: lib.layers.Conv1D(4, 3, groups=2, **rules(lib, "kernel", "bias")),
    "BatchNormalization": lambda lib: lib.layers.BatchNormalization(momentum=0.5, **rules(lib, *SCALED)),
    "renorm": lambda lib: lib.layers.BatchNormalization(
        renorm=True, renorm_momentum=0.6, renorm_clipping={"rmax": 2, "dmax": 1.5}, **rules(lib, *SCALED)
    ),
    "LayerNormalization": lambda lib: lib.layers.LayerNormalization(**rules(lib, *SCALED)),
    "GroupNormalization": lambda lib: lib.layers.GroupNormalization(2, **rules(lib, *SCALED)),
    "RMSNormalization": lambda lib: lib.layers.RMSNormalization(activity_regularizer="l2"),
    "PReLU": lambda lib: lib.layers.PReLU("ones", shared_axes=[1], **rules(lib, "alpha")),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_training_run_is_that_of_keras(twins, name):
    def make(library):
        ls = library.layers
        # Without a bias: a normalization takes it out again, and Adam would divide rounding by rounding.
        chain = [ls.Dense(F, use_bias=False), LAYERS[name](library), ls.GlobalAveragePooling1D(), ls.Dense(2)]
        return library.Sequential([library.Input((T, F)), *chain])

    ours, theirs = twins(make, lambda library: library.optimizers.Adam(0.05), "mse")
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((N, T, F)), rng.standard_normal((N, 2))
    fitted = [model.fit(x, y, batch_size=3, epochs=4, shuffle=False, verbose=0) for model in (ours, theirs)]
    np.testing.assert_allclose(*(run.history["loss"] for run in fitted), rtol=1e-9)
    for weight, other in zip(ours.weights, theirs.get_weights(), strict=True):
        np.testing.assert_allclose(weight.numpy(), other, rtol=1e-9, atol=1e-11, err_msg=weight.path)
    np.testing.assert_allclose(ours.evaluate(x, y, verbose=0), theirs.evaluate(x, y, verbose=0), rtol=1e-9)


@pytest.mark.parametrize("name", LAYERS)
def test_configurations_with_rules_are_those_of_keras(keras, name):
    compare_configs(LAYERS[name])
    assert LAYERS[name](minirnn).get_config().keys() == LAYERS[name](keras).get_config().keys()
