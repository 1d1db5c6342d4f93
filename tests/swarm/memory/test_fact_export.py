"""Facts that leave for other libraries and come back are the same facts."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.memory.facts import FactError, Facts
from swarm.memory.facts.columns import COLUMNS
from swarm.memory.facts.derivation import grounds
from swarm.memory.facts.export import from_frame, from_networkx, to_networkx, to_triples

ENTITIES = ["ann", "bob", "cy", "dan"]
RELATIONS = ["knows", "likes"]


def memory(seed: int) -> Facts:
    """Up to twelve facts, with something of its own in every column."""
    rng = np.random.default_rng(seed)
    facts = Facts(len(ENTITIES), len(RELATIONS))
    for i in range(int(rng.integers(0, 13))):
        number = min(i, int(rng.integers(0, 3)))
        facts.append(
            *rng.integers(0, [4, 2, 4]),
            author=rng.integers(5),
            tick=i // 2,
            confidence=rng.random(),
            credence=rng.random(),
            engine=rng.integers(100),
            valid_from=rng.integers(9),
            valid_to=rng.integers(9, 20),
            encoder=rng.integers(9),
            evidence=(rng.integers(0, max(i, 1), number), [number]),
        )
    if len(facts):
        facts.end(rng.integers(0, len(facts), 2), 8)
        facts.end(rng.integers(0, len(facts), 2), 9)
    return facts


def assert_same(one: Facts, other: Facts) -> None:
    assert (one.entities, one.relations) == (other.entities, other.relations)
    before, after = one.state(), other.state()
    assert before.keys() == after.keys()
    for name, column in before.items():
        np.testing.assert_array_equal(column, after[name], err_msg=name, strict=True)


@settings(deadline=None, max_examples=12)
@given(seed=st.integers(0, 2**32 - 1), named=st.booleans())
def test_a_graph_holds_everything(seed: int, named: bool) -> None:
    facts = memory(seed)
    names = {"entities": ENTITIES, "relations": RELATIONS} if named else {}
    graph = to_networkx(facts, **names)
    assert set(graph) == set(ENTITIES if named else range(4))
    columns = facts.columns()
    assert sorted(key for *_, key in graph.edges(keys=True)) == list(range(len(facts)))
    for tail, head, fact, said in graph.edges(keys=True, data=True):
        ends = int(columns["subject"][fact]), int(columns["object"][fact])
        assert (tail, head) == (tuple(ENTITIES[end] for end in ends) if named else ends)
        relation = int(columns["relation"][fact])
        assert said["relation"] == (RELATIONS[relation] if named else relation)
        assert said["evidence"] == tuple(facts.evidence(fact)[0].tolist())
        assert set(said) == {*COLUMNS, "evidence"} - {"subject", "object"}
        for name in set(COLUMNS) - {"subject", "relation", "object"}:
            assert said[name] == columns[name][fact]
    assert_same(from_networkx(graph), facts)


@settings(deadline=None, max_examples=12)
@given(seed=st.integers(0, 2**32 - 1), named=st.booleans())
def test_a_frame_with_evidence_comes_back(seed: int, named: bool) -> None:
    facts = memory(seed)
    frame = facts.to_frame()
    frame["evidence"] = [facts.evidence(i)[0].tolist() for i in range(len(facts))]
    if not named:
        assert_same(from_frame(frame, 4, 2), facts)
        return
    for name, labels in (("subject", ENTITIES), ("object", ENTITIES), ("relation", RELATIONS)):
        frame[name] = [labels[number] for number in frame[name]]
    # Labels of rows may be anything: evidence speaks of rows by their labels.
    frame.index = [f"fact {i}" for i in frame.index]
    frame["evidence"] = [[f"fact {i}" for i in each] for each in frame["evidence"]]
    assert_same(from_frame(frame, ENTITIES, RELATIONS), facts)


def small() -> Facts:
    facts = Facts(4, 2)
    facts.append([0, 1, 2], [0, 1, 1], [1, 2, 3], author=[7, 7, 8], tick=[0, 1, 1],
                 evidence=([0, 1], [0, 0, 2]))  # fmt: skip
    facts.end(1, 4)
    return facts


def test_a_part_is_numbered_anew_and_must_bring_its_grounds() -> None:
    facts = small()
    facts.append(3, 0, 3, author=8, tick=2, evidence=([2, 0], [2]))
    with pytest.raises(FactError, match=r"rest on others that are not here, such as \[0, 2\]"):
        from_networkx(to_networkx(facts, [3]))
    again = Facts(4, 2)
    again.append([0, 0, 3], 0, [1, 0, 3], author=[7, 9, 8], tick=[0, 2, 2],
                 evidence=([0, 0], [0, 0, 2]))  # fmt: skip
    facts.append([0, 3], 0, [0, 3], author=[9, 8], tick=2, evidence=([0, 0], [0, 2]))
    assert_same(from_networkx(to_networkx(facts, [5, 4, 0])), again)
    assert len(from_networkx(to_networkx(facts, [3, *grounds(facts, 3)]))) == 4


def test_a_bare_frame_is_enough() -> None:
    import pandas as pd

    rows = {"subject": [0, 5], "relation": [1, 0], "object": [2, 2], "author": 3, "tick": 0}
    facts = from_frame(pd.DataFrame(rows))
    assert (facts.entities, facts.relations, len(facts)) == (6, 2, 2)
    assert facts.columns()["confidence"].tolist() == [1, 1]
    assert len(from_frame(pd.DataFrame(rows).iloc[:0])) == 0
    with pytest.raises(FactError, match=r"it lacks \['tick'\]"):
        from_frame(pd.DataFrame(rows).drop(columns="tick"))
    with pytest.raises(FactError, match="subject 0 is not among the 2 names"):
        from_frame(pd.DataFrame(rows), entities=["a", "b"])


def test_triples_are_numbers_or_names() -> None:
    facts = small()
    assert to_triples(facts).tolist() == [[0, 0, 1], [2, 1, 3]]
    assert to_triples(facts).dtype == np.int64
    assert to_triples(facts, [1], entities=ENTITIES, relations=RELATIONS).tolist() == [
        ["bob", "likes", "cy"]
    ]
    assert to_triples(facts, [2], relations=RELATIONS).tolist() == [[2, "likes", 3]]
    assert to_triples(facts, []).shape == (0, 3)
    with pytest.raises(FactError, match="entities need 4 different names; got 4, 3 different"):
        to_triples(facts, entities=["a", "b", "c", "a"])
    with pytest.raises(FactError, match="ids"):
        to_triples(facts, [3])


def test_a_graph_of_something_else_is_refused() -> None:
    with pytest.raises(FactError, match="how many entities"):
        from_networkx(nx.MultiDiGraph())
    graph = to_networkx(small())
    del graph.edges[0, 1, 0]["confidence"]
    with pytest.raises(FactError, match=r"some lack \['confidence'\]"):
        from_networkx(graph)
