"""Merging layers as layers: symbolic calls, names, configurations and shapes as Keras's, and one-line errors."""

from __future__ import annotations

import json

import numpy as np
import pytest

import minirnn
from minirnn import Input, layers
from minirnn.layers.naming import reset_names

ELEMENTWISE = ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"]
CONFIGURED = [(name, {}) for name in ELEMENTWISE]
CONFIGURED += [("Concatenate", {}), ("Concatenate", {"axis": 1}), ("Dot", {"axes": 1})]
CONFIGURED += [("Dot", {"axes": (1, 2), "normalize": True}), ("Dot", {"axes": -1})]
every_config = pytest.mark.parametrize("name, options", CONFIGURED, ids=str)

SYMBOLIC = [
    *[(name, {}, [(4, 3), (4, 3)]) for name in ELEMENTWISE],
    ("Add", {}, [(None, 3), (None, 3)]),
    ("Add", {}, [(None, 3), (4, 1)]),
    ("Add", {}, [(1, 3), (4, 3)]),
    ("Multiply", {}, [(3,), (None, 5, 3)]),
    ("Average", {}, [(2,), (2,), (1,)]),
    ("Concatenate", {}, [(4, 3), (4, 2)]),
    ("Concatenate", {"axis": 1}, [(None, 3), (4, 3)]),
    ("Concatenate", {"axis": -2}, [(2, 3), (4, 3), (1, 3)]),
    ("Concatenate", {}, [(None, 3), (5, 3)]),
    ("Dot", {"axes": 1}, [(3,), (3,)]),
    ("Dot", {"axes": -1}, [(None, 3), (3,)]),
    ("Dot", {"axes": (1, 2)}, [(None, 3), (4, None)]),
    ("Dot", {"axes": (2, -1), "normalize": True}, [(4, 3), (5, 3)]),
]


@pytest.mark.parametrize("batches", [(None, None), (2, 2), (None, 2)], ids=str)
@pytest.mark.parametrize("name, options, shapes", SYMBOLIC, ids=str)
def test_a_symbolic_call_has_the_shape_of_keras(keras, name, options, shapes, batches):
    def result(library):
        layer = getattr(library.layers, name)(**options)
        sizes = (*batches, batches[0])
        return layer, layer([library.Input(s, batch_size=n) for s, n in zip(shapes, sizes, strict=False)])

    (ours, y), (theirs, keras_y) = result(minirnn), result(keras)
    assert y.shape == tuple(keras_y.shape) and y.dtype == "float32"
    known = [(size, *shape) for size, shape in zip((*batches, None), shapes, strict=False)]
    assert ours.compute_output_shape(known) == tuple(theirs.compute_output_shape(known))
    assert ours.output_shape == ours.compute_output_shape(known)
    assert ours.built and ours.weights == [] and ours.output is y and ours.count_params() == 0


@pytest.mark.parametrize("common", [{}, {"dtype": "float64"}, {"trainable": False}], ids=str)
@every_config
def test_the_configuration_is_that_of_keras_here_and_there(keras, name, options, common):
    ours = getattr(layers, name)(**options, **common, name="mine")
    theirs = getattr(keras.layers, name)(**options, **common, name="mine")
    assert ours.get_config() == theirs.get_config()
    read = json.loads(json.dumps(theirs.get_config()))
    assert json.loads(json.dumps(getattr(layers, name).from_config(read).get_config())) == read
    assert getattr(keras.layers, name).from_config(ours.get_config()).get_config() == theirs.get_config()


@pytest.mark.parametrize("name", [*ELEMENTWISE, "Concatenate", "Dot"])
def test_layers_are_named_and_counted_as_in_keras(keras, name):
    options = {"axes": 1} if name == "Dot" else {}

    def names(library):
        kind, function = getattr(library.layers, name), getattr(library.layers, name.lower())
        first = kind(**options).name
        function([library.Input((3,)), library.Input((3,))], **options)
        return [first, kind(**options).name]

    keras.utils.clear_session()
    reset_names()
    assert names(minirnn) == names(keras) == [name.lower(), f"{name.lower()}_2"]


def test_masks_are_given_for_each_input():
    layer, xs = layers.Add(), [np.ones((2, 3, 1))] * 2
    mask = np.array([[True, False, True]] * 2)
    assert layer.compute_mask(xs, None) is None
    assert layer.compute_mask(xs, [mask, None]) is None
    assert layers.Dot(2).compute_mask(xs, [mask, mask]) is None
    for call in (layer.compute_mask, lambda xs, mask: layer(xs, mask=mask)):
        for wrong, what in ((mask, "a ndarray"), ([mask], "1 entries")):
            with pytest.raises(ValueError, match=f"list of 2 masks, None where an input has none, got {what}"):
                call(xs, wrong)


ONE, TWO, ROW = np.ones((2, 3)), np.ones((2, 4)), np.ones((2, 5, 3))
REFUSED = [
    ("Add", {}, ONE, "takes a list of inputs, got one tensor"),
    ("Add", {}, [], "takes at least one input, got 0"),
    ("Add", {}, [ONE, TWO], r"shapes \(2, 3\) and \(2, 4\), which do not fit"),
    ("Maximum", {}, [TWO, ROW], "do not fit; axes must be equal, or 1"),
    ("Multiply", {}, [ONE, np.ones((1, 3))], r"batches of different sizes, \(2, 3\) and \(1, 3\)"),
    ("Subtract", {}, [ONE], "takes exactly 2 inputs, got 1"),
    ("Subtract", {}, [ONE] * 3, "takes exactly 2 inputs, got 3"),
    ("Concatenate", {}, ONE, "takes a list of inputs"),
    ("Concatenate", {}, [], "takes at least one input"),
    ("Concatenate", {}, [ROW, np.ones((2, 4, 3))], "all axes but -1 must be equal"),
    ("Concatenate", {"axis": 1}, [ROW, ONE], "all axes but 1 must be equal"),
    ("Concatenate", {"axis": 3}, [ROW, ROW], "joins along axis 3, which inputs of 3 axes do not have"),
    ("Concatenate", {"axis": -4}, [ROW, ROW], "joins along axis -4"),
    ("Dot", {"axes": 1}, [ONE], "takes exactly 2 inputs, got 1"),
    ("Dot", {"axes": 1}, [ONE, TWO], "axes of lengths 3 and 4"),
    ("Dot", {"axes": (2, 1)}, [ROW, ROW], "axes of lengths 3 and 5"),
    ("Dot", {"axes": 2}, [ONE, ROW], r"axis 2, which an input of shape \(.*, 3\) does not have"),
    ("Dot", {"axes": 0}, [ONE, ONE], "cannot sum along the batch"),
    ("Dot", {"axes": (1, -2)}, [ONE, ONE], "cannot sum along the batch"),
    ("Dot", {"axes": 1}, [ONE, np.ones((3, 3))], "batches of different sizes"),
]


def inputs_like(structure, library):
    """Symbolic inputs of the shapes of arrays, their batch sizes known."""
    if isinstance(structure, list):
        return [inputs_like(entry, library) for entry in structure]
    return library.Input(structure.shape[1:], batch_size=structure.shape[0])


@pytest.mark.parametrize("name, options, xs, message", REFUSED, ids=lambda v: v if isinstance(v, str) else None)
def test_inputs_that_do_not_fit_are_refused_in_one_line_as_arrays_and_in_models(keras, name, options, xs, message):
    for given in (xs, inputs_like(xs, minirnn)):
        layer = getattr(layers, name)(**options)
        with pytest.raises(ValueError, match=message) as caught:
            layer(given)
        assert "\n" not in str(caught.value) and layer.name in str(caught.value)
        assert not layer.built and not layer.nodes
    # Keras refuses them, too, in one way or another.
    with pytest.raises(Exception):  # noqa: B017
        getattr(keras.layers, name)(**options)(xs)


def test_a_layer_that_was_called_refuses_what_does_not_fit_as_at_its_first_call():
    layer = layers.Concatenate(axis=1)
    layer([ONE, TWO])
    with pytest.raises(ValueError, match="all axes but 1"):
        layer([ONE, ROW])
    with pytest.raises(ValueError, match="takes a list of inputs"):
        layer(ONE)


def test_what_is_no_array_is_refused_with_its_place():
    with pytest.raises(ValueError, match=r"my_add, input 1: got nan at index \[0, 2\]"):
        layers.Add(name="my_add")([ONE, np.array([[1, 2, np.nan]] * 2)])
    with pytest.raises(TypeError, match="input 0: got None"):
        layers.Add()([None, ONE])
    with pytest.raises(ValueError, match="takes a list of inputs, got a dict"):
        layers.Add()({"a": ONE, "b": ONE})
    with pytest.raises(ValueError, match="takes a list of inputs, got a dict"):
        layers.Add()({"a": Input((3,)), "b": Input((3,))})
    with pytest.raises(ValueError, match="flat list"):
        layers.Add()([[Input((3,)), Input((3,))], Input((3,))])
    with pytest.raises(TypeError, match="ndarray among symbolic tensors"):
        layers.Add()([Input((3,)), ONE])


@pytest.mark.parametrize("axes", [1.5, "1", None, True, (1, "2"), (1, True)])
def test_axes_of_dot_are_whole_numbers(axes):
    with pytest.raises(TypeError, match="must be a whole number"):
        layers.Dot(axes)


def test_axes_of_dot_are_one_or_two():
    with pytest.raises(ValueError, match=r"must be one axis or a pair, got \(1, 2, 3\)"):
        layers.Dot((1, 2, 3))


@pytest.mark.parametrize("axis", [1.5, "1", None, True])
def test_the_axis_of_concatenate_is_a_whole_number(axis):
    with pytest.raises(TypeError, match="Concatenate axis must be a whole number"):
        layers.Concatenate(axis)


def test_arrays_may_be_joined_along_the_batch_but_the_samples_of_a_model_may_not():
    np.testing.assert_array_equal(layers.concatenate([ONE, 2 * ONE], axis=0), np.concatenate([ONE, 2 * ONE]))
    for axis in (0, -2):
        with pytest.raises(ValueError, match=f"cannot join batches .axis {axis}. in a model"):
            layers.Concatenate(axis)([Input((3,)), Input((3,))])
