"""One seed decides all that is random."""

from __future__ import annotations

import random as python_random
import threading

import numpy as np
import pytest

from minirnn import random
from minirnn.utils import set_random_seed


def draws():
    return python_random.random(), np.random.rand(), random.next_seed(), random.generator().random()


def test_set_random_seed_restarts_python_numpy_and_minirnn():
    set_random_seed(3)
    first = draws()
    assert set(first).isdisjoint(draws())
    set_random_seed(3)
    assert draws() == first
    set_random_seed(4)
    assert set(first).isdisjoint(draws())


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_numpy_cannot_take_is_refused_before_anything_changes(seed):
    set_random_seed(3)
    first = draws()
    set_random_seed(3)
    with pytest.raises(ValueError, match="between 0 and"):
        set_random_seed(seed)
    assert draws() == first


@pytest.mark.parametrize("seed", [None, 1.0, "1", True, np.True_])
def test_a_seed_must_be_an_integer(seed):
    with pytest.raises(TypeError, match="seed must be an integer"):
        set_random_seed(seed)


def test_numpy_integers_and_negative_numbers_are_seeds_of_a_generator():
    assert random.generator(np.int64(5)).random() == random.generator(5).random()
    assert random.generator(-5).random() == random.generator(-5).random() != random.generator(5).random()


def test_seed_generators_of_one_seed_run_alike():
    a, b = random.SeedGenerator(9), random.SeedGenerator.from_config(random.SeedGenerator(9).get_config())
    assert [a.next() for _ in range(5)] == [b.next() for _ in range(5)]
    assert random.generator(a).random() != random.generator(a).random()


def test_threads_that_draw_at_once_get_different_seeds():
    seeds: list[list[int]] = [[] for _ in range(4)]

    def draw(into):
        into.extend(random.next_seed() for _ in range(500))

    threads = [threading.Thread(target=draw, args=(into,)) for into in seeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({s for into in seeds for s in into}) == 2000


def test_the_draws_of_a_seed_never_change():
    # Written down once: models trained with a seed shall be repeatable with later versions.
    set_random_seed(42)
    assert [random.next_seed() for _ in range(2)] == [1026847926404610461, 6839596180442651345]
    np.testing.assert_array_equal(random.uniform((3,), seed=1), np.float32([0.5118216, 0.9504637, 0.14415962]))
