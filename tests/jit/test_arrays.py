"""What a kernel takes for an array: its address and shape, and nothing that has other axes."""

import numpy as np
import pytest

from minirnn.jit import JIT_ENABLED
from minirnn.kernels.finite import all_finite


@pytest.mark.skipif(not JIT_ENABLED, reason="a plain function takes anything")
@pytest.mark.parametrize("given", [np.zeros(3, "f4"), np.zeros((2, 3, 4), "f4"), (1, 2, 3), "ab", None, 3, object()])
def test_specialised_code_refuses_what_has_other_axes(given):
    run = all_finite.specialise(np.zeros((2, 3), "f4"))
    assert run(np.zeros((4, 5), "f4"))
    with pytest.raises(TypeError, match="no array of 2 axes"):
        run(given)
