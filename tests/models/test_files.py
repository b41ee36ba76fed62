"""What a model says when it is asked for a file."""

import re

import numpy as np
import pytest

import minirnn
from minirnn import layers, models

X = np.ones((2, 3, 1), "float32")


@pytest.fixture
def model():
    return models.Sequential([minirnn.Input((3, 1)), layers.SimpleRNN(2), layers.Dense(1)])


@pytest.mark.parametrize("method", ["save", "save_weights", "load_weights"])
def test_a_model_asked_for_a_file_names_the_way_without_one(model, method):
    with pytest.raises(NotImplementedError, match=rf"^model\.{method}: models are not kept in files yet; [^\n]+$"):
        getattr(model, method)("model.keras")


def test_so_do_the_functions_of_keras():
    from minirnn.saving import save_model

    from minirnn.models import load_model

    for function in (load_model, save_model):
        with pytest.raises(NotImplementedError, match="models are not kept in files yet"):
            function("model.keras")


def test_the_way_that_the_message_names_gives_the_same_model(model, tmp_path):
    with pytest.raises(NotImplementedError) as error:
        model.save("model.keras")
    names = {"numpy": np, "model": model, "models": models, "file": tmp_path / "weights.npz", "text": model.to_json()}
    steps = re.search(
        "by (numpy.savez.*?), the .*(models.model_from_json.*) and (model.set_weights.*)", str(error.value)
    )
    wanted = model.predict(X, verbose=0)
    eval(steps[1], names)
    names["model"] = eval(steps[2], names)
    eval(steps[3], names)
    np.testing.assert_array_equal(names["model"].predict(X, verbose=0), wanted)
