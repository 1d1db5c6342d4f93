"""Paths along facts, against every path that NetworkX finds."""

from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.memory.facts import FactError, Facts
from swarm.memory.facts.walks import Paths, paths, shortest, strongest

ENTITIES, RELATIONS = 6, 3
seeds = st.integers(0, 2**32 - 1)
directions = st.sampled_from(["out", "in", "both"])


def memory(seed: int) -> Facts:
    """Facts among few entities, sparse or dense; weights are eighths, so products are exact."""
    rng = np.random.default_rng(seed)
    entities = int(rng.integers(2, ENTITIES + 1))
    count = int(rng.integers(0, 20))
    facts = Facts(ENTITIES, RELATIONS)
    facts.append(
        rng.integers(entities, size=count),
        rng.integers(RELATIONS, size=count),
        rng.integers(entities, size=count),
        author=0,
        tick=np.arange(count),
        confidence=rng.integers(2, 9, count) / 8,
        credence=rng.choice([0.5, 1], count),
    )
    facts.end(rng.integers(0, max(count, 1), min(count, 2)), 20)
    return facts


def weight(facts: Facts, fact: int) -> float:
    columns = facts.columns()
    return float(columns["confidence"][fact] * columns["credence"][fact])


def graph(facts: Facts, ids: list[int], direction: str) -> nx.MultiDiGraph:
    columns = facts.columns()
    links = nx.MultiDiGraph()
    links.add_nodes_from(range(facts.entities))
    for i in ids:
        tail, head = int(columns["subject"][i]), int(columns["object"][i])
        if direction != "in":
            links.add_edge(tail, head, key=i, weight=weight(facts, i))
        if direction != "out":
            links.add_edge(head, tail, key=i, weight=weight(facts, i))
    return links


Row = tuple[int, float, list[int], list[int]]


def every_path(facts: Facts, links: nx.MultiDiGraph, source: int, target: int, most: int) -> list:
    """Length, confidence, facts and entities of the simple paths, in the order promised."""
    rows: list[Row] = []
    for edges in nx.all_simple_edge_paths(links, source, target, cutoff=most):
        ids = [key for _, _, key in edges]
        confidence = float(np.prod([weight(facts, i) for i in ids]))
        rows.append((len(ids), confidence, ids, [source, *(head for _, head, _ in edges)]))
    return sorted(rows, key=lambda row: (row[0], -row[1], row[2]))


def rows(found: Paths) -> list[Row]:
    for ids, entities, length in zip(found.facts, found.entities, found.length, strict=True):
        assert (ids[length:] == -1).all()
        assert (entities[length + 1 :] == -1).all()
    return [
        (int(length), float(confidence), ids[:length].tolist(), entities[: length + 1].tolist())
        for ids, entities, length, confidence in zip(*found, strict=True)
    ]


@settings(deadline=None, max_examples=40)
@given(seed=seeds)
def test_paths_are_those_of_networkx_in_order(seed: int) -> None:
    facts, rng = memory(seed), np.random.default_rng(seed + 1)
    # Drawn from the seed: hypothesis likes small memories and narrow questions too well.
    length_max = int(rng.integers(1, 6))
    direction: Any = rng.choice(["out", "in", "both"])
    relations = None if rng.random() < 0.5 else rng.integers(RELATIONS, size=2).tolist()
    min_confidence = float(rng.choice([0, 0.5]))
    as_of = None if rng.random() < 0.6 else int(rng.integers(21))
    most = None if rng.random() < 0.4 else int(rng.integers(1, 7))
    allowed = range(RELATIONS) if relations is None else relations
    ids = [
        i
        for i in facts.match(min_confidence=min_confidence, as_of=as_of).tolist()
        if facts.columns()["relation"][i] in allowed
    ]
    links = graph(facts, ids, direction)
    options: dict[str, Any] = {
        "relations": relations, "min_confidence": min_confidence,
        "direction": direction, "as_of": as_of,
    }  # fmt: skip
    wanted = every_path(facts, links, 0, 1, length_max)
    assert rows(paths(facts, 0, 1, length_max, most=most, **options)) == wanted[:most]
    # One path of any length: the fewest steps, or the best product, as NetworkX has them.
    assert_is_best(shortest(facts, 0, 1, **options), links, lambda row: (row[0], -row[1]), facts)
    assert_is_best(strongest(facts, 0, 1, **options), links, lambda row: (-row[1], row[0]), facts)


def assert_is_best(
    found: Paths, links: nx.MultiDiGraph, order: Callable[[Row], tuple], facts: Facts
) -> None:
    every = every_path(facts, links, 0, 1, ENTITIES)
    if not every:
        assert found.facts.shape[0] == 0
        return
    (row,) = rows(found)
    assert row in every
    assert order(row) == order(min(every, key=order))


@settings(deadline=None, max_examples=20)
@given(
    seed=seeds,
    direction=directions,
    pattern=st.lists(
        st.none() | st.integers(0, RELATIONS - 1) | st.just([0, 2]), min_size=1, max_size=4
    ),
)
def test_a_pattern_says_the_relation_of_each_step(
    seed: int, direction: Any, pattern: list[Any]
) -> None:
    facts = memory(seed)
    relation = facts.columns()["relation"]
    links = graph(facts, facts.match().tolist(), direction)
    wanted = [
        row
        for row in every_path(facts, links, 0, 1, len(pattern))
        if row[0] == len(pattern)
        and all(
            step is None or relation[i] in np.atleast_1d(step)
            for step, i in zip(pattern, row[2], strict=True)
        )
    ]
    assert rows(paths(facts, 0, 1, pattern=pattern, direction=direction)) == wanted


def test_equal_paths_come_by_their_first_facts() -> None:
    facts = Facts(4, 1)
    facts.append([0, 0, 3, 2], 0, [2, 3, 1, 1], author=0, tick=0)
    assert paths(facts, 0, 1, 2).facts.tolist() == [[0, 3], [1, 2]]


def test_a_step_fits_in_its_own_place_alone() -> None:
    facts = Facts(5, 2)
    # 0 -1-> 4 is the second step of a walk that fits, over 0 -0-> 0, and the first of none.
    facts.append([0, 0, 4, 0, 4, 3], [0, 1, 0, 0, 1, 0], [0, 4, 1, 4, 3, 1], author=0, tick=0)
    assert paths(facts, 0, 1, pattern=[0, 1, 0]).facts.tolist() == [[3, 4, 5]]


def test_paths_of_a_complete_graph_are_arrangements() -> None:
    """Of length n there are as many as ways to choose n − 1 of the other four in order."""
    facts = Facts(6, 1)
    tail, head = np.divmod(np.arange(36), 6)
    facts.append(tail, 0, head, author=0, tick=0)
    found = paths(facts, 0, 1, 6)
    assert np.bincount(found.length).tolist() == [0, 1, 4, 12, 24, 24]
    assert len({tuple(row) for row in found.facts.tolist()}) == 65


def test_the_shortest_and_the_strongest_of_a_larger_memory() -> None:
    rng = np.random.default_rng(4)
    facts, count, entities = Facts(300, 1), 1200, 300
    facts.append(
        *(rng.integers(entities, size=count), 0, rng.integers(entities, size=count)),
        author=0,
        tick=0,
        confidence=rng.uniform(0.1, 1, count),
    )
    links = nx.DiGraph()
    columns = facts.columns()
    for i in range(count):
        tail, head = int(columns["subject"][i]), int(columns["object"][i])
        loss = -np.log(float(columns["confidence"][i]))
        if not links.has_edge(tail, head) or links[tail][head]["loss"] > loss:
            links.add_edge(tail, head, loss=loss)
    steps = nx.single_source_shortest_path_length(links, 0)
    losses = nx.single_source_dijkstra_path_length(links, 0, weight="loss")
    assert 200 < len(steps) < 300
    for target in range(1, entities, 6):
        short, strong = shortest(facts, 0, target), strongest(facts, 0, target)
        if target not in steps:
            assert short.length.size == strong.length.size == 0
            continue
        assert short.length.tolist() == [steps[target]]
        assert -np.log(strong.confidence) == pytest.approx(losses[target])


@pytest.mark.parametrize("direction", ["out", "in", "both"])
def test_paths_found_from_their_ends_are_those_of_a_look_at_everything(direction: Any) -> None:
    rng = np.random.default_rng(5)
    facts = Facts(400, 2)
    ends = rng.integers(400, size=(2, 700))
    facts.append(ends[0], rng.integers(2, size=700), ends[1], author=0, tick=0)
    links = graph(facts, list(range(700)), direction)
    for target in range(1, 60, 4):
        for length in (3, 4):
            found = paths(facts, 0, target, length, direction=direction)
            wanted = nx.all_simple_edge_paths(links, 0, target, cutoff=length)
            assert sorted(row[2] for row in rows(found)) == sorted(
                [key for *_, key in edges] for edges in wanted
            )


def test_only_what_holds_and_may_be_read_is_followed() -> None:
    facts = Facts(4, 1)
    facts.append([0, 1, 0], 0, [1, 2, 2], author=0, tick=0, valid_from=[0, 5, 9], confidence=0.5)
    assert [row[2] for row in rows(paths(facts, 0, 2))] == [[2], [0, 1]]
    assert [row[2] for row in rows(paths(facts, 0, 2, valid_at=6))] == [[0, 1]]
    assert [row[2] for row in rows(paths(facts, 0, 2, before=2))] == [[0, 1]]
    assert paths(facts, 0, 2, before=1).facts.shape == (0, 3)
    assert rows(strongest(facts, 0, 2, valid_at=6)) == [(2, 0.25, [0, 1], [0, 1, 2])]
    assert rows(shortest(facts, 0, 2, before=2)) == [(2, 0.25, [0, 1], [0, 1, 2])]


def test_facts_of_no_confidence_are_walked_if_nothing_else_leads_there() -> None:
    facts = Facts(4, 1)
    facts.append([0, 0, 1], 0, [2, 1, 2], author=0, tick=0, confidence=[0, 0, 1])
    assert rows(strongest(facts, 0, 2)) == [(1, 0.0, [0], [0, 2])]
    assert rows(shortest(facts, 0, 2)) == [(1, 0.0, [0], [0, 2])]
    assert shortest(facts, 0, 2, min_confidence=0.1).facts.shape == (0, 0)


def test_what_cannot_be_asked_is_explained() -> None:
    facts = Facts(4, 2)
    with pytest.raises(FactError, match=r"target must lie in 0\.\.3; got 4"):
        paths(facts, 0, 4)
    with pytest.raises(FactError, match="got 2 for both"):
        shortest(facts, 2, 2)
    with pytest.raises(FactError, match="got 61 steps"):
        paths(facts, 0, 1, 61)
    with pytest.raises(FactError, match="most=0"):
        paths(facts, 0, 1, most=0)
    with pytest.raises(FactError, match="direction"):
        paths(facts, 0, 1, direction="up")  # type: ignore[arg-type]
    with pytest.raises(FactError, match="relations must lie"):
        strongest(facts, 0, 1, relations=[2])
    with pytest.raises(FactError, match="pattern must lie"):
        paths(facts, 0, 1, pattern=[None, [0, 2]])


@pytest.mark.slow
def test_a_search_that_explodes_is_refused() -> None:
    facts = Facts(40, 1)
    tail, head = np.divmod(np.arange(1600), 40)
    facts.append(tail, 0, head, author=0, tick=0)
    assert paths(facts, 0, 1, 4, most=50).length.tolist() == [1] + [2] * 38 + [3] * 11
    with pytest.raises(FactError, match="more than 5000000 paths of 6 steps"):
        paths(facts, 0, 1, 6)
