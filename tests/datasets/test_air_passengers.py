import numpy as np

from minirnn.datasets import load_air_passengers


def test_the_series_is_the_one_that_box_and_jenkins_print():
    months, passengers = load_air_passengers()
    assert (months[0], months[-1], len(months)) == ("1949-01", "1960-12", 144)
    assert passengers.dtype == np.float64
    assert passengers.shape == (144,)
    assert passengers[:6].tolist() == [112, 118, 132, 129, 121, 135]
    assert passengers[-6:].tolist() == [622, 606, 508, 461, 390, 432]
    assert passengers.sum() == 40363


def test_every_load_gives_an_array_of_its_own():
    load_air_passengers()[1][:] = 0
    assert load_air_passengers()[1].min() == 104
