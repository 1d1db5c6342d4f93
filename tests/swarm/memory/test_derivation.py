"""What rests on what, against NetworkX, and that nothing rests on what was withdrawn."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.memory.facts import FOREVER, FactError, Facts
from swarm.memory.facts.derivation import (
    audit,
    check,
    derived,
    grounds,
    withdraw,
    withdraw_author,
)
from swarm.memory.facts.tracing import trace

AUTHORS = 4
seeds = st.integers(0, 2**32 - 1)


def memory(seed: int) -> Facts:
    """Up to forty facts, each derived from up to three earlier ones."""
    rng = np.random.default_rng(seed)
    facts = Facts(5, 2)
    for i in range(int(rng.integers(1, 40))):
        number = min(i, int(rng.choice(4, p=[0.4, 0.3, 0.2, 0.1])))
        facts.append(
            *rng.integers(0, [5, 2, 5]),
            author=rng.integers(AUTHORS),
            tick=i // 3,
            evidence=(rng.integers(0, max(i, 1), number), [number]),
        )
    return facts


def graph(facts: Facts) -> nx.DiGraph:
    links = nx.DiGraph()
    links.add_nodes_from(range(len(facts)))
    for i in range(len(facts)):
        links.add_edges_from((int(ground), i) for ground in facts.evidence(i)[0])
    return links


def union(of: object, links: nx.DiGraph, ids: list[int]) -> list[int]:
    return sorted(set().union(*(of(links, i) for i in ids)))  # type: ignore[operator]


@settings(deadline=None, max_examples=25)
@given(seed=seeds, picked=st.lists(st.integers(0, 39), max_size=4))
def test_all_that_is_derived_and_all_that_it_rests_on(seed: int, picked: list[int]) -> None:
    facts = memory(seed)
    links = graph(facts)
    ids = [i for i in picked if i < len(facts)]
    assert derived(facts, ids).tolist() == union(nx.descendants, links, ids)
    assert grounds(facts, ids).tolist() == union(nx.ancestors, links, ids)
    assert derived(facts, ids).dtype == grounds(facts, ids).dtype == np.int64


@settings(deadline=None, max_examples=25)
@given(
    seed=seeds,
    picked=st.lists(st.integers(0, 39), max_size=3),
    ended=st.lists(st.integers(0, 39), max_size=5),
)
def test_after_a_withdrawal_nothing_rests_on_it(
    seed: int, picked: list[int], ended: list[int]
) -> None:
    facts = memory(seed)
    links = graph(facts)
    facts.end([i for i in ended if i < len(facts)], 13)
    ids = [i for i in picked if i < len(facts)]
    stood = set(facts.match().tolist())
    fallen = set(ids).union(union(nx.descendants, links, ids))
    result = withdraw(facts, ids, 14)
    assert result.asked.tolist() == sorted(set(ids))
    assert result.ended.tolist() == sorted(fallen & stood)
    assert facts.match().tolist() == sorted(stood - fallen)
    assert set(facts.columns()["ended"][result.ended].tolist()) <= {14}
    assert facts.match(as_of=13).tolist() == sorted(stood)
    check(facts, result.asked)
    # Others may still rest on what was ended without being withdrawn, and only those.
    gone = [i for i in range(len(facts)) if facts.columns()["ended"][i] != FOREVER]
    resting = set(union(nx.descendants, links, gone)) - set(gone)
    assert audit(facts).tolist() == sorted(resting)
    facts.end(audit(facts), 14)
    check(facts)


@settings(deadline=None, max_examples=15)
@given(seed=seeds, since=st.integers(0, 14))
def test_the_poison_of_an_author_goes_with_all_that_drank_of_it(seed: int, since: int) -> None:
    facts = memory(seed)
    links = graph(facts)
    columns = facts.columns()
    facts.end(facts.match(author=2)[:1], 13)  # what rests on superseded poison falls as well
    stood = set(facts.match().tolist())
    poison = [
        i for i in range(len(facts)) if columns["author"][i] == 2 and columns["tick"][i] >= since
    ]
    fallen = set(poison).union(union(nx.descendants, links, poison))
    result = withdraw_author(facts, 2, tick=13, since=since)
    assert result.ended.tolist() == sorted(fallen & stood)
    assert facts.match().tolist() == sorted(stood - fallen)
    check(facts, poison)


def chain() -> Facts:
    """0 and 1 are said; 2 follows from 0; 3 from 1 and 2; 4 is another's word for it."""
    facts = Facts(5, 2)
    facts.append([0, 0], 0, [1, 2], author=[7, 8], tick=0, confidence=[0.5, 1])
    facts.append([1, 3], 1, [2, 4], author=9, tick=[1, 2], evidence=([0, 1, 2], [1, 2]))
    facts.append(3, 1, 4, author=6, tick=2)
    return facts


def test_another_with_its_own_grounds_goes_on_standing() -> None:
    facts = chain()
    assert withdraw(facts, 0, 5).ended.tolist() == [0, 2, 3]
    assert facts.match(3, 1, 4).tolist() == [4]


def test_a_fact_derived_from_withdrawn_ones_is_noticed() -> None:
    facts = chain()
    withdraw(facts, [0], 5)
    check(facts)
    facts.append(2, 0, 2, author=5, tick=6, evidence=([2], [1]))
    facts.append(2, 0, 3, author=5, tick=6, evidence=([5], [1]))
    assert audit(facts).tolist() == [5, 6]
    with pytest.raises(FactError, match=r"2 standing facts .* \[5, 6\]"):
        check(facts)
    assert audit(facts, withdrawn=[4]).tolist() == []
    assert audit(facts, withdrawn=[5]).tolist() == [6]


def test_a_withdrawal_too_early_for_what_was_derived_ends_nothing() -> None:
    facts = chain()
    with pytest.raises(FactError, match="written, 2; got 1"):
        withdraw(facts, [0], 1)
    assert facts.match().tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(FactError, match="ids"):
        withdraw(facts, [5], 9)


def test_a_trace_says_who_when_and_from_what() -> None:
    facts = chain()
    facts.append(0, 0, 0, author=1, tick=3, evidence=([3, 2], [2]))
    withdraw(facts, [1], 4)
    names = {"entities": ["ann", "bob", "cy", "dan", "eve"], "relations": ["knows", "likes"]}
    assert trace(facts, 5, **names).splitlines() == [
        "5: ann -knows-> ann, said by 1 in tick 3, confidence 1 × credence 1, ended in tick 4",
        "├─ 3: dan -likes-> eve, said by 9 in tick 2, confidence 1 × credence 1, ended in tick 4",
        "│  ├─ 1: ann -knows-> cy, said by 8 in tick 0, confidence 1 × credence 1, ended in tick 4",
        "│  └─ 2: bob -likes-> cy, said by 9 in tick 1, confidence 1 × credence 1",
        "│     └─ 0: ann -knows-> bob, said by 7 in tick 0, confidence 0.5 × credence 1",
        "└─ 2: as above",
    ]
    short = trace(facts, 5, most=2).splitlines()
    assert short[1].startswith("├─ 3: 3 -1-> 4, said by 9")
    assert short[2:] == ["... and more: trace(facts, 5, most=4)"]
    assert len(trace(facts, 5, most=6).splitlines()) == 6
    with pytest.raises(FactError, match="id must lie in"):
        trace(facts, 6)


def test_a_long_chain_is_traced_and_withdrawn() -> None:
    facts = Facts(2, 1)
    count = 1200
    facts.append(0, 0, [1] * count, author=0, tick=0,
                 evidence=(np.arange(count - 1), [0] + [1] * (count - 1)))  # fmt: skip
    assert len(trace(facts, count - 1, most=count).splitlines()) == count
    assert withdraw(facts, [0], 0).ended.size == count
