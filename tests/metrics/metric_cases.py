"""How a metric is compared with Keras's: the same batches, one after the other, and once more after a reset."""

from __future__ import annotations

import numpy as np

from minirnn import metrics

# float32 sums in Keras, float64 sums here.
TOLERANCE = {"rtol": 3e-6, "atol": 1e-6}


def assert_twins(keras, name, batches, **options):
    """Return the result after the last batch, for what else there is to say about it."""
    ours, theirs = getattr(metrics, name)(**options), getattr(keras.metrics, name)(**options)
    for batch in batches:
        ours.update_state(*batch)
        theirs.update_state(*batch)
        mine, other = ours.result(), np.asarray(theirs.result())
        assert np.shape(mine) == other.shape
        np.testing.assert_allclose(mine, other, **TOLERANCE)
    assert isinstance(mine, np.ndarray) if other.ndim else type(mine) is float
    for metric in (ours, theirs):
        metric.reset_state()
    first = ours(*batches[0])
    np.testing.assert_allclose(first, np.asarray(theirs(*batches[0])), **TOLERANCE)
    copy = metrics.deserialize(metrics.serialize(ours))
    assert copy.get_config() == ours.get_config()
    np.testing.assert_array_equal(copy(*batches[0]), first)
    read = keras.metrics.deserialize(metrics.serialize(ours))
    np.testing.assert_allclose(np.asarray(read(*batches[0])), first, **TOLERANCE)
    return mine
