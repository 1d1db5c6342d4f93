"""The stream of chance inside kernels."""

import numpy as np
import pytest
from numba import njit
from scipy import stats

from swarm.chance import below, draw, seed_from, seeded, shuffle, shuffled, uniform


def test_published_values_of_splitmix64() -> None:
    # The first draws for the seed 1234567, of the reference implementation in C.
    stream = seeded(1234567)
    assert [int(draw(stream)) for _ in range(5)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


@njit
def sample(number: int, bound: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    stream = seeded(seed)
    units, wholes = np.empty(number), np.empty(number, np.int64)
    for i in range(number):
        units[i], wholes[i] = uniform(stream), below(stream, bound)
    return units, wholes


def test_draws_are_uniform() -> None:
    units, wholes = sample(100_000, 7, seed_from(np.random.default_rng(1)))
    assert units.min() >= 0
    assert units.max() < 1
    assert stats.kstest(units, "uniform").pvalue > 1e-4
    assert stats.chisquare(np.bincount(wholes, minlength=7)).pvalue > 1e-4
    assert abs(np.corrcoef(units[1:], units[:-1])[0, 1]) < 4 / 100_000**0.5


def test_all_orders_are_as_likely() -> None:
    stream = seeded(3)
    orders = [tuple(shuffled(4, stream)) for _ in range(24_000)]
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 24
    assert stats.chisquare(counts).pvalue > 1e-4


def test_shuffling_keeps_the_values_and_equal_seeds_give_equal_orders() -> None:
    values = np.arange(10.0, 20.0)
    shuffle(values, seeded(5))
    again = np.arange(10.0, 20.0)
    shuffle(again, seeded(5))
    assert sorted(values) == list(range(10, 20))
    assert values.tolist() == again.tolist() != list(range(10, 20))
    assert shuffled(0, seeded(1)).tolist() == []


def test_a_seed_is_one_draw_of_the_stream() -> None:
    rng, other = np.random.default_rng(4), np.random.default_rng(4)
    assert seed_from(rng) == other.integers(2**63)
    assert rng.random() == pytest.approx(other.random(), abs=0)
