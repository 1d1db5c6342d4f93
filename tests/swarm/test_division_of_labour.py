"""The division-of-labour index: hand values, a plain reference, and what chance makes of it."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.emergence import (
    AgainstChance,
    TableError,
    division_against_chance,
    division_of_labour,
)
from swarm.emergence.division_of_labour import Normalisation, _tables_alike


def entropy(shares: list[float]) -> float:
    return -sum(share * math.log2(share) for share in shares if share > 0)


def reference(work: list[list[int]]) -> tuple[float, float, float]:
    """H(individual), H(task), and I as what is left of H(task) when the individual is known."""
    total = sum(map(sum, work))
    individuals = [sum(row) / total for row in work]
    tasks = [sum(column) / total for column in zip(*work, strict=True)]
    unsure = sum(
        share * entropy([times / sum(row) for times in row])
        for share, row in zip(individuals, work, strict=True)
        if share > 0
    )
    return entropy(individuals), entropy(tasks), entropy(tasks) - unsure


tables = st.integers(1, 5).flatmap(
    lambda tasks: st.lists(
        st.lists(st.integers(0, 30), min_size=tasks, max_size=tasks), min_size=1, max_size=7
    )
)


@settings(deadline=None, max_examples=200)
@given(work=tables.filter(lambda work: any(map(any, work))))
def test_indices_follow_from_entropies(work: list[list[int]]) -> None:
    individuals, tasks, information = reference(work)
    found = division_of_labour(work)
    measured = (found.individuals, found.tasks, found.information)
    assert measured == pytest.approx((individuals, tasks, information), abs=1e-12)
    for index, whole in (
        (found.by_task, found.tasks),
        (found.by_individual, found.individuals),
        (found.symmetric, math.sqrt(found.tasks * found.individuals)),
    ):
        if whole == 0:
            assert math.isnan(index)
        else:
            assert index == pytest.approx(found.information / whole)
            assert 0 <= index <= 1 + 1e-12


@given(work=tables.filter(lambda work: any(map(any, work))), seed=st.integers(0, 99))
def test_units_order_and_the_idle_do_not_matter(work: list[list[int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = np.array(work)
    moved = np.pad(table, ((0, 1), (0, 2)))[rng.permutation(len(table) + 1)] / 60.0
    before, after = division_of_labour(table), division_of_labour(moved)
    for name in ("by_task", "by_individual", "symmetric", "information"):
        np.testing.assert_allclose(getattr(before, name), getattr(after, name), atol=1e-12)


@pytest.mark.parametrize(
    ("work", "by_task", "by_individual", "symmetric"),
    [
        ([[5, 0], [0, 5]], 1, 1, 1),
        ([[7, 7], [2, 2]], 0, 0, 0),
        # One bit less the entropy of a quarter, 0.811 bits.
        ([[3, 1], [1, 3]], 0.188722, 0.188722, 0.188722),
        # Four specialists of two tasks: one bit of one, of two, of √2.
        ([[4, 0], [4, 0], [0, 4], [0, 4]], 1, 0.5, 1 / math.sqrt(2)),
        # Everybody has three tasks of their own: one bit of log2 6, and of one.
        ([[2, 2, 2, 0, 0, 0], [0, 0, 0, 2, 2, 2]], 1 / math.log2(6), 1, math.log2(6) ** -0.5),
        # A specialist beside a generalist who works three times as much: H(task) of 5/8 and 3/8
        # is 0.954434 bits, of which three quarters of a bit stay unknown.
        ([[2, 0], [3, 3]], 0.204434 / 0.954434, 0.204434 / 0.811278, 0.232324),
    ],
)
def test_values_by_hand(
    work: list[list[int]], by_task: float, by_individual: float, symmetric: float
) -> None:
    found = division_of_labour(work)
    assert found.by_task == pytest.approx(by_task, abs=1e-5)
    assert found.by_individual == pytest.approx(by_individual, abs=1e-5)
    assert found.symmetric == pytest.approx(symmetric, abs=1e-5)


def test_where_nothing_can_be_divided_the_index_is_undefined() -> None:
    for work in (np.zeros((3, 2)), np.zeros((0, 2)), np.zeros((0, 0))):
        assert math.isnan(division_of_labour(work).by_task)
    one_task = division_of_labour([[5, 0], [3, 0]])
    assert math.isnan(one_task.by_task)
    assert math.isnan(one_task.symmetric)
    assert one_task.by_individual == 0
    assert math.isnan(division_of_labour([[5, 3]]).by_individual)
    chance = division_against_chance([[5, 0], [3, 0]], np.random.default_rng(0), 9)
    assert all(math.isnan(each) for each in (chance.observed, chance.z, chance.as_high))


# Against chance


def tables_of(rows: tuple[int, int], columns: tuple[int, int]) -> Iterator[tuple[float, float]]:
    """Every two by two table with these sums: its index, and its hypergeometric probability."""
    for corner in range(min(rows[0], columns[0]) + 1):
        table = [
            [corner, rows[0] - corner],
            [columns[0] - corner, rows[1] - columns[0] + corner],
        ]
        if table[1][1] >= 0:
            ways = math.comb(columns[0], corner) * math.comb(columns[1], rows[0] - corner)
            probability = ways / math.comb(sum(rows), rows[0])
            _, tasks, information = reference(table)
            yield information / tasks, probability


def test_chance_is_that_of_permuted_performers() -> None:
    draws = 4000
    exact = list(tables_of((6, 4), (7, 3)))  # the sums of [[5, 1], [2, 2]]
    assert sum(probability for _, probability in exact) == pytest.approx(1)
    mean = sum(index * probability for index, probability in exact)
    spread = math.sqrt(sum((index - mean) ** 2 * share for index, share in exact))
    found = division_against_chance([[5, 1], [2, 2]], np.random.default_rng(1), draws)
    assert abs(found.mean - mean) < 4 * spread / math.sqrt(draws)
    assert found.deviation == pytest.approx(spread, rel=0.1)
    reached = sum(share for index, share in exact if index >= found.observed - 1e-9)
    assert abs(found.as_high - reached) < 4 * math.sqrt(reached * (1 - reached) / draws)


@given(work=tables, seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=50)
def test_surrogates_keep_what_everybody_did_and_what_was_done(
    work: list[list[int]], seed: int
) -> None:
    table = np.array(work)
    alike = _tables_alike(table, 5, seed)
    assert alike.shape == (5, *table.shape)
    assert (alike >= 0).all()
    assert (alike.sum(axis=1) == table.sum(axis=0)).all()
    assert (alike.sum(axis=2) == table.sum(axis=1)).all()


def test_little_work_looks_divided_and_chance_says_so() -> None:
    ten_acts = np.zeros((10, 3), dtype=int)
    ten_acts[np.arange(10), np.arange(10) % 3] = 1
    found = division_against_chance(ten_acts, np.random.default_rng(0), 50)
    assert found.observed == pytest.approx(1)
    assert found.z == 0
    assert found.as_high == 1


def test_planted_specialists_stand_out_and_equals_do_not() -> None:
    rng = np.random.default_rng(4)
    planted = np.kron(np.eye(3, dtype=int), np.full((10, 1), 20))
    specialists = division_against_chance(planted, rng, 100)
    assert specialists.observed == pytest.approx(1)
    assert specialists.z > 50
    assert specialists.as_high == pytest.approx(1 / 101)
    equals = rng.multinomial(20, [0.5, 0.3, 0.2], size=30)
    found = division_against_chance(equals, rng, 100)
    assert 0.02 < found.mean < 0.1  # the bias of small counts
    assert abs(found.z) < 4


def test_equals_are_as_often_above_chance_as_below() -> None:
    rng = np.random.default_rng(7)
    colonies = 150
    shares = [
        division_against_chance(rng.multinomial(12, [0.6, 0.4], size=8), rng, 60).as_high
        for _ in range(colonies)
    ]
    assert abs(np.mean(shares) - 0.5) < 4 * math.sqrt(1 / 12 / colonies)
    rare = np.mean(np.array(shares) <= 0.1)
    assert rare < 0.1 + 4 * math.sqrt(0.09 / colonies)


def test_every_index_can_be_compared() -> None:
    planted = np.kron(np.eye(2, dtype=int), np.full((4, 1), 9))
    values: dict[Normalisation, float] = {
        "by_task": 1,
        "by_individual": 1 / 3,
        "symmetric": 3**-0.5,
    }
    for index, value in values.items():
        found = division_against_chance(planted, np.random.default_rng(0), 20, index)
        assert found.observed == pytest.approx(value)
        assert found.z > 4


def test_surrogates_that_cannot_differ_give_no_deviations() -> None:
    assert AgainstChance.of(0.5, [0.5, 0.5]).z == 0
    assert AgainstChance.of(0.7, [0.5, 0.5]).z == np.inf
    assert AgainstChance.of(0.3, [0.5, 0.5]).z == -np.inf
    assert AgainstChance.of(3.0, [1.0, 2.0, 3.0]) == AgainstChance(3.0, 2.0, 1.0, 3, 0.5)


def test_errors_say_what_is_allowed() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(TableError, match=r"two dimensions.*got shape \(3,\)"):
        division_of_labour([1, 2, 3])
    with pytest.raises(TableError, match="at least 0"):
        division_of_labour([[1, -2]])
    with pytest.raises(TableError, match="finite"):
        division_of_labour([[1.0, np.inf]])
    with pytest.raises(TableError, match=r"whole acts.*got 0\.5"):
        division_against_chance([[1.0, 0.5], [1.0, 1.0]], rng)
    with pytest.raises(ValueError, match="by_task, by_individual, symmetric"):
        division_against_chance([[1, 1]], rng, index="by_row")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 2 surrogates"):
        division_against_chance([[1, 2], [2, 1]], rng, draws=1)
    for draws in (1.5, 1):
        with pytest.raises(ValueError, match="draws must be a whole number"):
            division_against_chance([[5, 0], [1, 4]], np.random.default_rng(0), draws)  # type: ignore[arg-type]
