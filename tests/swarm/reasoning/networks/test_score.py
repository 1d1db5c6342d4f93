"""Family scores against their definitions, on random data."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from swarm.reasoning.networks.counting import DataError, columns_of, number_configurations
from swarm.reasoning.networks.equivalence import equivalent
from swarm.reasoning.networks.score import FamilyScores
from tests.swarm.reasoning.networks.planted import Graph, graphs

Table = tuple[NDArray[np.int64], NDArray[np.int64]]


@st.composite
def tables(draw: st.DrawFn, variables: int = 4) -> Table:
    cards = draw(st.lists(st.integers(1, 4), min_size=variables, max_size=variables))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return rng.integers(0, cards, size=(draw(st.integers(1, 40)), variables)), np.array(cards)


def reference_counts(table: Table, child: int, parents: list[int]) -> NDArray[np.float64]:
    data, cards = table
    rows = list(product(*(range(cards[p]) for p in parents)))
    counts = np.zeros((len(rows), cards[child]))
    for case in data:
        counts[rows.index(tuple(case[parents])), case[child]] += 1
    return counts


def reference_bic(table: Table, child: int, parents: list[int]) -> float:
    counts = reference_counts(table, child, parents)
    likelihood = sum(
        n * math.log(n / row.sum()) for row in counts for n in row if n > 0
    )  # the likelihood at its maximum
    free = len(counts) * (counts.shape[1] - 1)
    return likelihood - 0.5 * math.log(len(table[0])) * free


def reference_bdeu(table: Table, child: int, parents: list[int], sample: float) -> float:
    counts = reference_counts(table, child, parents)
    row_prior = sample / len(counts)
    cell_prior = row_prior / counts.shape[1]
    return sum(
        math.lgamma(row_prior)
        - math.lgamma(row_prior + row.sum())
        + sum(math.lgamma(cell_prior + n) - math.lgamma(cell_prior) for n in row)
        for row in counts
    )


@settings(deadline=None, max_examples=150)
@given(table=tables(), child=st.integers(0, 3), data=st.data())
def test_families_equal_their_definitions(table: Table, child: int, data: st.DataObject) -> None:
    parents = data.draw(st.lists(st.sampled_from([v for v in range(4) if v != child]), unique=True))
    assert FamilyScores(*table).family(child, parents) == pytest.approx(
        reference_bic(table, child, parents), abs=1e-9
    )
    assert FamilyScores(*table, "bdeu", 3.0).family(child, parents) == pytest.approx(
        reference_bdeu(table, child, parents, 3.0), abs=1e-9
    )


@settings(deadline=None, max_examples=100)
@given(table=tables(), child=st.integers(0, 3), kind=st.sampled_from(["bic", "bdeu"]))
def test_toggled_families_equal_single_ones(table: Table, child: int, kind: str) -> None:
    scores, fresh = (FamilyScores(*table, kind) for _ in range(2))  # type: ignore[arg-type]
    others = [v for v in range(4) if v != child]
    for parents in (set(), {others[1]}, set(others)):
        row = scores.toggled(child, parents)
        assert row[child] == fresh.family(child, parents)
        for p in others:
            assert row[p] == pytest.approx(fresh.family(child, parents ^ {p}), abs=1e-9)


@settings(deadline=None, max_examples=150)
@given(table=tables(), first=graphs(4, 4), second=graphs(4, 4), kind=st.sampled_from([0, 1]))
def test_equivalent_graphs_score_equally(
    table: Table, first: Graph, second: Graph, kind: int
) -> None:
    scores = FamilyScores(*table, ("bic", "bdeu")[kind])  # type: ignore[arg-type]
    reversed_arcs = [
        turned for i, j in np.argwhere(first) if equivalent_turn(first, turned := turn(first, i, j))
    ]
    for other in [*reversed_arcs, *([second] if equivalent(first, second) else [])]:
        assert scores.network(other) == pytest.approx(scores.network(first), abs=1e-8)


def turn(graph: Graph, i: int, j: int) -> Graph:
    turned = graph.copy()
    turned[i, j], turned[j, i] = False, True
    return turned


def equivalent_turn(graph: Graph, turned: Graph) -> bool:
    try:
        return equivalent(graph, turned)
    except ValueError:  # turning that arc closes a cycle
        return False


def test_the_cache_keeps_each_family_once_whatever_the_order() -> None:
    rng = np.random.default_rng(1)
    scores = FamilyScores(rng.integers(0, 2, size=(50, 4)), [2, 2, 2, 2])
    assert scores.family(0, [3, 1]) == scores.family(0, (1, 3))
    assert scores.cached == 1
    assert scores.toggled(0, [3, 1]) is scores.toggled(0, [1, 3])
    assert scores.cached == 5
    with pytest.raises(ValueError, match="read-only"):
        scores.toggled(0, [1, 3])[0] = 0.0


def test_many_parents_need_no_more_room_than_cases() -> None:
    rng = np.random.default_rng(2)
    data = rng.integers(0, 30, size=(20, 12))
    index = np.empty(20, np.int64)
    number = number_configurations(*columns_of(data, [30] * 12), np.arange(11), index)
    assert number == len(np.unique(data[:, :11], axis=0)) == index.max() + 1
    assert FamilyScores(data, [30] * 12).family(11, range(11)) < -1e16  # 30^11 configurations


@settings(deadline=None)
@given(table=tables(), nodes=st.lists(st.integers(0, 3), unique=True))
def test_configurations_keep_their_order(table: Table, nodes: list[int]) -> None:
    index = np.empty(len(table[0]), np.int64)
    number_configurations(*columns_of(*table), np.array(nodes, np.int64), index)
    rows = [tuple(row) for row in table[0][:, nodes]]
    for i, j in product(range(min(len(rows), 8)), repeat=2):
        assert (index[i] < index[j]) == (rows[i] < rows[j])


def test_errors_teach() -> None:
    with pytest.raises(DataError, match=r"column 1 has 2 states.*0\.\.1"):
        FamilyScores([[0, 2]], [2, 2])
    with pytest.raises(DataError, match="whole numbers"):
        FamilyScores([[0.5, 1.0]], [2, 2])
    with pytest.raises(DataError, match="cards"):
        FamilyScores([[0, 1]], [2])
    with pytest.raises(DataError, match="bdeu"):
        FamilyScores([[0, 1]], [2, 2], "aic")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="equivalent_sample"):
        FamilyScores([[0, 1]], [2, 2], "bdeu", 0.0)
    scores = FamilyScores([[0, 1]], [2, 2])
    with pytest.raises(DataError, match="once"):
        scores.family(1, [1])
    with pytest.raises(DataError, match=r"0\.\.1"):
        scores.toggled(0, [2])
